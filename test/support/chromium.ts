// Owns the browser of the tests: Debian's Chromium, driven by playwright-core.

import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The path of a Chromium on this machine, or undefined. `CHROMIUM` names another. */
export function findChromium(): string | undefined {
  const named = process.env['CHROMIUM'];
  return [...(named ? [named] : []), ...CANDIDATES].find((path) => existsSync(path));
}

/**
 * Starts a headless browser that talks to nobody but the pages it is sent to.
 * @param more further options of its command line
 */
export function launchChromium(more: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('no Chromium: run npm test, which installs it');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  });
}

/**
 * Does what leads to another page and waits until that is whole: the one before must not be read for
 * it, and one that is still coming cannot be loaded again.
 */
export async function through(page: Page, act: () => Promise<unknown>): Promise<void> {
  // A page that was followed to by a link may still be coming: its end is not that of the next.
  await page.waitForLoadState();
  await Promise.all([page.waitForEvent('load'), act()]);
}

/** Presses a button through to the next page. */
export function pressThrough(page: Page, name: string): Promise<void> {
  return through(page, () => page.getByRole('button', { name, exact: true }).click());
}
