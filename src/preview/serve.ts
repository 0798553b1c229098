// Owns the preview as a server: what every address answers. It only ever reads.

import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { GuestError } from '../domain/errors.ts';
import { answerBranding, BRANDING_PATH } from '../http/branding.ts';
import { createSecurityHeaders } from '../http/security.ts';
import { languageName } from '../i18n/languages.ts';
import type { MailContent } from '../mail/content.ts';
import { composeMail } from '../mail/transport.ts';
import { listen } from '../server/listening.ts';
import type { ListenAddress } from '../settings/settings.ts';
import { type Catalogue, createCatalogue, type Entry, isOfTenant, TITLES } from './catalogue.ts';
import { createFrame } from './frame.ts';
import { type PreviewReading, type PreviewSource, readPreview } from './reading.ts';

/** A preview that listens. */
export interface RunningPreview {
  /** Where it really listens. */
  readonly address: AddressInfo;
  close(): Promise<void>;
}

type Read = Extract<PreviewReading, { readonly outcome: 'read' }>;

const MAX_CONNECTIONS = 100;
/** Where what is shown stands. `dev` is the name of no tenant, so nothing of one is hidden. */
const SHOWN = /^\/dev\/(pages|mails)\/([a-z-]+)(\/html)?$/;

/**
 * Shows every page and mail of one tenant. Every request reads the files anew; forms are answered
 * and do nothing.
 *
 * @throws Node's error when the address cannot be listened on
 */
export async function startPreview(
  source: PreviewSource,
  address: ListenAddress,
): Promise<RunningPreview> {
  const draw = createFrame();
  const sheet = readFileSync(new URL('../../views/preview/preview.css', import.meta.url));
  const headers = {
    page: createSecurityHeaders({ https: false }),
    parent: createSecurityHeaders({ https: false, frames: 'parent' }),
    child: createSecurityHeaders({ https: false, frames: 'child' }),
  };

  const app = new Koa();
  app.use(async (ctx) => {
    headers.page(ctx.req, ctx.res);
    ctx.set('Cache-Control', 'no-store');
    try {
      await answer(ctx);
    } catch (error) {
      if (error instanceof GuestError) return doNothing(ctx, false);
      // A template or a text that is broken while it is being written: said, not hidden.
      fail(ctx, [error instanceof Error ? error.message : String(error)]);
    }
  });
  const answerRequest = app.callback();
  const listening = await listen(
    address,
    (request, response) => void answerRequest(request, response),
    MAX_CONNECTIONS,
  );
  return {
    address: listening.server.address() as AddressInfo,
    close: () => listening.drain(0),
  };

  async function answer(ctx: Koa.Context): Promise<void> {
    if (ctx.path === '/dev/preview.css') {
      ctx.type = 'css';
      ctx.body = sheet;
      return;
    }
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return doNothing(ctx, true);
    const read = await readPreview(source);
    if (read.outcome === 'faulty') return fail(ctx, read.faults);
    const { tenant } = read.configured;
    if (ctx.path.startsWith('/assets/')) {
      return read.assets(ctx, ctx.path.slice('/assets/'.length));
    }
    const base = `/${tenant.id}`;
    const look = ctx.path.startsWith(base) ? ctx.path.slice(base.length) : '';
    const [, file] = BRANDING_PATH.exec(look) ?? [];
    if (file !== undefined) return answerBranding(ctx, tenant, base, file);
    const locale = localeOf(ctx, read);
    const catalogue = createCatalogue(read.configured, locale);
    if (ctx.path === '/') return list(ctx, read, catalogue, locale);
    const [, kind, id, html] = SHOWN.exec(ctx.path) ?? [];
    const page = catalogue.pages.find((state) => kind === 'pages' && state.id === id);
    if (page && !html) {
      if (page.page.page === 'mailbox-message') headers.parent(ctx.req, ctx.res);
      const whose = isOfTenant(page.page) ? { tenant } : {};
      return read.views.render(ctx, page.page, { locale, ...whose });
    }
    const mail = catalogue.mails.find((state) => kind === 'mails' && state.id === id);
    if (mail && html) {
      headers.child(ctx.req, ctx.res);
      return send(ctx, 200, messageOf(read, mail.mail).html);
    }
    if (mail) return showMail(ctx, read, locale, mail);
    // Where links of the pages lead on a running server.
    doNothing(ctx, look.startsWith('/') || ctx.path === '/dev/mailbox');
  }

  function list(ctx: Koa.Context, read: Read, catalogue: Catalogue, locale: string): void {
    const { lang } = ctx.query;
    send(
      ctx,
      200,
      draw('index', {
        tenantName: read.configured.tenant.displayName,
        notices: read.notices,
        kinds: [
          { title: 'Pages', path: '/dev/pages', groups: groupsOf(catalogue.pages) },
          { title: 'Mails', path: '/dev/mails', groups: groupsOf(catalogue.mails) },
        ],
        locale,
        ...languagesOf(read),
        query: typeof lang === 'string' ? `?lang=${encodeURIComponent(locale)}` : '',
      }),
    );
  }

  function showMail(
    ctx: Koa.Context,
    read: Read,
    locale: string,
    { id, name, shows, mail }: Catalogue['mails'][number],
  ): void {
    const message = messageOf(read, mail);
    headers.parent(ctx.req, ctx.res);
    const title = TITLES[name as keyof typeof TITLES];
    const htmlPath = `/dev/mails/${id}/html${ctx.search}`;
    send(ctx, 200, draw('mail', { title, shows, message, htmlPath, locale, ...languagesOf(read) }));
  }

  function fail(ctx: Koa.Context, faults: readonly string[]): void {
    headers.page(ctx.req, ctx.res);
    send(ctx, 500, draw('faults', { faults }));
  }

  function doNothing(ctx: Koa.Context, found: boolean): void {
    send(ctx, found ? 200 : 404, draw('nothing', { found, back: backOf(ctx) }));
  }
}

function messageOf({ configured, templates }: Read, mail: MailContent) {
  const { sender, tenant } = configured;
  return composeMail({ from: sender }, 'sample', templates.render(mail, tenant));
}

/** Languages to look at: those the tenant offers. */
function languagesOf({ configured, translator }: Read) {
  const { languages } = configured.tenant;
  const locales = translator.locales.filter((one) => languages?.includes(one) ?? true);
  return { languages: locales.map((locale) => ({ locale, name: languageName(locale) })) };
}

function send(ctx: Koa.Context, status: number, html: string): void {
  ctx.status = status;
  ctx.type = 'html';
  ctx.body = html;
}

function groupsOf(entries: readonly Entry[]) {
  const names = [...new Set(entries.map(({ name }) => name))];
  return names.map((name) => ({
    title: TITLES[name as keyof typeof TITLES],
    entries: entries.filter((entry) => entry.name === name),
  }));
}

function localeOf(ctx: Koa.Context, { translator, configured }: Read): string {
  const { lang } = ctx.query;
  const { language, languages } = configured.tenant;
  const wanted = [
    ...(typeof lang === 'string' ? [lang] : []),
    ...ctx.acceptsLanguages(),
    ...(language === undefined ? [] : [language]),
  ];
  return translator.negotiate(wanted, languages);
}

/** The page a button was pressed on, as far as it is one of ours. */
function backOf(ctx: Koa.Context): string | null {
  const referrer = ctx.get('referer');
  const from = URL.canParse(referrer) ? new URL(referrer) : undefined;
  return from?.host === ctx.host && SHOWN.test(from.pathname) ? from.pathname + from.search : null;
}
