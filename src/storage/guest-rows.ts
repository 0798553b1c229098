// Owns how a guest lies in the table, and how a removed one is kept out of the way of unique keys.

import type { Guest } from './store.ts';

/** How long a removed guest can be restored; then the purge takes the row (R77). */
export const RESTORABLE_SECONDS = 30 * 86_400;

/** Tells whether a guest was removed, and not too long ago to come back. Pure. @param now epoch seconds */
export function isRestorable({ removedAt }: Pick<Guest, 'removedAt'>, now: number): boolean {
  return removedAt !== null && now - removedAt <= RESTORABLE_SECONDS;
}

/** What a SELECT of {@link GuestRow} names. */
export const GUEST_COLUMNS =
  'tenant, id, address, address_key AS addressKey, display_name AS displayName, ' +
  'invited_by AS invitedBy, state, kind, method, connection, identity, idp, ' +
  'invitation_id AS invitationId, invitation_expires_at AS invitationExpiresAt, invitation, ' +
  'invited_at AS invitedAt, redeemed_at AS redeemedAt, blocked_at AS blockedAt, ' +
  'reset_at AS resetAt, revoked_at AS revokedAt, removed_at AS removedAt, ' +
  'removed_key AS removedKey';

/** A guest as the database gives it. */
export interface GuestRow extends Omit<Guest, 'invitation'> {
  readonly invitation: string | null;
  /** The address key of a removed guest; `addressKey` is only a place holder then. */
  readonly removedKey: string | null;
}

/** Reads a row; a removed guest looks as it did before, but for `removedAt`. */
export function toGuest({ removedKey, ...row }: GuestRow): Guest {
  const invitation: Guest['invitation'] =
    row.invitation === null ? null : JSON.parse(row.invitation);
  return {
    ...row,
    invitation,
    addressKey: removedKey ?? row.addressKey,
    identity: row.identity === null ? null : unparked(row.id, row.identity),
  };
}

/**
 * What stands in a unique key while its guest is removed, so that somebody else can have it. Neither
 * an address nor a digest has a colon: nothing that is looked up is ever equal to a parked key.
 */
export function parked(id: string, key: string): string {
  return `${id}:${key}`;
}

/** The key that was parked; any other stays as it is. */
export function unparked(id: string, key: string): string {
  return key.startsWith(`${id}:`) ? key.slice(id.length + 1) : key;
}
