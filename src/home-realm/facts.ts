// Owns how places and their answers become facts of the decision table.

import { isDomainAllowed } from '../domain/invitation.ts';
import type { Connection } from '../domain/identity-provider.ts';
import type { RedemptionFacts } from '../domain/redemption.ts';
import { clientPolicyOf, type Tenant } from '../domain/tenant.ts';
import type { Membership } from './members.ts';
import type { Places } from './places.ts';

/** Everything known before a guest was found and anybody was asked. */
export function firstFacts(
  tenant: Tenant,
  clientId: string | undefined,
  domain: string,
  arrival: RedemptionFacts['arrival'],
  places: Places,
): RedemptionFacts {
  const { home, federation, google, consumer, unmanaged } = places;
  return {
    tenant: 'resolved',
    arrival,
    guest: null,
    selfService: clientPolicyOf(tenant, clientId).selfServiceSignUp,
    domainAllowed: isDomainAllowed(tenant.domainList, domain, home?.inbound ?? 'allowed'),
    partnerCloudUnsupported: home?.regionScope === 'USG',
    home: home ? { connection: home.id, match: 'unasked', userPrincipalName: null } : null,
    federation: federation?.id ?? null,
    google: google?.id ?? null,
    consumer: unaskedAt(consumer),
    consumerDomain: consumer?.consumerDomains.includes(domain) ?? false,
    unmanaged: unaskedAt(unmanaged),
    unmanagedRefused: home !== undefined || (unmanaged?.refusedDomains.includes(domain) ?? false),
  };
}

/** What the home directory said. */
export function homeFacts(connection: string, membership: Membership): RedemptionFacts['home'] {
  const { match } = membership;
  return match === 'none' || match === 'unknown'
    ? { connection, match, userPrincipalName: null }
    : { connection, match, userPrincipalName: membership.userPrincipalName };
}

/** What a place of consumer or unmanaged accounts said; by which name is nothing to the table. */
export function accountFacts(
  connection: string,
  { match }: Membership,
): RedemptionFacts['consumer'] {
  return { connection, answer: match === 'none' || match === 'unknown' ? match : 'account' };
}

function unaskedAt(place: Connection | undefined): RedemptionFacts['consumer'] {
  return place
    ? { connection: place.id, answer: 'unasked' }
    : { connection: null, answer: 'unconfigured' };
}
