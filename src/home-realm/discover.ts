// Owns what is known of an address on its way in: whose it is, and which places know it.

import type { Clock } from '../domain/clock.ts';
import type { EmailAddress } from '../domain/email-address.ts';
import type { RedemptionFacts } from '../domain/redemption.ts';
import { policyOf, type Tenant } from '../domain/tenant.ts';
import type { OutboundFetch } from '../outbound/fetch.ts';
import type { Guest, GuestStore } from '../storage/store.ts';
import { accountFacts, firstFacts, homeFacts } from './facts.ts';
import { guestFacts } from './guest-facts.ts';
import { matters } from './matters.ts';
import { askMembership, type Membership } from './members.ts';
import { placesOf } from './places.ts';

/** One address at one tenant. */
export interface Arrival {
  readonly tenant: Tenant;
  /** The client of the sign-in; undefined where there is none. */
  readonly clientId: string | undefined;
  readonly address: EmailAddress;
  /** By the mailed link, or by an application's own link. */
  readonly arrival: RedemptionFacts['arrival'];
}

/** What was found out. */
export interface Discovery {
  readonly facts: RedemptionFacts;
  /** Whom the address belongs to, also when blocked or removed: in `facts` those are nobody. */
  readonly guest: Guest | undefined;
}

/**
 * Finds out everything the decision table asks. Writes nothing; throws what the store throws. Takes
 * as long as the places that are asked, one after the other.
 */
export type Discover = (arrival: Arrival) => Promise<Discovery>;

/**
 * Makes discovery. A place is asked over HTTP only when its answer can change the decision, never
 * for a guest who has redeemed, and for a stranger exactly when it is for a guest who has not (S62).
 *
 * @param deps the guests, the guarded outgoing fetch, and the clock invitations end by
 * @source rules R9, R46 to R48, R58; S50, S62
 */
export function createDiscover(deps: {
  readonly guests: Pick<GuestStore, 'findByAddress' | 'findByOtherAddress'>;
  readonly fetch: OutboundFetch;
  readonly clock: Clock;
}): Discover {
  const { guests, fetch, clock } = deps;

  /** The guest of the first name that has one; invited addresses come before other addresses. */
  async function findGuest(tenant: string, names: readonly string[]): Promise<Guest | undefined> {
    for (const name of names) {
      const guest = await guests.findByAddress(tenant, name);
      if (guest) return guest;
    }
    for (const name of names) {
      const guest = await guests.findByOtherAddress(tenant, name);
      if (guest) return guest;
    }
    return undefined;
  }

  return async ({ tenant, clientId, address, arrival }) => {
    const now = clock();
    const policy = policyOf(tenant, clientId);
    const places = placesOf(tenant, address.domain);
    let facts = firstFacts(tenant, clientId, address.domain, arrival, places);
    const discovery = (guest: Guest | undefined): Discovery => ({
      guest,
      facts: { ...facts, guest: guestFacts(guest, tenant, now) },
    });

    let guest = await findGuest(tenant.id, [address.key]);
    if (isSettled(guest)) return discovery(guest);

    const { home } = places;
    if (home && (home.members.by !== 'lookup' || matters('home', facts, policy, now))) {
      const membership = await askMembership(home, address, fetch);
      facts = { ...facts, home: homeFacts(home.id, membership) };
      // The address may be one name of somebody who was invited by another (R58).
      guest ??= await findGuest(tenant.id, otherNames(membership, address));
      if (isSettled(guest)) return discovery(guest);
    }
    for (const kind of ['unmanaged', 'consumer'] as const) {
      const place = places[kind];
      if (place && matters(kind, facts, policy, now)) {
        const membership = await askMembership(place, address, fetch);
        facts = { ...facts, [kind]: accountFacts(place.id, membership) };
      }
    }
    return discovery(guest);
  };
}

/** Whether the guest stays where they are, so that nobody needs to be asked (R7). */
function isSettled(guest: Guest | undefined): boolean {
  // The blocked and the removed are asked about like strangers, so that they look like them.
  return guest?.state === 'Accepted' && guest.blockedAt === null && guest.removedAt === null;
}

/** What else the account is called, its sign-in name first. */
function otherNames(membership: Membership, { key }: EmailAddress): readonly string[] {
  if (membership.match === 'none' || membership.match === 'unknown') return [];
  const { userPrincipalName, aliases } = membership;
  const names = userPrincipalName === null ? aliases : [userPrincipalName, ...aliases];
  return [...new Set(names)].filter((name) => name !== key);
}
