// Owns reading guests and invitations as the admin API tells them.

import { z } from 'zod';
import { REDEMPTION_METHODS } from '../domain/identity-provider.ts';
import { secondsOf } from './instant.ts';
import type { KnownGuest } from './tenant-admin.ts';

const instant = z.string().transform(secondsOf);
const text = z.string().nullish().default(null);
const time = instant.nullish().default(null);

const method = z.enum(REDEMPTION_METHODS);

/** A guest; what an older server does not tell is null. */
export const remoteUser = z
  .object({
    id: z.string(),
    displayName: text,
    mail: z.string(),
    otherMails: z.array(z.string()).default([]),
    creationType: z.string(),
    externalUserState: z.enum(['PendingAcceptance', 'Accepted']),
    externalUserStateChangeDateTime: instant,
    accountEnabled: z.boolean(),
    redemptionMethod: method.nullish().default(null),
    redemptionConnection: text,
    invitedBy: text,
    invitedDateTime: time,
    invitationExpirationDateTime: time,
    redeemedDateTime: time,
    resetDateTime: time,
    blockedDateTime: time,
    deletedDateTime: time,
  })
  .transform((user) => ({ guest: guestOf(user), otherMails: user.otherMails }));

function guestOf(user: {
  readonly id: string;
  readonly mail: string;
  readonly displayName: string | null;
  readonly creationType: string;
  readonly externalUserState: KnownGuest['state'];
  readonly externalUserStateChangeDateTime: number;
  readonly accountEnabled: boolean;
  readonly redemptionMethod: KnownGuest['method'];
  readonly redemptionConnection: string | null;
  readonly invitedBy: string | null;
  readonly invitedDateTime: number | null;
  readonly invitationExpirationDateTime: number | null;
  readonly redeemedDateTime: number | null;
  readonly resetDateTime: number | null;
  readonly blockedDateTime: number | null;
  readonly deletedDateTime: number | null;
}): KnownGuest {
  const { externalUserState: state, externalUserStateChangeDateTime: changed } = user;
  const kind = user.creationType === 'SelfServiceSignUp' ? 'selfService' : 'invited';
  return {
    id: user.id,
    address: user.mail,
    displayName: user.displayName,
    kind,
    state,
    method: user.redemptionMethod,
    connection: user.redemptionConnection,
    invitedBy: user.invitedBy,
    invitationId: null,
    invitedAt: user.invitedDateTime ?? changed,
    invitationExpiresAt: user.invitationExpirationDateTime,
    redeemedAt: user.redeemedDateTime ?? (state === 'Accepted' ? changed : null),
    resetAt: user.resetDateTime,
    blockedAt: user.blockedDateTime ?? (user.accountEnabled ? null : changed),
    removedAt: user.deletedDateTime,
  };
}

/** An invitation, as the guest it is for. */
export const remoteInvitation = z
  .object({
    invitedUserEmailAddress: z.string(),
    invitedUserDisplayName: text,
    inviteRedeemUrl: text,
    resetRedemption: z.boolean().default(false),
    status: z.string(),
    createdDateTime: instant,
    expirationDateTime: time,
    invitedBy: text,
    invitedUser: z.object({ id: z.string() }),
  })
  .transform((made) => ({
    isPending: made.status === 'PendingAcceptance',
    isReset: made.resetRedemption,
    link: made.inviteRedeemUrl,
    guest: {
      id: made.invitedUser.id,
      address: made.invitedUserEmailAddress,
      displayName: made.invitedUserDisplayName,
      kind: 'invited',
      state: made.status === 'PendingAcceptance' ? 'PendingAcceptance' : 'Accepted',
      method: null,
      connection: null,
      invitedBy: made.invitedBy,
      invitationId: null,
      invitedAt: made.createdDateTime,
      invitationExpiresAt: made.expirationDateTime,
      redeemedAt: null,
      resetAt: null,
      blockedAt: null,
      removedAt: null,
    } satisfies KnownGuest as KnownGuest,
  }));
