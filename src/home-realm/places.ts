// Owns which of a tenant's connections have to do with a domain.

import { type Connection, coversDomain, GOOGLE_DOMAINS } from '../domain/identity-provider.ts';
import type { Tenant } from '../domain/tenant.ts';

/** The connections that may know addresses of one domain; at most one of a kind. */
export interface Places {
  readonly home: Connection | undefined;
  readonly federation: Connection | undefined;
  readonly google: Connection | undefined;
  readonly consumer: Connection | undefined;
  readonly unmanaged: Connection | undefined;
}

/**
 * Finds them by the exact domain: neither a sub-domain nor a longer name passes for it. Google is
 * for its own mailboxes alone, whatever domains its connection lists.
 *
 * @param domain lower-case A-labels
 * @source rules R46 to R48; S50
 */
export function placesOf(tenant: Pick<Tenant, 'connections'>, domain: string): Places {
  const find = (method: Connection['method']) =>
    tenant.connections?.find((place) => place.method === method && coversDomain(place, domain));
  return {
    home: find('homeDirectory'),
    federation: find('externalFederation'),
    google: GOOGLE_DOMAINS.includes(domain) ? find('google') : undefined,
    consumer: find('consumerAccount'),
    unmanaged: find('unmanagedAccount'),
  };
}
