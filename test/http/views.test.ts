import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { AxeBuilder } from '@axe-core/playwright';
import ejs from 'ejs';
import Koa from 'koa';
import { chromium, type Browser, type Page as Tab } from 'playwright-core';
import { errorTable, type ErrorCode } from '../../src/domain/errors.ts';
import type { Tenant } from '../../src/domain/tenant.ts';
import { answerBranding, BRANDING_PATH } from '../../src/http/branding.ts';
import type { GuestHome, Page } from '../../src/http/page.ts';
import { createSecurityHeaders } from '../../src/http/security.ts';
import { createViews, problemJson, statusOf } from '../../src/http/views.ts';
import { languageName } from '../../src/i18n/languages.ts';
import { createTranslator, type Translator } from '../../src/i18n.ts';
import { png, svg } from '../tenants/pictures.ts';

const isCode = (name: string): name is ErrorCode => name in errorTable;
const codes = Object.keys(errorTable).filter(isCode);
const viewsDirectory = new URL('../../views/', import.meta.url);
type Sentences = { readonly [id: string]: string | Sentences };
const english: Record<'page' | 'error', Sentences> = JSON.parse(
  readFileSync(new URL('locales/en.json', viewsDirectory), 'utf8'),
);

const HOSTILE = `"><script>alert(1)</script><%= process.env %>$t(error.internal){{csrf}}'&`;

const problem = (code: ErrorCode, params = {}) => ({ problem: { code, params } });

/** Every page in every state; `word` may replace each string that comes from outside. */
function samples(word?: string): Record<string, Page> {
  const say = (usual: string) => word ?? usual;
  const frame = {
    tenantName: say('Fabrikam'),
    clientName: say('Fabrikam Docs'),
    base: '/fabrikam/signin/Vq3tKxW9',
    csrf: say('7hT0mU1Qy2sJ8pYd'),
    restart: { action: '/fabrikam/signin/restart', token: say('sealed') },
    support: say('it-help@fabrikam.example'),
    privacyUrl: say('https://fabrikam.example/privacy'),
  };
  const bare = { ...frame, support: null, privacyUrl: null };
  const address = say('teri@gmail.com');
  const reference = say('4K7Q-2M9X');
  const client = { name: say('Fabrikam Docs'), url: 'https://docs.fabrikam.example/' };
  const expired = {
    page: 'expired',
    reason: 'over',
    tenantName: frame.tenantName,
    reference,
    client,
    restart: frame.restart,
    inApp: false,
  } as const;
  const code = {
    ...frame,
    page: 'enter-code' as const,
    address,
    label: say('K7'),
    requestedAt: Date.UTC(2026, 9, 25, 14, 2) / 1000,
    browserFamily: { browser: say('Chrome'), system: say('Windows') },
    strong: false,
    digits: 8,
    lifetimeMinutes: 30,
    sender: say('no-reply@guest.example'),
    inApp: null,
    live: true,
    canResend: true,
    resendSeconds: 30,
    mailsWait: false,
  };
  const elsewhere = {
    ...frame,
    page: 'elsewhere' as const,
    address,
    place: say('Contoso'),
    create: false,
    canChangeAddress: true,
  };
  const review = {
    ...frame,
    page: 'review' as const,
    address,
    tenantDomain: say('fabrikam.example'),
    scopes: ['openid', 'profile', 'email'],
  };
  const refused = {
    ...frame,
    page: 'refused' as const,
    code: 'guest_unavailable' as const,
    reference,
    row: null,
    canRetry: false,
    canChangeAddress: true,
  };
  const landing = {
    tenantName: frame.tenantName,
    inviter: say('Megan Bowen'),
    base: '/fabrikam/signin/invitation',
    csrf: frame.csrf,
    support: frame.support,
    privacyUrl: frame.privacyUrl,
  };
  const nobody = { inviter: null, support: null, privacyUrl: null };
  const invitation = {
    ...landing,
    page: 'invitation' as const,
    state: 'open' as const,
    address,
    message: `${say('Hi Teri,')}\r\n${say('see you <b>soon</b>')}`,
    target: say('docs.fabrikam.example'),
  };
  const home = {
    page: 'tenant-home' as const,
    tenantName: frame.tenantName,
    support: frame.support,
    privacyUrl: frame.privacyUrl,
    guest: null,
    base: '/fabrikam',
    csrf: frame.csrf,
  };
  const here = {
    name: say('s0'),
    browser: { browser: say('Chrome'), system: say('Windows') },
    isThis: true,
    hours: 0,
    applications: [],
  };
  const alone: GuestHome = {
    address,
    name: null,
    applications: [],
    organisations: [],
    sessions: [here],
    invitations: 'taken',
    leaving: 'contact',
  };
  const mail = {
    id: say('m1'),
    recipient: address,
    subject: say('Your Fabrikam sign-in code – K7'),
    receivedAt: 1_792_937_000,
  };
  return {
    address: { ...frame, page: 'address', typed: '' },
    'address-empty': { ...bare, page: 'address', typed: '', ...problem('address_missing') },
    'address-malformed': {
      ...frame,
      page: 'address',
      typed: say('teri@gmail'),
      ...problem('address_malformed'),
    },
    'address-throttled': {
      ...frame,
      page: 'address',
      typed: address,
      ...problem('throttled', { count: 3 }),
    },
    'send-code': { ...frame, page: 'send-code', address, inApp: null },
    'send-code-in-app': { ...frame, page: 'send-code', address, inApp: client },
    'send-code-throttled': {
      ...bare,
      page: 'send-code',
      address,
      inApp: { ...client, url: null },
      ...problem('throttled'),
    },
    'enter-code': code,
    'enter-code-bare': { ...code, ...bare, browserFamily: null, digits: 9, lifetimeMinutes: 1 },
    'sign-in-link': {
      ...frame,
      page: 'sign-in-link',
      address,
      label: say('K7'),
      key: say('sample-key-0123456789a'),
    },
    'sign-in-link-elsewhere': {
      page: 'sign-in-link-elsewhere',
      tenantName: say('Fabrikam'),
      label: say('K7'),
    },
    'sign-in-link-bare': { page: 'sign-in-link-elsewhere', tenantName: null, label: null },
    'enter-code-late': { ...code, delivery: { fate: 'delayed', contact: null } },
    'enter-code-refused': { ...code, delivery: { fate: 'refused', contact: say('Ana') } },
    'enter-code-no-mailbox': { ...code, delivery: { fate: 'no-mailbox', contact: null } },
    'enter-code-mails-wait': { ...code, mailsWait: true },
    'enter-code-resent': { ...code, notice: 'resent' },
    'enter-code-soon': { ...code, ...problem('resend_too_soon', { count: 12 }) },
    'enter-code-wrong': { ...code, ...problem('passcode_mismatch', { count: 4 }) },
    'enter-code-wrong-again': { ...code, ...problem('passcode_mismatch', { count: 1 }) },
    'enter-code-short': { ...code, ...problem('passcode_too_short') },
    'enter-code-over-alone': { ...code, restart: null, live: false, canResend: false },
    'enter-code-in-app': { ...code, inApp: client },
    'enter-code-last': { ...code, canResend: false, ...problem('sends_exhausted') },
    'enter-code-dead': { ...code, live: false, ...problem('passcode_exhausted') },
    'enter-code-over': { ...code, live: false, canResend: false, ...problem('sends_exhausted') },
    'enter-code-strong': { ...code, strong: true },
    'enter-code-strong-long': { ...code, strong: true, ...problem('passcode_too_long') },
    'code-expired': { ...frame, page: 'code-expired', lifetimeMinutes: 30 },
    continue: { ...frame, page: 'continue' },
    'choose-method': {
      ...frame,
      page: 'choose-method',
      address,
      doors: [
        { name: say('Contoso'), create: false },
        { name: say('Northwind'), create: true },
        { name: null, create: false },
      ],
    },
    elsewhere,
    'elsewhere-anyone': { ...elsewhere, ...bare, address: null, canChangeAddress: false },
    'elsewhere-create': { ...elsewhere, create: true },
    'elsewhere-create-anyone': { ...elsewhere, create: true, address: null },
    'elsewhere-unreachable': { ...elsewhere, ...problem('upstream_unreachable') },
    'elsewhere-cancelled': {
      ...elsewhere,
      canChangeAddress: false,
      ...problem('upstream_cancelled'),
    },
    'elsewhere-other': {
      ...elsewhere,
      ...problem('upstream_address_other', { asserted: say('teri@contoso.com'), address }),
    },
    'open-browser': {
      ...frame,
      page: 'open-browser',
      place: say('Google'),
      url: say('https://docs.fabrikam.example/start'),
    },
    'open-browser-nowhere': { ...bare, page: 'open-browser', place: say('Google'), url: null },
    review,
    'review-bare': { ...review, ...bare, tenantDomain: null, scopes: ['openid'] },
    terms: { ...frame, page: 'terms', address, termsUrl: say('https://fabrikam.example/terms') },
    refused,
    'refused-disabled': { ...refused, code: 'passcode_disabled', row: say('4b') },
    'refused-other': { ...refused, code: 'upstream_address_other' },
    'refused-retry': {
      ...refused,
      code: 'directory_unavailable',
      row: say('5a'),
      canRetry: true,
      canChangeAddress: false,
    },
    expired: { ...expired, client: null, restart: null },
    'expired-again': expired,
    'expired-again-unnamed': { ...expired, client: null },
    'expired-elsewhere': { ...expired, reason: 'elsewhere', restart: null },
    'expired-elsewhere-unnamed': { ...expired, reason: 'elsewhere', client: null },
    'expired-finished': { ...expired, reason: 'finished' },
    'expired-finished-unnamed': { ...expired, reason: 'finished', client: null },
    'expired-cookies': { ...expired, reason: 'cookies', inApp: true },
    'expired-cookies-unnamed': { ...expired, reason: 'cookies', client: null },
    'expired-anywhere': { ...expired, tenantName: null, client: null, restart: null },
    loop: {
      page: 'loop',
      code: 'client_loop',
      tenantName: frame.tenantName,
      reference,
      client,
      again: '/fabrikam/v2.0/auth?client_id=docs',
    },
    'no-tenant': {
      page: 'no-tenant',
      code: 'tenant_missing',
      reference,
      example: say('https://guest.example/fabrikam'),
      picker: null,
    },
    'no-tenant-unknown': {
      page: 'no-tenant',
      code: 'tenant_unknown',
      reference,
      example: say('https://guest.example/fabrikam'),
      picker: { action: '/authorize', fields: { state: say('state of the request') } },
    },
    'error-fault': { page: 'error', code: 'internal', reference, detail: null },
    'error-app': {
      page: 'error',
      code: 'request_refused',
      reference,
      detail: say('redirect_uri https://docs.example/cb is not registered for client docs'),
    },
    'error-missing': { page: 'error', code: 'not_found', reference, detail: null },
    'error-request': { page: 'error', code: 'request_forged', reference, detail: null },
    'sign-out': {
      page: 'sign-out',
      tenantName: frame.tenantName,
      form: '<form id="op.logoutForm" method="post" action="/fabrikam/v2.0/session/end/confirm"><input type="hidden" name="xsrf" value="s3cret"/></form>',
    },
    'signed-out': { page: 'signed-out', tenantName: frame.tenantName, elsewhere: false },
    'signed-out-elsewhere': { page: 'signed-out', tenantName: frame.tenantName, elsewhere: true },
    invitation,
    'invitation-bare': { ...invitation, ...nobody, message: null, target: null },
    'invitation-accepted': { ...invitation, state: 'accepted' },
    'invitation-expired': { ...invitation, state: 'expired' },
    'invitation-expired-bare': { ...invitation, ...nobody, state: 'expired' },
    'block-invitations': { ...landing, page: 'block-invitations', blocked: false },
    'block-invitations-done': { ...landing, page: 'block-invitations', blocked: true },
    'invitation-broken': { page: 'invitation-broken', tenantName: frame.tenantName, reference },
    'invitation-broken-anywhere': { page: 'invitation-broken', tenantName: '', reference },
    'tenant-home': home,
    'tenant-home-left': { ...home, support: null, privacyUrl: null, notice: 'left' },
    'tenant-home-guest': {
      ...home,
      guest: {
        ...alone,
        name: say('Teri Wolf'),
        applications: [
          {
            name: say('Fabrikam Docs'),
            url: say('https://docs.fabrikam.example/start'),
            icon: say('/fabrikam/branding/icon/abcdefgh12345678'),
            letter: 'F',
            tile: 0,
          },
          {
            name: say('Fabrikam Wiki'),
            url: say('https://wiki.fabrikam.example/start'),
            icon: null,
            letter: say('W'),
            tile: 5,
          },
        ],
        organisations: [
          { name: say('Contoso'), url: say('/contoso/'), accepted: true },
          { name: say('Northwind'), url: say('/northwind/'), accepted: false },
        ],
        sessions: [
          { ...here, applications: [say('Fabrikam Docs'), say('Fabrikam Wiki')] },
          { ...here, name: say('s1'), browser: null, isThis: false, hours: 1 },
          { ...here, name: say('s2'), isThis: false, hours: 23 },
        ],
        leaving: 'allowed',
      },
    },
    'tenant-home-new': { ...home, guest: alone, notice: 'signed-out-there' },
    'tenant-home-alone': {
      ...home,
      support: null,
      privacyUrl: null,
      guest: { ...alone, invitations: 'blocked' },
      notice: 'invitations-blocked',
    },
    'tenant-home-allowed': { ...home, guest: alone, notice: 'invitations-allowed' },
    'tenant-home-out': { ...home, notice: 'signed-out' },
    'tenant-home-out-everywhere': { ...home, notice: 'signed-out-everywhere' },
    leave: {
      page: 'leave',
      tenantName: frame.tenantName,
      support: frame.support,
      base: home.base,
      csrf: frame.csrf,
      address,
    },
    'mailbox-empty': { page: 'mailbox', messages: [] },
    mailbox: { page: 'mailbox', messages: [mail, { ...mail, id: say('m0') }] },
    'mailbox-message': {
      page: 'mailbox-message',
      ...mail,
      text: say('Your code is\n\n12345678\n\nEnter it on the Fabrikam sign-in page.'),
      htmlPath: '/mail',
    },
  };
}

const plain: Tenant = {
  id: 'fabrikam',
  displayName: 'Fabrikam',
  verifiedDomains: [],
  emailOneTimePasscode: 'default',
  clients: [],
  guestHelp: 'https://fabrikam.example/questions?a=1&b="',
};
const branded: Tenant = {
  ...plain,
  branding: {
    logo: { type: 'image/svg+xml', bytes: Buffer.from(svg()) },
    logoDark: { type: 'image/png', bytes: png(40, 10) },
    favicon: { type: 'image/png', bytes: png(16, 16) },
    accent: '#f2c811',
    background: { type: 'image/png', bytes: png(8, 8) },
    footerLinks: [
      { label: 'Imprint', url: 'https://fabrikam.example/imprint' },
      { label: `R&D <b>"security"</b>`, url: 'https://fabrikam.example/?a=1&b="' },
    ],
  },
};

/** Whose pages those below a path are. */
const OWNERS: Readonly<Record<string, Tenant>> = { branded, plain };

/**
 * Serves `samples()` under /NAME, hostile ones under /hostile/NAME, all of them as pages of a tenant
 * with a look of its own under /branded/…, with the real headers.
 */
async function serve(translator: Translator): Promise<{ origin: string; server: Server }> {
  const views = createViews({ translator, product: 'Guestpass' });
  const pages = new Map<string, Page>([
    ...Object.entries(samples()).map(([name, page]) => [`/${name}`, page] as const),
    ...Object.entries(samples(HOSTILE)).map(([name, page]) => [`/hostile/${name}`, page] as const),
  ]);
  const app = new Koa();
  app.use(async (ctx) => {
    const page = pages.get(ctx.path.replace(/^\/(?:branded|plain)/, ''));
    const tenant = OWNERS[ctx.path.split('/')[1]!];
    if (page) return views.render(ctx, page, { tenant });
    const file = BRANDING_PATH.exec(ctx.path.replace(/^\/fabrikam/, ''))?.[1];
    if (file !== undefined) return answerBranding(ctx, branded, '/fabrikam', file);
    ctx.type = ctx.path.startsWith('/assets/') ? ctx.path.split('.').at(-1)! : 'html';
    ctx.body = ctx.path.startsWith('/assets/')
      ? readFileSync(new URL(ctx.path.slice(1), viewsDirectory), 'utf8')
      : '<!doctype html><html lang="en"><title>Mail</title><main><h1>Your code is</h1></main></html>';
  });
  const headers = createSecurityHeaders({ https: false, frames: 'parent' });
  const framed = createSecurityHeaders({ https: false, frames: 'child' });
  const answer = app.callback();
  const server = createServer((request, response) => {
    (request.url === '/mail' ? framed : headers)(request, response);
    void answer(request, response);
  });
  return { origin: await listen(server), server };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  return `http://127.0.0.1:${address.port}`;
}

const ENHANCE = '<script src="/assets/enhance.js" defer></script>';
const scriptsOf = (source: string) =>
  [...source.matchAll(/<script[^]*?<\/script>/g)].map(([tag]) => tag.replace(/\?v=[\w-]{12}/, ''));

const tagsOf = (source: string) => source.match(/<[!/]?[a-z0-9]+/g);

/** What the forms of a page offer: `action: label`. */
const choices = (text: string) =>
  [...text.matchAll(/<form[^>]*action="[^"]*\/([a-z-]+)">[^]*?<\/form>/g)].map(
    ([form, action]) => `${action}: ${/<button[^>]*>([^<]*)</.exec(form)?.[1]}`,
  );

/** What a page says above its footer, one line per block. */
const said = (text: string) =>
  text
    .replace(/^[^]*?<main[^>]*>|<footer>[^]*$/g, '')
    .replace(/\s+/g, ' ')
    .replace(/<\/(?:p|h1|h2|li|button|label|summary)>/g, '\n')
    .replace(/<[^>]*>/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

describe('createViews', () => {
  let origin: string;
  let server: Server;
  const asked = new Set<string>();
  const real = createTranslator();

  before(async () => {
    const recording: Translator = {
      ...real,
      in: (locale) => (id, params) => {
        asked.add(id);
        return real.in(locale)(id, params);
      },
    };
    ({ origin, server } = await serve(recording));
  });
  after(() => void server.close());

  const html = async (path: string) => (await fetch(`${origin}/${path}`)).text();

  for (const [name, page] of Object.entries(samples())) {
    it(`draws ${name} as one whole page`, async () => {
      const response = await fetch(`${origin}/${name}`);
      const text = await response.text();
      assert.equal(response.status, statusOf(page));
      assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assert.match(text, /^<!doctype html>\n<html lang="en" dir="ltr">/);
      assert.equal(text.match(/<h1>/g)?.length, 1);
      assert.doesNotMatch(text, /\{\{|undefined|\[object|style=|>null</);
      assert.deepEqual(scriptsOf(text), [ENHANCE], 'one script, nothing inline');
    });

    it(`S22 S61 keeps hostile text in ${name} inert`, async () => {
      const text = await html(`hostile/${name}`);
      assert.deepEqual(tagsOf(text), tagsOf(await html(name)));
      assert.ok(!text.includes('"><script'));
      assert.doesNotMatch(text, /PATH=|\[object/);
      // i18next must not look sentences up, or fill placeholders, that came from outside.
      assert.doesNotMatch(text, /Your code still works\.\{\{csrf|csrf\}\}.{0,3}7hT0/);
    });
  }

  it('links the answers of its tenant on every page, also where there is no look', async () => {
    for (const name of Object.keys(samples())) {
      const text = await html(`plain/${name}`);
      assert.match(text, /<a href="[^"]*\/questions\?a=1&amp;b=&#34;">Questions and answers<\/a>/);
      assert.doesNotMatch(text, /theme\.css|<picture|branding\/(?!icon\/)/);
    }
  });

  it('draws the look of its tenant on every page, and none without', async () => {
    for (const name of Object.keys(samples())) {
      const text = await html(`branded/${name}`);
      assert.equal(
        text.match(/<img src="\/fabrikam\/branding\/logo\?v=[\w-]{12}" alt="Fabrikam">/g)?.length,
        1,
        name,
      );
      assert.match(text, /<source media="\(prefers-color-scheme: dark\)" srcset="\/fabrikam\/br/);
      assert.match(
        text,
        /<link rel="icon" href="\/fabrikam\/branding\/favicon\?v=[\w-]+" type="image\/png">/,
      );
      assert.match(
        text,
        /style\.css[^>]*>\n<link rel="stylesheet" href="\/fabrikam\/theme\.css\?v=/,
      );
      assert.match(text, /<a href="https:\/\/fabrikam\.example\/imprint">Imprint<\/a>/);
      assert.match(text, /\?a=1&amp;b=&#34;">R&amp;D &lt;b&gt;/);
      assert.match(text, /<a href="[^"]*\/questions\?a=1&amp;b=&#34;">Questions and answers<\/a>/);
      assert.doesNotMatch(text, /style=|<style/);
      assert.doesNotMatch(
        await html(name),
        /theme\.css|<picture|branding\/(?!icon\/)|Questions and/,
      );
    }
  });

  it('names the organisation in words too where a logo stands for it', async () => {
    const text = await html('branded/send-code');
    assert.match(text, /Sign in to .*Fabrikam<\/strong><\/bdi> to continue to .*Fabrikam Docs/);
    assert.match(await html('branded/error-fault'), /<title>Sorry[^<]* – Fabrikam<\/title>/);
  });

  it('answers with the status of what it says', async () => {
    const statuses = {
      'choose-method': 200,
      elsewhere: 200,
      'elsewhere-cancelled': 400,
      'elsewhere-other': 403,
      'elsewhere-unreachable': 503,
      review: 200,
      refused: 403,
      'refused-retry': 503,
      invitation: 200,
      'invitation-accepted': 200,
      'invitation-expired': 403,
      'invitation-broken': 404,
      'tenant-home': 200,
      expired: 400,
    };
    for (const [name, status] of Object.entries(statuses)) {
      assert.equal((await fetch(`${origin}/${name}`)).status, status, name);
    }
  });

  it('gives every form a token, an action below base and no script', async () => {
    for (const [name, page] of Object.entries(samples())) {
      if (!('csrf' in page)) continue;
      const forms = (await html(name)).match(/<form[^]*?<\/form>/g) ?? [];
      for (const form of forms) {
        if ('restart' in page && page.restart) assert.match(form, /name="restart" value="sealed"/);
        // It begins anew what may have no browser or sign-in any more for a token to be of.
        if (form.includes('action="/fabrikam/signin/restart"')) continue;
        const action = /method="post" action="([^"]*)\/[a-z-]+"/.exec(form)?.[1];
        assert.equal(action, page.base, name);
        assert.match(form, /name="csrf" value="7hT0mU1Qy2sJ8pYd"/);
      }
    }
  });

  it('says Error in the title, links the summary to the field and keeps the address', async () => {
    const text = await html('address-malformed');
    assert.match(text, /<title>Error: Sign in to Fabrikam<\/title>/);
    assert.match(text, /role="alert" tabindex="-1" autofocus>[^]*<a href="#email">Enter an email/);
    assert.match(text, /value="teri@gmail"[^>]*aria-describedby="email-hint email-error"/);
    assert.match(text, /aria-invalid="true"/);
  });

  it('names the step and the organisation in the title', async () => {
    assert.match(
      await html('enter-code'),
      /<title>Enter the code we emailed you – Sign in to Fabrikam<\/title>/,
    );
  });

  it('S62 does not say whether the address was invited', async () => {
    assert.match(
      await html('enter-code'),
      /If <bdi><strong>teri@gmail.com<\/strong><\/bdi> has access to Fabrikam, we have sent an 8-digit/,
    );
  });

  it('says that mails wait as it would to anybody, with a link to look again', async () => {
    assert.match(
      await html('enter-code-mails-wait'),
      /has access to Fabrikam, we have sent[^]*<p class="mail-fate">Emails are delayed just now, for everybody\. You can wait on this page: we keep trying\.\s*<a href="\/fabrikam\/signin\/Vq3tKxW9">Check again<\/a>/,
    );
    assert.doesNotMatch(await html('enter-code'), /delayed/);
  });

  it('tells whoever came by an invitation what became of the mail, with a link to look again', async () => {
    const late = await html('enter-code-late');
    assert.match(late, /We are emailing an 8-digit code to <bdi><strong>teri@gmail.com/);
    assert.match(
      late,
      /The email is delayed\. You can wait on this page: we keep trying\.\s*<a href="\/fabrikam\/signin\/Vq3tKxW9">Check again<\/a>/,
    );
    assert.doesNotMatch(late, /http-equiv/);
    const refused = await html('enter-code-refused');
    assert.match(
      refused,
      /refused our message\. Check the address <bdi><strong>teri@gmail.com<\/strong><\/bdi> with <bdi><strong>Ana/,
    );
    assert.doesNotMatch(refused, /Check again|Look for the email|autofocus/);
    assert.match(refused, /<h1>Ask for a new code<\/h1>/);
    assert.match(refused, /name="code"/, 'the code of an earlier mail may still be good');
    assert.match(refused, /<button class="button" data-wait[^>]*>Send a new code/);
    assert.match(late, /<button class="button quiet-button"[^>]*>Send a new code/);
    assert.match(
      await html('enter-code-no-mailbox'),
      /there is no mailbox .*\. Check the address\.\n/,
    );
  });

  it('S14 says what the mail says: label, application, time and browser', async () => {
    const text = await html('enter-code');
    assert.match(text, /Look for the email with <bdi><strong>K7<\/strong><\/bdi> in the subject\./);
    assert.match(text, /requested 25 Oct 2026 14:02 UTC from Chrome on Windows\./);
    assert.match(await html('enter-code-bare'), /requested 25 Oct 2026 14:02 UTC\./);
  });

  it('offers only a new code when no code is live', async () => {
    const text = await html('enter-code-dead');
    assert.deepEqual(text.match(/action="[^"]*"/g), ['action="/fabrikam/signin/Vq3tKxW9/send"']);
    assert.doesNotMatch(text, /name="code"/);
    assert.match(text, /signin\/Vq3tKxW9\/address">Use a different email address/);
  });

  it('leads back to the app when no code is live and none may be sent', async () => {
    const text = await html('enter-code-over');
    const back = 'action="/fabrikam/signin/Vq3tKxW9/continue"';
    const again = 'action="/fabrikam/signin/restart"';
    assert.deepEqual(text.match(/action="[^"]*"/g), [again, back]);
    assert.match(text, /Start again to get more\.<\/p>/);
    const alone = await html('enter-code-over-alone');
    assert.deepEqual(alone.match(/action="[^"]*"/g), [back]);
    assert.match(alone, /Go back to the app and sign in again\.<\/p>/);
  });

  it('P10 says why a sign-in is gone, and what leads on: the same request, or the application', async () => {
    const button = /<form method="post" action="\/fabrikam\/signin\/restart">/;
    const link = /<a class="other" href="https:\/\/docs\.fabrikam\.example\/">Open Fabrikam Docs</;
    const rows = [
      ['expired', /work for 60 minutes.*Go back to the app and sign in again/, false, false],
      ['expired-again', /Start again to go on to Fabrikam Docs/, true, true],
      ['expired-again-unnamed', /Start again to go on with the same sign-in/, true, false],
      ['expired-elsewhere', /If you have a code, enter it there/, false, true],
      ['expired-finished', /If you are not signed in there, start again/, true, true],
      ['expired-cookies', /Allow cookies for this site/, false, true],
    ] as const;
    for (const [name, says, isButton, isLink] of rows) {
      const text = await html(name);
      assert.match(text, says, name);
      assert.deepEqual([button.test(text), link.test(text)], [isButton, isLink], name);
    }
    assert.match(await html('expired-cookies'), /You are inside another app/);
  });

  it('R18 50196 says that the application sends the guest back, with code and reference', async () => {
    const text = await html('loop');
    assert.match(text, /<h1>Fabrikam Docs sends you back again and again<\/h1>/);
    assert.match(text, /Code: client_loop/);
    assert.match(text, /<strong>4K7Q-2M9X<\/strong>/);
    assert.match(
      text,
      /<a class="button" href="\/fabrikam\/v2\.0\/auth\?client_id=docs">Try again</,
    );
  });

  it('hides what would need a new code when none may be sent', async () => {
    assert.doesNotMatch(await html('enter-code-last'), /Send a new code|different email address/);
  });

  it('tells the tries left from the third wrong code on', async () => {
    assert.doesNotMatch(await html('enter-code-wrong'), /left\./);
    assert.match(await html('enter-code-wrong-again'), /You have 1 try left\./);
  });

  it('asks for letters when the code is a strong one', async () => {
    const text = await html('enter-code-strong');
    assert.match(text, /16-character code/);
    assert.match(text, /inputmode="text" autocapitalize="characters"/);
  });

  it('sends the sign-out buttons with the form of the engine', async () => {
    const text = await html('sign-out');
    assert.match(text, /<button[^>]*form="op.logoutForm" name="logout" value="yes">Sign out</);
    assert.match(text, /<button class="[^"]*" form="op.logoutForm">Stay signed in</);
  });

  it('offers every door by its number, the mailed code as one of them', async () => {
    assert.deepEqual((await html('choose-method')).match(/name="door" value="\d">[^<]*/g), [
      'name="door" value="0">Continue with Contoso',
      'name="door" value="1">Make an account at Northwind',
      'name="door" value="2">Get a code by email',
    ]);
  });

  it('says where a guest goes before anybody is sent there', async () => {
    const text = await html('elsewhere');
    assert.match(text, /<h1>Sign in with Contoso<\/h1>/);
    assert.match(text, /You will go to Contoso to sign in as .*teri@gmail\.com/);
    assert.deepEqual(choices(text), ['leave: Continue to Contoso']);
    assert.match(text, /Use a different email address/);
    assert.match(
      await html('elsewhere-create'),
      /need an account at Contoso: make one with .*teri@/,
    );
    assert.doesNotMatch(await html('elsewhere-anyone'), /different email address|teri@/);
  });

  it('says why another place could not sign a guest in, and offers a second try', async () => {
    const text = await html('elsewhere-other');
    assert.match(text, /<title>Error: Contoso could not sign you in/);
    assert.match(
      text,
      /role="alert"[^]*at Contoso as teri@contoso\.com, but this sign-in is for teri@g/,
    );
    assert.deepEqual(choices(text), ['leave: Try again']);
    assert.match(text, /Use a different email address/);
    assert.doesNotMatch(await html('elsewhere-cancelled'), /different email address/);
  });

  it('speaks of addresses only where they are known', async () => {
    assert.match(await html('refused-other'), /at the other service with another address than/);
  });

  it('names the address to copy to a browser, where one is known', async () => {
    assert.match(
      await html('open-browser'),
      /value="https:\/\/docs\.fabrikam\.example\/start" readonly/,
    );
    assert.match(await html('open-browser-nowhere'), /open Fabrikam Docs in your usual browser/);
  });

  it('R70 asks to review permissions, then to accept the terms, by two buttons each', async () => {
    const review = await html('review');
    assert.match(review, /<h1>Review permissions<\/h1>/);
    assert.match(review, /Fabrikam<\/strong><\/bdi> \(<bdi><strong>fabrikam\.example<\//);
    assert.equal(review.split('<footer>')[0]?.match(/<li>/g)?.length, 3);
    assert.deepEqual(choices(review), ['accept: Accept', 'decline: Cancel']);
    assert.match(review, /Signed in as .*teri@gmail\.com/);
    const terms = await html('terms');
    assert.match(terms, /<a href="https:\/\/fabrikam\.example\/terms">Read the terms of use</);
    assert.deepEqual(choices(terms), ['accept: Accept', 'decline: Decline']);
  });

  it('R71 says on the review page that there are no terms or statement to review', async () => {
    const nothing = 'Fabrikam has given no terms or privacy statement for you to review.';
    assert.ok(said(await html('review-bare')).some((line) => line.endsWith(nothing)));
    const review = await html('review');
    assert.ok(!review.includes(nothing));
    assert.match(review, /<a href="https:\/\/fabrikam\.example\/privacy">Read its privacy/);
  });

  it('shows the rule row beside the reference, and a second try where one may help', async () => {
    const text = await html('refused-retry');
    assert.match(text, /<h1>We cannot sign you in just now<\/h1>/);
    assert.deepEqual(choices(text), ['retry: Try again', 'continue: Go back to Fabrikam Docs']);
    assert.equal(said(text).at(-1), 'Reference: 4K7Q-2M9X · rule row 5a');
    assert.equal(said(await html('refused')).at(-1), 'Reference: 4K7Q-2M9X');
  });

  it('R63 R67 shows an invitation with its message as text, and how to block further ones', async () => {
    const text = await html('invitation');
    assert.deepEqual(said(text), [
      'Megan Bowen invited you to Fabrikam',
      'You will sign in to Fabrikam as teri@gmail.com.',
      'Hi Teri,',
      'see you &lt;b&gt;soon&lt;/b&gt;',
      'After that you will be taken to docs.fabrikam.example. Only continue if you expected this.',
      'Continue',
      'This is not my email address',
      'Every invitation is tied to one address. Ask Megan Bowen to invite the address you use.',
      'Do not invite me again',
    ]);
    assert.match(text, /<blockquote>\n<p dir="auto">Hi Teri,<\/p>\n<p dir="auto">see/);
    assert.match(text, /href="\/fabrikam\/signin\/invitation\/block">Do not invite me again</);
    assert.deepEqual(choices(text), ['accept: Continue']);
    assert.doesNotMatch(await html('invitation-bare'), /blockquote|Megan|null/);
  });

  it('R65 keeps an accepted invitation as a way to sign in, and an expired one not', async () => {
    assert.deepEqual(choices(await html('invitation-accepted')), ['accept: Sign in']);
    const expired = await html('invitation-expired');
    assert.deepEqual(choices(expired), []);
    assert.match(expired, /Ask .*Megan Bowen.* to invite you to Fabrikam again/);
    assert.match(await html('invitation-expired-bare'), /Ask your contact at Fabrikam/);
  });

  it('R67 blocks invitations by a button, not by a link, and lets them in again', async () => {
    assert.deepEqual(choices(await html('block-invitations')), [
      'block: Block invitations from Fabrikam',
    ]);
    const done = await html('block-invitations-done');
    assert.deepEqual(choices(done), ['block: Allow invitations again']);
    assert.match(done, /name="unblock" value="yes"/);
  });

  it('S22 takes control and bidi characters out of what inviters and guests wrote', async () => {
    const views = createViews({ translator: real, product: 'Guestpass' });
    const evil = 'A\u202Eb\u2066c\u200B\u0007d';
    const drawn = async (page: Page) => {
      const app = new Koa().use((ctx) => views.render(ctx, page));
      const other = createServer((request, answer) => void app.callback()(request, answer));
      const text = await (await fetch(await listen(other))).text();
      other.close();
      return text;
    };
    const { invitation, 'tenant-home-guest': home } = samples();
    assert.ok(invitation?.page === 'invitation' && home?.page === 'tenant-home' && home.guest);
    for (const text of [
      await drawn({ ...invitation, inviter: evil, message: `${evil}\n\n${'y'.repeat(900)}` }),
      await drawn({ ...home, guest: { ...home.guest, name: evil } }),
    ]) {
      assert.match(text, /Abcd/);
      assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Bidi_Control}\u200B]|y{500}/u);
    }
  });

  it('R76 shows a guest their own address and apps, and nothing of anybody else', async () => {
    assert.deepEqual(said(await html('tenant-home-guest')), [
      'Your apps at Fabrikam',
      'Signed in as Teri Wolf (teri@gmail.com).',
      'Fabrikam Docs',
      'WFabrikam Wiki',
      'Where you are signed in',
      'Chrome on Windows This browser',
      'Signed in less than an hour ago',
      'Apps used: Fabrikam Docs and Fabrikam Wiki',
      'Sign out',
      'A browser we do not know',
      'Signed in 1 hour ago',
      'Sign out',
      'Chrome on Windows',
      'Signed in 23 hours ago',
      'Sign out',
      'Sign out everywhere',
      'Other organisations that invited you',
      'Only you see these: you signed in with a code that was mailed to teri@gmail.com.',
      'Contoso',
      'Northwind Not accepted yet',
      'Invitations and leaving',
      'Block further invitations',
      'Leave Fabrikam',
    ]);
    assert.deepEqual(choices(await html('tenant-home')), ['sign-in: Sign in']);
  });

  it('R64 lists names as the language of the page does', async () => {
    const headers = { 'accept-language': 'ja' };
    const text = await (await fetch(`${origin}/tenant-home-guest`, { headers })).text();
    assert.match(text, /<bdi>Fabrikam Docs<\/bdi>、<bdi>Fabrikam Wiki<\/bdi>/);
  });

  it('names browsers in the language of the page, those of before an update too', async () => {
    const says: Readonly<Record<string, string>> = {
      en: 'Chrome on Windows',
      de: 'Chrome unter Windows',
      fr: 'Chrome sur Windows',
      tr: 'Chrome (Windows)',
      ja: 'Windows の Chrome',
      ar: 'متصفح \u2068Chrome\u2069 على \u2068Windows\u2069',
    };
    const isRead = new Set<string>();
    for (const locale of real.locales) {
      const headers = { 'accept-language': locale };
      const text = await (await fetch(`${origin}/tenant-home-guest`, { headers })).text();
      const [, named = ''] = /<strong><bdi>([^<]*Chrome[^<]*)<\/bdi><\/strong>/.exec(text) ?? [];
      assert.equal(says[locale] ?? named, named);
      assert.match(named, /Windows/);
      isRead.add(named);
      const code = await (await fetch(`${origin}/enter-code`, { headers })).text();
      // Within a sentence the names are not set apart again.
      assert.ok(code.includes(named.replaceAll(/[\u2068\u2069]/g, '')), locale);
    }
    assert.ok(isRead.size > 9);
  });

  it('R77 asks before a guest leaves, or names whom to ask', async () => {
    const own = choices(await html('tenant-home-guest'));
    assert.ok(own.includes('leave: Leave Fabrikam'));
    const leave = await html('leave');
    assert.deepEqual(choices(leave), ['leave: Leave Fabrikam']);
    assert.match(leave, /name="confirm" value="yes"/);
    assert.match(leave, /<a class="other" href="\/fabrikam\/">Stay</);
    assert.match(await html('tenant-home-new'), /To leave Fabrikam, ask .*it-help@fabrikam/);
    assert.match(await html('tenant-home-alone'), /To leave Fabrikam, ask your contact there/);
    assert.match(await html('tenant-home-left'), /role="status"[^]*You have left Fabrikam\./);
  });

  it('fills every sentence of an error on the page that shows it', async () => {
    const views = createViews({ translator: real, product: 'Guestpass' });
    const refused = samples()['refused']!;
    assert.ok(refused.page === 'refused');
    const app = new Koa().use((ctx) => {
      const code = ctx.path.slice(1);
      assert.ok(isCode(code));
      return views.render(ctx, { ...refused, code });
    });
    const other = createServer((request, answer) => void app.callback()(request, answer));
    const at = await listen(other);
    const fields = /^(?:passcode_(?:too|malformed)|.*_strong)/;
    for (const code of codes.filter((known) => !fields.test(known))) {
      const response = await fetch(`${at}/${code}`);
      assert.equal(response.status, errorTable[code].status, code);
      assert.doesNotMatch(await response.text(), /\{\{|\}\}/, code);
    }
    other.close();
  });

  it('P10 says for how long a sign-in works as it is set, in every language', async () => {
    const { expired, refused } = samples();
    assert.ok(expired && refused?.page === 'refused');
    const pages = [expired, { ...refused, code: 'interaction_expired' } as const];
    for (const [interactionSeconds, minutes] of [
      [1800, 30],
      [2700, 45],
      [5, 1],
    ] as const) {
      const views = createViews({
        translator: real,
        product: 'Guestpass',
        limits: { interactionSeconds },
      });
      const app = new Koa().use((ctx) => views.render(ctx, pages[Number(ctx.path.slice(1))]!));
      const other = createServer((request, answer) => void app.callback()(request, answer));
      const at = await listen(other);
      for (const locale of real.locales) {
        const sentence = real.in(locale)('error.interaction_expired', { count: minutes });
        assert.notEqual(sentence, real.in(locale)('error.interaction_expired'));
        if (minutes > 1) assert.match(sentence, new RegExp(String(minutes)), locale);
        for (const page of pages.keys()) {
          const headers = { 'accept-language': locale };
          const text = await (await fetch(`${at}/${page}`, { headers })).text();
          assert.ok(text.includes(ejs.escapeXML(sentence)), `${locale}: ${minutes}`);
        }
      }
      other.close();
    }
    assert.match(
      real.in('en')('error.interaction_expired', { count: 1 }),
      /^Sign-in pages work for 1 minute and only/,
    );
  });

  it('leaves the render of a host as it was, inside and after', async () => {
    const views = createViews({ translator: real, product: 'Guestpass' });
    const app = new Koa();
    app.context.render = async (view: string) => void drawnByHost.push(view);
    const drawnByHost: string[] = [];
    let left: boolean[] = [];
    app.use(async (ctx, next) => {
      await next();
      await ctx.render('after');
      left = [Object.hasOwn(ctx, 'render'), 'render' in ctx.response];
    });
    app.use(async (ctx) => {
      await ctx.render('inside');
      ctx.state = { view: 'host', page: 'host', locals: 'host' };
      await views.render(ctx, samples()['signed-out']!, { status: 202 });
    });
    const other = createServer((request, answer) => void app.callback()(request, answer));
    const response = await fetch(await listen(other));
    other.close();
    assert.equal(response.status, 202);
    assert.match(await response.text(), /You have signed out/);
    assert.deepEqual(drawnByHost, ['inside', 'after']);
    assert.deepEqual(left, [false, false]);
  });

  it('offers every language by its own name, at the same place of every page', async () => {
    const wanted = real.locales.map((locale) => [locale, languageName(locale)]);
    for (const name of [
      'address',
      'invitation',
      'tenant-home',
      'no-tenant',
      'sign-out',
      'error-fault',
    ]) {
      const text = await html(name);
      const [, foot = ''] = text.split('<footer>');
      const links = foot.matchAll(
        /<a href="\?lang=([^"]+)" lang="\1" hreflang="\1"[^>]*>([^<]+)</g,
      );
      assert.deepEqual(
        Array.from(links, ([, locale, own]) => [locale, own]),
        wanted,
        name,
      );
      assert.match(foot, /<summary><bdi>English<\/bdi><\/summary>/);
      assert.equal(foot.match(/aria-current="true">([^<]+)</)?.[1], 'English');
      assert.match(foot, /<\/details>\n<p>Guestpass<\/p>\n<\/footer>/);
    }
  });

  it('draws a page in the language asked for, and says which', async () => {
    const response = await fetch(`${origin}/enter-code`, {
      headers: { 'accept-language': 'de-AT' },
    });
    assert.equal(response.headers.get('content-language'), 'de');
    assert.equal(response.headers.get('vary'), 'Accept-Language, Cookie');
    const text = await response.text();
    assert.match(text, /^<!doctype html>\n<html lang="de" dir="ltr">/);
    assert.match(text, /25\.10\.2026 um 14:02 UTC mit Chrome unter Windows/);
  });

  it('S61 says sentences in the words of the tenant, escaped, in the languages it offers', async () => {
    const own: Tenant = {
      ...branded,
      languages: ['de', 'en'],
      wording: { de: { 'page.address.hint': 'Tom & "Jerry"' } },
    };
    const drawn = createViews({ translator: real, product: 'Guestpass' });
    const app = new Koa().use((ctx) => drawn.render(ctx, samples()['address']!, { tenant: own }));
    const other = createServer((request, answer) => void app.callback()(request, answer));
    const at = await listen(other);
    const ask = async (language: string) =>
      (await fetch(at, { headers: { 'accept-language': language } })).text();
    const german = await ask('fr');
    assert.match(german, /<p class="hint" id="email-hint">Tom &amp; &#34;Jerry&#34;<\/p>/);
    assert.deepEqual(
      Array.from(german.matchAll(/hreflang="([^"]+)"/g), ([, locale]) => locale),
      ['de', 'en'],
    );
    assert.match(await ask('en'), /Use the address that was invited\./);
    other.close();
  });

  it('every error code has a sentence, and every sentence a code', () => {
    const ids = Object.keys(english.error).map((id) =>
      isCode(id) ? id : id.replace(/_(one|other|strong|named)$/, ''),
    );
    assert.deepEqual(new Set(ids), new Set(codes));
    for (const code of codes) assert.match(real.in('en')(`error.${code}`), /\w/);
  });

  it('every sentence of a page is asked for by some page', async () => {
    for (const name of Object.keys(samples())) await html(name);
    await html('branded/address');
    const variants =
      /_(?:one|other|strong|8|11|anyone|browser|(?:waiting|accepted|delayed|abandoned|(?:refused|no-mailbox)(?:_contact)?))$/;
    const ids = (node: Sentences, path: string): string[] =>
      Object.entries(node).flatMap(([key, value]) =>
        typeof value === 'string'
          ? [`${path}.${key.replace(variants, '')}`]
          : ids(value, `${path}.${key}`),
      );
    const pageIds = [...asked].filter((id) => id.startsWith('page.'));
    assert.deepEqual(new Set(pageIds), new Set(ids(english.page, 'page')));
  });

  it('S61 puts no unescaped value but drawn markup and the form of the engine in a page', () => {
    for (const file of globSync('{*,partials/*}.ejs', { cwd: viewsDirectory })) {
      const source = readFileSync(new URL(file, viewsDirectory), 'utf8');
      for (const [tag] of source.matchAll(/<%-[^]*?%>/g)) {
        assert.match(tag, /^<%- (partial\(|rich\(|page\.form %>)/, `${file}: ${tag}`);
      }
    }
  });
});

describe('pages in a browser', function () {
  this.timeout(180_000);
  let origin: string;
  let server: Server;
  let browser: Browser;
  let tab: Tab;

  before(async () => {
    ({ origin, server } = await serve(createTranslator()));
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    });
    tab = await (await browser.newContext()).newPage();
  });
  after(async () => {
    await browser.close();
    server.close();
  });

  const wide = { width: 1280, height: 800 };
  const looks = [
    { look: 'light', colorScheme: 'light', size: wide },
    { look: 'dark', colorScheme: 'dark', size: wide },
    { look: '320 px', colorScheme: 'light', size: { width: 320, height: 640 } },
  ] as const;

  for (const { look, colorScheme, size } of looks) {
    it(`every page passes axe, ${look}, without scrolling sideways`, async () => {
      await tab.emulateMedia({ colorScheme });
      await tab.setViewportSize(size);
      for (const name of Object.keys(samples())) {
        await tab.goto(`${origin}/${name}`);
        await tab.evaluate(() => {
          for (const details of document.querySelectorAll('details')) details.open = true;
          // axe waits for ever in a frame that may run no script.
          document.querySelector('iframe')?.remove();
        });
        const { violations } = await new AxeBuilder({ page: tab })
          .setLegacyMode()
          .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
          .analyze();
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
        assert.deepEqual(found, [], name);
        const overflow = await tab.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.equal(overflow, 0, `${name} scrolls sideways`);
      }
    });
  }

  for (const { look, colorScheme, size } of looks) {
    it(`pages of a tenant with a look of its own pass axe, ${look}`, async () => {
      await tab.emulateMedia({ colorScheme });
      await tab.setViewportSize(size);
      for (const name of [
        'address-malformed',
        'send-code',
        'enter-code',
        'refused',
        'invitation',
      ]) {
        await tab.goto(`${origin}/branded/${name}`);
        const { violations } = await new AxeBuilder({ page: tab })
          .setLegacyMode()
          .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
          .analyze();
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
        assert.deepEqual(found, [], name);
        const [overflow, wide] = await tab.evaluate(() => [
          document.documentElement.scrollWidth - document.documentElement.clientWidth,
          document.querySelector('img')?.naturalWidth ?? 0,
        ]);
        assert.equal(overflow, 0, `${name} scrolls sideways`);
        assert.ok(wide > 0, 'no logo');
      }
    });
  }

  it('S22 runs nothing that came from outside', async () => {
    const dialogs: string[] = [];
    tab.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    for (const name of Object.keys(samples())) await tab.goto(`${origin}/hostile/${name}`);
    assert.deepEqual(dialogs, []);
  });

  it('puts the focus on the summary, or on the code field', async () => {
    // The browser moves the focus a moment after the page has loaded.
    await tab.goto(`${origin}/enter-code-short`);
    await tab.locator('.summary:focus').waitFor();
    await tab.goto(`${origin}/enter-code-resent`);
    await tab.locator('.notice:focus').waitFor();
    await tab.goto(`${origin}/enter-code`);
    await tab.locator('#code:focus').waitFor();
  });

  it('makes every button at least 44 px high', async () => {
    for (const name of ['enter-code', 'choose-method', 'review', 'tenant-home-guest']) {
      await tab.goto(`${origin}/${name}`);
      for (const button of await tab.locator('button').all()) {
        assert.ok(((await button.boundingBox())?.height ?? 0) >= 44);
      }
    }
  });

  it('R70 makes yes and no equally large', async () => {
    for (const size of [wide, { width: 320, height: 640 }]) {
      await tab.setViewportSize(size);
      for (const name of ['review', 'terms']) {
        await tab.goto(`${origin}/${name}`);
        const boxes = await Promise.all(
          (await tab.locator('.pair button').all()).map((button) => button.boundingBox()),
        );
        const [yes, no] = boxes.map((box) => box && [box.width, box.height]);
        assert.deepEqual(yes, no);
      }
    }
  });
});

describe('problemJson', () => {
  it('gives programs the registered code and a printable description', () => {
    assert.deepEqual(problemJson('request_refused', 'R1', 'say "no" \\ é\n'), {
      error: 'invalid_request',
      error_description: "say 'no' ' ??",
      error_code: 'request_refused',
      reference: 'R1',
    });
  });

  it('drops the detail of a fault', () => {
    assert.equal(problemJson('internal', 'R1', 'ER_DUP_ENTRY').error_description, 'internal');
  });
});
