// Owns the cookie that keeps a sign-in's restart token when its page is asked for again.

import type { Context } from 'koa';
import { RESTART_SECONDS } from '../interaction/restart.ts';
import { ownCookie } from '../oidc/cookies.ts';

/** The token of one sign-in, in the browser that began it. */
export interface RestartCookie {
  /** What the browser holds for the page asked for, unchecked. */
  read(ctx: Context): string | undefined;
  /** @param path of the pages of one sign-in: no other page is sent it, so none grows by it */
  write(ctx: Context, path: string, token: string): void;
}

/** @param secure whether the pages are https */
export function createRestartCookie(secure: boolean): RestartCookie {
  // Bound to a path, which __Host- forbids.
  const name = `${secure ? '__Secure-' : ''}restart`;
  return {
    read: (ctx) => ctx.cookies.get(name, { signed: false }) || undefined,
    write(ctx, path, token) {
      const maxAge = RESTART_SECONDS * 1000;
      ctx.cookies.set(name, token, { ...ownCookie(secure, path), maxAge });
    },
  };
}
