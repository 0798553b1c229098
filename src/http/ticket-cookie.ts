// Owns the cookies that carry an invitation's ticket, so that it stands in no later address (S55).

import type { Context } from 'koa';
import { ownCookie } from '../oidc/cookies.ts';

const SHAPE = /^[\w.-]{20,200}$/;

/** One cookie that holds a ticket. */
export interface TicketCookie {
  /** What the browser holds, unchecked; undefined when nothing of the right shape. */
  read(ctx: Context): string | undefined;
  /** Text of another shape is no ticket: then what the browser holds goes too. */
  write(ctx: Context, ticket: string): void;
  clear(ctx: Context): void;
}

/**
 * @param name `opened` for a link that was opened, which means nothing yet; `invitation` for one that
 *   was continued with: only that one counts in a sign-in, so that a link on a foreign page cannot
 *   choose who signs in here
 * @param options.secure whether the pages are https; `lifetimeSeconds` ends it
 */
export function createTicketCookie(
  name: 'opened' | 'invitation',
  options: { readonly secure: boolean; readonly lifetimeSeconds: number },
): TicketCookie {
  const full = `${options.secure ? '__Host-' : ''}${name}`;
  const attributes = ownCookie(options.secure);
  const cookie: TicketCookie = {
    read(ctx) {
      const value = ctx.cookies.get(full, { signed: false });
      return value !== undefined && SHAPE.test(value) ? value : undefined;
    },
    write(ctx, ticket) {
      // From the address bar, so perhaps with what no cookie may hold.
      if (!SHAPE.test(ticket)) return cookie.clear(ctx);
      const maxAge = options.lifetimeSeconds * 1000;
      ctx.cookies.set(full, ticket, { ...attributes, maxAge });
    },
    clear(ctx) {
      if (ctx.cookies.get(full, { signed: false }) !== undefined) {
        ctx.cookies.set(full, null, attributes);
      }
    },
  };
  return cookie;
}
