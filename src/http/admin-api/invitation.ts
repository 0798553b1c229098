// Owns an invitation as Graph's `invitation`.

import { z } from 'zod';
import { instantOf } from '../../domain/clock.ts';
import type { Guest } from '../../storage/store.ts';
import type { Named } from './operation.ts';

const schema = z.strictObject({
  id: z.string().describe('Stays when the invitation is sent again, or another takes its place.'),
  invitedUserEmailAddress: z.string(),
  invitedUserDisplayName: z.string().nullable(),
  invitedUserType: z.literal('Guest'),
  inviteRedirectUrl: z.string().nullable(),
  inviteRedeemUrl: z
    .string()
    .nullable()
    .describe('For the guest alone: null where one is looked at, or has nothing to accept.'),
  sendInvitationMessage: z.boolean().optional().describe('Only in the answer to what was asked.'),
  resetRedemption: z.boolean().optional().describe('Only in the answer to what was asked.'),
  status: z.enum(['PendingAcceptance', 'Completed', 'InProgress', 'Error']),
  createdDateTime: z.string().describe('When it was sent last.'),
  expirationDateTime: z.string().nullable().describe('null: it does not end.'),
  invitedBy: z.string().nullable().describe('Address of whoever invited, when known.'),
  invitedUser: z.strictObject({ id: z.string() }),
});

/** One invitation as it is answered. @source rules R60, R61 */
export const invitationSchema: Named = { name: 'invitation', schema };

/** What only the answer to a request that makes an invitation says. */
type Made = Partial<
  Pick<z.infer<typeof schema>, 'inviteRedeemUrl' | 'sendInvitationMessage' | 'resetRedemption'>
>;

/**
 * The invitation of a guest: there is one at a time, so it has the guest's id. Pure.
 *
 * @param made what is said beyond the guest; without it the link is not told
 */
export function invitationOf(guest: Guest, made: Made = {}): z.infer<typeof schema> {
  const { id, invitationExpiresAt: ends } = guest;
  return {
    id,
    invitedUserEmailAddress: guest.address,
    invitedUserDisplayName: guest.displayName,
    invitedUserType: 'Guest',
    inviteRedirectUrl: guest.invitation?.redirectUrl ?? null,
    inviteRedeemUrl: null,
    ...made,
    status: guest.state === 'Accepted' ? 'Completed' : 'PendingAcceptance',
    createdDateTime: instantOf(guest.invitedAt),
    expirationDateTime: ends === null ? null : instantOf(ends),
    invitedBy: guest.invitedBy,
    invitedUser: { id },
  };
}
