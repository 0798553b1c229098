// Owns how a guest becomes a fact of the decision table.

import type { RedemptionFacts } from '../domain/redemption.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Guest } from '../storage/store.ts';

/**
 * A guest as the table sees them; the blocked and the removed are nobody. Pure.
 *
 * @param now epoch seconds, by which the invitation is open or has ended
 * @source rules R7; S51, S55
 */
export function guestFacts(
  guest: Guest | undefined,
  tenant: Tenant,
  now: number,
): RedemptionFacts['guest'] {
  if (!guest || guest.blockedAt !== null || guest.removedAt !== null) return null;
  const { state, method, connection, resetAt, invitationExpiresAt } = guest;
  return {
    state,
    method,
    connection,
    connectionExists: connection === null || isConfigured(tenant, guest),
    wasReset: resetAt !== null,
    invitation: invitationExpiresAt !== null && now >= invitationExpiresAt ? 'expired' : 'open',
  };
}

function isConfigured(tenant: Tenant, { connection, method }: Guest): boolean {
  // By method as well: an id that came to name another place must not inherit its guests (S51).
  return tenant.connections?.some((c) => c.id === connection && c.method === method) ?? false;
}
