// Owns going on after a form or a callback.

import type { Context } from 'koa';

/** 303: the browser goes on by GET, so that reload and Back never submit again; kept by nobody. */
export function seeOther(ctx: Context, to: string): void {
  ctx.status = 303;
  ctx.set('Cache-Control', 'no-store');
  ctx.redirect(to);
}
