// Owns what a passcode looks like and which ones are live. Pure: digests and storage live elsewhere.

/** A passcode as typed, brought to the form it was generated in, or what is wrong with it. */
export type TypedPasscode =
  | { readonly outcome: 'passcode'; readonly passcode: string }
  | { readonly outcome: 'missing' | 'too_short' | 'too_long' | 'malformed' };

/** Length of a strong passcode: 16 Crockford base32 characters, 80 bits (S9). */
export const STRONG_PASSCODE_LENGTH = 16;

/** Crockford's alphabet: no I, L, O or U, so nothing can be misread. */
export const STRONG_PASSCODE_ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The two characters on page and mail. */
export const PASSCODE_LABEL = /^[A-HJ-NP-Z][2-9]$/;

/** The key in a sign-in link: 128 random bits as base64url. */
export const LINK_KEY = /^[\w-]{22}$/;

/** Longest text looked at; a pasted line fits, a megabyte does not. */
const MAX_TYPED = 200;

/**
 * Reads what was typed or pasted into the code field. Format faults are found here, so that they
 * are never evaluated and never cost an attempt (S13).
 *
 * @param typed raw text; NFKC folds full-width digits, spaces, hyphens and dots are dropped, and a
 *   pasted sentence with exactly one run of `digits` digits counts as that run
 * @param expected whether the newest passcode is a strong one, and the digits of a short one (8–12)
 */
export function parseTypedPasscode(
  typed: string,
  expected: { readonly strong: boolean; readonly digits: number },
): TypedPasscode {
  if (typed.length > MAX_TYPED) return { outcome: 'too_long' };
  const text = typed.normalize('NFKC');
  const compact = text.replace(/[\s.\u2010-\u2015-]/g, '');
  if (compact === '') return { outcome: 'missing' };
  return expected.strong ? parseStrong(compact) : parseShort(text, compact, expected.digits);
}

function parseShort(text: string, compact: string, digits: number): TypedPasscode {
  if (/^[0-9]+$/.test(compact)) return ofLength(compact, digits);
  // Only a sentence is searched: "+12345678" is no sentence but a wrong format.
  const runs = /\p{L}{2}/u.test(text) ? (text.match(/[0-9]+/g) ?? []) : [];
  const run = runs.filter((candidate) => candidate.length === digits);
  return runs.length === 1 && run.length === 1 && run[0] !== undefined
    ? { outcome: 'passcode', passcode: run[0] }
    : { outcome: 'malformed' };
}

function parseStrong(compact: string): TypedPasscode {
  // toUpperCase makes 'I' of a dotless i and 'SS' of a sharp s: a slip would cost an attempt.
  if (!/^[0-9A-Za-z]+$/.test(compact)) return { outcome: 'malformed' };
  const folded = compact.toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1');
  if (!/^[0-9A-HJKMNP-TV-Z]+$/.test(folded)) return { outcome: 'malformed' };
  return ofLength(folded, STRONG_PASSCODE_LENGTH);
}

function ofLength(passcode: string, length: number): TypedPasscode {
  if (passcode.length < length) return { outcome: 'too_short' };
  if (passcode.length > length) return { outcome: 'too_long' };
  return { outcome: 'passcode', passcode };
}

/** How many of the newest passcodes of a sign-in may be live at once (S7, owner's decision). */
export const LIVE_PASSCODES = 2;

/** What decides whether a passcode is live; all of it is stored with the sign-in. */
export interface LiveSet {
  /** Passcodes sent so far: the sequence number of the newest. */
  readonly sends: number;
  /** Lowest sequence number that may be live. */
  readonly liveFrom: number;
  readonly liveUntil: number | null;
  /** Attempts evaluated against the set. */
  readonly attempts: number;
}

/**
 * Tells whether one passcode of a set may still prove a sign-in at `now`.
 *
 * @source rule R24 (dead at exactly 30:00); S7 (two newest, one shared counter)
 */
export function isLive(
  passcode: { readonly sequence: number; readonly expiresAt: number },
  set: LiveSet,
  now: number,
): boolean {
  return (
    now < passcode.expiresAt &&
    passcode.sequence >= set.liveFrom &&
    passcode.sequence > set.sends - LIVE_PASSCODES
  );
}

/** Tells whether any passcode of the set can still be tried. */
export function isSetLive(set: LiveSet, maxAttempts: number, now: number): boolean {
  return (
    set.sends >= set.liveFrom &&
    set.liveUntil !== null &&
    now < set.liveUntil &&
    set.attempts < maxAttempts
  );
}
