import assert from 'node:assert/strict';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium, pressThrough, through } from '../support/chromium.ts';
import { CALLBACK, secretOf, stores } from '../support/world.ts';
import { svg } from '../tenants/pictures.ts';
import { type House, openHouse } from './house.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const PHONE = { viewport: { width: 320, height: 640 }, colorScheme: 'dark' } as const;
const DESK = { viewport: { width: 1280, height: 800 }, colorScheme: 'light' } as const;

const application = (client_id: string, client_name: string, more: object = {}) => ({
  client_id,
  client_name,
  client_secret: secretOf('a'),
  client_uri: `https://${client_id}.example/`,
  redirect_uris: [CALLBACK],
  ...more,
});

const h1 = (page: Page): Promise<string> => page.locator('h1').innerText();

async function looksRight(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().withTags(RULES).analyze();
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
    [],
  );
  const { width } = page.viewportSize()!;
  const box = await page.locator('main').boundingBox();
  assert.ok(box && box.x >= 0 && box.x + box.width <= width);
  for (const button of await page.locator('main .button, main .apps a').all()) {
    const { height = 0 } = (await button.boundingBox()) ?? {};
    assert.ok(height >= 44, `${await button.innerText()} is ${height} px high`);
  }
}

for (const store of stores) {
  describe(`My apps in Chromium, on ${store}`, function () {
    this.timeout(60_000);
    let browser: Browser;
    let house: House;
    const contexts: BrowserContext[] = [];

    before(async () => {
      house = await openHouse({
        store,
        files: {
          'docs.svg': svg('<path fill="#0f766e" d="M0 0h9v9z"/>', 'viewBox="0 0 9 9"'),
        },
        tenants: {
          a: {
            privacyUrl: 'https://a.example/privacy',
            clients: [
              application('docs', 'Documents', { icon: { file: '../docs.svg' } }),
              application('projects', 'Projects of the northern and the western hemisphere'),
              application('dienste', 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerk'),
            ],
          },
        },
      });
      browser = await launchChromium();
    });
    after(async () => {
      await browser.close();
      await house.close();
    });
    afterEach(async () => {
      await Promise.all(contexts.splice(0).map((context) => context.close()));
    });

    /** A browser of its own, in which a guest signs in by the page's button. */
    async function enter(address: string, look: typeof PHONE | typeof DESK): Promise<Page> {
      const context = await browser.newContext(look);
      contexts.push(context);
      const page = await context.newPage();
      const press = (name: string) => pressThrough(page, name);
      await page.goto(`${house.publicUrl}/?tenantid=a.example`);
      await press('Sign in');
      await page.getByLabel('Email address').fill(address);
      await press('Next');
      const sent = house.relay.messages.filter(({ recipients }) => recipients.includes(address));
      await press('Send code');
      await page.getByLabel('Code').fill(await house.passcodeFor(address, sent.length));
      await press('Sign in');
      return page;
    }

    it('shows apps with their icons, other organisations and browsers, on a phone in the dark and at a desk', async () => {
      const address = 'seen@mail.example';
      await house.invite(address);
      await house.invite(address, 'b', 'pending');
      for (const look of [PHONE, DESK]) {
        const page = await enter(address, look);
        assert.equal(await h1(page), 'Your apps at Tenant A');
        assert.equal(new URL(page.url()).pathname, '/a/');
        const icons = page.locator('img.icon');
        assert.equal(await icons.count(), 1);
        const answer = await page.request.get(
          new URL((await icons.getAttribute('src'))!, page.url()).href,
        );
        assert.equal(answer.headers()['content-type'], 'image/svg+xml');
        assert.deepEqual(await page.locator('span.icon').allInnerTexts(), ['P', 'D']);
        assert.ok(await page.getByRole('link', { name: 'Tenant B' }).isVisible());
        assert.ok(await page.getByText('Not accepted yet').isVisible());
        await looksRight(page);
      }
    });

    it('signs out another browser, then everywhere, and says so once', async () => {
      const address = 'out@mail.example';
      await house.invite(address);
      const lost = await enter(address, PHONE);
      const page = await enter(address, DESK);
      const other = page.getByRole('button', { name: /^Sign out: Chrome/ });
      await through(page, () => other.click());
      assert.match(await page.getByRole('status').innerText(), /signed out in that browser/);
      await looksRight(page);
      await page.reload();
      assert.equal(await page.getByRole('status').count(), 0);
      await lost.reload();
      assert.equal(await h1(lost), 'Sign in to Tenant A as a guest');
      await pressThrough(page, 'Sign out everywhere');
      assert.match(await page.getByRole('status').innerText(), /signed out everywhere/);
      assert.equal(await h1(page), 'Sign in to Tenant A as a guest');
      await looksRight(page);
      // Back shows nothing of it again.
      await page.goBack();
      await page.reload();
      assert.equal(await h1(page), 'Sign in to Tenant A as a guest');
    });

    it('R67 R77 blocks invitations, allows them again, and asks before the guest leaves', async () => {
      const address = 'no@mail.example';
      await house.invite(address);
      const page = await enter(address, PHONE);
      const press = (name: string) => pressThrough(page, name);
      await press('Block further invitations');
      assert.match(await page.getByRole('status').innerText(), /no more invitations from Tenant A/);
      await looksRight(page);
      await press('Allow invitations again');
      assert.match(await page.getByRole('status').innerText(), /can invite you again/);
      await press('Leave Tenant A');
      assert.equal(await h1(page), 'Leave Tenant A?');
      await through(page, () => page.getByRole('link', { name: 'Stay' }).click());
      assert.equal(await h1(page), 'Your apps at Tenant A');
      await press('Leave Tenant A');
      await press('Leave Tenant A');
      assert.match(await page.getByRole('status').innerText(), /You have left Tenant A/);
    });
  });
}
