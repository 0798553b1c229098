// Owns the admin API as the engine sees it: a resource of the tenant's own issuer (RFC 8707), whose
// tokens are given to configured applications and read again here.

import { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { type AdminScope, ADMIN_SCOPES } from '../domain/admin-scope.ts';
import type { Clock } from '../domain/clock.ts';
import { clientPolicyOf, type Tenant } from '../domain/tenant.ts';
import type { OidcStore } from '../storage/store.ts';
import { createAdapterFactory } from './adapter.ts';
import type { BrowserBinding } from './cookies.ts';

type ResourceIndicators = NonNullable<NonNullable<Configuration['features']>['resourceIndicators']>;

const TOKEN_SECONDS = 600;

/** The resource indicator of a tenant's admin API: what a token is asked for, and its audience. */
export function adminResourceOf(issuer: string): string {
  return `${issuer}/admin`;
}

/**
 * Lets clients with `admin.scopes` ask for tokens of the admin API, by client credentials alone.
 *
 * @source rules R44; RFC 8707 section 2
 */
export function adminResource(tenantOf: (ctx: KoaContextWithOIDC) => Tenant): ResourceIndicators {
  return {
    enabled: true,
    getResourceServerInfo: (ctx, resource, client) => {
      const scopes = clientPolicyOf(tenantOf(ctx), client.clientId).adminScopes ?? [];
      // By any other grant a guest would be the administrator: whoever signs in gets what is asked.
      const isItself = ctx.oidc.params?.['grant_type'] === 'client_credentials';
      if (resource !== adminResourceOf(ctx.oidc.issuer) || !isItself || scopes.length === 0) {
        throw new errors.InvalidTarget('no such resource, or not for this client');
      }
      return {
        audience: resource,
        scope: scopes.join(' '),
        // Looked up at every use, so that revoking one takes effect at once.
        accessTokenFormat: 'opaque',
        accessTokenTTL: TOKEN_SECONDS,
      };
    },
  };
}

/** An application that showed a good token. */
export interface AdminCaller {
  readonly clientId: string;
  /** What the token says and the tenant's file still allows. */
  readonly scopes: ReadonlySet<AdminScope>;
}

/**
 * Reads a bearer token of a tenant's admin API.
 *
 * @returns undefined for a token of another tenant or resource, one that ended or was revoked, one
 *   bound to a key, and one whose client may administer no more
 */
export type ReadAdminToken = (tenant: Tenant, token: string) => Promise<AdminCaller | undefined>;

/**
 * @param issuerOf the issuer of a tenant
 * @source rules R44; S33, S44
 */
export function createReadAdminToken(deps: {
  readonly store: OidcStore;
  readonly browser: BrowserBinding;
  readonly clock: Clock;
  readonly issuerOf: (tenant: Tenant) => string;
}): ReadAdminToken {
  return async (tenant, token) => {
    // The namespace is the issuer: a token of another tenant is simply not there (S33).
    const adapter = createAdapterFactory({ ...deps, namespace: tenant.id })('ClientCredentials');
    const found = await adapter.find(token);
    if (!found || (found.exp ?? 0) <= deps.clock()) return undefined;
    if (found.aud !== adminResourceOf(deps.issuerOf(tenant))) return undefined;
    // Without the proof of possession a stolen token bound to a key would be worth as much as any.
    if (found['jkt'] !== undefined || found['x5t#S256'] !== undefined) return undefined;
    const { clientId } = found;
    // Taken out of the file, an application is out at once, not when its token ends.
    const isKnown = tenant.clients.some(({ client_id }) => client_id === clientId);
    const allowed = clientPolicyOf(tenant, clientId).adminScopes ?? [];
    if (clientId === undefined || !isKnown || allowed.length === 0) return undefined;
    const asked = new Set(found.scope?.split(' '));
    const scopes = ADMIN_SCOPES.filter((scope) => asked.has(scope) && allowed.includes(scope));
    return { clientId, scopes: new Set(scopes) };
  };
}
