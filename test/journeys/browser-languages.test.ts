import assert from 'node:assert/strict';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { type Followed, startFollowed } from '../server/followed.ts';
import { launchChromium, through } from '../support/chromium.ts';
import { Jar } from '../support/jar.ts';
import { passcodeIn } from '../support/world.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const NARROW = { width: 320, height: 640 };

describe('a guest in Chromium who reads another language', function () {
  this.timeout(120_000);
  let world: Followed;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    world = await startFollowed({ tenants: { a: { support: 'help@a.example' } } });
    browser = await launchChromium();
  });
  after(async () => {
    await browser.close();
    await world.close();
  });
  afterEach(() => context.close());

  async function open(options: BrowserContextOptions): Promise<void> {
    context = await browser.newContext({ javaScriptEnabled: false, ...options });
    page = await context.newPage();
  }

  async function begin(parameters: Readonly<Record<string, string>> = {}): Promise<void> {
    await page.goto((await world.begin('a', parameters)).url.href);
  }

  async function invite(address: string): Promise<void> {
    const { outcome } = await world.server.guests.invite({ tenant: 'a', address });
    assert.equal(outcome, 'invited');
  }

  const attribute = (name: string) => page.locator('html').getAttribute(name);
  const h1 = (): Promise<string> => page.locator('h1').innerText();
  const press = () => through(page, () => page.locator('main button').first().click());

  async function choose(language: string): Promise<void> {
    const list = page.locator('.languages');
    if ((await list.getAttribute('open')) === null) await list.locator('summary').click();
    const link = list.getByRole('link', { name: language, exact: true });
    await through(page, () => link.click());
  }

  /** Nothing scrolls sideways, and axe is content, with everything unfolded. */
  async function looksRight(): Promise<void> {
    const heading = await h1();
    for (const summary of await page.locator('summary').all()) await summary.click();
    const { scrollWidth, clientWidth } = await page
      .locator('html')
      .evaluate(({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }));
    assert.equal(scrollWidth, clientWidth, `${heading} scrolls sideways`);
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().withTags(RULES).analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
    assert.deepEqual(found, [], heading);
  }

  it('reads German where the browser asks for it, from the first page to the mail', async () => {
    await open({ locale: 'de-AT' });
    await invite('german@mail.example');
    await begin();
    assert.equal(await attribute('lang'), 'de');
    assert.equal(await h1(), 'Anmeldung bei Tenant A');
    await page.getByLabel('E-Mail-Adresse').fill('german@mail.example');
    await press();
    assert.equal(await h1(), 'Wir senden Ihnen einen Code');
    await press();
    assert.equal(await h1(), 'Geben Sie den Code aus der E-Mail ein');
    const { parsed } = await world.relay.nextMail('german@mail.example');
    assert.match(parsed.subject ?? '', /^Ihr Anmeldecode für Tenant A – /);
    await page.getByLabel('Code').fill(passcodeIn(parsed.text ?? ''));
    await press();
    assert.equal(await h1(), 'Berechtigungen prüfen');
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`picks Arabic at the foot of a page and keeps it to the end, 320 px, ${colorScheme}`, async () => {
      const address = `arabic-${colorScheme}@mail.example`;
      // axe waits for ever where no script runs; the other stories go without.
      await open({ locale: 'en-GB', colorScheme, viewport: NARROW, javaScriptEnabled: true });
      await invite(address);
      // What the application asks for gives way to what the guest picks.
      await begin({ ui_locales: 'en' });
      await page.getByLabel('Email address').fill(address);
      await press();
      assert.equal(await h1(), 'We will email you a code');
      await choose('العربية');
      assert.equal(await attribute('lang'), 'ar');
      assert.equal(await attribute('dir'), 'rtl');
      assert.match(await page.locator('main').innerText(), new RegExp(address));
      await looksRight();
      await press();
      assert.equal(await attribute('dir'), 'rtl');
      await looksRight();
      const field = page.locator('#code');
      assert.equal(await field.getAttribute('dir'), 'ltr');
      const { parsed } = await world.relay.nextMail(address);
      const code = passcodeIn(parsed.text ?? '');
      assert.match(String(parsed.html), /<html lang="ar" dir="rtl">/);
      assert.match(parsed.text ?? '', new RegExp(`\\n${code}\\n`));
      assert.match((parsed.text ?? '').trim(), new RegExp(`\\n\\n@127\\.0\\.0\\.1\\S* #${code}$`));
      // A form that was answered with an error has an address that takes no link.
      await field.fill('1');
      await press();
      assert.equal(await page.getByRole('alert').count(), 1);
      await looksRight();
      await choose('Deutsch');
      assert.equal(await h1(), 'Geben Sie den Code aus der E-Mail ein');
      await choose('العربية');
      await page.locator('#code').fill(code);
      await press();
      assert.equal(await attribute('dir'), 'rtl');
      await looksRight();
    });
  }

  it('reads what the application asks for, and keeps an own choice for where nobody asks', async () => {
    await open({ locale: 'en-GB' });
    await begin({ ui_locales: 'ja de' });
    assert.equal(await attribute('lang'), 'ja');
    await begin({ ui_locales: 'sv de' });
    assert.equal(await attribute('lang'), 'de');
    await choose('Français');
    assert.equal(await h1(), 'Connexion à Tenant A');
    // Another sign-in: the application first, else the choice.
    await begin({ ui_locales: 'ja de' });
    assert.equal(await attribute('lang'), 'ja');
    await begin();
    assert.equal(await attribute('lang'), 'fr');
    for (const path of [
      '/a/',
      '/a/v2.0/session/end/success',
      '/a/invitation?ticket=nothing',
      '/',
      '/nobody/',
    ]) {
      await page.goto(world.publicUrl + path);
      assert.equal(await attribute('lang'), 'fr', path);
      await choose('Nederlands');
      assert.equal(await attribute('lang'), 'nl', path);
      await choose('Français');
    }
  });

  it('gets an invitation in its own language, whatever the browser speaks', async () => {
    await open({ locale: 'fr-FR' });
    const invited = await world.server.guests.invite({
      tenant: 'a',
      address: 'invited@mail.example',
      sendMessage: true,
      language: 'he',
    });
    assert.ok(invited.outcome === 'invited' && invited.redeemUrl);
    const { parsed } = await world.relay.nextMail('invited@mail.example');
    assert.match(String(parsed.html), /<html lang="he" dir="rtl">/);
    await page.goto(invited.redeemUrl);
    assert.equal(await h1(), 'Vous avez une invitation chez Tenant A');
  });

  it('reads the words of the organisation as soon as its file says them', async () => {
    await open({ locale: 'sv-SE' });
    const reloaded = world.next('configuration.reloaded');
    await world.edit('tenants/a.yaml', {
      language: 'nl',
      languages: ['nl', 'en'],
      wording: { nl: { 'page.address.hint': 'Vraag het Ana.', 'mail.help': 'Bel Ana.' } },
    });
    await reloaded;
    await invite('worded@mail.example');
    await begin();
    assert.equal(await h1(), 'Aanmelden bij Tenant A');
    assert.match(await page.locator('#email-hint').innerText(), /^Vraag het Ana\.$/);
    assert.equal(await page.locator('.languages li').count(), 2);
    await page.getByLabel('E-mailadres').fill('worded@mail.example');
    await press();
    await press();
    const { parsed } = await world.relay.nextMail('worded@mail.example');
    assert.match(parsed.text ?? '', /^Bel Ana\.$/m);
    const { text } = await new Jar().get(
      `${world.publicUrl}/a/v2.0/.well-known/openid-configuration`,
    );
    const { ui_locales_supported } = JSON.parse(text) as Record<string, unknown>;
    assert.deepEqual(ui_locales_supported, ['nl', 'en']);
  });
});
