// Owns who was invited and would not get in: their domain is refused, or no way in is left for it.

import type { RedemptionPolicy } from '../domain/redemption.ts';
import { createsUnmanaged, isPasscodeOffered } from '../domain/redemption-conditions.ts';
import { policyOf, type Tenant } from '../domain/tenant.ts';
import { placesOf } from '../home-realm/places.ts';
import type { GuestCount } from '../storage/store.ts';
import { refusalOfDomain } from './invitation-order.ts';
import { listed, type Lockout, sum } from './lockout.ts';

/**
 * Finds guests who have not redeemed and could not. Places are not asked: a home directory that does
 * not know the guest counts as a way in all the same. Pure.
 *
 * @param guests counts of those who are not blocked
 * @param now epoch seconds
 * @source rules R43, R54, R73, R74
 */
export function findPendingLockouts(
  tenant: Tenant,
  guests: readonly GuestCount[],
  now: number,
): readonly Lockout[] {
  const pending = guests.filter(({ state }) => state === 'PendingAcceptance');
  const refused = pending.filter(({ domain }) => refusalOfDomain(tenant, domain) !== undefined);
  const policy = policyOf(tenant, undefined);
  const lost = pending.filter(
    (guest) => !refused.includes(guest) && !hasWayIn(tenant, policy, guest.domain, now),
  );
  const { id } = tenant;
  return [
    {
      cause: 'pending:domain',
      effect: 'cannot_redeem',
      count: sum(refused),
      method: null,
      who: `of ${listed(domainsOf(refused))} who have not redeemed`,
      because: 'could not: the domain is not allowed',
      remedy: `allow it, or withdraw them: guestpass invitations withdraw EMAIL --tenant ${id}`,
    },
    {
      cause: 'pending:method',
      effect: 'cannot_redeem',
      count: sum(lost),
      method: null,
      who: `of ${listed(domainsOf(lost))} who have not redeemed`,
      because: 'could not: no provider is left for them',
      remedy: 'enable emailOneTimePasscode, or add consumerAccounts',
    },
  ];
}

function hasWayIn(tenant: Tenant, policy: RedemptionPolicy, domain: string, now: number): boolean {
  const { home, federation, google, consumer, unmanaged } = placesOf(tenant, domain);
  const { order, fallback } = policy;
  return (
    isPasscodeOffered(policy, now) ||
    (home !== undefined && order.includes('homeDirectory')) ||
    (federation !== undefined && order.includes('externalFederation')) ||
    (google !== undefined && order.includes('socialIdentityProviders')) ||
    (consumer !== undefined && fallback.includes('consumerAccount')) ||
    (unmanaged !== undefined && policy.cloud !== 'gov' && createsUnmanaged(policy, now))
  );
}

function domainsOf(guests: readonly GuestCount[]): readonly string[] {
  return guests.map(({ domain }) => domain);
}
