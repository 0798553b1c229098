// Owns what comes next: the whole sign-in as one table over the remembered state.

import { isSetLive, type LiveSet } from './passcode.ts';

/** What is known of a sign-in when a page is asked for. */
export interface SignInState {
  /** Whether the tenant's passcodes are on. */
  readonly passcodeOn: boolean;
  /** The address the guest gave, or the client's hint, or null. */
  readonly address: string | null;
  /** What was sent and tried; null before an address was given here. */
  readonly sent: (LiveSet & { readonly verifiedAt: number | null }) | null;
}

/** What the guest is shown next. */
export type Step =
  | { readonly step: 'refused'; readonly code: 'passcode_disabled' }
  | { readonly step: 'address' }
  | { readonly step: 'send-code'; readonly address: string }
  | {
      readonly step: 'enter-code';
      readonly address: string;
      readonly live: boolean;
      readonly canResend: boolean;
    }
  | { readonly step: 'continue' };

/**
 * Names the next step. Pure and total: every state has exactly one; the first row that fits wins.
 *
 * @source rules R21, R22 (nothing is sent before the button), R41 (off means nobody by passcode)
 */
export function nextStep(
  state: SignInState,
  limits: { readonly attemptsPerPasscode: number; readonly passcodesPerSignIn: number },
  now: number,
): Step {
  const { sent, address } = state;
  // Proven comes first: a guest who is through must not be turned back by a later change.
  if (sent !== null && sent.verifiedAt !== null) return { step: 'continue' };
  if (!state.passcodeOn) return { step: 'refused', code: 'passcode_disabled' };
  if (address === null) return { step: 'address' };
  if (sent === null || sent.sends < sent.liveFrom) return { step: 'send-code', address };
  return {
    step: 'enter-code',
    address,
    live: isSetLive(sent, limits.attemptsPerPasscode, now),
    canResend: sent.sends < limits.passcodesPerSignIn,
  };
}

/**
 * Tells whether nothing the guest can do on a page leads on: what remains is to go back to the
 * application, which hears `access_denied`.
 */
export function isEnd(step: Step): boolean {
  return step.step === 'refused' || (step.step === 'enter-code' && !step.live && !step.canResend);
}
