// Owns the arithmetic of guessing: how likely it is that somebody who never stops gets in, by the
// limits as they are.

import type { Limits } from '../../src/domain/limits.ts';

/** What somebody who guesses all the time gets. */
export interface GuessBounds {
  /** Different short passcodes. */
  readonly passcodes: number;
  /** Passcodes of one sign-in that are right at the same time. */
  readonly live: number;
  /** Evaluated guesses at one guest in a day and in a year, at the very most. */
  readonly guessesPerDay: number;
  readonly guessesPerYear: number;
  /** The chance to get in as one guest. */
  readonly perDay: number;
  readonly perYear: number;
  /** The same for somebody who also stole a known browser of the guest, or every one (S10). */
  readonly perYearWithKnownBrowsers: number;
}

/** One row of what an attacker of a whole tenant gets. */
export interface TenantBound {
  readonly networks: number;
  readonly guests: number;
  readonly guessesPerDay: number;
  /** The chance to get in as any guest of the tenant within a year. */
  readonly perYear: number;
}

// A resend leaves the passcode before it alive.
const LIVE = 2;
const MONTH_DAYS = 30;
const YEAR_DAYS = 365;

/** Bounds for one guest. Windows are fixed, so a year touches thirteen of 30 days. Pure. */
export function boundsOf(limits: Limits): GuessBounds {
  const passcodes = 10 ** limits.passcodeDigits;
  const windows = Math.floor(YEAR_DAYS / MONTH_DAYS) + 1;
  const inAYear = (perDay: number, per30Days: number): number =>
    Math.min(perDay * (YEAR_DAYS + 1), per30Days * windows);
  const guessesPerDay = limits.failuresPerAddressPerDay;
  const guessesPerYear = inAYear(guessesPerDay, limits.failuresPerAddressPer30Days);
  const ofKnownBrowsers = inAYear(
    limits.failuresOfKnownBrowsersPerDay,
    limits.failuresOfKnownBrowsersPer30Days,
  );
  return {
    passcodes,
    live: LIVE,
    guessesPerDay,
    guessesPerYear,
    perDay: chance(guessesPerDay, passcodes),
    perYear: chance(guessesPerYear, passcodes),
    perYearWithKnownBrowsers: chance(guessesPerYear + ofKnownBrowsers, passcodes),
  };
}

/** Bounds for a tenant that is attacked from many networks at once. Pure. */
export function tenantBoundOf(limits: Limits, networks: number, guests: number): TenantBound {
  const { passcodes, guessesPerYear } = boundsOf(limits);
  const guessesPerDay = Math.min(
    networks * limits.failuresPerNetworkPerDay,
    guests * limits.failuresPerAddressPerDay,
    limits.failuresPerTenantPerDay,
  );
  const perYear = chance(Math.min(guessesPerDay * YEAR_DAYS, guests * guessesPerYear), passcodes);
  return { networks, guests, guessesPerDay, perYear };
}

/** One hit at least among so many guesses, each at {@link LIVE} passcodes. */
function chance(guesses: number, passcodes: number): number {
  // log1p keeps the digits that 1 - (1 - tiny) would lose.
  return -Math.expm1(guesses * Math.log1p(-LIVE / passcodes));
}
