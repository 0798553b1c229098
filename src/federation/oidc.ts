// Owns signing in at an OpenID Provider upstream: authorization code, PKCE, state and nonce always.

import * as client from 'openid-client';
import { parseEmailAddress } from '../domain/email-address.ts';
import type { Connection, OidcUpstream } from '../domain/identity-provider.ts';
import { inertText } from '../mail/inert-text.ts';
import type {
  FinishOutcome,
  Upstream,
  UpstreamAnswer,
  UpstreamMemory,
  UpstreamRequest,
} from './identity.ts';
import { createDiscovery, type OidcDeps } from './oidc-discovery.ts';
import { fault, isKeyFault, readFault } from './oidc-fault.ts';

export type { OidcDeps } from './oidc-discovery.ts';

const MAX_NAME = 200;
// OpenID Connect Core section 2. The link key of a guest is as long.
const MAX_SUBJECT = 255;

/** Claims of one object, an ID token or an answer of userinfo: what it says belongs together. */
type Claims = Readonly<Record<string, unknown>>;

/**
 * Creates the port to one OpenID Provider. Nothing is asked of it before the first guest goes there.
 *
 * `finish` is for the connection and the browser of `start`: the caller binds the memory to both.
 * An answer whose address is not verified in the same object is a fault, never an identity.
 *
 * @source rules R48; S52, S53; T73, T77
 */
export function createOidcUpstream(
  connection: Connection & { readonly upstream: OidcUpstream },
  deps: OidcDeps,
): Upstream {
  const { upstream } = connection;
  const discovery = createDiscovery(upstream, deps);
  return {
    async start(request) {
      try {
        return await leave(await discovery.get(), upstream, request);
      } catch (error) {
        return { unreachable: readFault(error).detail };
      }
    },
    async finish(answer, memory) {
      try {
        return await judge(await discovery.get(), upstream, answer, memory);
      } catch (error) {
        if (isKeyFault(error)) discovery.forget();
        return readFault(error);
      }
    },
  };
}

async function leave(
  configuration: client.Configuration,
  upstream: OidcUpstream,
  request: UpstreamRequest,
): Promise<{ readonly location: string; readonly memory: UpstreamMemory }> {
  const nonce = client.randomNonce();
  const verifier = client.randomPKCECodeVerifier();
  const prompt = promptOf(request);
  const location = client.buildAuthorizationUrl(configuration, {
    redirect_uri: request.callbackUrl,
    scope: scopeOf(upstream),
    state: request.state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    // Who does not know it passes over it (OpenID Connect Core 3.1.2.1).
    ui_locales: request.locale,
    ...(request.loginHint === null ? {} : { login_hint: request.loginHint }),
    ...(prompt === undefined ? {} : { prompt }),
  });
  return { location: location.href, memory: { state: request.state, nonce, verifier } };
}

/** `create` alone: an account that is being made needs no picking, and no second sign-in. */
function promptOf(request: UpstreamRequest): string | undefined {
  if (request.create) return 'create';
  const words = [
    ...(request.reauthenticate ? ['login'] : []),
    ...(request.selectAccount ? ['select_account'] : []),
  ];
  return words.length > 0 ? words.join(' ') : undefined;
}

function scopeOf({ scope }: OidcUpstream): string {
  const asked = scope.split(' ').filter((word) => word !== '');
  return [...new Set(['openid', 'email', ...asked])].join(' ');
}

async function judge(
  configuration: client.Configuration,
  upstream: OidcUpstream,
  answer: UpstreamAnswer,
  { state, nonce, verifier }: UpstreamMemory,
): Promise<FinishOutcome> {
  // To the library an expectation that is missing is one that nobody has.
  if (!state || !nonce || !verifier) return fault('untrusted', 'nothing remembered');
  const back = new URL(answer.callbackUrl);
  back.search = answer.parameters.toString();
  const tokens = await client.authorizationCodeGrant(configuration, back, {
    expectedState: state,
    expectedNonce: nonce,
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (!claims) return fault('untrusted', 'no ID token');
  if (claims.sub === '' || claims.sub.length > MAX_SUBJECT) return fault('untrusted', 'sub');
  // The library looks at azp only beside a second audience; one that names another client says
  // by itself that the token was made for somebody else.
  if (claims['azp'] !== undefined && claims['azp'] !== upstream.clientId) {
    return fault('untrusted', 'azp');
  }
  const said = await addressClaims(configuration, tokens.access_token, claims);
  return identify(claims, said);
}

/**
 * The one object that is asked for the address. An ID token that has any `email` is not bettered by
 * userinfo, and its `email_verified` says nothing of an address that stands elsewhere (S52).
 */
async function addressClaims(
  configuration: client.Configuration,
  accessToken: string,
  claims: client.IDToken,
): Promise<Claims> {
  if (Object.hasOwn(claims, 'email')) return claims;
  if (configuration.serverMetadata().userinfo_endpoint === undefined) return {};
  return client.fetchUserInfo(configuration, accessToken, claims.sub);
}

function identify(claims: client.IDToken, said: Claims): FinishOutcome {
  const { email, email_verified: verified } = said;
  if (typeof email !== 'string' || email === '') return fault('address_missing', 'no email');
  // Exactly true: the text "true", and the text "false", are true to whoever only looks.
  if (verified !== true) return fault('address_unverified', `email_verified ${typeof verified}`);
  const address = parseEmailAddress(email);
  if (!address) return fault('address_missing', 'email is not an address');
  const displayName = nameOf(claims) ?? nameOf(said);
  const { iss: issuer, sub: subject } = claims;
  return { outcome: 'identity', identity: { issuer, subject, address, displayName } };
}

function nameOf({ name }: Claims): string | null {
  const text = typeof name === 'string' ? inertText(name, MAX_NAME) : '';
  return text === '' ? null : text;
}
