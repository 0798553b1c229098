// Owns what becomes of the tenants when the files are read again: who is the same, who is not.

import { isDeepStrictEqual } from 'node:util';
import { createTenantIndex, type Tenant, type TenantIndex } from '../domain/tenant.ts';

/** Tenants that follow others, and what is new about them. */
export interface Succession {
  readonly tenants: TenantIndex;
  /** Ids. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/**
 * Lets one set of tenants follow another. Whoever did not change keeps the very object, and so does
 * every connection: Providers, discovery documents and SAML metadata are kept by object, and one
 * mended comma must not have all of them fetched again.
 */
export function succeed(previous: TenantIndex, next: TenantIndex): Succession {
  const added: string[] = [];
  const changed: string[] = [];
  const tenants = [...next.byId.values()].map((tenant) => {
    const before = previous.byId.get(tenant.id);
    if (!before) added.push(tenant.id);
    else if (isDeepStrictEqual(before, tenant)) return before;
    else changed.push(tenant.id);
    return before ? withKnownConnections(before, tenant) : tenant;
  });
  return {
    tenants: createTenantIndex(tenants),
    added,
    changed,
    removed: [...previous.byId.keys()].filter((id) => !next.byId.has(id)),
  };
}

function withKnownConnections(before: Tenant, tenant: Tenant): Tenant {
  if (!tenant.connections) return tenant;
  const known = new Map(before.connections?.map((connection) => [connection.id, connection]));
  const connections = tenant.connections.map((connection) => {
    const same = known.get(connection.id);
    return same && isDeepStrictEqual(same, connection) ? same : connection;
  });
  return Object.freeze({ ...tenant, connections: Object.freeze(connections) });
}
