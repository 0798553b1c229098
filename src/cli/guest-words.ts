// Owns a guest in words, for whoever administers them.

import { instantOf } from '../domain/clock.ts';
import type { Guest } from '../storage/store.ts';

export { instantOf };

/**
 * One line: how the guest came to be, whether and how they redeemed, and what was done since. Pure.
 *
 * @param now epoch seconds, by which the invitation is open or has ended
 */
export function describeGuest(guest: Guest, now: number): string {
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

function describeRedemption(guest: Guest, now: number): string {
  const { state, method, connection, redeemedAt, invitationExpiresAt: ends } = guest;
  if (state === 'Accepted') {
    const place = connection === null ? '' : ` at ${connection}`;
    const when = redeemedAt === null ? '' : ` ${instantOf(redeemedAt)}`;
    return `redeemed${when} by ${method ?? 'an unknown method'}${place}`;
  }
  if (ends === null) return 'not redeemed yet';
  return `not redeemed yet; the invitation ${now < ends ? 'ends' : 'ended'} ${instantOf(ends)}`;
}
