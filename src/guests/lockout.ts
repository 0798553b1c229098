// Owns what it is to be kept out by a configuration: who, how much, why, and the way back.

import type { RedemptionMethod } from '../domain/identity-provider.ts';
import type { GuestCount } from '../storage/store.ts';

/** What becomes of guests: nothing at all, or less and less. */
export type LockoutEffect =
  /** Nobody is kept out, but it is worth a second look. */
  | 'notice'
  /** Whether they still get in depends on what their place says of them. */
  | 'may_lock_out'
  /** They sign in, but not to one application. */
  | 'one_application'
  /** Invited, and would not get in. */
  | 'cannot_redeem'
  /** Redeemed, and would not get in any more. */
  | 'locked_out';

/** Guests who share a fate. */
export interface Lockout {
  /** Names the cause: the same one before and after a change has the same. */
  readonly cause: string;
  readonly effect: LockoutEffect;
  readonly count: number;
  /** What those guests redeemed by; null for those who have not, and where it is about no method. */
  readonly method: RedemptionMethod | null;
  /** Which guests: goes on after `214 guests`. Empty when it is about none in particular. */
  readonly who: string;
  /** What becomes of them, and why. */
  readonly because: string;
  /** What to do, with the command where there is one. */
  readonly remedy: string;
}

/** Writes a fate as a sentence: `214 guests redeemed by passcode could no longer sign in: …; …`. */
export function describeLockout({ count, who, because, remedy }: Lockout): string {
  const subject = who === '' ? '' : `${count} ${count === 1 ? 'guest' : 'guests'} ${who} `;
  return `${subject}${because}; ${remedy}`;
}

/** A fate for programs: the command line's `--json` and the admin API say it alike. Pure. */
export function lockoutValue(lockout: Lockout) {
  const { effect, count, method, remedy } = lockout;
  return { effect, count, method, message: describeLockout(lockout), remedy };
}

/** How many guests there are. */
export function sum(counts: readonly GuestCount[]): number {
  return counts.reduce((total, { count }) => total + count, 0);
}

/** A few of them in words. */
export function listed(names: readonly string[]): string {
  const unique = [...new Set(names)].toSorted();
  const more = unique.length - 3;
  return more > 0 ? `${unique.slice(0, 3).join(', ')} and ${more} more` : unique.join(', ');
}
