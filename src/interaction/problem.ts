// Owns how outcomes are told to a guest: which error, with which numbers. Pure.

import type { ErrorCode } from '../domain/errors.ts';
import type { TypedPasscode } from '../domain/passcode.ts';
import type { IssueOutcome } from '../passcodes/issue.ts';
import type { VerifyOutcome } from '../passcodes/verify.ts';

/** What is wrong with the last submission, looked up as `error.<code>`. */
export interface Problem {
  readonly code: ErrorCode;
  /** `count` is the one number of the sentence; `retryAfterSeconds` becomes Retry-After. */
  readonly params: Readonly<Record<string, unknown>>;
}

/**
 * What to say when no passcode was sent.
 *
 * @returns undefined when there is nothing wrong: it was sent, or the sign-in is proven already
 */
export function problemOfIssue(issued: IssueOutcome, now: number): Problem | undefined {
  switch (issued.outcome) {
    case 'sent':
    case 'verified':
      return undefined;
    case 'too_soon':
      return { code: 'resend_too_soon', params: wait(issued.retryAt, now, 1) };
    case 'throttled':
      return { code: 'throttled', params: wait(issued.retryAt, now, 60) };
    case 'exhausted':
      return problem('sends_exhausted');
    case 'gone':
      return problem('interaction_expired');
  }
}

/**
 * What to say when a passcode proved nothing.
 *
 * @returns undefined when the sign-in is proven, now or before: the page says so itself
 */
export function problemOfVerify(verified: VerifyOutcome, now: number): Problem | undefined {
  switch (verified.outcome) {
    case 'verified':
    case 'used':
      return undefined;
    case 'mismatch':
      return { code: 'passcode_mismatch', params: { count: verified.attemptsLeft } };
    case 'expired':
      return problem('passcode_expired');
    case 'exhausted':
      return problem('passcode_exhausted');
    case 'superseded':
      return problem('passcode_superseded');
    case 'throttled':
      return { code: 'throttled', params: wait(verified.retryAt, now, 60) };
    case 'not_sent':
      return problem('passcode_not_sent');
    case 'gone':
      return problem('interaction_expired');
  }
}

/** What to say of a passcode that was not even evaluated. */
export function problemOfFormat(
  { outcome }: Exclude<TypedPasscode, { outcome: 'passcode' }>,
  expected: { readonly digits: number; readonly strong: boolean },
): Problem {
  return { code: `passcode_${outcome}`, params: { ...expected } };
}

/** A problem without numbers. */
export function problem(code: ErrorCode): Problem {
  return { code, params: {} };
}

/** How long to wait: `count` in the unit the sentence speaks of. */
function wait(until: number, now: number, unitSeconds: number): Problem['params'] {
  const retryAfterSeconds = Math.max(1, until - now);
  return { count: Math.ceil(retryAfterSeconds / unitSeconds), retryAfterSeconds };
}
