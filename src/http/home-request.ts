// Owns the authorization request of the guest's own page, and whether an answer belongs to one.
//
// Nothing is kept of a request: what it said is made again from its state and the browser's own
// cookie, so any number of tabs and processes may ask at once, and no other browser can answer.

import { createHash, createSecretKey, randomBytes } from 'node:crypto';
import { HOME_CLIENT_ID, type Tenant } from '../domain/tenant.ts';
import type { OwnRequest } from '../oidc/redeem-own-code.ts';
import { isSameSecret, keyedDigest } from '../settings/keyed-digest.ts';

/** What came back. */
export type HomeAnswer =
  /** Nobody in this browser asked for it: a link, a form of another site, another tenant's answer. */
  | { readonly outcome: 'unasked' }
  /** The engine let nobody in. */
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'code'; readonly code: string; readonly request: OwnRequest };

/** Makes these requests and reads what comes of them. */
export interface HomeRequests {
  /**
   * The address a sign-in begins at.
   * @param browser digest of the browser's cookie
   * @param options.hint address that is expected; another guest's session in the browser does not
   *   count then. `silent`: whoever is not signed in is not asked to
   */
  urlOf(
    tenant: Tenant,
    browser: string,
    options?: { readonly hint?: string; readonly silent?: boolean },
  ): string;
  /** Reads what came to the callback. @param browser as above; undefined when it has no cookie */
  read(tenant: Tenant, browser: string | undefined, query: URLSearchParams): HomeAnswer;
}

const STATE = /^([\w-]{22})\.[\w-]{43}$/;

/**
 * @param deps.key at least 32 bytes, used for nothing else; `origin` of the pages
 * @source RFC 9700 section 2.1 (PKCE, nonce, state bound to the browser; iss, RFC 9207)
 */
export function createHomeRequests(deps: {
  readonly key: Buffer;
  readonly origin: string;
}): HomeRequests {
  const { origin } = deps;
  const secret = createSecretKey(deps.key);
  const issuerOf = ({ id }: Tenant): string => `${origin}/${id}/v2.0`;

  return {
    urlOf(tenant, browser, { hint, silent } = {}) {
      const { state, verifier, nonce } = partsOf(
        tenant,
        browser,
        randomBytes(16).toString('base64url'),
      );
      const url = new URL(`${issuerOf(tenant)}/auth`);
      url.search = new URLSearchParams({
        client_id: HOME_CLIENT_ID,
        response_type: 'code',
        scope: 'openid email profile',
        redirect_uri: homeCallback(origin, tenant),
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        state,
        nonce,
        ...(hint !== undefined && { login_hint: hint }),
        ...(silent && { prompt: 'none' }),
      }).toString();
      return url.href;
    },
    read(tenant, browser, query) {
      const given = query.getAll('state');
      const random = STATE.exec(given[0] ?? '')?.[1];
      if (browser === undefined || random === undefined || given.length > 1) {
        return { outcome: 'unasked' };
      }
      const { state, verifier, nonce } = partsOf(tenant, browser, random);
      // The issuer is always named: a server in the middle cannot pass on another one's answer.
      if (!isSameSecret(given[0]!, state) || query.get('iss') !== issuerOf(tenant)) {
        return { outcome: 'unasked' };
      }
      const code = query.get('code');
      if (code === null || query.has('error')) return { outcome: 'refused' };
      const redirectUri = homeCallback(origin, tenant);
      return {
        outcome: 'code',
        code,
        request: { clientId: HOME_CLIENT_ID, redirectUri, verifier, nonce },
      };
    },
  };

  function partsOf(tenant: Tenant, browser: string, random: string) {
    const make = (what: 'state' | 'verifier' | 'nonce'): string => {
      const parts = ['home-request 1', what, tenant.id, browser, random];
      return keyedDigest(secret, parts).toString('base64url');
    };
    return {
      state: `${random}.${make('state')}`,
      verifier: make('verifier'),
      nonce: make('nonce'),
    };
  }
}

/** Where a sign-in of the guest's own page ends. */
export function homeCallback(origin: string, tenant: Tenant): string {
  return `${origin}/${tenant.id}/signin/home/callback`;
}
