// Owns the clock of a test: Guestpass's own time, moved by hand.

import { type Clock, systemClock } from '../domain/clock.ts';

/** Guestpass's time. The machine's and the application's stay what they are. */
export interface MovableClock {
  /** Whole epoch seconds, as Guestpass sees them. */
  now(): number;
  /**
   * Moves on. Whatever ended meanwhile is gone when this resolves: codes, sign-ins, sessions, and tokens
   * (15 seconds later, which clocks may be apart).
   * @param seconds whole, above zero
   * @throws {TypeError} for anything else: time does not go back
   */
  advance(seconds: number): Promise<void>;
}

/**
 * @param forget drops what is past its time, as a server does every minute by itself
 * @returns the clock to run by, and the hand that moves it
 */
export function createMovableClock(forget: (now: number) => Promise<void>): {
  readonly clock: Clock;
  readonly hand: MovableClock;
} {
  let ahead = 0;
  const clock: Clock = () => systemClock() + ahead;
  return {
    clock,
    hand: {
      now: clock,
      async advance(seconds) {
        if (!Number.isSafeInteger(seconds) || seconds <= 0) {
          throw new TypeError(`${seconds} is not a number of whole seconds above zero`);
        }
        ahead += seconds;
        // The engine judges its tokens by the machine's clock: those that ended must not be found.
        await forget(clock());
      },
    },
  };
}
