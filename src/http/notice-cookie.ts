// Owns one sentence for the next page: what a form did is said after the redirect that follows it,
// and again by no reload. A cookie, for an address could be written by anybody.

import type { Context } from 'koa';
import { ownCookie } from '../oidc/cookies.ts';

/** What the guest's own page can say of what was just done. */
export const HOME_NOTICES = [
  'left',
  'signed-out',
  'signed-out-there',
  'signed-out-everywhere',
  'invitations-blocked',
  'invitations-allowed',
] as const;
/** One of {@link HOME_NOTICES}. */
export type HomeNotice = (typeof HOME_NOTICES)[number];

/** The cookie that keeps it until then. */
export interface NoticeCookie {
  write(ctx: Context, tenant: string, notice: HomeNotice): void;
  /** What is to be said on a page of the tenant; once. */
  take(ctx: Context, tenant: string): HomeNotice | undefined;
}

/** Longer than any redirect takes, and shorter than anybody takes to come by again. */
const LIFETIME_MS = 60_000;

/** @param secure whether the pages are https */
export function createNoticeCookie(secure: boolean): NoticeCookie {
  const name = `${secure ? '__Host-' : ''}notice`;
  const attributes = ownCookie(secure);
  return {
    write(ctx, tenant, notice) {
      ctx.cookies.set(name, `${tenant}.${notice}`, { ...attributes, maxAge: LIFETIME_MS });
    },
    take(ctx, tenant) {
      const kept = ctx.cookies.get(name, { signed: false });
      const notice = HOME_NOTICES.find((known) => kept === `${tenant}.${known}`);
      if (notice) ctx.cookies.set(name, null, attributes);
      return notice;
    },
  };
}
