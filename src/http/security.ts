// Owns what protects a page from other sites: the response headers, and the form tokens.

import { createSecretKey } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet, { type HelmetOptions } from 'helmet';
import { isSameSecret, keyedDigest } from '../settings/keyed-digest.ts';

/** Sets the headers of one response; to be called before anything answers. */
export type SecurityHeaders = (request: IncomingMessage, response: ServerResponse) => void;

const YEAR_SECONDS = 31_536_000;

const ORDINARY = {
  'default-src': ["'none'"],
  'style-src': ["'self'"],
  // oidc-provider adds the hash of its form_post script to it.
  'script-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'base-uri': ["'none'"],
  // No form-action: Chromium applies it to the redirects after a POST, so sign-in would just stop.
  'frame-ancestors': ["'none'"],
};

const DIRECTIVES = {
  none: ORDINARY,
  parent: { ...ORDINARY, 'frame-src': ["'self'"] },
  child: {
    'default-src': ["'none'"],
    'style-src': ["'unsafe-inline'"],
    'img-src': ['data:'],
    'base-uri': ["'none'"],
    'frame-ancestors': ["'self'"],
    // Holds even when the mail is opened outside its frame: no script, an origin of its own.
    sandbox: [],
  },
};

/**
 * Makes the header set of every answer, the engine's included: it works on Node's own objects, in
 * front of Koa. A later call for the same response overrides an earlier one. Koa drops all headers
 * when an error reaches its default handler, so errors must be answered before that.
 *
 * @param options `https` adds HSTS for one year, this host only. `frames` is `none` everywhere but
 *   in the development mailbox: `parent` for the page with the frame, `child` for the mail in it
 * @source S30, S31
 */
export function createSecurityHeaders(options: {
  readonly https: boolean;
  readonly frames?: 'none' | 'parent' | 'child';
}): SecurityHeaders {
  const frames = options.frames ?? 'none';
  const protect = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: DIRECTIVES[frames] },
    // Would cut window.opener: applications that sign in by popup would never hear back.
    crossOriginOpenerPolicy: false,
    // no-referrer turns the Origin of our own forms into `null`, which the token check refuses.
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: options.https && { maxAge: YEAR_SECONDS, includeSubDomains: false },
    xFrameOptions: { action: frames === 'child' ? 'sameorigin' : 'deny' },
  } satisfies HelmetOptions);
  return (request, response) => {
    protect(request, response, (error) => {
      if (error !== undefined) throw new TypeError('a security header is wrong', { cause: error });
    });
  };
}

/** What of a POST speaks for its origin; header values as Node gives them. */
export interface FormEvidence {
  /** The Origin header, undefined when absent. */
  readonly origin: string | undefined;
  /** The Sec-Fetch-Site header, undefined when absent. */
  readonly secFetchSite: string | undefined;
  /** The form's `csrf` field. */
  readonly token: string | undefined;
}

/**
 * Whether a POST comes from a page of ours, as far as its headers say; one that says nothing does.
 *
 * @param expectedOrigin the origin of `publicUrl`, e.g. `https://guest.example`
 */
export function isFromOwnPage(
  { origin, secFetchSite }: Omit<FormEvidence, 'token'>,
  expectedOrigin: string,
): boolean {
  return (
    (origin === undefined || origin === expectedOrigin) &&
    (secFetchSite === undefined || secFetchSite === 'same-origin' || secFetchSite === 'none')
  );
}

/** Makes and judges the anti-forgery tokens of forms. */
export interface Csrf {
  /**
   * The token of one sign-in in one browser: 43 base64url characters, the same every time.
   * @param uid the interaction's uid
   * @param browser the hash of the browser's cookie, as stored with the sign-in
   */
  token(uid: string, browser: string): string;
  /**
   * Tells whether a POST came from our own page, in the browser and sign-in it was made for.
   * @param expectedOrigin the origin of `publicUrl`, e.g. `https://guest.example`
   * @returns false for anything else, absent or malformed tokens included; never throws
   */
  accepts(request: FormEvidence, expectedOrigin: string, uid: string, browser: string): boolean;
}

/**
 * Makes the form-token judge of one installation.
 *
 * @param key 32 bytes or more, from the installation's secrets
 * @source S26
 */
export function createCsrf(key: Buffer): Csrf {
  // Prepared once: Node turns a bare buffer into a key anew for every HMAC.
  const secret = createSecretKey(key);
  const token = (uid: string, browser: string): string =>
    keyedDigest(secret, ['guestpass csrf 1', uid, browser]).toString('base64url');
  return {
    token,
    accepts: (request, expectedOrigin, uid, browser) =>
      isFromOwnPage(request, expectedOrigin) &&
      typeof request.token === 'string' &&
      isSameSecret(request.token, token(uid, browser)),
  };
}
