import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { systemClock } from '../../src/domain/clock.ts';
import { launchChromium, pressThrough } from '../support/chromium.ts';
import { freePort, secretOf, startWorld, type World } from '../support/world.ts';

/** More stops than any page has: whoever gets there is caught in a circle. */
const MANY = 40;

describe('a guest with nothing but a keyboard, in Chromium', function () {
  this.timeout(60_000);
  let browser: Browser;
  let world: World;
  let context: BrowserContext;
  let page: Page;
  let application: Server;
  let callback: string;

  before(async () => {
    const port = await freePort();
    callback = `http://127.0.0.1:${port}/cb`;
    // The application: what comes back is all it is asked for.
    application = createServer((_request, response) => response.end('back at the application'));
    await new Promise<void>((resolve) => application.listen(port, '127.0.0.1', resolve));
    world = await startWorld({
      store: 'sqlite',
      clock: systemClock,
      tenants: {
        a: {
          support: 'https://help.a.example/',
          privacyUrl: 'https://a.example/privacy',
          clients: [{ client_id: 'docs', client_secret: secretOf('a'), redirect_uris: [callback] }],
        },
      },
    });
    browser = await launchChromium();
  });
  after(async () => {
    await browser.close();
    application.close();
    await world.close();
  });
  beforeEach(async () => {
    context = await browser.newContext({ javaScriptEnabled: false });
    page = await context.newPage();
  });
  afterEach(() => context.close());

  /** What has the focus, as it is said: role and name. */
  async function focused(): Promise<string> {
    const element = page.locator(':focus');
    if ((await element.count()) === 0) return '';
    const snapshot = await element.ariaSnapshot();
    return snapshot.replace(/^- /, '').split(/:?\n/)[0]!;
  }

  /** What gets the focus by itself, which a page gives when it is drawn for the first time. */
  async function focusedFirst(): Promise<string> {
    await page.locator(':focus').waitFor();
    return focused();
  }

  /** Presses Tab until what is wanted has the focus. @returns all stops on the way */
  async function reach(wanted: RegExp): Promise<readonly string[]> {
    const stops = [await focused()];
    while (!wanted.test(stops.at(-1)!)) {
      assert.ok(stops.length < MANY, `${wanted} is not among ${stops.join(' | ')}`);
      await page.keyboard.press('Tab');
      stops.push(await focused());
    }
    return stops.filter((stop) => stop !== '');
  }

  /** Waits for a page by its heading. */
  const at = (name: string): Promise<void> => page.getByRole('heading', { name }).waitFor();

  function begin(more: Readonly<Record<string, string>> = {}): string {
    const url = new URL(`${world.publicUrl}/a/v2.0/auth`);
    url.search = new URLSearchParams({
      client_id: 'docs',
      response_type: 'code',
      scope: 'openid email',
      redirect_uri: callback,
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      ...more,
    }).toString();
    return url.href;
  }

  it('WCAG 2.1.1 signs in from the first page to the application, permissions included', async () => {
    await world.invite('teri@gmail.com', 'a', 'pending');
    const url = begin();
    await page.goto(url);
    await reach(/^textbox "Email address"/);
    await page.keyboard.type('teri@gmail.com');
    await page.keyboard.press('Enter');
    await at('We will email you a code');
    await reach(/^button "Send code"/);
    await page.keyboard.press('Enter');
    await at('Enter the code we emailed you');
    const code = await world.passcodeFor('teri@gmail.com');
    assert.match(await focusedFirst(), /^textbox "Code"/, 'the field has the focus from the start');
    await page.keyboard.type(code);
    await reach(/^button "Sign in"/);
    await page.keyboard.press('Space');
    await at('Review permissions');
    await reach(/^button "Accept"/);
    await page.keyboard.press('Enter');
    await page.getByText('back at the application').waitFor();
    assert.equal(new URL(page.url()).searchParams.has('code'), true);
  });

  it('WCAG 2.4.3 2.4.11 stops at the code page in the order it is read, each stop in view', async () => {
    await world.invite('order@gmail.com');
    const url = begin({ login_hint: 'order@gmail.com' });
    await page.setViewportSize({ width: 320, height: 480 });
    await page.goto(url);
    await pressThrough(page, 'Send code');
    // A wrong code: the summary is read first, and leads to the field.
    await page.getByLabel('Code').fill('1');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    assert.match(await focusedFirst(), /^alert/);
    await page.keyboard.press('Tab');
    assert.match(await focused(), /^link "You have not entered enough numbers/);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    const stops: string[] = [];
    for (let count = 0; count < MANY; count += 1) {
      const stop = await focused();
      if (stop === '' || stops.includes(stop)) break;
      stops.push(stop);
      const box = await page.locator(':focus').boundingBox();
      assert.ok(
        box && box.y >= 0 && box.y + Math.min(box.height, 24) <= 480,
        `${stop} is out of view`,
      );
      assert.ok(box.height >= 24 || stop.startsWith('link'), `${stop} is ${box.height} px high`);
      await page.keyboard.press('Tab');
    }
    const order = [
      'button "Sign in"',
      'I did not get',
      'button "Send a new code"',
      'link "Use a different',
      'link "Privacy',
    ];
    const places = order.map((text) => stops.findIndex((stop) => stop.includes(text)));
    assert.ok(!places.includes(-1), stops.join(' | '));
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
  });
});
