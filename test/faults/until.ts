// Owns waiting for what no event tells: a condition, looked at again and again, for so long at most.

import { setTimeout as pause } from 'node:timers/promises';

const LOOK_MS = 50;

/**
 * Looks until there is something to see.
 *
 * @param look what counts is anything but `undefined` and `false`; a throw is "not yet"
 * @throws when there is nothing within `ms`; names `what`
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  ms = 60_000,
): Promise<T> {
  const deadline = performance.now() + ms;
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`${what}: not within ${ms} ms`, last === undefined ? {} : { cause: last });
    }
    await pause(LOOK_MS);
  }
}
