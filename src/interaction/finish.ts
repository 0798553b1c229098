// Owns the answers given to the engine at the end of an interaction.

import { acrOf, PASSCODE_AMR } from '../domain/claims.ts';
import type { RedemptionMethod } from '../domain/identity-provider.ts';
import type { Interaction } from './visit.ts';

/**
 * Ends the login prompt with a proven guest.
 *
 * @param login `verifiedAt` is when the guest was proven: it becomes `auth_time` and starts the 24 hours
 * @returns the engine's own URL to send the browser to, by 303
 */
export function finishLogin(
  interaction: Interaction,
  login: {
    readonly subject: string;
    readonly method: RedemptionMethod;
    readonly verifiedAt: number;
    /** Whether a code mailed to the guest's invited address proved them. */
    readonly byMail: boolean;
  },
): Promise<string> {
  return finish(interaction, {
    login: {
      accountId: login.subject,
      acr: acrOf(login.method),
      // How another place did it is not known here, and not claimed.
      ...(login.method === 'emailOneTimePasscode' && { amr: [...PASSCODE_AMR] }),
      ts: login.verifiedAt,
      // The cookie goes with the browser; the session ends after 24 hours in any case.
      remember: false,
      // Not the engine's: it is kept with the sign-in, for the guest's own page.
      byMail: login.byMail,
    },
    // prompt=select_account is answered by the same sign-in: whoever it is was picked (R20).
    select_account: {},
  });
}

/** Ends the consent prompt; the grant itself was made by loadExistingGrant. */
export function finishConsent(interaction: Interaction): Promise<string> {
  return finish(interaction, { ...interaction.lastSubmission, consent: {} });
}

/** Ends the interaction with an error for the client. */
export function finishWithError(
  interaction: Interaction,
  error: { readonly error: string; readonly error_description: string },
): Promise<string> {
  return finish(interaction, error);
}

/** Saves what the engine's interactionFinished would, without reading the interaction again. */
async function finish(
  interaction: Interaction,
  result: NonNullable<Interaction['result']>,
): Promise<string> {
  interaction.result = result;
  await interaction.persist();
  return interaction.returnTo;
}
