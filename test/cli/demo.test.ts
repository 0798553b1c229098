import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../support/chromium.ts';
import { type ServerProcess, startProcess } from '../support/processes.ts';
import { freePort } from '../support/world.ts';

const SHIPPED = fileURLToPath(new URL('../../config', import.meta.url));

// Its admin could not be quicker: the signal comes with the line that speaks of it.
const STOP_AT_ONCE = `data:text/javascript,${encodeURIComponent(`
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = (text, ...rest) => {
    const isWritten = write(text, ...rest);
    if (text.includes('Stop with')) process.kill(process.pid, 'SIGTERM');
    return isWritten;
  };
`)}`;

/** The shipped configuration at ports of its own. */
async function writeShipped(folder: string): Promise<void> {
  const ports = { server: await freePort(), application: await freePort() };
  await cp(SHIPPED, folder, { recursive: true });
  const files = ['guestpass.yaml', 'tenants/contoso.yaml', 'tenants/fabrikam.yaml'];
  for (const file of files.map((name) => join(folder, name))) {
    const text = await readFile(file, 'utf8');
    const moved = text.replaceAll(':3000', `:${ports.server}`);
    await writeFile(file, moved.replaceAll(':3001', `:${ports.application}`));
  }
}

describe('guestpass demo', function () {
  this.timeout(180_000);
  let folder: string;
  let browser: Browser;
  let server: ServerProcess;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'guestpass-demo-'));
    await writeShipped(join(folder, 'config'));
    server = await startProcess(join(folder, 'config'), {
      command: 'demo',
      ready: /^Stop with/,
    });
    browser = await launchChromium();
  });
  after(async () => {
    await browser.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('can be stopped as soon as it says how', async () => {
    const config = join(folder, 'stopped', 'config');
    await writeShipped(config);
    const { child } = await startProcess(config, {
      command: 'demo',
      ready: /^Stop with/,
      imports: [STOP_AT_ONCE],
    });
    // By its own signal alone: a second one ends it at once.
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    assert.deepEqual([child.exitCode, child.signalCode], [0, null]);
  });

  it('needs nothing but the shipped configuration, and makes its secrets with mode 0600', async () => {
    const made = await readdir(join(folder, 'data'));
    for (const name of ['pepper', 'sealing-key', 'cookie-key', 'guestpass.db']) {
      assert.ok(made.includes(name), name);
      assert.equal((await stat(join(folder, 'data', name))).mode & 0o777, 0o600, name);
    }
    assert.match(server.output.join('\n'), /Made .*pepper/);
  });

  it('leads by its own links from the application through the mailbox to a signed-in guest', async () => {
    const said = server.output.join('\n');
    const application = /http:\S+:\d+\/$/m.exec(said)?.[0] ?? '';
    const mailbox = /http:\S+\/dev\/mailbox/.exec(said)?.[0] ?? '';
    const guest = /sign in as\s+(\S+)/.exec(said)?.[1] ?? '';
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(application);
    await page.getByRole('link', { name: 'Sign in to Fabrikam' }).click();
    await page.getByLabel('Email address').fill(guest);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Send code' }).click();
    const letters = await context.newPage();
    await letters.goto(mailbox);
    const letter = letters.getByRole('link', { name: /Fabrikam sign-in code/ });
    // The mail is on its way while the page is drawn, as mails are.
    while ((await letter.count()) === 0) await letters.reload();
    await letter.click();
    const code = /^\s*(\d{8})\s*$/m.exec(await letters.locator('main').innerText())?.[1];
    assert.ok(code);
    const mail = letters.frameLocator('iframe').getByText(code, { exact: true });
    await mail.first().waitFor();
    await page.getByLabel('Code').fill(code);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Accept' }).click();
    assert.match(await page.locator('pre').innerText(), new RegExp(`"email": "${guest}"`));
    await page.getByRole('link', { name: 'Sign out' }).click();
    await page.waitForURL(application);
    assert.match(await page.locator('main, body').first().innerText(), /Sign in to Fabrikam/);
  });
});
