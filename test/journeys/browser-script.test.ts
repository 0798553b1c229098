import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { systemClock } from '../../src/domain/clock.ts';
import { launchChromium, pressThrough } from '../support/chromium.ts';
import { CALLBACK, secretOf, startWorld, type World } from '../support/world.ts';

describe('what the script adds, in Chromium', function () {
  this.timeout(60_000);
  let browser: Browser;
  let world: World;
  let page: Page;
  let posts: string[];
  let complaints: string[];

  before(async () => {
    world = await startWorld({
      store: 'sqlite',
      clock: systemClock,
      tenants: {
        a: {
          clients: [{ client_id: 'docs', client_secret: secretOf('a'), redirect_uris: [CALLBACK] }],
        },
      },
    });
    browser = await launchChromium();
  });
  after(async () => {
    await browser.close();
    await world.close();
  });
  beforeEach(async () => {
    page = await browser.newPage();
    posts = [];
    complaints = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') posts.push(new URL(request.url()).pathname);
    });
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.clock.install();
  });
  afterEach(() => page.close());

  async function offerCode(address: string): Promise<void> {
    const url = new URL(`${world.publicUrl}/a/v2.0/auth`);
    url.search = new URLSearchParams({
      client_id: 'docs',
      response_type: 'code',
      scope: 'openid email',
      redirect_uri: CALLBACK,
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      login_hint: address,
    }).toString();
    await page.goto(url.href);
    // From here on it goes by what is said, however long this machine takes.
    await page.clock.pauseAt(Date.now() + 1000);
  }

  it('P5 counts down to a new code, silently, and says once that the time has come', async () => {
    await world.invite('teri@gmail.com');
    await offerCode('teri@gmail.com');
    await pressThrough(page, 'Send code');
    assert.equal(await page.locator('h1').innerText(), 'Enter the code we emailed you');
    const again = page.locator('button[data-wait]');
    const status = page.locator('p[role=status]');
    const wait = Number(await again.getAttribute('data-wait'));
    assert.ok(wait > 20 && wait <= 30, String(wait));
    assert.equal(await again.innerText(), `Send a new code (${wait})`);
    // To who listens, the button says what it does, and no seconds.
    assert.equal(
      await page.getByRole('button', { name: 'Send a new code', exact: true }).count(),
      1,
    );
    assert.equal(await status.innerText(), '');
    await page.clock.runFor(10_000);
    assert.equal(await again.innerText(), `Send a new code (${wait - 10})`);
    await page.clock.runFor((wait - 11) * 1000);
    assert.equal(await again.innerText(), 'Send a new code (1)');
    assert.equal(await status.innerText(), '');
    await page.clock.runFor(1000);
    assert.equal(await again.innerText(), 'Send a new code');
    assert.equal(await status.innerText(), 'You can ask for a new code now.');
    assert.deepEqual(complaints, []);
  });

  it('sends a form once, however often its button is pressed at once', async () => {
    await world.invite('twice@gmail.com');
    await offerCode('twice@gmail.com');
    await page.locator('form').evaluate((form) => {
      if (!(form instanceof HTMLFormElement)) throw new TypeError('no form');
      for (let press = 0; press < 3; press += 1) form.requestSubmit();
    });
    await page.getByRole('heading', { name: 'Enter the code we emailed you' }).waitFor();
    assert.equal(posts.length, 1);
    assert.deepEqual(complaints, []);
  });

  it('lets a form be sent again whose page never came', async () => {
    await world.invite('stopped@gmail.com');
    await offerCode('stopped@gmail.com');
    const send = page.getByRole('button', { name: 'Send code' });
    // An answer without a page, like one that was stopped, leaves the guest where they are.
    await page.route('**/send', (route) => route.fulfill({ status: 204 }), { times: 1 });
    await Promise.all([page.waitForResponse('**/send'), send.click()]);
    await page.waitForFunction(() => document.readyState === 'complete');
    await send.click();
    assert.equal(posts.length, 1);
    await page.clock.runFor(6_000);
    await send.click();
    await page.getByRole('heading', { name: 'Enter the code we emailed you' }).waitFor();
    assert.equal(posts.length, 2);
  });
});
