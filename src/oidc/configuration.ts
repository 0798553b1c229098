// Owns the engine's configuration: hardened defaults, then what the host sets, then what a guest's
// sign-in cannot do without.

import { createHmac, type KeyObject } from 'node:crypto';
import type { Configuration, errors, KoaContextWithOIDC } from 'oidc-provider';
import { ACR_VALUES, claimsByScope } from '../domain/claims.ts';
import type { Clock } from '../domain/clock.ts';
import type { Limits } from '../domain/limits.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Directory } from '../guests/directory.ts';
import { LANGUAGES } from '../i18n/languages.ts';
import type { Store } from '../storage/store.ts';
import { createFindAccount } from './account.ts';
import type { AdmitSignIn } from './admission.ts';
import { createAdapterFactory } from './adapter.ts';
import { adminResource } from './admin-resource.ts';
import { createAssertClientClaims } from './client-assertion.ts';
import { type BrowserBinding, type CookieSigner, cookieNames } from './cookies.ts';
import { speakingToEngine } from './engine-fault.ts';
import type { GatheredWrites } from './gathered-writes.ts';
import { createLoadExistingGrant } from './grant.ts';
import type { GuestSessions } from './guest-sessions.ts';
import { createHintedSignOut } from './hinted-sign-out.ts';
import { createEngineFetch, outboundBodyLimits } from './outbound.ts';
import { createPolicy, isFromEarlier, isSessionOver } from './policy.ts';

/** The pages the engine shows by itself, drawn by whoever has the views. */
export interface EnginePages {
  error(
    ctx: KoaContextWithOIDC,
    out: { readonly error: string; readonly error_description?: string | undefined },
    error: errors.OIDCProviderError | Error,
  ): Promise<void>;
  signOut(ctx: KoaContextWithOIDC, form: string): Promise<void>;
  signedOut(ctx: KoaContextWithOIDC): Promise<void>;
}

export interface ConfigurationDeps {
  readonly store: Store;
  readonly directory: Directory;
  readonly browser: BrowserBinding;
  readonly gathered: GatheredWrites;
  readonly signer: CookieSigner;
  readonly pages: EnginePages;
  readonly guestSessions: Pick<GuestSessions, 'end'>;
  readonly limits: Limits;
  readonly clock: Clock;
  /** Whether the issuer is https. */
  readonly secure: boolean;
  readonly admit: AdmitSignIn;
  /** Key of the DPoP nonces, 32 bytes, the same on every node. */
  readonly dpopSecret: Buffer;
  /** Key of pairwise subjects. */
  readonly pairwiseKey: KeyObject;
}

/** What tells one issuer from another. */
export interface IssuerContext {
  /** Storage namespace: the tenant id, or the host's own name for its issuer. */
  readonly namespace: string;
  /** The one tenant of the issuer, or undefined where `tenantOf` decides per request. */
  readonly tenantId: string | undefined;
  readonly tenantOf: (ctx: KoaContextWithOIDC) => Tenant;
  /** Path of a sign-in's pages, without a trailing slash. */
  readonly pagesPath: (ctx: KoaContextWithOIDC, uid: string) => string;
  readonly extraParams: NonNullable<Configuration['extraParams']>;
  /** Languages its pages are offered in; default all there are. */
  readonly languages?: readonly string[] | undefined;
}

interface PairwiseClient {
  readonly clientId: string;
  readonly sectorIdentifier?: string;
}

/** How a code goes back. A fragment is for tokens that scripts read; a code has no business there (S41). */
export const responseModes: readonly string[] = ['query', 'form_post'];

const SHORT_TOKEN_SECONDS = 600;
const CODE_SECONDS = 60;
const UNUSED_SESSION_SECONDS = 1800;

/**
 * @param yours what the host configures: clients, keys, features of its own
 * @source S24, S27, S28, S33, S34, S39 to S49; oidc-provider documentation
 */
export function createOidcConfiguration(
  deps: ConfigurationDeps,
  issuer: IssuerContext,
  yours: Configuration,
): Configuration {
  const { limits, clock, secure, pages } = deps;
  const { sessionSeconds } = limits;
  const left = (since: number | undefined): number =>
    since === undefined ? sessionSeconds : Math.max(1, since + sessionSeconds - clock());
  const cookieDefaults = { httpOnly: true, sameSite: 'lax', secure, signed: true } as const;
  const session = { sessionSeconds, clock };
  const pairwise = (accountId: string, client: object): string => {
    // The engine computes it and its types forgot it.
    const { sectorIdentifier, clientId } = client as PairwiseClient;
    return createHmac('sha256', deps.pairwiseKey)
      .update(`${issuer.namespace}\n${sectorIdentifier ?? clientId}\n${accountId}`)
      .digest('base64url');
  };
  const signOutByHint = createHintedSignOut({
    namespace: issuer.namespace,
    sessions: speakingToEngine(deps.guestSessions),
    subjectOf: ({ oidc: { client } }, accountId) =>
      client?.subjectType === 'pairwise' ? pairwise(accountId, client) : accountId,
    secure,
  });

  return {
    responseTypes: ['code'],
    scopes: ['openid', 'offline_access', 'email', 'profile'],
    subjectTypes: ['public', 'pairwise'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    clientDefaults: {
      grant_types: ['authorization_code'],
      response_types: ['code'],
      response_modes: [...responseModes],
    },
    enabledJWA: {
      idTokenSigningAlgValues: ['RS256', 'ES256'],
      userinfoSigningAlgValues: ['RS256', 'ES256'],
    },
    allowOmittingSingleRegisteredRedirectUri: false,
    acceptQueryParamAccessTokens: false,
    pairwiseIdentifier: (_ctx, accountId, client) => pairwise(accountId, client),
    fetch: createEngineFetch(secure),
    fetchResponseBodyLimits: outboundBodyLimits,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    clientBasedCORS: isOwnOrigin,
    assertJwtClientAuthClaimsAndHeader: createAssertClientClaims(clock),
    ...yours,
    // Not yours to replace: consumption by condition, digests for ids, absolute ends and the browser
    // binding all live in it (S24, S28, S44).
    adapter: createAdapterFactory({
      store: speakingToEngine(deps.store.oidc),
      sessions: speakingToEngine(deps.store.sessions),
      namespace: issuer.namespace,
      clock,
      browser: deps.browser,
      gathered: deps.gathered,
    }),
    features: {
      backchannelLogout: { enabled: true },
      // The defaults would let any confidential client look into any token of the tenant.
      revocation: { enabled: true, allowedPolicy: isOwnToken },
      introspection: { enabled: true, allowedPolicy: isOwnToken },
      claimsParameter: { enabled: true },
      clientCredentials: { enabled: true },
      // An issuer of many tenants has no admin API: its tokens belong to no tenant.
      ...(issuer.tenantId !== undefined && { resourceIndicators: adminResource(issuer.tenantOf) }),
      jwtUserinfo: { enabled: true },
      pushedAuthorizationRequests: { enabled: true, allowUnregisteredRedirectUris: false },
      dPoP: { enabled: true, nonceSecret: deps.dpopSecret, allowReplay: false },
      ...yours.features,
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: async (ctx, form) => {
          if (!(await signOutByHint(ctx))) await pages.signOut(ctx, form);
        },
        postLogoutSuccessSource: (ctx) => pages.signedOut(ctx),
        ...yours.features?.rpInitiatedLogout,
      },
      // The features' type is a union over what is enabled; a spread of the host's part defeats it.
    } as NonNullable<Configuration['features']>,
    pkce: { required: () => true, ...yours.pkce },
    claims: { ...claimsByScope, ...yours.claims },
    // Relying parties built for Entra look for the address in the ID token, not at userinfo.
    conformIdTokenClaims: yours.conformIdTokenClaims ?? false,
    acrValues: [...new Set([...(yours.acrValues ?? []), ...ACR_VALUES])],
    discovery: {
      ui_locales_supported: issuer.languages ?? Object.keys(LANGUAGES),
      ...yours.discovery,
    },
    extraParams: issuer.extraParams,
    findAccount: createFindAccount(speakingToEngine(deps.directory), issuer.tenantId),
    loadExistingGrant: createLoadExistingGrant(
      (ctx) => isFromEarlier(ctx) && isSessionOver(ctx, session),
    ),
    expiresWithSession: () => true,
    rotateRefreshToken: true,
    renderError: async (ctx, out, error) => {
      const uid = lostSignIn(ctx, error);
      if (uid === undefined) return pages.error(ctx, out, error);
      // Their page knows what can be done about it; here the browser sends no cookie of theirs.
      ctx.status = 303;
      ctx.set('Cache-Control', 'no-store');
      ctx.redirect(`${issuer.pagesPath(ctx, uid)}/over`);
    },
    interactions: {
      policy: createPolicy({
        browser: deps.browser,
        admit: deps.admit,
        tenantOf: issuer.tenantOf,
        ...session,
      }),
      url: (ctx, interaction) => issuer.pagesPath(ctx, interaction.uid),
    },
    cookies: {
      keys: deps.signer,
      names: cookieNames(issuer.namespace, secure),
      long: { ...cookieDefaults, path: '/' },
      short: cookieDefaults,
    },
    ttl: {
      AuthorizationCode: CODE_SECONDS,
      AccessToken: SHORT_TOKEN_SECONDS,
      ClientCredentials: SHORT_TOKEN_SECONDS,
      IdToken: SHORT_TOKEN_SECONDS,
      ...yours.ttl,
      Interaction: limits.interactionSeconds,
      Grant: sessionSeconds,
      // The engine saves a session with its full life at every use; the guest's ends once (S28).
      Session: (_ctx, kept) =>
        kept.loginTs === undefined ? UNUSED_SESSION_SECONDS : left(kept.loginTs),
      RefreshToken: (_ctx, token) => left(token.authTime),
    },
  };
}

/** The uid of a sign-in that cannot be resumed; undefined for every other error. */
function lostSignIn(ctx: KoaContextWithOIDC, error: Error): string | undefined {
  if (ctx.oidc?.route !== 'resume' || error.name !== 'SessionNotFound') return undefined;
  return /\/([\w-]{21,64})$/.exec(ctx.path)?.[1];
}

/** A single-page application calls from where it is redirected to; no other origin has a reason. */
function isOwnOrigin(
  ctx: KoaContextWithOIDC,
  origin: string,
  client: {
    readonly clientAuthMethod?: string | undefined;
    readonly redirectUris?: readonly string[] | undefined;
  },
): boolean {
  const isCaller = ctx.oidc.route === 'userinfo' || client.clientAuthMethod === 'none';
  const origins = (client.redirectUris ?? []).map((uri) => new URL(uri).origin);
  return isCaller && origin !== 'null' && origins.includes(origin);
}

function isOwnToken(
  _ctx: unknown,
  client: { readonly clientId: string },
  token: { readonly clientId?: string | undefined },
): boolean {
  return token.clientId === client.clientId;
}
