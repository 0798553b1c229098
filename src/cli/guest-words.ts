// Owns a guest in words, for whoever administers them.

import { instantOf } from '../domain/clock.ts';
import type { KnownGuest } from './tenant-admin.ts';

export { instantOf };

/**
 * One line: how the guest came to be, whether and how they redeemed, and what was done since. Pure.
 *
 * @param now epoch seconds, by which the invitation is open or has ended
 */
export function describeGuest(guest: KnownGuest, now: number): string {
  const { kind, invitedAt, invitedBy, resetAt, blockedAt, removedAt } = guest;
  const by = invitedBy === null ? '' : ` by ${invitedBy}`;
  return [
    kind === 'selfService'
      ? `signed up ${instantOf(invitedAt)}`
      : `invited ${instantOf(invitedAt)}${by}`,
    ...(resetAt === null ? [] : [`reset ${instantOf(resetAt)}`]),
    describeRedemption(guest, now),
    ...(blockedAt === null ? [] : [`blocked ${instantOf(blockedAt)}`]),
    ...(removedAt === null ? [] : [`removed ${instantOf(removedAt)}`]),
  ].join('; ');
}

function describeRedemption(guest: KnownGuest, now: number): string {
  const { state, method, connection, redeemedAt, invitationExpiresAt: ends } = guest;
  if (state === 'Accepted') {
    const place = connection === null ? '' : ` at ${connection}`;
    const when = redeemedAt === null ? '' : ` ${instantOf(redeemedAt)}`;
    return `redeemed${when} by ${method ?? 'an unknown method'}${place}`;
  }
  if (ends === null) return 'not redeemed yet';
  return `not redeemed yet; the invitation ${now < ends ? 'ends' : 'ended'} ${instantOf(ends)}`;
}

/** A guest for programs: keys are stable, times are ISO instants. Pure. */
export function guestValue(guest: KnownGuest): Readonly<Record<string, string | null>> {
  const { address, id, state, kind, method, connection, displayName, invitedBy } = guest;
  return {
    address,
    sub: id,
    displayName,
    kind,
    state,
    method,
    connection,
    invitedBy,
    invitedAt: when(guest.invitedAt),
    invitationEndsAt: when(guest.invitationExpiresAt),
    redeemedAt: when(guest.redeemedAt),
    resetAt: when(guest.resetAt),
    blockedAt: when(guest.blockedAt),
    removedAt: when(guest.removedAt),
  };
}

function when(seconds: number | null): string | null {
  return seconds === null ? null : instantOf(seconds);
}
