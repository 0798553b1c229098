// Owns the cookie by which a browser is known to a tenant. It outlives the session: it signs nobody
// in, and says nothing about whose browser it is (S10).

import type { Context } from 'koa';
import { knownBrowserName, ownCookie } from '../oidc/cookies.ts';
import { KNOWN_BROWSER_SECONDS } from '../passcodes/known-browser.ts';

export interface KnownBrowserCookie {
  /** What the browser holds for a tenant, unchecked. */
  read(ctx: Context, tenant: string): string | undefined;
  write(ctx: Context, tenant: string, token: string): void;
}

/** @param secure whether the pages are https */
export function createKnownBrowserCookie(secure: boolean): KnownBrowserCookie {
  return {
    read: (ctx, tenant) => ctx.cookies.get(knownBrowserName(tenant, secure), { signed: false }),
    write(ctx, tenant, token) {
      const maxAge = KNOWN_BROWSER_SECONDS * 1000;
      const name = knownBrowserName(tenant, secure);
      ctx.cookies.set(name, token, { ...ownCookie(secure), maxAge });
    },
  };
}
