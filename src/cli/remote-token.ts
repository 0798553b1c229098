// Owns getting tokens for a server's admin API, at the issuer the server names (RFC 9728).

import * as client from 'openid-client';
import { z } from 'zod';
import type { AdminScope } from '../domain/admin-scope.ts';
import { isLoopbackHost } from '../settings/public-url.ts';
import { RemoteError } from './remote-error.ts';
import type { RemotePlace } from './remote-place.ts';
import { causeOf } from './remote-fetch.ts';

/** Gives a token that has the scopes. @throws {RemoteError} */
export type GetToken = (scopes: readonly AdminScope[]) => Promise<string>;

const resourceDocument = z.object({
  resource: z.string(),
  authorization_servers: z.array(z.url()).min(1),
});

/** So long before its end a token is not used any more, seconds. */
const MARGIN = 30;

/**
 * Tokens are asked for when they are needed, with the scopes that are needed then, and used until
 * they end.
 *
 * @param ask sends one request of ours and gives the answer
 * @source rules R44; RFC 9728 section 3, RFC 8707 section 2
 */
export function createGetToken(
  { base, tenant, credentials }: RemotePlace,
  ask: (url: string) => Promise<Response>,
): GetToken {
  if ('token' in credentials) return () => Promise.resolve(credentials.token);
  const { clientId, clientSecret } = credentials;
  const tokens = new Map<string, { readonly token: string; readonly until: number }>();
  let issuer: Promise<{ configuration: client.Configuration; resource: string }> | undefined;

  return async (scopes) => {
    const scope = scopes.join(' ');
    const known = tokens.get(scope);
    if (known && Date.now() < known.until) return known.token;
    issuer ??= discover();
    const { configuration, resource } = await issuer;
    const { url } = { url: configuration.serverMetadata().issuer };
    try {
      const grant = await client.clientCredentialsGrant(configuration, { scope, resource });
      const until = Date.now() + ((grant.expires_in ?? 60) - MARGIN) * 1000;
      tokens.set(scope, { token: grant.access_token, until });
      return grant.access_token;
    } catch (error) {
      throw explain(error, url, scope);
    }
  };

  async function discover() {
    const document = await ask(`${base}/.well-known/oauth-protected-resource/${tenant}/v1.0`);
    if (document.status === 404) {
      throw new RemoteError(`there is no tenant ${tenant} at ${base}`, 'tenant_unknown');
    }
    const read = resourceDocument.safeParse(await document.json().catch(() => undefined));
    if (!document.ok || !read.success) {
      throw new RemoteError(`${base} is no admin listener of Guestpass`, 'not_an_admin_api');
    }
    const { resource, authorization_servers: servers } = read.data;
    const url = new URL(servers[0]!);
    const isHere = url.protocol === 'http:' && isLoopbackHost(url.hostname);
    if (url.protocol !== 'https:' && !isHere) {
      const message = `the issuer ${url.href} would get the secret in clear; it has to be https`;
      throw new RemoteError(message, 'issuer_insecure');
    }
    const options = isHere ? { execute: [client.allowInsecureRequests] } : {};
    const proof = client.ClientSecretBasic(clientSecret);
    try {
      const configuration = await client.discovery(url, clientId, undefined, proof, options);
      return { configuration, resource };
    } catch (error) {
      throw explain(error, url.href, '');
    }
  }
}

function explain(error: unknown, issuer: string, scope: string): RemoteError {
  const { error: code, status } = Object(error) as { error?: unknown; status?: unknown };
  if (code === 'invalid_client' || status === 401) {
    const message = `${issuer} does not know GUESTPASS_CLIENT_ID with GUESTPASS_CLIENT_SECRET`;
    return new RemoteError(message, 'invalid_client');
  }
  if (code === 'invalid_scope' || code === 'invalid_target') {
    const message = `the client may not administer with ${scope}; add it to admin.scopes of its entry`;
    return new RemoteError(message, 'insufficient_scope');
  }
  if (typeof code === 'string') {
    return new RemoteError(`${issuer} gave no token: ${code}`, code);
  }
  return new RemoteError(`${issuer} cannot be reached: ${causeOf(error)}`, 'unavailable', true);
}
