// Owns moving the clock of whole processes: Debian's libfaketime, told by environment.

import { existsSync } from 'node:fs';

const CANDIDATES = ['x86_64', 'aarch64'].map(
  (machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`,
);

/** The path of libfaketime on this machine, or undefined. */
export function findFaketime(): string | undefined {
  return CANDIDATES.find((path) => existsSync(path));
}

/**
 * The environment of a process whose calendar is off.
 *
 * Timers and the monotonic clock stay true, as they do when somebody sets a machine's time.
 *
 * @param from seconds from now, or a file that holds them as `+60` and may be rewritten meanwhile
 * @throws when libfaketime is not there
 */
export function faketime(from: number | { readonly file: string }): Record<string, string> {
  const library = findFaketime();
  if (library === undefined) throw new Error('no libfaketime: run npm test, which installs it');
  return {
    LD_PRELOAD: library,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
    ...(typeof from === 'number'
      ? { FAKETIME: signed(from) }
      : { FAKETIME_TIMESTAMP_FILE: from.file, FAKETIME_NO_CACHE: '1' }),
  };
}

/** An offset as libfaketime reads it. */
export function signed(seconds: number): string {
  return seconds < 0 ? String(seconds) : `+${seconds}`;
}
