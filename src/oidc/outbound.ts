// Owns what the engine fetches: back-channel logout, clients' key sets, sector identifiers.

import type { Configuration } from 'oidc-provider';

type OutboundFetch = NonNullable<Configuration['fetch']>;

/** Most bytes read of a client's document: a body without end must not fill the memory (S53). */
export const outboundBodyLimits = {
  jwks_uri: 262_144,
  sector_identifier_uri: 262_144,
} as const;

/**
 * Fetches as the engine asks, through the agent it brings, which refuses addresses inside the
 * network (S53). Only an installation on plain http, which is loopback by rule, may call relying
 * parties on its own machine: there the agent would refuse every one of them.
 */
export function createOutboundFetch(secure: boolean): OutboundFetch {
  return (url, options) => {
    const guarded: RequestInit & { dispatcher?: unknown } = { ...options, redirect: 'manual' };
    const target = url instanceof Request ? url.url : url;
    if (!secure && isLoopback(new URL(target).hostname)) delete guarded.dispatcher;
    return fetch(url, guarded);
  };
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}
