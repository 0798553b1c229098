// Owns how long one request waits for the database altogether (R3). Each statement has its own limit;
// a page of ten statements that all just meet it would keep its reader for a minute.

import { AsyncLocalStorage } from 'node:async_hooks';
import { GuestError } from '../domain/errors.ts';

const waiting = new AsyncLocalStorage<{ leftMs: number }>();

/**
 * Runs `work`; what it and all it starts wait for the database is taken from one allowance. Time
 * spent on anything else is not counted.
 *
 * @param work gets a function that lifts the limit: what goes on after the answer has all the time
 */
export function withPatience<T>(ms: number, work: (lift: () => void) => T): T {
  const patience = { leftMs: ms };
  const lift = (): void => {
    patience.leftMs = Infinity;
  };
  return waiting.run(patience, () => work(lift));
}

/**
 * Calls `use` with the milliseconds it may take: `most`, or what is left of the request's allowance;
 * and takes from it what it took.
 *
 * @throws {GuestError} `unavailable` when nothing is left; `use` is not called then
 */
export async function spendPatience<T>(most: number, use: (ms: number) => Promise<T>): Promise<T> {
  const patience = waiting.getStore();
  if (!patience) return use(most);
  if (patience.leftMs < 1) {
    const cause = new Error('this request has waited for the database long enough');
    throw new GuestError('unavailable', { cause });
  }
  const began = performance.now();
  try {
    return await use(Math.min(most, patience.leftMs));
  } finally {
    patience.leftMs -= performance.now() - began;
  }
}
