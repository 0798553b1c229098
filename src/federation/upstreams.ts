// Owns the upstreams of all tenants: one object per configured connection, made on first use.

import type { Clock } from '../domain/clock.ts';
import type { Connection, OidcUpstream, SamlUpstream } from '../domain/identity-provider.ts';
import type { OutboundFetch, OutboundWebFetch } from '../outbound/fetch.ts';
import { createDomainProofs, type ResolveTxt } from './domain-proof.ts';
import type { Upstream } from './identity.ts';
import { createOidcUpstream } from './oidc.ts';
import { createSamlUpstream } from './saml.ts';

export interface Upstreams {
  /** The upstream of a connection; kept as long as the connection's configuration is. */
  of(connection: Connection): Upstream;
  /**
   * Whether the owner of an address's domain has agreed to the federation, by DNS (R50).
   * @param domain the domain of the address; null judges all domains of the connection
   */
  isProven(
    connection: Connection,
    domain: string | null,
  ): Promise<'proven' | 'missing' | 'unreachable'>;
}

export interface UpstreamsDeps {
  readonly fetch: OutboundFetch;
  readonly webFetch: OutboundWebFetch;
  readonly resolveTxt: ResolveTxt;
  readonly clock: Clock;
  /** Whether upstreams on plain http are taken: only an installation on loopback says so (S53). */
  readonly allowInsecure: boolean;
}

/** @source rules R50; S52 to S54 */
export function createUpstreams(deps: UpstreamsDeps): Upstreams {
  const known = new WeakMap<Connection, Upstream>();
  const proofs = createDomainProofs(deps);

  return {
    of(connection) {
      const found = known.get(connection) ?? create(connection);
      known.set(connection, found);
      return found;
    },
    async isProven(connection, domain) {
      const checked = await proofs.check(connection);
      const asked = checked.filter((proof) => domain === null || proof.domain === domain);
      if (asked.some(({ outcome }) => outcome === 'missing')) return 'missing';
      return asked.some(({ outcome }) => outcome === 'unreachable') ? 'unreachable' : 'proven';
    },
  };

  function create(connection: Connection): Upstream {
    const { clock, fetch, webFetch, allowInsecure } = deps;
    return isSaml(connection)
      ? createSamlUpstream(connection, { fetch, clock, entityId: entityIdOf })
      : createOidcUpstream(connection as Connection & { upstream: OidcUpstream }, {
          fetch: webFetch,
          clock,
          allowInsecure,
        });
  }
}

/** Our own name towards a SAML identity provider: where our metadata is. */
export function entityIdOf(callbackUrl: string): string {
  return callbackUrl.replace(/\/callback$/, '/metadata');
}

function isSaml(connection: Connection): connection is Connection & { upstream: SamlUpstream } {
  return connection.upstream.protocol === 'saml';
}
