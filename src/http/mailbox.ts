// Owns the development mailbox: mails that went nowhere, to be read in the browser.

import type { Context } from 'koa';
import { GuestError } from '../domain/errors.ts';
import type { MailboxStore } from '../storage/store.ts';
import { createSecurityHeaders } from './security.ts';
import type { Views } from './views.ts';

const SHOWN = 50;

/**
 * Answers `/dev/mailbox`, `/dev/mailbox/{id}` and `/dev/mailbox/{id}/html`. Only ever built when
 * `mail.transport` is `mailbox`, which configuration refuses in production.
 */
export function createMailboxPages(deps: {
  readonly mailbox: MailboxStore;
  readonly views: Views;
}): (ctx: Context) => Promise<void> {
  const { mailbox, views } = deps;
  const frame = createSecurityHeaders({ https: false, frames: 'parent' });
  const framed = createSecurityHeaders({ https: false, frames: 'child' });

  return async (ctx) => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') throw new GuestError('method_not_allowed');
    const [, , , id, part] = ctx.path.split('/');
    if (id === undefined || id === '') {
      return views.render(ctx, { page: 'mailbox', messages: await mailbox.list(SHOWN) });
    }
    const message = await mailbox.find(id);
    if (!message || (part !== undefined && part !== 'html')) throw new GuestError('not_found');
    if (part === 'html') {
      framed(ctx.req, ctx.res);
      ctx.set('Cache-Control', 'no-store');
      ctx.type = 'html';
      ctx.body = message.html;
      return;
    }
    frame(ctx.req, ctx.res);
    await views.render(ctx, {
      page: 'mailbox-message',
      id: message.id,
      recipient: message.recipient,
      subject: message.subject,
      receivedAt: message.receivedAt,
      text: message.text,
      htmlPath: `/dev/mailbox/${message.id}/html`,
    });
  };
}
