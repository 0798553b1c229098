import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { type RunningPreview, startPreview } from '../../src/preview/serve.ts';
import { launchChromium, pressThrough, through } from '../support/chromium.ts';

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const NARROW = { width: 320, height: 640 };

const SETTINGS = `publicUrl: https://guest.example
database: sqlite:../data/guestpass.db
mail: { transport: 'smtp://relay.example:587', from: no-reply@guest.example }
`;
const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="50" viewBox="0 0 200 50">
<rect width="200" height="50" fill="#0b1f3a"/></svg>`;
// A name as long as names may be, and everything a page can show of a tenant.
const TENANT = `id: northwind
displayName: Northwind Traders of the Northern and the Western Hemisphere Ltd
verifiedDomains: [northwind.example]
support: https://help.northwind.example/a-long-address-that-people-copy-and-paste
privacyUrl: https://northwind.example/privacy
termsUrl: https://northwind.example/terms
branding:
  logo: { file: ../logo.svg }
  accent: '#f2c811' # too light to be read on white
  background: '#0b1f3a'
  footerLinks:
    - { label: Imprint, url: https://northwind.example/imprint }
    - { label: Accessibility statement, url: https://northwind.example/accessibility }
clients:
  - client_id: handbook
    client_name: Handbook of the Northern and the Western Hemisphere
    client_secret: { env: HANDBOOK_SECRET }
    redirect_uris: [https://handbook.northwind.example/callback]
    client_uri: https://handbook.northwind.example/
`;

describe('every page and mail of the preview', function () {
  // A hundred pages, each looked at twice: only a guard.
  this.timeout(600_000);
  let folder: string;
  let preview: RunningPreview;
  let origin: string;
  let browser: Browser;
  let page: Page;
  let paths: readonly string[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'guestpass-preview-'));
    await mkdir(join(folder, 'tenants'));
    await writeFile(join(folder, 'guestpass.yaml'), SETTINGS);
    await writeFile(join(folder, 'tenants', 'northwind.yaml'), TENANT);
    await writeFile(join(folder, 'logo.svg'), LOGO);
    preview = await startPreview(
      {
        directory: folder,
        tenant: 'northwind',
        env: { HANDBOOK_SECRET: 'mUX3zQp-9dKw7-Lr2v-Hs81bTqYc4Vn6' },
      },
      { host: '127.0.0.1', port: 0 },
    );
    origin = `http://127.0.0.1:${preview.address.port}`;
    browser = await launchChromium();
    page = await (await browser.newContext({ viewport: NARROW })).newPage();
    const index = await (await fetch(origin)).text();
    paths = [...index.matchAll(/href="(\/dev\/(?:pages|mails)\/[^"]+)"/g)].map(([, path]) => path!);
    assert.ok(paths.length > 100);
  });
  after(async () => {
    await browser.close();
    await preview.close();
    await rm(folder, { recursive: true });
  });

  /** What axe finds on the page in view, in both schemes, and whether it scrolls sideways. */
  async function faultsOf(tags: readonly string[]): Promise<readonly string[]> {
    // By hand: the builder brings axe anew for each look, which takes longer than looking.
    await page.evaluate(axe.source);
    const found = await page.evaluate(async (tags) => {
      for (const details of document.querySelectorAll('details')) details.open = true;
      // axe waits for ever in a frame that may run no script.
      document.querySelector('iframe')?.remove();
      const { violations } = await axe.run({
        runOnly: [...tags],
        resultTypes: ['violations'],
      });
      const { scrollWidth, clientWidth } = document.documentElement;
      return [
        ...violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
        ...(scrollWidth > clientWidth ? [`scrolls ${scrollWidth - clientWidth} px sideways`] : []),
      ];
    }, tags);
    // Colours are all that the other scheme changes.
    await page.emulateMedia({ colorScheme: 'dark' });
    const dark = await page.evaluate(async () => {
      const { violations } = await axe.run({
        runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] },
        resultTypes: ['violations'],
      });
      return violations.map(({ id, nodes }) => `dark ${id}: ${nodes[0]?.html}`);
    });
    await page.emulateMedia({ colorScheme: 'light' });
    return [...found, ...dark];
  }

  for (const [way, lang] of [
    ['', 'en'],
    [', from right to left', 'ar'],
  ] as const) {
    it(`passes axe in 320 px, light and dark, without scrolling sideways${way}`, async () => {
      const found: Record<string, readonly string[]> = {};
      for (const path of paths.filter((path) => path.startsWith('/dev/pages/'))) {
        await page.goto(`${origin}${path}?lang=${lang}`);
        assert.equal(await page.getAttribute('html', 'dir'), lang === 'ar' ? 'rtl' : 'ltr', path);
        const faults = await faultsOf([...WCAG, 'best-practice']);
        if (faults.length > 0) found[path] = faults;
      }
      assert.deepEqual(found, {});
    });
  }

  it('WCAG 1.4.4 loses nothing of a page whose text is twice as large', async () => {
    const context = await browser.newContext({
      viewport: { width: 640, height: 900 },
      bypassCSP: true,
      javaScriptEnabled: true,
    });
    const large = await context.newPage();
    const found: Record<string, readonly string[]> = {};
    for (const path of paths.filter((path) => path.startsWith('/dev/pages/'))) {
      await large.goto(`${origin}${path}`);
      await large.addStyleTag({ content: 'html { font-size: 200% }' });
      const faults = await large.evaluate(() => {
        for (const details of document.querySelectorAll('details')) details.open = true;
        const { scrollWidth, clientWidth } = document.documentElement;
        const cut = [...document.querySelectorAll('main *, footer *')].filter((element) => {
          const { overflowX, overflowY } = getComputedStyle(element);
          if (overflowX === 'visible' && overflowY === 'visible') return false;
          if (element instanceof HTMLInputElement || element instanceof HTMLIFrameElement)
            return false;
          return (
            element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight
          );
        });
        return [
          ...(scrollWidth > clientWidth ? ['scrolls sideways'] : []),
          ...cut.map((element) => `cut off: ${element.outerHTML.slice(0, 120)}`),
        ];
      });
      if (faults.length > 0) found[path] = faults;
    }
    await context.close();
    assert.deepEqual(found, {});
  });

  it('WCAG 1.3.2 is read in the order of test/journeys/reading-order.txt (renew: READ=1)', async () => {
    const seen = new Set<string>();
    const read: string[] = [];
    for (const path of paths.filter((path) => path.startsWith('/dev/pages/'))) {
      await page.goto(`${origin}${path}`);
      const heading = await page.locator('h1').innerText();
      if (seen.has(heading)) continue;
      seen.add(heading);
      // What stands around is the same on each.
      const part = page.locator(read.length === 0 ? 'body' : 'main');
      read.push(`# ${path.slice('/dev/pages/'.length)}
${await part.ariaSnapshot()}
`);
    }
    const kept = new URL('reading-order.txt', import.meta.url);
    if (process.env['READ'] === '1') await writeFile(kept, read.join('\n'));
    assert.equal(read.join('\n'), await readFile(kept, 'utf8'));
  });

  it('passes axe as mail in 320 px, light and dark, without scrolling sideways', async () => {
    const found: Record<string, readonly string[]> = {};
    for (const path of paths.filter((path) => path.startsWith('/dev/mails/'))) {
      // On an empty page: under the policy of a mail no script runs, not even that of axe, and
      // under that of a page it has no style.
      await page.goto('about:blank');
      await page.setContent(await (await fetch(`${origin}${path}/html`)).text());
      const faults = await faultsOf(WCAG);
      if (faults.length > 0) found[path] = faults;
    }
    assert.deepEqual(found, {});
  });

  it('passes axe in its own pages', async () => {
    const found: Record<string, readonly string[]> = {};
    for (const path of [
      '/',
      '/dev/mails/invitation',
      '/northwind/signin/sample/address',
      '/none',
    ]) {
      await page.goto(`${origin}${path}`);
      const faults = await faultsOf([...WCAG, 'best-practice']);
      if (faults.length > 0) found[path] = faults;
    }
    assert.deepEqual(found, {});
  });

  it('answers a button by saying that nothing was sent, and leads back', async () => {
    await page.goto(`${origin}/dev/pages/send-code`);
    await pressThrough(page, 'Send code');
    assert.equal(await page.locator('h1').innerText(), 'This is a preview');
    await through(page, () => page.getByRole('link', { name: 'Back to the page' }).click());
    assert.equal(await page.locator('h1').innerText(), 'We will email you a code');
  });
});
