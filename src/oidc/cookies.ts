// Owns cookies: their names, how they are signed, and which browser a sign-in belongs to.

import { createHash, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import { isSameSecret } from '../settings/keyed-digest.ts';

/** What `cookies.keys` and Koa's `app.keys` take. */
export interface CookieSigner {
  sign(data: string): string;
  index(data: string, digest: string): number;
  verify(data: string, digest: string): boolean;
}

/**
 * Signs cookies with HMAC-SHA-256 over prepared keys.
 *
 * Keygrip builds its HMAC from a string key on each call and compares with a double HMAC; this
 * costs a fifth of a sign-in less for the same strength.
 *
 * @param keys newest first; old ones still verify
 */
export function createCookieSigner(keys: readonly Buffer[]): CookieSigner {
  const secrets = keys.map((key) => createSecretKey(key));
  const mac = (index: number, data: string): Buffer =>
    createHmac('sha256', secrets[index]!).update(data).digest();
  const index = (data: string, digest: string): number => {
    const given = Buffer.from(digest, 'base64url');
    return secrets.findIndex((_, candidate) => isSameSecret(given, mac(candidate, data)));
  };
  return {
    sign: (data) => mac(0, data).toString('base64url'),
    index,
    verify: (data, digest) => index(data, digest) >= 0,
  };
}

/**
 * The attributes of a cookie of our own pages: no script reads it, no other site's form sends it (S34).
 * What its value is worth, whoever reads it has to check: Koa signs none of them.
 *
 * @param secure whether the pages are https
 * @param path default every page of the host, as `__Host-` demands
 */
export function ownCookie(secure: boolean, path = '/') {
  return { path, httpOnly: true, sameSite: 'lax', secure, signed: false } as const;
}

/** Names of the engine's cookies for one issuer. */
export interface CookieNames {
  readonly session: string;
  readonly interaction: string;
  readonly resume: string;
}

/**
 * Names the cookies of one issuer. Tenants share a host, and a cookie path keeps nothing apart, so
 * the session cookie carries a hash of the issuer's namespace (S34). The interaction and resume
 * cookies are bound to their own paths, which `__Host-` forbids.
 *
 * @param namespace the tenant id, or the host's own name for its issuer
 * @param secure whether the issuer is https; browsers refuse the prefixes otherwise
 */
export function cookieNames(namespace: string, secure: boolean): CookieNames {
  return {
    session: `${secure ? '__Host-' : ''}sid_${suffixOf(namespace)}`,
    interaction: `${secure ? '__Secure-' : ''}interaction`,
    resume: `${secure ? '__Secure-' : ''}resume`,
  };
}

/**
 * Names the cookie by which a browser is known to a tenant (S10).
 *
 * @param tenant id
 * @param secure whether the pages are https
 */
export function knownBrowserName(tenant: string, secure: boolean): string {
  return `${secure ? '__Host-' : ''}known_${suffixOf(tenant)}`;
}

/** Cookies of which a browser has one per tenant: name without prefix, and what it is for. */
export const TENANT_COOKIE = /^(?:__Host-)?(sid|known)_[\w-]{12}$/;

/** Takes the session's cookie of one issuer out of a browser, with its signature. */
export function forgetSessionCookie(ctx: Context, namespace: string, secure: boolean): void {
  const { session } = cookieNames(namespace, secure);
  for (const name of [session, `${session}.sig`]) {
    ctx.cookies.set(name, null, ownCookie(secure));
  }
}

/** Which browser is asking: a cookie of 256 random bits, remembered only as its digest (S24). */
export interface BrowserBinding {
  /** The digest of the browser's cookie, made now if it has none. */
  ensure(ctx: Context): string;
  /** The digest of the browser's cookie, or undefined when it has none. */
  read(ctx: Context): string | undefined;
}

/** @param secure whether the issuer is https */
export function createBrowserBinding(secure: boolean): BrowserBinding {
  const name = `${secure ? '__Host-' : ''}bid`;
  const read = (ctx: Context): string | undefined => {
    const value = ctx.cookies.get(name, { signed: false });
    return value && /^[\w-]{43}$/.test(value) ? digestOf(value) : undefined;
  };
  return {
    read,
    ensure(ctx) {
      const known = read(ctx);
      if (known) return known;
      const value = randomBytes(32).toString('base64url');
      ctx.cookies.set(name, value, ownCookie(secure));
      return digestOf(value);
    },
  };
}

function suffixOf(namespace: string): string {
  return createHash('sha256').update(namespace).digest('base64url').slice(0, 12);
}

function digestOf(value: string): string {
  return createHash('sha256').update(value).digest('base64url');
}
