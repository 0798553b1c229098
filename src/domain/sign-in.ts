// Owns what comes next: the whole sign-in as one table over the remembered state.

import type { ErrorCode } from './errors.ts';
import { isSetLive, type LiveSet } from './passcode.ts';
import type { Door, RedemptionDecision } from './redemption.ts';

/** What is known of a sign-in when a page is asked for. */
export interface SignInState {
  /** Whether the passcode is on for the tenant, now, and this client. */
  readonly passcodeOn: boolean;
  /** Whether any other door is configured. */
  readonly hasConnections: boolean;
  /** The address the guest gave, or null. */
  readonly address: string | null;
  /** What was decided about the address; null before an address was given. */
  readonly decision: RedemptionDecision | null;
  /** The door taken: the decided one, or the one the guest chose; null before that. */
  readonly door: Door | null;
  /** What was sent and tried; null before an address was given here. */
  readonly sent: (LiveSet & { readonly verifiedAt: number | null }) | null;
  /** Whether the guest was told that the short passcodes sent so far are not compared (S9). */
  readonly superseded: boolean;
  /** What a proven guest has still to read and accept, once (R70). */
  readonly consent: 'none' | 'review' | 'terms';
}

/** What the guest is shown next. */
export type Step =
  | { readonly step: 'refused'; readonly code: ErrorCode; readonly row: string | null }
  | { readonly step: 'address' }
  | { readonly step: 'choose-method'; readonly address: string; readonly doors: readonly Door[] }
  | { readonly step: 'elsewhere'; readonly address: string; readonly door: Door }
  | { readonly step: 'send-code'; readonly address: string }
  | {
      readonly step: 'enter-code';
      readonly address: string;
      /** Whether anything that was mailed can still prove the sign-in. */
      readonly live: boolean;
      /** Whether that is the link of the mail alone: its passcode is not compared. */
      readonly superseded: boolean;
      readonly canResend: boolean;
    }
  | { readonly step: 'review' }
  | { readonly step: 'terms' }
  | { readonly step: 'continue' };

/**
 * Names the next step. Pure and total: every state has exactly one; the first row that fits wins.
 *
 * @source rules R21, R22 (nothing is sent before the button), R41 (off means nobody by passcode),
 *   R46 (several places: the guest picks), R70 (permissions, then terms)
 */
export function nextStep(
  state: SignInState,
  limits: { readonly attemptsPerPasscode: number; readonly passcodesPerSignIn: number },
  now: number,
): Step {
  const { sent, address, decision, door } = state;
  // Proven comes first: a guest who is through must not be turned back by a later change.
  if (sent !== null && sent.verifiedAt !== null) {
    return { step: state.consent === 'none' ? 'continue' : state.consent };
  }
  if (!state.passcodeOn && !state.hasConnections) {
    return { step: 'refused', code: 'passcode_disabled', row: null };
  }
  if (address === null || decision === null) return { step: 'address' };
  if (decision.outcome === 'refuse') {
    return { step: 'refused', code: decision.code, row: decision.row };
  }
  if (door === null) {
    const doors = decision.outcome === 'choose' ? decision.doors : [decision.door];
    return { step: 'choose-method', address, doors };
  }
  if (door.method !== 'emailOneTimePasscode') return { step: 'elsewhere', address, door };
  // Switched off since it was decided: what is sent now would prove nothing (R41).
  if (!state.passcodeOn) return { step: 'refused', code: 'passcode_disabled', row: decision.row };
  if (sent === null || sent.sends < sent.liveFrom) return { step: 'send-code', address };
  return {
    step: 'enter-code',
    address,
    live: isSetLive(sent, limits.attemptsPerPasscode, now),
    superseded: state.superseded,
    canResend: sent.sends < limits.passcodesPerSignIn,
  };
}

/**
 * Tells whether nothing the guest can do on a page leads on: what remains is to go back to the
 * application, which hears `access_denied`.
 */
export function isEnd(step: Step): boolean {
  if (step.step !== 'enter-code') return step.step === 'refused';
  return (!step.live || step.superseded) && !step.canResend;
}
