// Owns what the engine fetches: back-channel logout, clients' key sets, sector identifiers.

import type { Configuration } from 'oidc-provider';
import { createOutboundWebFetch } from '../outbound/fetch.ts';

type EngineFetch = NonNullable<Configuration['fetch']>;

/** Most bytes read of a client's document: a body without end must not fill the memory (S53). */
export const outboundBodyLimits = {
  jwks_uri: 262_144,
  sector_identifier_uri: 262_144,
} as const;

/**
 * Fetches what the engine asks for as everything else is fetched here. The guard the engine brings
 * looks at a connection that is made already: whoever writes a client's metadata could have knocked
 * at every port inside the network, and told open ones by the time it took (S53, T76).
 *
 * @param secure whether the issuer is https; on plain http, which is loopback by rule, relying
 *   parties on the same machine may be called
 */
export function createEngineFetch(secure: boolean): EngineFetch {
  const request = createOutboundWebFetch({ allowLoopback: !secure });
  return (url, options) => {
    const { method, headers, body, signal } = options ?? {};
    return request(url instanceof Request ? url.url : url, {
      method,
      headers: Object.fromEntries(new Headers(headers)),
      body,
      signal,
    });
  };
}
