// Owns how many tenants' cookies a browser keeps: without an end to them its requests outgrow the
// limit on headers one day, and nothing answers it any more.

import type { Context } from 'koa';
import { ownCookie, TENANT_COOKIE } from './cookies.ts';

/** Tenants whose cookies of one kind a browser keeps. */
export const MOST_TENANTS_PER_BROWSER = 20;

/**
 * Drops the oldest cookies of other tenants from an answer that sets one, until twenty are left of its
 * kind. Browsers send the oldest first (RFC 6265 section 5.4), so their order says which those are.
 * Call it when everything else has set its cookies.
 *
 * @param secure whether the pages are https
 * @source S34; T49
 */
export function capTenantCookies(ctx: Context, secure: boolean): void {
  if (ctx.headerSent) return;
  const kinds = new Map<string, string>();
  for (const line of [ctx.response.get('Set-Cookie')].flat()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    const kind = TENANT_COOKIE.exec(name)?.[1];
    if (kind !== undefined && value !== '') kinds.set(kind, name);
  }
  if (kinds.size === 0) return;
  const sent = (ctx.get('cookie') || '').split(';').map((pair) => pair.split('=', 1)[0]!.trim());
  for (const [kind, kept] of kinds) {
    const others = sent.filter((name) => name !== kept && TENANT_COOKIE.exec(name)?.[1] === kind);
    const surplus = others.length - (MOST_TENANTS_PER_BROWSER - 1);
    for (const name of others.slice(0, Math.max(0, surplus))) {
      const options = ownCookie(secure);
      ctx.cookies.set(name, null, options);
      if (sent.includes(`${name}.sig`)) ctx.cookies.set(`${name}.sig`, null, options);
    }
  }
}
