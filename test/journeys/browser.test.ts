import assert from 'node:assert/strict';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { systemClock } from '../../src/domain/clock.ts';
import { type DemoApplication, startDemoApplication } from '../../src/demo/application.ts';
import { launchChromium, pressThrough, through } from '../support/chromium.ts';
import { travel } from '../support/time.ts';
import { CALLBACK, freePort, secretOf, startWorld, stores, type World } from '../support/world.ts';

for (const store of stores) {
  describe(`a guest in Chromium, without JavaScript, on ${store}`, function () {
    this.timeout(60_000);
    let browser: Browser;
    let world: World;
    let application: DemoApplication;
    let context: BrowserContext;
    let page: Page;

    before(async () => {
      const port = await freePort();
      const clients = (tenant: string) => [
        {
          client_id: 'demo',
          client_name: 'Demo application',
          client_secret: secretOf(tenant),
          redirect_uris: [`http://127.0.0.1:${port}/${tenant}/cb`],
          post_logout_redirect_uris: [`http://127.0.0.1:${port}/`],
        },
        { client_id: 'docs', client_secret: secretOf(tenant), redirect_uris: [CALLBACK] },
      ];
      world = await startWorld({
        store,
        clock: systemClock,
        settings: { limits: { sendsPerNetworkPer15Minutes: 1000 }, unsafeLimits: true },
        tenants: {
          a: { clients: clients('a'), support: 'help@a.example' },
          b: { clients: clients('b') },
          off: { clients: clients('off'), emailOneTimePasscode: 'disabled' },
        },
      });
      const tenants = [...world.server.guests.parts.tenants().byId.values()];
      application = await startDemoApplication(world.publicUrl, tenants);
      browser = await launchChromium();
    });
    after(async () => {
      await browser.close();
      await application.close();
      await world.close();
    });
    beforeEach(async () => {
      context = await browser.newContext({ javaScriptEnabled: false });
      page = await context.newPage();
    });
    afterEach(() => context.close());

    const h1 = (): Promise<string> => page.locator('h1').innerText();
    const press = (name: string): Promise<void> => pressThrough(page, name);

    async function askForCode(address: string): Promise<string> {
      const { length: after } = world.relay.messages.filter(({ recipients }) =>
        recipients.includes(address),
      );
      await page.goto(`${application.url}/a/sign-in`);
      await page.getByLabel('Email address').fill(address);
      await press('Next');
      assert.equal(await h1(), 'We will email you a code');
      assert.match(await page.locator('main').innerText(), new RegExp(address));
      await press('Send code');
      assert.equal(await h1(), 'Enter the code we emailed you');
      return world.passcodeFor(address, after);
    }

    it('P2 P4 P5 goes from the application through the mail and back, signed in', async () => {
      await world.invite('teri@gmail.com');
      const code = await askForCode('teri@gmail.com');
      // As it looks in the mail's letter-spacing, or typed in groups.
      await page.getByLabel('Code').fill(`${code.slice(0, 4)} ${code.slice(4)}`);
      await press('Sign in');
      assert.equal(new URL(page.url()).origin, application.url);
      const claims = await page.locator('pre').innerText();
      assert.match(claims, /"email": "teri@gmail\.com"/);
      assert.match(claims, /"tid": "a"/);
      const cookies = await context.cookies(world.publicUrl);
      for (const { name, httpOnly, sameSite, expires } of cookies) {
        assert.equal(httpOnly, true, name);
        assert.equal(sameSite, 'Lax', name);
        if (name.startsWith('sid_')) assert.equal(expires, -1);
      }
      // Single sign-on within the tenant, and none at the other.
      await page.goto(`${application.url}/a/sign-in`);
      assert.match(await page.locator('pre').innerText(), /teri@gmail\.com/);
      await page.goto(`${application.url}/b/sign-in`);
      assert.equal(await h1(), 'Sign in to Tenant B');
    });

    it('P2 says what is wrong with an address and keeps it', async () => {
      await page.goto(`${application.url}/a/sign-in`);
      await press('Next');
      assert.match(await page.getByRole('alert').innerText(), /Enter your email address/);
      await page.getByLabel('Email address').fill('teri(at)gmail.com');
      await press('Next');
      assert.match(await page.getByRole('alert').innerText(), /like name@example\.com/);
      assert.equal(await page.getByLabel('Email address').inputValue(), 'teri(at)gmail.com');
      assert.match(await page.title(), /^Error: /);
    });

    it('P5 counts wrong codes and not slips of the finger, and ends after five', async () => {
      await world.invite('wrong@partner.example');
      const code = await askForCode('wrong@partner.example');
      const wrong = String((Number(code) + 1) % 1e8).padStart(8, '0');
      const expected: (readonly [string, RegExp])[] = [
        ['', /Enter the code from the email/],
        ['1234567', /not entered enough numbers/],
        ['123456789', /too many numbers/],
        ['abcdefgh', /The code is 8 numbers/],
        [wrong, /That code is not right/],
        [wrong, /That code is not right/],
        [wrong, /You have 2 tries left/],
        [wrong, /You have 1 try left/],
        [wrong, /Too many wrong codes\. Send a new code\./],
      ];
      for (const [typed, sentence] of expected) {
        await page.getByLabel('Code').fill(typed);
        await press('Sign in');
        assert.match(await page.getByRole('alert').innerText(), sentence);
        assert.equal((await page.content()).includes(`"${wrong}"`), false);
      }
      assert.equal(await page.getByLabel('Code').count(), 0);
      travel(31);
      await press('Send a new code');
      const fresh = await world.passcodeFor('wrong@partner.example', 1);
      await page.getByLabel('Code').fill(fresh);
      await press('Sign in');
      assert.equal(new URL(page.url()).origin, application.url);
    });

    it('S7 keeps the earlier code good after a resend', async () => {
      await world.invite('resend@partner.example');
      const first = await askForCode('resend@partner.example');
      await page.getByText('I did not get the email').click();
      await press('Send a new code');
      assert.match(await page.getByRole('status').innerText(), /Wait \d+ seconds?, then ask again/);
      travel(31);
      await press('Send a new code');
      const status = await page.getByRole('status').innerText();
      assert.match(status, /We sent a new code\. Earlier codes work until they expire\./);
      await world.passcodeFor('resend@partner.example', 1);
      await page.getByLabel('Code').fill(first);
      await press('Sign in');
      assert.match(await page.locator('pre').innerText(), /resend@partner\.example/);
    });

    it('P6 tells an expired code from a wrong one, and one press brings a new one', async () => {
      await world.invite('late@partner.example');
      const code = await askForCode('late@partner.example');
      travel(1801);
      await page.getByLabel('Code').fill(code);
      await press('Sign in');
      assert.equal(await h1(), 'That code has expired');
      await press('Send a new code');
      const fresh = await world.passcodeFor('late@partner.example', 1);
      await page.getByLabel('Code').fill(fresh);
      await press('Sign in');
      assert.equal(await h1(), 'Demo application');
    });

    it('lets the guest change the address', async () => {
      await world.invite('typo@partner.example');
      await page.goto(`${application.url}/a/sign-in`);
      await page.getByLabel('Email address').fill('tpyo@partner.example');
      await press('Next');
      const other = page.getByRole('link', { name: 'Use a different email address' });
      await through(page, () => other.click());
      await page.getByLabel('Email address').fill('typo@partner.example');
      await press('Next');
      await press('Send code');
      await page.getByLabel('Code').fill(await world.passcodeFor('typo@partner.example'));
      await press('Sign in');
      assert.match(await page.locator('pre').innerText(), /typo@partner\.example/);
    });

    it('T69 survives Back, forward and reload at each step', async () => {
      await world.invite('back@partner.example');
      const code = await askForCode('back@partner.example');
      await page.reload();
      await page.goBack();
      await page.goForward();
      assert.equal(await h1(), 'Enter the code we emailed you');
      await page.getByLabel('Code').fill(code);
      await press('Sign in');
      assert.equal(await h1(), 'Demo application');
      const { length: mails } = world.relay.messages;
      for (let step = 0; step < 3; step += 1) await page.goBack();
      const text = await page.locator('main').innerText();
      assert.match(text, /You have already signed in here[^]*Start again/);
      await page.reload();
      assert.equal(await h1(), 'You have already signed in here');
      assert.equal(world.relay.messages.length, mails);
    });

    it('P9 asks before signing out, and has an end', async () => {
      await world.invite('out@partner.example');
      await page.goto(`${application.url}/a/sign-in`);
      await page.goto(`${application.url}/a/sign-in`);
      await page.getByLabel('Email address').fill('out@partner.example');
      await press('Next');
      await press('Send code');
      await page.getByLabel('Code').fill(await world.passcodeFor('out@partner.example'));
      await press('Sign in');
      await page.goto(`${world.publicUrl}/a/v2.0/session/end`);
      assert.equal(await h1(), 'Sign out of Tenant A?');
      await press('Stay signed in');
      await page.goto(`${application.url}/a/sign-in`);
      assert.equal(await h1(), 'Demo application');
      await page.goto(`${world.publicUrl}/a/v2.0/session/end`);
      await press('Sign out');
      assert.equal(await h1(), 'You have signed out');
      await page.goto(`${application.url}/a/sign-in`);
      assert.equal(await h1(), 'Sign in to Tenant A');
    });

    it('P10 explains a page that belongs to another browser', async () => {
      await page.goto(`${application.url}/a/sign-in`);
      const url = page.url();
      const other = await browser.newContext({ javaScriptEnabled: false });
      const tab = await other.newPage();
      const answer = await tab.goto(url);
      assert.equal(answer?.status(), 400);
      const said = await tab.locator('main').innerText();
      assert.match(said, /This sign-in began in another browser[^]*If you have a code, enter it/);
      assert.equal(await tab.getByRole('button').count(), 0);
      await other.close();
    });

    it('P11 R41 refuses where passcodes are off, and leads back with access_denied', async () => {
      await page.goto(`${application.url}/off/sign-in`);
      assert.match(await page.locator('main').innerText(), /no longer allows sign-in/);
      await press('Go back to Demo application');
      assert.equal(new URL(page.url()).origin, application.url);
      assert.equal(await h1(), 'Sign-in did not work');
    });

    it('P12 tells a request that cannot be accepted, and echoes nothing of it unescaped', async () => {
      const query = `client_id=docs&response_type=code&redirect_uri=https://evil.example/<script>`;
      const answer = await page.goto(`${world.publicUrl}/a/v2.0/auth?${query}`);
      assert.equal(answer?.status(), 400);
      assert.equal(new URL(page.url()).origin, world.publicUrl);
      assert.equal(await h1(), 'The app sent a request we cannot accept');
      assert.equal(await page.locator('script:not([src^="/assets/"])').count(), 0);
    });

    it('P0 explains a link without an organisation', async () => {
      const answer = await page.goto(`${world.publicUrl}/common/oauth2/v2.0/authorize?client_id=x`);
      assert.equal(answer?.status(), 400);
      assert.equal(await h1(), 'Use the link from your organisation');
    });
  });
}

describe('a guest in Chromium with JavaScript', () => {
  it('signs in under the real content security policy, with nothing blocked', async function () {
    this.timeout(60_000);
    const port = await freePort();
    const world = await startWorld({
      tenants: {
        a: {
          clients: [
            {
              client_id: 'demo',
              client_secret: secretOf('a'),
              redirect_uris: [`http://127.0.0.1:${port}/a/cb`],
            },
            { client_id: 'docs', client_secret: secretOf('a'), redirect_uris: [CALLBACK] },
          ],
        },
      },
    });
    const tenants = [...world.server.guests.parts.tenants().byId.values()];
    const application = await startDemoApplication(world.publicUrl, tenants);
    const browser = await launchChromium();
    try {
      await world.invite('csp@partner.example');
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      await page.goto(`${application.url}/a/sign-in`);
      await page.getByLabel('Email address').fill('csp@partner.example');
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByRole('button', { name: 'Send code' }).click();
      await page.getByLabel('Code').fill(await world.passcodeFor('csp@partner.example'));
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(`${application.url}/`);
      // Another guest over a live session: the engine signs the first one out with a form of its own.
      await world.invite('second@partner.example');
      const verifierless = await world.begin('a', { prompt: 'login' });
      await page.goto(verifierless.url.href);
      await page.getByLabel('Email address').fill('second@partner.example');
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByRole('button', { name: 'Send code' }).click();
      await page.getByLabel('Code').fill(await world.passcodeFor('second@partner.example'));
      const back = page.waitForRequest((request) => request.url().startsWith(CALLBACK));
      await page.getByRole('button', { name: 'Sign in' }).click();
      assert.match((await back).url(), /code=/);
      assert.deepEqual(
        complaints.filter((text) => !text.includes('ERR_CONNECTION_REFUSED')),
        [],
      );
    } finally {
      await browser.close();
      await application.close();
      await world.close();
    }
  });
});
