import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { parse, stringify } from 'yaml';
import { type DemoApplication, startDemoApplication } from '../../src/demo/application.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { findChromium, launchChromium, pressThrough, through } from '../support/chromium.ts';
import { type Answer, heading, hidden, Jar } from '../support/jar.ts';
import { noteSecret } from '../support/leaks.ts';
import { startProcess } from '../support/processes.ts';
import { returnToPresent, travel } from '../support/time.ts';
import {
  addGuests,
  CALLBACK,
  createInstallation,
  createWalker,
  freePort,
  secretOf,
  startWorld,
  stores,
  type World,
} from '../support/world.ts';

const INSIDE_AN_APP =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 ' +
  '(KHTML, like Gecko) Mobile/15E148 Instagram 390.0.0.29';

/** An application that takes every answer for none, and asks again. */
async function startForgetful(world: () => World, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const isBack = request.url?.startsWith('/cb') ?? false;
    void world()
      .begin('a', { client_id: 'forgetful', redirect_uri: `http://127.0.0.1:${port}/cb` })
      .then(({ url }) => response.writeHead(302, { location: isBack ? '/' : url.href }).end());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

for (const store of stores) {
  describe(`no dead ends, in Chromium without JavaScript, on ${store}`, function () {
    this.timeout(60_000);
    let browser: Browser;
    let world: World;
    let application: DemoApplication;
    let forgetful: Server;
    let forgetfulUrl: string;
    let context: BrowserContext;
    let page: Page;

    before(async () => {
      const [port, looping] = [await freePort(), await freePort()];
      forgetfulUrl = `http://127.0.0.1:${looping}`;
      const demo = {
        client_id: 'demo',
        client_name: 'Demo application',
        client_secret: secretOf('a'),
        redirect_uris: [`http://127.0.0.1:${port}/a/cb`],
      };
      const docs = { client_id: 'docs', client_secret: secretOf('a'), redirect_uris: [CALLBACK] };
      const loops = {
        client_id: 'forgetful',
        client_name: 'Forgetful',
        client_secret: secretOf('a'),
        redirect_uris: [`${forgetfulUrl}/cb`],
      };
      world = await startWorld({
        store,
        clock: systemClock,
        settings: { limits: { sendsPerNetworkPer15Minutes: 1000 }, unsafeLimits: true },
        tenants: { a: { clients: [demo, docs, loops] } },
      });
      const tenants = [...world.server.guests.parts.tenants().byId.values()];
      application = await startDemoApplication(world.publicUrl, tenants);
      forgetful = await startForgetful(() => world, looping);
      browser = await launchChromium();
    });
    after(async () => {
      returnToPresent();
      await browser.close();
      await application.close();
      forgetful.closeAllConnections();
      forgetful.close();
      await world.close();
    });
    beforeEach(async () => {
      context = await browser.newContext({ javaScriptEnabled: false });
      page = await context.newPage();
    });
    afterEach(() => context.close());

    const h1 = (tab = page): Promise<string> => tab.locator('h1').innerText();
    const main = (tab = page): Promise<string> => tab.locator('main').innerText();
    const press = (name: string, tab = page): Promise<void> => pressThrough(tab, name);
    const follow = (name: string, tab = page): Promise<void> =>
      through(tab, () => tab.getByRole('link', { name }).click());

    async function giveAddress(address: string, tab = page): Promise<void> {
      await tab.goto(`${application.url}/`);
      await follow('Sign in to Tenant A', tab);
      await tab.getByLabel('Email address').fill(address);
      await press('Next', tab);
    }
    async function sendCode(address: string, tab = page): Promise<string> {
      const { length: after } = world.relay.messages.filter(({ recipients }) =>
        recipients.includes(address),
      );
      await press('Send code', tab);
      assert.equal(await h1(tab), 'Enter the code we emailed you');
      return world.passcodeFor(address, after);
    }
    async function enter(code: string, tab = page): Promise<void> {
      await tab.getByLabel('Code').fill(code);
      await press('Sign in', tab);
    }
    async function isSignedIn(address: string, tab = page): Promise<void> {
      await tab.waitForURL((url) => url.origin === application.url);
      assert.match(await tab.locator('pre').innerText(), new RegExp(address));
    }
    /** From P10 to the end, with one press, a new code and nothing typed but it. */
    async function startAgain(address: string): Promise<void> {
      await press('Start again');
      assert.equal(await h1(), 'We will email you a code');
      assert.match(await main(), new RegExp(address));
      await enter(await sendCode(address));
      await isSignedIn(address);
    }

    it('P10 goes on with the same request when the hour is over', async () => {
      const address = 'hour@partner.example';
      await world.invite(address);
      await giveAddress(address);
      const code = await sendCode(address);
      travel(3700);
      await enter(code);
      assert.equal(await h1(), 'This page has expired');
      assert.match(await main(), /go on to Demo application/);
      await page.reload();
      assert.equal(await h1(), 'This page has expired');
      await startAgain(address);
    });

    it('P10 goes on when cookies were cleared: those of the sign-in, and all', async () => {
      const address = 'cookies@partner.example';
      await world.invite(address);
      await giveAddress(address);
      await sendCode(address);
      await context.clearCookies({ name: 'interaction' });
      await page.reload();
      assert.equal(await h1(), 'This page has expired');
      await press('Start again');
      assert.equal(await h1(), 'We will email you a code');
      await context.clearCookies();
      await press('Send code');
      assert.equal(await h1(), 'This page has expired');
      await startAgain(address);
    });

    it('P10 keeps an address that is typed into a page that is over', async () => {
      const address = 'typed@partner.example';
      await world.invite(address);
      await page.goto(`${application.url}/a/sign-in`);
      travel(3700);
      await page.getByLabel('Email address').fill(address);
      await press('Next');
      await startAgain(address);
    });

    it('T69 survives Back, Forward, reload and a second tab at every step', async () => {
      const address = 'steps@partner.example';
      await world.invite(address, 'a', 'pending');
      await page.goto(`${application.url}/`);
      await follow('Sign in to Tenant A');
      const holds = async (expected: string): Promise<void> => {
        assert.equal(await h1(), expected);
        await page.reload();
        assert.equal(await h1(), expected);
        const url = page.url();
        await page.goto(application.url);
        await page.goBack();
        assert.equal(await h1(), expected);
        await page.goForward();
        await page.goBack();
        assert.equal(await h1(), expected);
        const tab = await context.newPage();
        await tab.goto(url);
        assert.equal(await h1(tab), expected);
        await tab.close();
      };
      await holds('Sign in to Tenant A');
      await page.getByLabel('Email address').fill(address);
      await press('Next');
      await holds('We will email you a code');
      const code = await sendCode(address);
      await holds('Enter the code we emailed you');
      const { length: mails } = world.relay.messages;
      await enter(code);
      await holds('Review permissions');
      await press('Accept');
      await isSignedIn(address);
      assert.equal(world.relay.messages.length, mails);
      await page.goBack();
      await page.reload();
      assert.equal(await h1(), 'You have already signed in here');
      await page.goForward();
      await isSignedIn(address);
    });

    it('R18 900561 leads from the address of a form to its page', async () => {
      const address = 'verb@partner.example';
      await world.invite(address);
      await giveAddress(address);
      const code = await sendCode(address);
      await page.goto(`${page.url()}/passcode`);
      assert.equal(await h1(), 'Enter the code we emailed you');
      await enter(code);
      await isSignedIn(address);
    });

    it('P5 Back and reload show a mistake again, and ask nobody to send a form again', async () => {
      const address = 'slip@partner.example';
      await world.invite(address);
      await giveAddress('slip@');
      assert.match(await main(), /Enter an email address in the correct format/);
      await page.reload();
      assert.match(await main(), /Enter an email address in the correct format/);
      assert.equal(await page.getByLabel('Email address').inputValue(), 'slip@');
      await page.getByLabel('Email address').fill(address);
      await press('Next');
      const code = await sendCode(address);
      const fresh = page.url();
      await press('Send a new code');
      assert.match(await main(), /Wait \d+ seconds?, then ask again/);
      await enter('12');
      const short = /You have not entered enough numbers/;
      assert.match(await main(), short);
      await page.reload();
      assert.match(await main(), short);
      // Said of what was typed, not of the sign-in: its page says nothing of it.
      await page.goto(fresh);
      assert.doesNotMatch(await main(), short);
      await page.goBack();
      assert.match(await main(), short);
      await enter(code);
      await isSignedIn(address);
      await page.goBack();
      assert.equal(await h1(), 'You have already signed in here');
      await page.goForward();
      await isSignedIn(address);
    });

    it('leads a second tab of the same sign-in on, whichever is used first', async () => {
      const address = 'twice@partner.example';
      await world.invite(address);
      await giveAddress(address);
      const code = await sendCode(address);
      const tab = await context.newPage();
      await tab.goto(page.url());
      await enter(code);
      await isSignedIn(address);
      await enter(code, tab);
      assert.equal(await h1(tab), 'You have already signed in here');
      await press('Start again', tab);
      // Signed in by the first tab: nothing is asked again, and the application has its answer.
      assert.equal(new URL(tab.url()).origin, application.url);
    });

    it('finishes two sign-ins of one browser at once, in either order', async () => {
      const address = 'parallel@partner.example';
      await world.invite(address);
      const tab = await context.newPage();
      await giveAddress(address);
      const first = await sendCode(address);
      await giveAddress(address, tab);
      const second = await sendCode(address, tab);
      await enter(second, tab);
      await isSignedIn(address, tab);
      await enter(first);
      await isSignedIn(address);
    });

    it('R24 one press brings a new code after 30 minutes, while the request is good', async () => {
      const address = 'minutes@partner.example';
      await world.invite(address);
      await giveAddress(address);
      await sendCode(address);
      travel(1801);
      await page.reload();
      assert.equal(await h1(), 'Ask for a new code');
      assert.equal(await page.getByLabel('Code').count(), 0);
      await press('Send a new code');
      await enter(await world.passcodeFor(address, 1));
      await isSignedIn(address);
    });

    it('starts again where the codes of one sign-in are used up', async () => {
      const address = 'four@partner.example';
      await world.invite(address);
      await giveAddress(address);
      await sendCode(address);
      for (let sent = 1; sent < 4; sent += 1) {
        travel(31);
        await page.getByText('I did not get the email').click();
        await press('Send a new code');
        await page.getByText('We sent a new code').waitFor();
        await world.passcodeFor(address, sent);
      }
      travel(1801);
      await page.reload();
      assert.equal(await h1(), 'No more codes in this sign-in');
      // The mails of an hour are a budget of the address, whatever sign-in asks for them.
      travel(3600);
      await startAgain(address);
    });

    it('tells who reads the mail on a phone where the code belongs, and leads on there, too', async () => {
      const address = 'phone@partner.example';
      await world.invite(address);
      await giveAddress(address);
      const code = await sendCode(address);
      assert.match(
        await main(),
        /You can read the email on any device\. Enter the code on this page/,
      );
      const phone = await browser.newContext({ javaScriptEnabled: false });
      const tab = await phone.newPage();
      await tab.goto(page.url());
      assert.equal(await h1(tab), 'This sign-in began in another browser');
      assert.match(await main(tab), /If you have a code, enter it there/);
      // A sign-in of the phone's own: the laptop's code is a wrong one, and the page says what to do.
      travel(31);
      await giveAddress(address, tab);
      const own = await sendCode(address, tab);
      await enter(code, tab);
      assert.match(await main(tab), /That code is not right[^]*Enter the code on this page/);
      await enter(own, tab);
      await isSignedIn(address, tab);
      await enter(code);
      await isSignedIn(address);
      await phone.close();
    });

    it('R18 50196 stops an application that always sends the guest back', async () => {
      const address = 'loop@partner.example';
      await world.invite(address);
      await giveAddress(address);
      await enter(await sendCode(address));
      await isSignedIn(address);
      await page.goto(forgetfulUrl);
      assert.equal(new URL(page.url()).origin, world.publicUrl);
      assert.equal(await h1(), 'Forgetful sends you back again and again');
      assert.match(await main(), /Code: client_loop\s+Reference: [\w-]{12}/);
      await follow('Try again');
      assert.equal(await h1(), 'Forgetful sends you back again and again');
      // Other applications are none the worse for it.
      await page.goto(`${application.url}/a/sign-in`);
      await isSignedIn(address);
    });

    it('R59 tells that this is inside another app, and lets the guest in by code all the same', async () => {
      const address = 'inapp@partner.example';
      await world.invite(address);
      const inside = await browser.newContext({
        javaScriptEnabled: false,
        userAgent: INSIDE_AN_APP,
      });
      const tab = await inside.newPage();
      await giveAddress(address, tab);
      assert.match(await main(tab), /You are inside another app[^]*open Demo application in your/);
      const code = await sendCode(address, tab);
      assert.match(await main(tab), /You are inside another app/);
      await enter(code, tab);
      await isSignedIn(address, tab);
      await inside.close();
    });

    it('P10 tells that the browser keeps no cookies', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'guestpass-chromium-'));
      try {
        // As its settings write it: "Don't allow sites to save data on your device".
        const settings = { profile: { default_content_setting_values: { cookies: 2 } } };
        await mkdir(join(folder, 'Default'));
        await writeFile(join(folder, 'Default', 'Preferences'), JSON.stringify(settings));
        const blocking = await chromium.launchPersistentContext(folder, {
          executablePath: findChromium()!,
          javaScriptEnabled: false,
          args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
        });
        const [tab = await blocking.newPage()] = blocking.pages();
        await tab.goto(`${application.url}/a/sign-in`);
        assert.equal(await h1(tab), 'Your browser blocked a cookie we need');
        assert.match(await main(tab), /go back to Demo application and sign in again/);
        await blocking.close();
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  });

  describe(`two guests in two tabs of one browser, on ${store}`, () => {
    it('leads both on: the second one takes the place of the first', async function () {
      this.timeout(60_000);
      const world = await startWorld({ store });
      const browser = await launchChromium();
      try {
        await world.invite('one@partner.example');
        await world.invite('two@partner.example');
        const context = await browser.newContext();
        const finish = async (address: string): Promise<() => Promise<void>> => {
          const tab = await context.newPage();
          const begun = await world.begin();
          await tab.goto(begun.url.href);
          await tab.getByLabel('Email address').fill(address);
          await tab.getByRole('button', { name: 'Next' }).click();
          await tab.getByRole('button', { name: 'Send code' }).click();
          const code = await world.passcodeFor(address);
          await tab.getByLabel('Code').fill(code);
          return async () => {
            const back = tab.waitForRequest((request) => request.url().startsWith(CALLBACK));
            await tab.getByRole('button', { name: 'Sign in' }).click();
            const tokens = await world.redeem(begun, (await back).url());
            assert.equal(tokens.claims()?.['email'], address);
          };
        };
        const [one, two] = [
          await finish('one@partner.example'),
          await finish('two@partner.example'),
        ];
        await two();
        await one();
      } finally {
        await browser.close();
        await world.close();
      }
    });
  });

  describe(`a server that is started anew in the middle of a sign-in, on ${store}`, function () {
    this.timeout(120_000);

    it('F8 goes on at the same step, and begins what is gone anew, under another cookie key', async () => {
      const installation = await createInstallation({ store });
      const { folder, publicUrl } = installation;
      const walker = createWalker(installation);
      const address = 'anew@partner.example';
      let server = await startProcess(folder);
      try {
        await addGuests(installation, address);
        const jar = new Jar();
        const begun = await walker.begin();
        const page = await walker.walkToCode(jar, begun, address);
        await walker.passcodeFor(address);
        // Killed before it has noted that, the next one would send the mail again.
        await server.line(/"event":"mail\.sent"/);
        await server.kill();
        server = await startProcess(folder);
        const same = await jar.get(page.url);
        assert.equal(heading(same), 'Enter the code we emailed you');
        await server.kill();

        // A key is put before the old one, then the old one is taken away.
        const file = join(folder, 'guestpass.yaml');
        const settings = parse(await readFile(file, 'utf8')) as {
          secrets: { cookieKeys: string[] };
        };
        const key = randomBytes(32).toString('hex');
        noteSecret('key of an installation', key);
        const rotate = async (cookieKeys: string[]): Promise<void> => {
          await writeFile(
            file,
            stringify({ ...settings, secrets: { ...settings.secrets, cookieKeys } }),
          );
          server = await startProcess(folder);
        };
        const form = { csrf: hidden(same, 'csrf'), restart: hidden(same, 'restart') };
        const again = async (answer: Answer): Promise<Answer> =>
          jar.post(`${publicUrl}/a/signin/restart`, { restart: hidden(answer, 'restart') });
        await rotate([key, ...settings.secrets.cookieKeys]);
        const stranger = new Jar();
        const kept = await stranger.post(`${page.url.href}/send`, form);
        assert.equal(heading(kept), 'This page has expired');
        assert.equal((await again(kept)).status, 303);
        await server.stop();

        await rotate([key]);
        const plain = await stranger.post(`${page.url.href}/send`, form);
        assert.deepEqual([plain.status, plain.text.includes('name="restart"')], [400, false]);
        // The browser itself is known by a cookie that needs no key: its request is still there.
        const mine = await jar.post(`${page.url.href}/send`, form);
        assert.equal(heading(mine), 'This page has expired');
        const shown = await jar.follow(await again(mine));
        assert.match(shown.text, /anew@partner\.example/);
        const sent = await jar.follow(
          await jar.post(`${shown.url.href}/send`, { csrf: hidden(shown, 'csrf') }),
        );
        const code = await walker.passcodeFor(address, 1);
        const done = await jar.follow(
          await jar.post(`${sent.url.href}/passcode`, { csrf: hidden(sent, 'csrf'), code }),
        );
        const tokens = await walker.redeem(begun, done.location!);
        assert.equal(tokens.claims()?.['email'], address);
      } finally {
        await server.stop();
        await installation.remove();
      }
    });
  });
}
