// Owns what a client is granted: what it asked for, since every client of a tenant is its own.

import type { Grant, KoaContextWithOIDC } from 'oidc-provider';

/**
 * Reuses the session's grant for the client, widened to what is asked now, or makes one.
 *
 * @param isStale tells that the login prompt will fire anyway: then nothing is saved, or every
 *   request of a dead session would leave an orphan
 */
export function createLoadExistingGrant(isStale: (ctx: KoaContextWithOIDC) => boolean) {
  return async function loadExistingGrant(ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
    const { oidc } = ctx;
    const { client, account, session } = oidc;
    if (!client || !account || !session || isStale(ctx)) return undefined;
    const known = session.grantIdFor(client.clientId);
    const found = known === undefined ? undefined : await oidc.provider.Grant.find(known);
    const reusable = found && found.accountId === account.accountId ? found : undefined;
    if (reusable && covers(reusable, ctx)) return reusable;
    const grant =
      reusable ??
      new oidc.provider.Grant({ accountId: account.accountId, clientId: client.clientId });
    widen(grant, ctx);
    await grant.save();
    return grant;
  };
}

function covers(grant: Grant, { oidc }: KoaContextWithOIDC): boolean {
  const scopes = new Set(grant.getOIDCScopeEncountered().split(' '));
  const claims = new Set(grant.getOIDCClaimsEncountered());
  return (
    [...oidc.requestParamOIDCScopes].every((scope) => scopes.has(scope)) &&
    [...oidc.requestParamClaims].every((claim) => claims.has(claim)) &&
    Object.keys(oidc.resourceServers ?? {}).length === 0
  );
}

function widen(grant: Grant, { oidc }: KoaContextWithOIDC): void {
  grant.addOIDCScope([...oidc.requestParamOIDCScopes].join(' '));
  grant.addOIDCClaims([...oidc.requestParamClaims]);
  for (const [resource, server] of Object.entries(oidc.resourceServers ?? {})) {
    const allowed = [...oidc.requestParamScopes].filter((scope) => server.scopes.has(scope));
    grant.addResourceScope(resource, allowed.join(' '));
  }
}
