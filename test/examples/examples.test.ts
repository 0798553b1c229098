import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { parse } from 'yaml';
import { signIn } from '../../src/testing/sign-in.ts';
import { launchChromium } from '../support/chromium.ts';
import { Jar } from '../support/jar.ts';
import { type ServerProcess, startProcess } from '../support/processes.ts';
import { PASSCODE } from '../support/smtp.ts';
import { freePort } from '../support/world.ts';
import { type Example, EXAMPLES, startExample } from './example.ts';

const SHIPPED = fileURLToPath(new URL('../../config', import.meta.url));
/** Whom `npm start` invites. */
const GUEST = 'teri@gmail.com';
/** By the port its README names. */
const PORTS = {
  'express-openid-client': 3011,
  authjs: 3012,
  'spa-oidc-client-ts': 3013,
  'apache-mod-auth-openidc': 3014,
  'python-authlib': 3015,
} as const;
type Name = keyof typeof PORTS;

describe('the examples, beside npm start', function () {
  this.timeout(180_000);
  let folder: string;
  let publicUrl: string;
  let issuer: string;
  let server: ServerProcess;
  let browser: Browser;
  /** Free ports in place of those of the documents. */
  const ports = new Map<number, number>();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'guestpass-examples-'));
    const config = join(folder, 'config');
    await cp(SHIPPED, config, { recursive: true });
    for (const port of [3000, 3001, ...Object.values(PORTS)]) ports.set(port, await freePort());
    for (const name of ['guestpass.yaml', 'tenants/contoso.yaml', 'tenants/fabrikam.yaml']) {
      const text = await readFile(join(config, name), 'utf8');
      const moved = text.replaceAll(
        /(?<=127\.0\.0\.1:)\d+/g,
        (port) => `${ports.get(Number(port)) ?? port}`,
      );
      await writeFile(join(config, name), moved);
    }
    // One guest signs in everywhere, within minutes.
    const limits = 'limits: { sendsPerAddressPerHour: 50 }\nunsafeLimits: true\n';
    await appendFile(join(config, 'guestpass.yaml'), limits);
    publicUrl = `http://127.0.0.1:${ports.get(3000)}`;
    issuer = `${publicUrl}/fabrikam/v2.0`;
    server = await startProcess(config, { command: 'demo', ready: /^Stop with/ });
    browser = await launchChromium();
  });
  after(async () => {
    await browser.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('are all of examples/', () => {
    assert.deepEqual(readdirSync(EXAMPLES).toSorted(), Object.keys(PORTS).toSorted());
  });

  for (const [name, port] of Object.entries(PORTS)) {
    it(`need nothing but what is shipped: ${name}`, async () => {
      const files = await readdir(join(EXAMPLES, name));
      const code = files.filter((file) => /^(?:server\.js|app\.py|start)$/.test(file));
      const texts = await Promise.all(
        code.map((file) => readFile(join(EXAMPLES, name, file), 'utf8')),
      );
      assert.match(texts.join(), /http:\/\/127\.0\.0\.1:3000\/fabrikam\/v2\.0/);
      assert.match(texts.join(), new RegExp(`PORT\\b.{1,8}\\b${port}\\b`));
      const readme = await readFile(join(EXAMPLES, name, 'README.md'), 'utf8');
      assert.match(readme, new RegExp(`<http://127\\.0\\.0\\.1:${port}/>`));
      const tenant = await readFile(join(SHIPPED, 'tenants', 'fabrikam.yaml'), 'utf8');
      const { clients } = parse(tenant) as { clients: { redirect_uris: string[] }[] };
      const uris = clients.flatMap(({ redirect_uris }) => redirect_uris);
      assert.ok(uris.some((uri) => uri.startsWith(`http://127.0.0.1:${port}/`)));
    });
  }

  /** What each test of one example gets. */
  function using(name: Name) {
    let example: Example;
    before(async () => {
      example = await startExample(name, ports.get(PORTS[name])!, issuer);
    });
    after(() => example.stop());
    return {
      get origin() {
        return example.origin;
      },
      /** A browser nobody is signed in with, at the application's first page. */
      async open(): Promise<Page> {
        const page = await (await browser.newContext()).newPage();
        await page.goto(`${example.origin}/`);
        return page;
      },
    };
  }

  /** The next code in `/dev/mailbox`. */
  function mailbox() {
    const jar = new Jar();
    let known: ReadonlySet<string> = new Set();
    const mails = async (): Promise<readonly string[]> => {
      const { text } = await jar.get(`${publicUrl}/dev/mailbox`);
      return [...text.matchAll(/href="(\/dev\/mailbox\/[\w-]+)"/g)].map(([, path = '']) => path);
    };
    return {
      beforeCode: async (): Promise<void> => {
        known = new Set(await mails());
      },
      code: async (): Promise<string> => {
        let mail: string | undefined;
        while (mail === undefined) mail = (await mails()).find((path) => !known.has(path));
        return PASSCODE.exec((await jar.get(`${publicUrl}${mail}`)).text)?.[1] ?? '';
      },
    };
  }

  /** Signs in where the page was sent to. */
  function asGuest(page: Page): Promise<void> {
    return signIn(page, { origin: publicUrl, address: GUEST, ...mailbox() });
  }

  describe('express-openid-client', () => {
    const example = using('express-openid-client');

    it('says that the guest turned back', async () => {
      const page = await example.open();
      await page.getByRole('link', { name: 'Sign in' }).click();
      const { beforeCode, code } = mailbox();
      await page.getByLabel('Email address').fill(GUEST);
      await page.getByRole('button', { name: 'Next' }).click();
      await beforeCode();
      await page.getByRole('button', { name: 'Send code' }).click();
      await page.getByLabel('Code').fill(await code());
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('button', { name: 'Cancel' }).click();
      assert.equal(await page.innerText('#error'), 'access_denied');
    });

    it('knows the guest, and signs out here and there', async () => {
      const page = await example.open();
      await page.getByRole('link', { name: 'Sign in' }).click();
      await asGuest(page);
      assert.equal(await page.innerText('#who'), GUEST);
      const claims = await claimsOn(page);
      assert.equal(claims['iss'], issuer);
      assert.equal(claims['idp'], 'mail');
      await page.getByRole('button', { name: 'Sign out' }).click();
      await isGone(page, example.origin);
    });
  });

  describe('authjs', () => {
    const example = using('authjs');

    it('knows the guest, and signs out here and there', async () => {
      const page = await example.open();
      await page.getByRole('link', { name: 'Sign in' }).click();
      await page.getByRole('button', { name: 'Sign in with Guestpass' }).click();
      await asGuest(page);
      assert.equal(await page.innerText('#who'), GUEST);
      const claims = await claimsOn(page);
      assert.equal(claims['iss'], issuer);
      assert.equal(claims['idp'], 'mail');
      await page.getByRole('link', { name: 'Sign out' }).click();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await confirm(page, example.origin);
      await isGone(page, example.origin, 'Sign in with Guestpass');
    });
  });

  describe('spa-oidc-client-ts', () => {
    const example = using('spa-oidc-client-ts');

    it('knows the guest, renews by a new refresh token each time, and signs out here and there', async () => {
      const page = await example.open();
      await page.getByRole('button', { name: 'Sign in' }).click();
      await asGuest(page);
      await page.locator('#signed-in').waitFor();
      assert.equal(await page.innerText('#who'), GUEST);
      assert.equal(new URL(page.url()).pathname, '/');
      const first = await refreshTokenOf(page);
      await page.getByRole('button', { name: 'Renew' }).click();
      await page.locator('#renewals', { hasText: '2' }).waitFor();
      assert.notEqual(await refreshTokenOf(page), first);
      await page.getByRole('button', { name: 'Ask userinfo' }).click();
      await page.locator('#userinfo', { hasText: GUEST }).waitFor();

      // Somebody else uses the one that was used up: nobody knows who of the two is the guest.
      assert.equal(await refreshWith(page, `${issuer}/token`, first), 'invalid_grant');
      await page.getByRole('button', { name: 'Ask userinfo' }).click();
      await page.locator('#userinfo', { hasText: 'refused: 401' }).waitFor();
      await page.getByRole('button', { name: 'Renew' }).click();
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.locator('#signed-in').waitFor();

      await page.getByRole('button', { name: 'Sign out' }).click();
      await isGone(page, example.origin);
    });
  });

  describe('apache-mod-auth-openidc', () => {
    const example = using('apache-mod-auth-openidc');

    it('knows the guest, and signs out here and there', async () => {
      const page = await example.open();
      await page.getByRole('link', { name: 'Sign in' }).click();
      await asGuest(page);
      assert.equal(await page.innerText('#who'), GUEST);
      assert.match(await page.innerText('#user'), new RegExp(`^[\\w-]{22}@${issuer}$`));
      await page.getByRole('link', { name: 'Sign out' }).click();
      await isGone(page, example.origin);
    });
  });

  describe('python-authlib', () => {
    const example = using('python-authlib');

    it('knows the guest, and signs out here and there', async () => {
      const page = await example.open();
      await page.getByRole('link', { name: 'Sign in' }).click();
      await asGuest(page);
      assert.equal(await page.innerText('#who'), GUEST);
      const claims = await claimsOn(page);
      assert.equal(claims['iss'], issuer);
      assert.equal(claims['idp'], 'mail');
      await page.getByRole('button', { name: 'Sign out' }).click();
      await confirm(page, example.origin);
      await isGone(page, example.origin);
    });
  });
});

/** Presses through the question of the issuer, who is shown no ID token. */
async function confirm(page: Page, origin: string): Promise<void> {
  await page.waitForURL((url) => url.origin !== origin);
  await page.getByRole('button', { name: 'Sign out' }).click();
}

/** Sees that the browser is back, and that the next sign-in begins at the beginning. */
async function isGone(page: Page, origin: string, more?: string): Promise<void> {
  await page.waitForURL(`${origin}/`);
  await page.getByText('Sign in', { exact: true }).click();
  if (more !== undefined) await page.getByRole('button', { name: more }).click();
  await page.getByLabel('Email address').waitFor();
}

async function claimsOn(page: Page): Promise<Record<string, unknown>> {
  return JSON.parse(await page.innerText('#claims')) as Record<string, unknown>;
}

async function refreshTokenOf(page: Page): Promise<string> {
  const kept = await page.evaluate(() =>
    Object.values(sessionStorage).find((value) => String(value).includes('refresh_token')),
  );
  return (JSON.parse(String(kept)) as { refresh_token: string }).refresh_token;
}

/** From the page itself, so that the browser's rules for other origins hold. */
function refreshWith(page: Page, at: string, token: string): Promise<string> {
  const body = { grant_type: 'refresh_token', client_id: 'example-spa', refresh_token: token };
  return page.evaluate(
    async ([address, form]) => {
      const answer = await fetch(address, { method: 'POST', body: new URLSearchParams(form) });
      return ((await answer.json()) as { error: string }).error;
    },
    [at, body] as const,
  );
}
