import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import type { Tenant } from '../../src/domain/tenant.ts';
import { createPageLanguage, languageHref, noteUiLocales } from '../../src/http/language.ts';
import type { Page } from '../../src/http/page.ts';
import { createTranslator, type Translator } from '../../src/i18n.ts';
import { LANGUAGES } from '../../src/i18n/languages.ts';
import { createMatcher } from '../../src/i18n/languages.ts';

const UID = 'Vq3tKxW9Vq3tKxW9Vq3tK';
const OTHER = 'other-sign-in-of-browser';

/** Knows every language, whichever files there are. */
const locales = Object.keys(LANGUAGES);
const match = createMatcher(locales);
const translator: Translator = {
  ...createTranslator(),
  locales,
  negotiate: (wanted, offered) =>
    [...wanted].map(match).find((found) => found && (offered?.includes(found) ?? true)) ??
    offered?.[0] ??
    'en',
};

const tenantIn = (more: Partial<Tenant>): Tenant => ({
  id: 'a',
  displayName: 'A',
  verifiedDomains: [],
  emailOneTimePasscode: 'default',
  clients: [],
  ...more,
});

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly cookie?: string;
  readonly accept?: string;
  readonly uiLocales?: string;
  readonly tenant?: Tenant;
  readonly page?: Page;
  readonly mount?: string;
}

describe('createPageLanguage', () => {
  let server: Server;
  let origin: string;
  let asked: Asked = {};

  before(async () => {
    const language = createPageLanguage(translator, false);
    const app = new Koa();
    app.use((ctx) => {
      if (asked.uiLocales !== undefined) noteUiLocales(ctx, asked.uiLocales);
      language.keep(ctx);
      const page = asked.page ?? ({ page: 'expired' } as Page);
      ctx.body = { locale: language.of(ctx, asked.tenant), href: languageHref(ctx, page) };
    });
    const answer = app.callback();
    server = createServer((request, response) => {
      const { mount = '' } = asked;
      (request as IncomingMessage & { originalUrl?: string }).originalUrl = mount + request.url;
      void answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => void server.close());

  async function ask(what: Asked) {
    asked = what;
    const { path = '/', method = 'GET', cookie, accept } = what;
    const response = await fetch(origin + path, {
      method,
      headers: {
        'accept-language': accept ?? '*',
        ...(cookie !== undefined && { cookie }),
      },
    });
    const { locale, href } = (await response.json()) as { locale: string; href: string };
    return { locale, href, kept: response.headers.getSetCookie() };
  }

  const german = tenantIn({ language: 'de' });
  const narrow = tenantIn({ language: 'fr', languages: ['fr', 'nl'] });
  const signIn = `/signin/${UID}`;
  const wishes: readonly (readonly [what: string, asked: Asked, locale: string])[] = [
    ['nothing at all', {}, 'en'],
    ["the tenant's language", { tenant: german }, 'de'],
    ['Accept-Language before the tenant', { tenant: german, accept: 'sv, fr;q=0.5' }, 'fr'],
    ['Accept-Language by its weights', { accept: 'it;q=0.2, ja;q=0.9' }, 'ja'],
    ['a language that is not wanted', { accept: 'it;q=0', tenant: german }, 'de'],
    ['the kept choice before Accept-Language', { cookie: 'lang=tr', accept: 'fr' }, 'tr'],
    ['ui_locales before a choice kept before', { cookie: 'lang=tr', uiLocales: 'ja de' }, 'ja'],
    [
      'the second of ui_locales',
      { path: signIn, uiLocales: 'sv nl', cookie: `lang=tr.${OTHER}` },
      'nl',
    ],
    [
      'a choice in this very sign-in before ui_locales',
      { path: `${signIn}/address`, uiLocales: 'ja de', cookie: `lang=ar.${UID}` },
      'ar',
    ],
    [
      'a choice in another sign-in where the application asks for nothing',
      { path: signIn, cookie: `a=b; lang=pt-BR.${OTHER}; c=d` },
      'pt-BR',
    ],
    [
      'the link itself before everything',
      { path: '/?lang=he', uiLocales: 'ja', cookie: 'lang=tr' },
      'he',
    ],
    [
      'what the request says of itself before a tenant is known',
      { path: '/authorize?ui_locales=sv%20ja', cookie: 'lang=tr', accept: 'fr' },
      'ja',
    ],
    ['it said twice for nothing', { path: '/?ui_locales=ja&ui_locales=de', accept: 'fr' }, 'fr'],
    ['no link of a POST', { path: '/?lang=he', method: 'POST', cookie: 'lang=tr' }, 'tr'],
    ['two links at once for none', { path: '/?lang=he&lang=ar', accept: 'fr' }, 'fr'],
    ['a cookie of somebody else for none', { cookie: 'mylang=tr; lang=<b>', accept: 'fr' }, 'fr'],
    ['what the tenant offers alone', { tenant: narrow, uiLocales: 'ja nl', accept: 'de' }, 'nl'],
    ["the tenant's own where it offers none of them", { tenant: narrow, accept: 'de' }, 'fr'],
  ];
  for (const [what, request, locale] of wishes) {
    it(`takes ${what}`, async () => assert.equal((await ask(request)).locale, locale));
  }

  it('S59 reads the first wishes of a long list alone', async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => `q${index}`);
    const { locale } = await ask({
      accept: [...many, 'de'].join(','),
      uiLocales: [...many, 'de'].join(' '),
    });
    assert.equal(locale, 'en');
  });

  it('keeps a choice of a language there is, with the sign-in it was made in', async () => {
    const [kept, ...more] = (await ask({ path: `${signIn}?lang=ar` })).kept;
    assert.match(
      kept!,
      new RegExp(`^lang=ar\\.${UID}; path=/; expires=[^;]+; samesite=lax; httponly$`, 'i'),
    );
    assert.deepEqual(more, []);
    assert.match((await ask({ path: '/?lang=zh-CN' })).kept[0]!, /^lang=zh-CN;/);
    for (const path of ['/?lang=sv', '/?lang=de%3B%20a%3Db', '/?lang=', '/?lang=a&lang=de', '/']) {
      assert.deepEqual((await ask({ path })).kept, [], path);
    }
  });

  const form = { base: `/a/signin/${UID}` };
  const links: readonly (readonly [what: string, asked: Asked, href: string])[] = [
    ['the same address', {}, '?lang='],
    [
      'the same address with what the engine was asked',
      { path: '/session/end?client_id=a&state=%22%3E&lang=de' },
      '?client_id=a&state=%22%3E&lang=',
    ],
    [
      'the address alone where nothing in the query is the page',
      { path: '/?sub=1', page: { ...form, page: 'tenant-home' } as Page },
      '?lang=',
    ],
    ['no ticket or code', { path: '/signin/federation/x/callback?code=secret' }, '?lang='],
    ['no endless query', { path: `/auth?claims=${'x'.repeat(3_000)}` }, '?lang='],
    ['no other host', { path: '//evil.example/x' }, '?lang='],
    [
      'the step behind a form',
      { method: 'POST', path: `${signIn}/passcode`, page: { ...form, page: 'enter-code' } as Page },
      `/a/signin/${UID}?lang=`,
    ],
    [
      'the page of the address behind its form',
      { method: 'POST', path: `${signIn}/address`, page: { ...form, page: 'address' } as Page },
      `/a/signin/${UID}/address?lang=`,
    ],
    [
      'the sign-in behind a form that failed',
      { method: 'POST', path: `${signIn}/passcode`, mount: '/a' },
      `/a/signin/${UID}?lang=`,
    ],
    [
      'a page of a sign-in with what it says of a form',
      {
        path: `${signIn}?foreign=1&said=sealed`,
        page: { ...form, page: 'enter-code' } as Page,
      },
      '?said=sealed&lang=',
    ],
    ['the same address behind any other form', { method: 'POST', path: '/auth' }, '?lang='],
  ];
  for (const [what, request, href] of links) {
    it(`links to ${what}`, async () => assert.equal((await ask(request)).href, href));
  }
});
