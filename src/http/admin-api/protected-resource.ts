// Owns how a program that knows the address of the admin API finds out whose tokens it takes
// (RFC 9728).

import type { Context, Middleware } from 'koa';
import { ADMIN_SCOPES } from '../../domain/admin-scope.ts';
import type { Tenant, TenantIndex } from '../../domain/tenant.ts';
import { adminResourceOf } from '../../oidc/admin-resource.ts';

const PATH = '/.well-known/oauth-protected-resource';
const DOCUMENT = /^\/\.well-known\/oauth-protected-resource\/([a-z0-9][a-z0-9-]{0,62})\/v1\.0$/;

/**
 * Serves `/.well-known/oauth-protected-resource/{tenantId}/v1.0` without a token; any other path is
 * left to what comes next. Discovery on the public side names the same tenants.
 *
 * @source RFC 9728 sections 2 and 3; `resource` is what a token is asked for, not the address
 */
export function createProtectedResource(deps: {
  readonly tenants: () => TenantIndex;
  readonly issuerOf: (tenant: Tenant) => string;
}): Middleware {
  return async (ctx, next) => {
    const tenantId = DOCUMENT.exec(ctx.path)?.[1];
    const isRead = ctx.method === 'GET' || ctx.method === 'HEAD';
    const tenant = isRead ? deps.tenants().byId.get(tenantId ?? '') : undefined;
    // Whoever it is that is not there gets the answer to any path that is not.
    if (!tenant) return next();
    const issuer = deps.issuerOf(tenant);
    ctx.set('Cache-Control', 'no-store');
    ctx.body = {
      resource: adminResourceOf(issuer),
      authorization_servers: [issuer],
      scopes_supported: ADMIN_SCOPES,
      bearer_methods_supported: ['header'],
    };
  };
}

/**
 * A challenge that says where that document is, whether or not there is such a tenant.
 *
 * @param parameters of the challenge, such as `error="invalid_token"`
 * @source RFC 9728 section 5.1; RFC 6750 section 3
 */
export function challengeOf(
  ctx: Context,
  tenantId: string,
  ...parameters: readonly string[]
): string {
  // A quote in Host would end the parameter, and what follows would be the caller's own words.
  const isHost = /^[\w.-]+(?::\d+)?$|^\[[\da-f:.]+\](?::\d+)?$/i.test(ctx.host);
  const url = `${originOf(ctx)}${PATH}/${tenantId}/v1.0`;
  const said = isHost ? [...parameters, `resource_metadata="${url}"`] : parameters;
  return ['Bearer', said.join(', ')].filter(Boolean).join(' ');
}

/** Scheme and host of a request. Where TLS ends in front of this listener, its word is taken: it only
 *  shapes links for the caller. */
export function originOf(ctx: Context): string {
  const scheme = ctx.get('x-forwarded-proto') === 'https' ? 'https' : ctx.protocol;
  return `${scheme}://${ctx.host}`;
}
