// Owns `npm run screenshots`: a picture of every page and mail of a tenant, and sheets of them.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { startPreview } from '../../src/preview/serve.ts';
import { launchChromium } from './chromium.ts';

/** One picture: its file below the folder, and what it shows. */
interface Picture {
  readonly file: string;
  readonly caption: string;
}

const LOOKS = [390, 1280].flatMap((width) => [
  ...(['light', 'dark'] as const).map(
    (scheme) => ({ width, scheme, colours: 'none', name: `${width}-${scheme}` }) as const,
  ),
  // As in the high contrast of Windows.
  { width, scheme: 'dark', colours: 'active', name: `${width}-forced` } as const,
]);
/** So many of 390 px stand in one picture of a sheet. */
const PER_SHEET = 24;

const { values } = parseArgs({
  options: {
    tenant: { type: 'string', default: 'fabrikam' },
    config: { type: 'string', default: 'config' },
    out: { type: 'string', default: 'screenshots' },
    /** Only states whose id contains it. */
    only: { type: 'string', default: '' },
    /** The language, such as `ar`. */
    lang: { type: 'string', default: 'en' },
    /** Only looks whose name contains it, such as `390` or `dark`. */
    look: { type: 'string', default: '' },
  },
});
const { tenant, config: directory, only } = values;
const looks = LOOKS.filter(({ name }) => name.includes(values.look));
const out = resolve(values.out);

const preview = await startPreview(
  { directory, tenant, env: process.env },
  { host: '127.0.0.1', port: 0 },
);
const browser = await launchChromium();
try {
  const origin = `http://127.0.0.1:${preview.address.port}`;
  const page = await browser.newPage({ javaScriptEnabled: false });
  const paths = await listStates(page, origin);
  for (const { width, scheme, colours, name } of looks) {
    const folder = join(out, name);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await page.emulateMedia({ colorScheme: scheme, forcedColors: colours });
    const pictures: Picture[] = [];
    for (const path of paths) {
      const [, , kind = '', id = ''] = path.split('/');
      await page.setViewportSize({ width, height: width < 500 ? 844 : 800 });
      await page.goto(`${origin}${path}${kind === 'mails' ? '/html' : ''}?lang=${values.lang}`);
      const file = `${name}/${kind === 'mails' ? 'mail-' : ''}${id}.png`;
      await page.screenshot({ path: join(out, file), fullPage: true });
      pictures.push({ file, caption: id });
    }
    await drawSheets(page, name, pictures, width);
    process.stdout.write(`${pictures.length} pictures in ${folder}\n`);
  }
  const links = looks.map(({ name }) => `<li><a href="sheet-${name}.html">${name}</a>`);
  await writeFile(
    join(out, 'index.html'),
    `<!doctype html><title>Screenshots</title>${links.join('')}`,
  );
} finally {
  await browser.close();
  await preview.close();
}

async function listStates(page: Page, origin: string): Promise<readonly string[]> {
  const response = await page.goto(origin);
  if (response?.status() !== 200) throw new Error(await page.locator('main').innerText());
  const links = await page.locator('a[href^="/dev/"]').all();
  const paths = await Promise.all(links.map((link) => link.getAttribute('href')));
  return paths.filter((path) => path !== null).filter((path) => path.includes(only));
}

/** One HTML page with all, and as many PNGs as it takes for them to be looked at. */
async function drawSheets(
  page: Page,
  name: string,
  pictures: readonly Picture[],
  width: number,
): Promise<void> {
  const perSheet = width < 500 ? PER_SHEET : PER_SHEET / 2;
  await writeFile(join(out, `sheet-${name}.html`), sheetOf(name, pictures, width));
  await page.setViewportSize({ width: 1800, height: 1000 });
  for (let from = 0; from < pictures.length; from += perSheet) {
    const part = join(out, 'part.html');
    await writeFile(part, sheetOf(name, pictures.slice(from, from + perSheet), width));
    await page.goto(pathToFileURL(part).href);
    const number = String(from / perSheet + 1).padStart(2, '0');
    await page.screenshot({ path: join(out, `sheet-${name}-${number}.png`), fullPage: true });
    await rm(part);
  }
}

function sheetOf(name: string, pictures: readonly Picture[], width: number): string {
  const shown = width < 500 ? 210 : 420;
  const figures = pictures.map(
    ({ file, caption }) =>
      `<figure><figcaption>${caption}</figcaption><a href="${file}"><img src="${file}" width="${shown}" alt="${caption}"></a></figure>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${name}</title><style>
body{margin:12px;background:#888;font:13px system-ui}main{display:flex;flex-wrap:wrap;gap:10px;align-items:flex-start}
figure{margin:0}figcaption{color:#fff}img{display:block;border:1px solid #444}</style>
<h1>${name}</h1><main>${figures.join('')}</main></html>`;
}
