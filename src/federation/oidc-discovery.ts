// Owns what an OpenID Provider upstream says of itself, and how much of that is believed.

import * as client from 'openid-client';
import type { Clock } from '../domain/clock.ts';
import type { OidcUpstream } from '../domain/identity-provider.ts';
import type { OutboundWebFetch } from '../outbound/fetch.ts';

export interface OidcDeps {
  readonly fetch: OutboundWebFetch;
  readonly clock: Clock;
  /** Whether plain http is taken; only on an installation that is loopback itself. */
  readonly allowInsecure: boolean;
}

/** The upstream as the client library knows it. */
export interface Discovery {
  /** @throws what the library throws, when the upstream cannot be reached or believed */
  get(): Promise<client.Configuration>;
  /** Lets the next `get` ask again: its keys are not those we know. */
  forget(): void;
}

const KEPT_SECONDS = 600;
const TIMEOUT_SECONDS = 3;
// No symmetric algorithm: whoever knows the client secret could be anybody. And never `none`.
const ALGORITHMS: readonly string[] = ['RS256', 'PS256', 'ES256', 'EdDSA'];

const ANOTHER_ISSUER = 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED';

/**
 * Creates the discovery of one upstream. What was found is kept for ten minutes, a failure not at all.
 *
 * @source S52, S53
 */
export function createDiscovery(upstream: OidcUpstream, deps: OidcDeps): Discovery {
  let kept: { readonly found: Promise<client.Configuration>; readonly until: number } | undefined;
  return {
    get() {
      if (kept && deps.clock() < kept.until) return kept.found;
      const mine = { found: discover(upstream, deps), until: deps.clock() + KEPT_SECONDS };
      kept = mine;
      mine.found.catch(() => {
        if (kept === mine) kept = undefined;
      });
      return mine.found;
    },
    forget() {
      kept = undefined;
    },
  };
}

async function discover(upstream: OidcUpstream, deps: OidcDeps): Promise<client.Configuration> {
  const said = await client.discovery(
    new URL(upstream.issuer),
    upstream.clientId,
    undefined,
    client.None(),
    {
      [client.customFetch]: deps.fetch,
      timeout: TIMEOUT_SECONDS,
      execute: deps.allowInsecure ? [client.allowInsecureRequests] : [],
    },
  );
  const metadata = said.serverMetadata();
  // The library makes exceptions for issuers with a placeholder; then any tenant of that provider
  // could sign for this one.
  if (metadata.issuer !== upstream.issuer) {
    throw Object.assign(new client.ClientError('another issuer'), { code: ANOTHER_ISSUER });
  }
  const configuration = new client.Configuration(
    Object.assign(metadata, {
      id_token_signing_alg_values_supported: allowed(
        metadata.id_token_signing_alg_values_supported,
      ),
      userinfo_signing_alg_values_supported: allowed(
        metadata.userinfo_signing_alg_values_supported,
      ),
    }),
    upstream.clientId,
    // The library asks the machine's clock; ours may be the database's.
    { [client.clockSkew]: deps.clock() - Math.floor(Date.now() / 1000) },
    authenticationFor(upstream, metadata.token_endpoint_auth_methods_supported),
  );
  configuration[client.customFetch] = deps.fetch;
  configuration.timeout = TIMEOUT_SECONDS;
  if (deps.allowInsecure) client.allowInsecureRequests(configuration);
  // Without it the library believes an ID token for the TLS connection it came by, unsigned.
  client.enableNonRepudiationChecks(configuration);
  return configuration;
}

function allowed(advertised: readonly string[] | undefined): string[] {
  return (advertised ?? ['RS256']).filter((algorithm) => ALGORITHMS.includes(algorithm));
}

function authenticationFor(
  { clientSecret }: OidcUpstream,
  methods: readonly string[] = ['client_secret_basic'],
): client.ClientAuth {
  return methods.includes('client_secret_basic') || !methods.includes('client_secret_post')
    ? client.ClientSecretBasic(clientSecret)
    : client.ClientSecretPost(clientSecret);
}
