import assert from 'node:assert/strict';
import type { Browser as Chromium } from 'playwright-core';
import { launchChromium } from '../support/chromium.ts';
import { type Answer, hidden } from '../support/jar.ts';
import { stores } from '../support/world.ts';
import { attemptsOf, isLoggedIn } from './evidence.ts';
import { type Fortress, fortressOf, sendRaw } from './fortress.ts';

const TENANT = 'door';
const FOREIGN: readonly Record<string, string>[] = [
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { origin: 'http://guest.test' },
  { origin: 'https://guest.test.evil.example' },
  { origin: 'https://guest.test:8443' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
];

for (const store of stores) {
  describe(`attacks from other sites, on ${store}`, function () {
    this.timeout(120_000);
    let fortress: Fortress;
    before(async () => {
      fortress = await fortressOf(store);
    });

    it('T68 S26 every form of a sign-in posted by another site, without a token, with that of another sign-in or browser: 403, and nothing happens', async () => {
      const address = 'forged@partner.example';
      await fortress.invite(address, TENANT);
      const browser = fortress.browser();
      const door = await fortress.walkToCode(browser, address, await fortress.begin(TENANT));
      const code = await fortress.codeFor(address);
      const second = await fortress.arrive(browser, await fortress.begin(TENANT));
      const thief = fortress.browser();
      const foreign = await fortress.arrive(thief, await fortress.begin(TENANT));
      const tokens = ['', 'x', 'A'.repeat(43), hidden(second, 'csrf'), hidden(foreign, 'csrf')];
      const forms = [
        'address',
        'send',
        'passcode',
        'method',
        'leave',
        'retry',
        'accept',
        'decline',
        'continue',
      ];
      for (const form of forms) {
        const fields = { email: 'other@partner.example', code, door: '0' };
        const at = `${door.page.url.href}/${form}`;
        for (const headers of FOREIGN) {
          const { status } = await browser.post(at, { ...fields, csrf: door.csrf }, headers);
          assert.equal(status, 403, `${form} ${JSON.stringify(headers)}`);
        }
        for (const csrf of tokens) {
          const { status } = await browser.post(at, { ...fields, csrf });
          assert.equal(status, 403, `${form} ${csrf}`);
        }
        assert.equal((await browser.post(at, fields)).status, 403, form);
      }
      const { attempts, sends, address: kept } = await attemptsOf(fortress, door);
      assert.deepEqual([attempts, sends, kept], [0, 1, address]);
      assert.equal(fortress.mailsTo(address), 1);
      assert.match((await door.type(code)).location ?? '', /[?&]code=/);
    });

    it('T68 S26 S48 the guest’s own page, leaving and signing out posted by another site: nothing', async () => {
      const address = 'leaver@partner.example';
      await fortress.invite(address, TENANT);
      const browser = fortress.browser();
      await fortress.signIn(browser, address, await fortress.begin(TENANT));
      const home = await browser.follow(await browser.get(`${fortress.origin}/${TENANT}/`));
      assert.match(home.text, /leaver@partner\.example/);
      const base = `${fortress.origin}/${TENANT}`;
      const fields = { confirm: 'yes', everywhere: 'yes', block: 'yes' };
      const csrf = hidden(home, 'csrf');
      // With the right token from a wrong place, and from the right place without it.
      const attempts = [
        ...FOREIGN.map((headers) => ({ headers, token: { csrf } })),
        ...['', 'x', 'A'.repeat(43)].map((wrong) => ({ headers: {}, token: { csrf: wrong } })),
        { headers: {}, token: {} },
      ];
      for (const { headers, token } of attempts) {
        for (const form of ['sign-in', 'sign-out', 'invitations', 'leave']) {
          const at = `${base}/signin/home/${form}`;
          const { status } = await browser.post(at, { ...fields, ...token }, headers);
          assert.equal(status, 403, `${form} ${JSON.stringify([headers, token])}`);
        }
      }
      const end = `${base}/v2.0/session/end`;
      for (const headers of FOREIGN) {
        const xsrf = hidden(await browser.get(end), 'xsrf');
        const out = await browser.post(`${end}/confirm`, { xsrf, logout: 'yes' }, headers);
        assert.ok(out.status === 400 || out.status === 403, String(out.status));
      }
      const without = await browser.post(`${end}/confirm`, { logout: 'yes' });
      assert.equal(without.status, 400);
      assert.equal(await isLoggedIn(fortress, browser, TENANT), true);
    });

    it('T67 S30 S31 S65 the headers of every kind of answer, refusals of every kind among them: whole, and no trace of the machinery', async () => {
      const address = 'headers@partner.example';
      await fortress.invite(address, TENANT);
      const browser = fortress.browser();
      const begun = await fortress.begin(TENANT);
      const door = await fortress.walkToCode(browser, address, begun);
      const base = `${fortress.origin}/${TENANT}`;
      const raw = (line: string, ...headers: string[]) =>
        sendRaw(
          fortress,
          `${line} HTTP/1.1\r\nHost: ${new URL(fortress.origin).host}\r\nConnection: close\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n`,
        );
      const answers: Answer[] = [
        // First: it is refused for as long as the code was asked for less than 30 seconds ago.
        await browser.follow(await browser.post(`${door.page.url.href}/send`, { csrf: door.csrf })),
        await browser.get(`${base}/`),
        await browser.get(base),
        await browser.get(`${base}/v2.0/.well-known/openid-configuration`),
        await browser.get(`${base}/v2.0/jwks`),
        await browser.get(begun.url),
        await browser.get(`${base}/v2.0/auth`),
        await browser.get(`${base}/v2.0/me`),
        await browser.get(`${base}/v2.0/session/end`),
        await browser.get(`${base}/v2.0/session/end/success`),
        await browser.get(`${base}/v2.0/nothing`),
        await browser.get(`${base}/nothing`),
        await browser.get(`${fortress.origin}/`),
        await browser.get(`${fortress.origin}/nobody/`),
        await browser.get(`${fortress.origin}/assets/style.css`),
        await browser.get(`${fortress.origin}/assets/../guestpass.yaml`),
        await browser.get(`${fortress.origin}/favicon.ico`),
        await browser.get(`${base}/invitation`),
        await browser.get(`${base}/signin/federation/x/callback`),
        await browser.get(`${base}/signin/federation/x/metadata`),
        await browser.get(door.page.url),
        await browser.get(`${door.page.url.href}/passcode`),
        await browser.get(`${door.page.url.href}/passcode?code=1`),
        await browser.get(`${base}/signin/x`),
        await browser.post(`${base}/v2.0/token`, { grant_type: 'x' }),
        await browser.post(`${door.page.url.href}/passcode`, { csrf: 'x' }),
        await browser.post(`${door.page.url.href}/passcode`, '{}', {
          'content-type': 'application/json',
        }),
        await browser.post(`${door.page.url.href}/passcode`, 'x'.repeat(20_000)),
        await browser.follow(await door.submit('none')),
        await browser.post(`${base}/v2.0/token`, 'x'.repeat(100_000)),
        await browser.get(`${fortress.origin}/${TENANT}/v2.0/auth/%E0%A4%A`),
        await browser.get(`${fortress.origin}/${TENANT}/signin/%E0%A4%A`),
      ];
      assert.deepEqual(
        new Set(answers.map(({ status }) => status)),
        new Set([200, 303, 307, 400, 401, 403, 404, 405, 413, 415, 429]),
      );
      for (const { headers, url, status, text } of answers) {
        const where = `${url.pathname} ${status}`;
        const policy = String(headers['content-security-policy']);
        assert.match(policy, /default-src 'none'/, where);
        assert.match(policy, /frame-ancestors 'none'/, where);
        assert.match(policy, /base-uri 'none'/, where);
        assert.doesNotMatch(policy, /unsafe|\*/, where);
        assert.equal(headers['x-content-type-options'], 'nosniff', where);
        assert.equal(headers['x-frame-options'], 'DENY', where);
        assert.equal(headers['referrer-policy'], 'same-origin', where);
        assert.match(String(headers['strict-transport-security']), /^max-age=31536000/, where);
        for (const name of ['x-powered-by', 'server', 'x-aspnet-version', 'via']) {
          assert.equal(headers[name], undefined, where);
        }
        const isPublic = /assets|jwks|openid-configuration/.test(url.pathname);
        if (!isPublic) assert.match(String(headers['cache-control']), /no-store/, where);
        assert.doesNotMatch(text, /\bat \S+ \(|node_modules|\.ts:\d+/, where);
      }
      const wrongHost = await sendRaw(
        fortress,
        'GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
      );
      assert.equal(wrongHost.status, 421);
      for (const { text } of [
        wrongHost,
        await raw('GET http://evil.example/'),
        await raw(`TRACE /${TENANT}/`),
      ]) {
        assert.match(text, /strict-transport-security: max-age=31536000/i);
        assert.match(text, /frame-ancestors 'none'/);
      }
    });

    it('T66 S24 S27 cookies of one’s own making, signed by nobody: taken for nothing', async () => {
      const address = 'fixed@partner.example';
      await fortress.invite(address, TENANT);
      const victim = fortress.browser();
      await fortress.signIn(victim, address, await fortress.begin(TENANT));
      const sid = [...victim.cookies.values()].find(({ name }) => /sid_[^.]+$/.test(name))!;
      const forged = fortress.browser();
      for (const sig of [undefined, '', 'x', 'A'.repeat(43)]) {
        forged.cookies.clear();
        forged.cookies.set('1', sid);
        if (sig !== undefined)
          forged.cookies.set('2', { ...sid, name: `${sid.name}.sig`, value: sig });
        assert.equal(await isLoggedIn(fortress, forged, TENANT), false);
      }
      // A session chosen before the sign-in is not the one after it.
      const fixed = fortress.browser();
      const begun = await fortress.begin(TENANT);
      await fortress.arrive(fixed, begun);
      const planted = fixed.clone();
      await fortress.signIn(fixed, address, await fortress.begin(TENANT));
      assert.equal(await isLoggedIn(fortress, fixed, TENANT), true);
      assert.equal(await isLoggedIn(fortress, planted, TENANT), false);
    });

    it('S24 __proto__, a thousand and malformed cookies: no fault of ours, and nobody is signed in', async () => {
      const { url } = await fortress.begin(TENANT);
      const { url: silent } = await fortress.begin(TENANT, { prompt: 'none' });
      for (const cookie of [
        '__proto__=x; constructor=y',
        '__Host-bid=',
        '__Host-bid=short',
        `__Host-bid=${'é'.repeat(20)}`,
        `__Host-bid=${'A'.repeat(43)}; __Host-bid=${'B'.repeat(43)}`,
        '=;=;;;',
        `__Host-opened=${'x'.repeat(300)}`,
        '__Host-invitation=%00%0d%0a',
        Array.from({ length: 500 }, (_, index) => `c${index}=1`).join('; '),
      ]) {
        const headers = { cookie: Buffer.from(cookie, 'utf8').toString('latin1') };
        const answer = await fortress.browser().get(url, headers);
        assert.equal(answer.status, 303, cookie.slice(0, 40));
        // What names a browser is of our own making, or is made anew.
        const made = [answer.headers['set-cookie']].flat().join('\n');
        assert.equal(/^__Host-bid=[\w-]{43};/m.test(made), !/bid=A/.test(cookie), cookie);
        const asked = await fortress.browser().get(silent, headers);
        assert.match(asked.location ?? '', /error=login_required/, cookie.slice(0, 40));
      }
    });
  });
}

describe('a real browser on https', function () {
  this.timeout(120_000);
  let fortress: Fortress;
  let chromium: Chromium;
  before(async () => {
    fortress = await fortressOf('sqlite');
    chromium = await launchChromium([
      `--host-resolver-rules=MAP guest.test:443 127.0.0.1:${fortress.proxy.port}`,
      // Else it is this that keeps a foreign site from framing a page on loopback.
      '--disable-features=LocalNetworkAccessChecks',
    ]);
  });
  after(() => chromium.close());

  it('T69 S24 S30 signs in for an application of another origin, with __Host- cookies and the policy of the pages', async () => {
    const address = 'chromium@partner.example';
    await fortress.invite(address, TENANT);
    const context = await chromium.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    const broken: string[] = [];
    page.on('console', (line) => {
      if (/Content Security Policy|Refused/i.test(line.text())) broken.push(line.text());
    });
    await page.route('https://app.example/**', (route) =>
      route.fulfill({ body: 'the application' }),
    );
    const begun = await fortress.begin(TENANT);
    await page.goto(begun.url.href);
    await page.fill('input[name=email]', address);
    await page.press('input[name=email]', 'Enter');
    await page.locator('form[action$="/send"] button').click();
    await page.fill('input[name=code]', await fortress.codeFor(address));
    await page.press('input[name=code]', 'Enter');
    await page.waitForURL(/^https:\/\/app\.example\/cb/);
    assert.equal((await fortress.redeem(begun, page.url())).claims()?.['email'], address);
    const cookies = await context.cookies(fortress.origin);
    assert.ok(cookies.length >= 2);
    for (const { name, httpOnly, secure, sameSite, domain } of cookies) {
      assert.deepEqual(
        [httpOnly, secure, sameSite, domain],
        [true, true, 'Lax', 'guest.test'],
        name,
      );
    }
    assert.deepEqual(broken, []);
    await context.close();
  });

  it('T69 S30 a page of another site shows ours in a frame: nothing is shown', async () => {
    const context = await chromium.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    const { url } = await fortress.begin(TENANT);
    await page.route('https://evil.example/**', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<h1>Win</h1><iframe src="${url.href.replaceAll('&', '&amp;')}"></iframe>`,
      }),
    );
    const refused = page.waitForEvent('requestfailed', (request) =>
      request.url().startsWith(fortress.origin),
    );
    await page.goto('https://evil.example/');
    assert.match((await refused).failure()?.errorText ?? '', /BLOCKED_BY_RESPONSE/);
    for (const frame of page.frames().slice(1)) {
      assert.doesNotMatch(await frame.content(), /name="email"/);
    }
    await context.close();
  });
});
