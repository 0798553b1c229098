// Owns the one clock that judges: the database's, read rarely and carried on by a clock that cannot
// be set back, so that a jump of one machine's time neither revives nor kills a passcode (S4).

import type { Clock } from '../domain/clock.ts';
import type { Store } from './store.ts';

export interface DatabaseClock {
  readonly clock: Clock;
  stop(): void;
}

const REFRESH_MS = 60_000;

/**
 * Reads the database's time now and once a minute; between the readings it counts monotonically.
 * A reading that fails keeps the last one.
 *
 * @throws {GuestError} `unavailable` when the first reading fails
 */
export async function startDatabaseClock(store: Store): Promise<DatabaseClock> {
  let base = await read();
  const timer = setInterval(() => {
    read().then(
      (next) => (base = next),
      () => undefined,
    );
  }, REFRESH_MS).unref();
  return {
    clock: () => Math.floor(base.time + (performance.now() - base.at) / 1000),
    stop: () => clearInterval(timer),
  };

  async function read(): Promise<{ time: number; at: number }> {
    const time = await store.databaseTime();
    return { time, at: performance.now() };
  }
}
