// Owns a guest as Graph's `user`.

import { z } from 'zod';
import { instantOf } from '../../domain/clock.ts';
import type { Guest } from '../../storage/store.ts';

/** One guest as it is answered. @source rules R6, R27, R61, R68, R69 */
export const userSchema = z.strictObject({
  id: z.string().describe('The `sub` claim of the guest; a reset keeps it.'),
  displayName: z.string().nullable(),
  mail: z.string().describe('The address that was invited.'),
  otherMails: z
    .array(z.string())
    .optional()
    .describe('Other addresses of the guest; only in the answer about one.'),
  userType: z.literal('Guest'),
  creationType: z.enum(['Invitation', 'SelfServiceSignUp']),
  externalUserState: z.enum(['PendingAcceptance', 'Accepted']),
  externalUserStateChangeDateTime: z.string(),
  accountEnabled: z.boolean().describe('False while the guest is blocked.'),
  identities: z
    .array(
      z.strictObject({
        signInType: z.literal('federated'),
        issuer: z.string().describe('The `idp` claim: mail for the passcode.'),
        issuerAssignedId: z.null(),
      }),
    )
    .describe('What redemption bound; empty before, and after a reset.'),
  signInSessionsValidFromDateTime: z.string().nullable(),
});

/** A guest, told as a user. Pure. */
export function userOf(guest: Guest, otherMails?: readonly string[]): z.infer<typeof userSchema> {
  const changed =
    guest.state === 'Accepted' ? guest.redeemedAt : Math.max(guest.resetAt ?? 0, guest.invitedAt);
  return {
    id: guest.id,
    displayName: guest.displayName,
    mail: guest.address,
    ...(otherMails && { otherMails: [...otherMails] }),
    userType: 'Guest',
    creationType: guest.kind === 'selfService' ? 'SelfServiceSignUp' : 'Invitation',
    externalUserState: guest.state,
    externalUserStateChangeDateTime: instantOf(changed ?? guest.invitedAt),
    accountEnabled: guest.blockedAt === null,
    identities:
      guest.idp === null
        ? []
        : [{ signInType: 'federated', issuer: guest.idp, issuerAssignedId: null }],
    signInSessionsValidFromDateTime: guest.revokedAt === null ? null : instantOf(guest.revokedAt),
  };
}
