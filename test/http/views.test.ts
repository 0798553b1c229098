import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { AxeBuilder } from '@axe-core/playwright';
import Koa from 'koa';
import { chromium, type Browser, type Page as Tab } from 'playwright-core';
import { errorTable, type ErrorCode } from '../../src/domain/errors.ts';
import type { Page } from '../../src/http/page.ts';
import { createSecurityHeaders } from '../../src/http/security.ts';
import { createViews, problemJson, statusOf } from '../../src/http/views.ts';
import { createTranslator, type Translator } from '../../src/i18n.ts';

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
    support: say('it-help@fabrikam.example'),
    privacyUrl: say('https://fabrikam.example/privacy'),
  };
  const bare = { ...frame, support: null, privacyUrl: null };
  const address = say('teri@gmail.com');
  const reference = say('4K7Q-2M9X');
  const code = {
    ...frame,
    page: 'enter-code' as const,
    address,
    label: say('K7'),
    strong: false,
    digits: 8,
    lifetimeMinutes: 30,
    sender: say('no-reply@guest.example'),
    live: true,
    canResend: true,
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
    'send-code': { ...frame, page: 'send-code', address },
    'send-code-throttled': { ...bare, page: 'send-code', address, ...problem('throttled') },
    'enter-code': code,
    'enter-code-bare': { ...code, ...bare, digits: 9, lifetimeMinutes: 1 },
    'enter-code-resent': { ...code, notice: 'resent' },
    'enter-code-soon': { ...code, ...problem('resend_too_soon', { count: 12 }) },
    'enter-code-wrong': { ...code, ...problem('passcode_mismatch', { count: 4 }) },
    'enter-code-wrong-again': { ...code, ...problem('passcode_mismatch', { count: 1 }) },
    'enter-code-short': { ...code, ...problem('passcode_too_short') },
    'enter-code-last': { ...code, canResend: false, ...problem('sends_exhausted') },
    'enter-code-dead': { ...code, live: false, ...problem('passcode_exhausted') },
    'enter-code-over': { ...code, live: false, canResend: false, ...problem('sends_exhausted') },
    'enter-code-strong': { ...code, strong: true },
    'enter-code-strong-long': { ...code, strong: true, ...problem('passcode_too_long') },
    'code-expired': { ...frame, page: 'code-expired', lifetimeMinutes: 30 },
    continue: { ...frame, page: 'continue' },
    refused: { ...frame, page: 'refused', code: 'guest_unavailable', reference },
    'refused-disabled': { ...frame, page: 'refused', code: 'passcode_disabled', reference },
    expired: { page: 'expired', tenantName: frame.tenantName, reference },
    'expired-anywhere': { page: 'expired', tenantName: null, reference },
    'no-tenant': {
      page: 'no-tenant',
      code: 'tenant_missing',
      reference,
      example: say('https://guest.example/fabrikam'),
    },
    'no-tenant-unknown': {
      page: 'no-tenant',
      code: 'tenant_unknown',
      reference,
      example: say('https://guest.example/fabrikam'),
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
    'signed-out': { page: 'signed-out', tenantName: frame.tenantName },
    'tenant-home': { page: 'tenant-home', tenantName: frame.tenantName, support: frame.support },
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

/** Serves `samples()` under /NAME, hostile ones under /hostile/NAME, with the real headers. */
async function serve(translator: Translator): Promise<{ origin: string; server: Server }> {
  const views = createViews({ translator, product: 'Guestpass' });
  const pages = new Map<string, Page>([
    ...Object.entries(samples()).map(([name, page]) => [`/${name}`, page] as const),
    ...Object.entries(samples(HOSTILE)).map(([name, page]) => [`/hostile/${name}`, page] as const),
  ]);
  const app = new Koa();
  app.use(async (ctx) => {
    const page = pages.get(ctx.path);
    if (page) return views.render(ctx, page);
    ctx.type = ctx.path.startsWith('/assets/') ? 'css' : 'html';
    ctx.body = ctx.path.startsWith('/assets/')
      ? readFileSync(new URL('assets/style.css', viewsDirectory), 'utf8')
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

const tagsOf = (source: string) => source.match(/<[!/]?[a-z0-9]+/g);

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
      assert.doesNotMatch(text, /\{\{|undefined|\[object|<script|style=|>null</);
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

  it('gives every form a token, an action below base and no script', async () => {
    for (const [name, page] of Object.entries(samples())) {
      if (!('csrf' in page)) continue;
      const forms = (await html(name)).match(/<form[^]*?<\/form>/g) ?? [];
      for (const form of forms) {
        assert.match(form, /method="post" action="\/fabrikam\/signin\/Vq3tKxW9\/[a-z]+"/);
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

  it('offers only a new code when no code is live', async () => {
    const text = await html('enter-code-dead');
    assert.deepEqual(text.match(/action="[^"]*"/g), ['action="/fabrikam/signin/Vq3tKxW9/send"']);
    assert.doesNotMatch(text, /name="code"/);
    assert.match(text, /signin\/Vq3tKxW9\/address">Use a different email address/);
  });

  it('leads back to the app when no code is live and none may be sent', async () => {
    const text = await html('enter-code-over');
    assert.deepEqual(text.match(/action="[^"]*"/g), [
      'action="/fabrikam/signin/Vq3tKxW9/continue"',
    ]);
    assert.match(text, /Go back to the app and sign in again\.<\/p>/);
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

  it('every error code has a sentence, and every sentence a code', () => {
    const ids = Object.keys(english.error).map((id) => id.replace(/_(one|other|strong)$/, ''));
    assert.deepEqual(new Set(ids), new Set(codes));
    for (const code of codes) assert.match(real.in('en')(`error.${code}`), /\w/);
  });

  it('every sentence of a page is asked for by some page', async () => {
    for (const name of Object.keys(samples())) await html(name);
    const variants = /_(one|other|strong|8|11)$/;
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
          document.querySelector('details')?.setAttribute('open', '');
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
    await tab.goto(`${origin}/enter-code`);
    for (const button of await tab.locator('button').all()) {
      assert.ok(((await button.boundingBox())?.height ?? 0) >= 44);
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
