import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type Followed, startFollowed } from '../server/followed.ts';
import { launchChromium, pressThrough } from '../support/chromium.ts';
import { Jar } from '../support/jar.ts';
import { CALLBACK } from '../support/world.ts';
import { png, svg } from '../tenants/pictures.ts';

/** Over the wire, with styles, uncompressed, without the tenant's pictures. */
const MOST_PAGE_BYTES = 30_000;
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const looks = [
  { look: 'light', colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  { look: 'dark', colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
  { look: '320 px', colorScheme: 'light', viewport: { width: 320, height: 640 } },
] as const;

describe('a guest in Chromium at a tenant with a look of its own', function () {
  this.timeout(120_000);
  let world: Followed;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  before(async () => {
    world = await startFollowed();
    await mkdir(world.path('branding'));
    await writeFile(world.path('branding/logo.svg'), svg('<path fill="#000" d="M0 0h40v10H0z"/>'));
    await writeFile(world.path('branding/wood.png'), png(64, 64));
    const reloaded = world.next('configuration.reloaded');
    await world.edit('tenants/a.yaml', {
      support: 'help@a.example',
      branding: {
        logo: { file: '../branding/logo.svg' },
        favicon: { file: '../branding/logo.svg' },
        accent: '#f2c811',
        background: { file: '../branding/wood.png' },
        footerLinks: [{ label: 'Imprint', url: 'https://a.example/imprint' }],
      },
    });
    const { changed, notices } = await reloaded;
    assert.deepEqual(changed, ['a']);
    assert.match(String(notices), /branding\.accent {2}#f2c811 is 1\.61:1 on white/);
    browser = await launchChromium();
  });
  after(async () => {
    await browser.close();
    await world.close();
  });
  afterEach(() => context.close());

  async function open(options: (typeof looks)[number]): Promise<void> {
    const { colorScheme, viewport } = options;
    context = await browser.newContext({ colorScheme, viewport });
    page = await context.newPage();
    complaints = [];
    page.on('console', (message) => {
      const isStatus = message.text().includes('the server responded with a status of');
      if (message.type() === 'error' && !isStatus) complaints.push(message.text());
    });
  }

  const h1 = (): Promise<string> => page.locator('h1').innerText();
  const press = (name: string): Promise<void> => pressThrough(page, name);
  const style = (selector: string, property: string): Promise<string> =>
    page
      .locator(selector)
      .first()
      .evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property);

  /** Seen by a guest: the logo is there, nothing is blocked, nothing scrolls sideways, axe is content. */
  async function looksRight(heading: string): Promise<void> {
    assert.equal(await h1(), heading);
    const logo = page.getByRole('img', { name: 'Tenant A' });
    const { naturalWidth, overflow } = await logo.evaluate((image: HTMLImageElement) => ({
      naturalWidth: image.naturalWidth,
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    }));
    assert.ok(naturalWidth > 0, `no logo on ${heading}`);
    assert.equal(overflow, 0, `${heading} scrolls sideways`);
    assert.ok(await page.getByRole('link', { name: 'Imprint' }).isVisible());
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().withTags(RULES).analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
    assert.deepEqual(found, [], heading);
  }

  for (const options of looks) {
    it(`sees it on every page and signs in, ${options.look}`, async () => {
      await open(options);
      const address = `teri-${options.look.replace(' ', '')}@gmail.com`;
      const order = { tenant: 'a', address, sendMessage: true } as const;
      const invited = await world.server.guests.invite(order);
      assert.ok(invited.outcome === 'invited' && invited.redeemUrl);
      const mail = await world.relay.nextMail(address);
      // Light text on this accent cannot be read: the mail keeps its own colour.
      assert.doesNotMatch(String(mail.parsed.html), /f2c811|<img|url\(/i);
      await page.goto(invited.redeemUrl);
      await looksRight('You are invited to Tenant A');
      await page.goto((await world.begin('a')).url.href);
      await looksRight('Sign in to Tenant A');
      assert.equal(await style('.button', 'background-color'), 'rgb(242, 200, 17)');
      assert.equal(await style('.button', 'color'), 'rgb(0, 0, 0)');
      await press('Next');
      await looksRight('Sign in to Tenant A');
      await page.getByLabel('Email address').fill(address);
      await press('Next');
      await looksRight('We will email you a code');
      const isDark = options.colorScheme === 'dark';
      assert.equal(
        await style('a.other', 'color'),
        isDark ? 'rgb(242, 200, 17)' : 'rgb(26, 86, 180)',
      );
      assert.match(await style('body', 'background-image'), /branding\/background\?v=/);
      const opaque = isDark ? 'rgb(30, 34, 40)' : 'rgb(255, 255, 255)';
      assert.equal(await style('main', 'background-color'), opaque);
      assert.equal(await style('footer', 'background-color'), opaque);
      await press('Send code');
      await looksRight('Enter the code we emailed you');
      await page.getByLabel('Code').fill(await world.passcodeFor(address, 1));
      await press('Sign in');
      await looksRight('Review permissions');
      const back = page.waitForRequest((request) => request.url().startsWith(CALLBACK));
      // Nobody listens there: no page comes.
      await page.getByRole('button', { name: 'Accept' }).click();
      assert.match((await back).url(), /code=/);
      assert.deepEqual(complaints, []);
    });

    it(`sees it on pages that say no, ${options.look}`, async () => {
      await open(options);
      await page.goto(`${world.publicUrl}/a/v2.0/auth?client_id=nobody`);
      await looksRight('The app sent a request we cannot accept');
      await page.goto(`${world.publicUrl}/a/signin/nothing`);
      await looksRight('This page has expired');
      await page.goto(`${world.publicUrl}/a/invitation?ticket=nothing`);
      await looksRight('This invitation link does not work');
      await page.goto(`${world.publicUrl}/a/nothing-here`);
      assert.equal(await page.getByRole('img', { name: 'Tenant A' }).count(), 1);
      await page.goto(`${world.publicUrl}/a/`);
      assert.equal(await page.getByRole('img', { name: 'Tenant A' }).count(), 1);
      assert.deepEqual(complaints, []);
    });
  }

  it('loads no more than 30 kB for a page with its styles, and nothing for a tenant without', async () => {
    await open(looks[0]);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto((await world.begin('b')).url.href);
    assert.deepEqual(
      asked.filter((path) => !/^\/b\/(?:v2\.0|signin)\//.test(path)),
      ['/assets/style.css', '/assets/enhance.js'],
    );
    const jar = new Jar();
    const drawn = await jar.follow(await jar.get((await world.begin('a')).url));
    const parts = [...drawn.text.matchAll(/(?:rel="stylesheet" href|<script src)="([^"]+)"/g)];
    assert.equal(parts.length, 3);
    let bytes = Buffer.byteLength(drawn.text);
    for (const [, href = ''] of parts) {
      bytes += Buffer.byteLength((await jar.get(new URL(href, world.publicUrl))).text);
    }
    assert.ok(bytes <= MOST_PAGE_BYTES, `${bytes} bytes`);
  });

  it('sees a logo that was exchanged, without a restart and without another address of the page', async () => {
    await open(looks[0]);
    const source = async () => {
      await page.goto(`${world.publicUrl}/a/`);
      return page.getByRole('img', { name: 'Tenant A' }).getAttribute('src');
    };
    const before = await source();
    const reloaded = world.next('configuration.reloaded');
    await writeFile(world.path('branding/logo.svg'), svg('<path fill="#00f" d="M0 0h40v10H0z"/>'));
    assert.deepEqual((await reloaded)['changed'], ['a']);
    const after = await source();
    assert.notEqual(after, before);
    // A page drawn before the change still finds a logo, and nobody keeps it under the old name.
    const old = await fetch(new URL(before ?? '', world.publicUrl));
    assert.match(await old.text(), /#00f/);
    assert.equal(old.headers.get('cache-control'), 'no-store');
    const fresh = await fetch(new URL(after ?? '', world.publicUrl));
    assert.match(fresh.headers.get('cache-control') ?? '', /immutable/);
    assert.equal(fresh.headers.get('x-content-type-options'), 'nosniff');
  });

  it('sees the last good look while a logo is bad', async () => {
    await open(looks[0]);
    const stale = world.next('configuration.stale');
    await writeFile(world.path('branding/logo.svg'), svg('<script>alert(1)</script>'));
    assert.match(
      String((await stale)['faults']),
      /branding\.logo\.file {2}in "branding\/logo\.svg"/,
    );
    await page.goto(`${world.publicUrl}/a/`);
    assert.equal(await page.getByRole('img', { name: 'Tenant A' }).count(), 1);
  });
});
