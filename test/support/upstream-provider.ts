// Owns how the engine is configured when it plays another company's OpenID Provider.

import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import type { ParameterizedContext } from 'koa';
import { interactionPolicy, Provider } from 'oidc-provider';
import { createMemoryAdapter, type Records } from './memory-adapter.ts';

/**
 * Creates the provider: asks nobody for consent, knows `prompt=select_account` and `create`.
 *
 * @param claimsOf the claims of a subject for `id_token` or `userinfo`; undefined when there is none
 */
export async function createProvider(
  origin: string,
  records: Records,
  claimsOf: (sub: string, use: string) => { sub: string } | undefined,
): Promise<Provider> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const policy = interactionPolicy.base();
  for (const name of ['select_account', 'create']) {
    policy.add(new interactionPolicy.Prompt({ name, requestable: true }), 0);
  }
  // Browsers keep cookies by host, not by port: two providers on loopback must not share names.
  const { port } = new URL(origin);
  const names = Object.fromEntries(
    ['session', 'interaction', 'resume'].map((name) => [name, `upstream_${port}_${name}`]),
  );
  const provider: Provider = new Provider(origin, {
    adapter: createMemoryAdapter(records),
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'k1' }] },
    cookies: { keys: [randomBytes(32).toString('hex')], names },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { policy, url: (_ctx, { uid }) => `/interaction/${uid}` },
    ttl: { Interaction: 3600, Session: 3600, Grant: 3600, IdToken: 600, AccessToken: 600 },
    findAccount: (_ctx, sub) =>
      claimsOf(sub, '') && { accountId: sub, claims: (use) => claimsOf(sub, use) ?? { sub } },
    async loadExistingGrant({ oidc }) {
      const accountId = oidc.session?.accountId ?? '';
      const grant = new provider.Grant({ accountId, clientId: oidc.client?.clientId ?? '' });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    renderError: (ctx, { error, error_description: description }) => {
      ctx.body = `${error}: ${description}`;
    },
  });
  return provider;
}

/** Else the engine asks to sign out of the other account first, on a page that needs a script. */
export async function switchAccount(
  provider: Provider,
  ctx: ParameterizedContext,
  accountId: string,
): Promise<void> {
  const session = await provider.Session.get(ctx);
  if (session.accountId === undefined || session.accountId === accountId) return;
  session.accountId = accountId;
  await session.persist();
}
