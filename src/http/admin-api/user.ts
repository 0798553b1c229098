// Owns a guest as Graph's `user`.

import { z } from 'zod';
import { REDEMPTION_METHODS } from '../../domain/identity-provider.ts';
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
  redemptionMethod: z
    .enum(REDEMPTION_METHODS)
    .nullable()
    .describe("What redemption bound. This and what follows are ours, not Graph's."),
  redemptionConnection: z.string().nullable().describe('Id of the place; null for the passcode.'),
  invitedBy: z.string().nullable().describe('Address of whoever invited, when known.'),
  invitedDateTime: z.string(),
  invitationExpirationDateTime: z.string().nullable(),
  redeemedDateTime: z.string().nullable(),
  resetDateTime: z.string().nullable(),
  blockedDateTime: z.string().nullable(),
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
    signInSessionsValidFromDateTime: when(guest.revokedAt),
    redemptionMethod: guest.method,
    redemptionConnection: guest.connection,
    invitedBy: guest.invitedBy,
    invitedDateTime: instantOf(guest.invitedAt),
    invitationExpirationDateTime: when(guest.invitationExpiresAt),
    redeemedDateTime: when(guest.redeemedAt),
    resetDateTime: when(guest.resetAt),
    blockedDateTime: when(guest.blockedAt),
  };
}

function when(seconds: number | null): string | null {
  return seconds === null ? null : instantOf(seconds);
}
