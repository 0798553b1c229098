import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as client from 'openid-client';
import type { Browser, Page } from 'playwright-core';
import { ConfigurationError } from '../../src/settings/fault.ts';
import { type Guestpass, startGuestpass } from '../../src/testing/index.ts';
import { findChromium, launchChromium, pressThrough } from '../support/chromium.ts';
import { type Consumer, createConsumer, ROOT } from '../support/consumer.ts';

const run = promisify(execFile);
const TERI = 'teri@gmail.com';
const DOCS = { client_id: 'docs', client_secret: 'a-secret-for-tests' };

describe('guestpass/testing', function () {
  this.timeout(180_000);
  let project: Consumer;

  before(async () => {
    project = await createConsumer(['playwright-core']);
    await project.add('test/testing/project/application.ts', 'application.ts');
    await project.add('test/testing/project/sign-in.ts', 'sign-in.test.ts');
  });
  after(() => project.remove());

  it('signs a guest in with three lines, as published and with production packages alone', async () => {
    assert.ok(!existsSync(join(project.folder, 'node_modules', 'mocha')));
    const { stdout } = await run(process.execPath, ['--test', 'sign-in.test.ts'], {
      cwd: project.folder,
      env: { ...process.env, CHROMIUM: findChromium() ?? '' },
    });
    assert.match(stdout, /\bpass 1\n/);
    assert.match(stdout, /\bfail 0\n/);
  });

  it('has types that the test compiles with', async () => {
    const types = join(project.folder, 'node_modules', '@types');
    if (!existsSync(join(types, 'node'))) {
      await symlink(join(ROOT, 'node_modules', '@types'), types);
    }
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2024',
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      types: ['node'],
    };
    await writeFile(
      join(project.folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['*.ts'] }),
    );
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [tsc, '-p', project.folder]);
    // The same with a word that is not there: it does look.
    const test = join(project.folder, 'sign-in.test.ts');
    await writeFile(test, (await readFile(test, 'utf8')).replace('.invite(', '.invites('));
    await assert.rejects(run(process.execPath, [tsc, '-p', project.folder]));
  });
});

describe('startGuestpass', function () {
  this.timeout(180_000);
  let browser: Browser;
  let guestpass: Guestpass;
  /** Where the browser comes back to. */
  let application: Server;
  let redirect: string;

  before(async () => {
    browser = await launchChromium();
    application = createServer((_request, response) => response.end('welcome'));
    await once(application.listen(0, '127.0.0.1'), 'listening');
    redirect = `http://127.0.0.1:${(application.address() as AddressInfo).port}/cb`;
    guestpass = await startGuestpass({
      clients: [{ ...DOCS, redirect_uris: [redirect] }],
      tenants: [
        { id: 'fabrikam', displayName: 'Fabrikam' },
        { id: 'terms', displayName: 'Terms', termsUrl: 'https://terms.example/terms' },
        {
          id: 'closed',
          displayName: 'Closed',
          emailOneTimePasscode: 'disabled',
          google: { clientId: 'closed', clientSecret: 'a-secret-for-tests' },
        },
      ],
    });
  });
  after(async () => {
    await browser.close();
    await guestpass.close();
    application.close();
    application.closeAllConnections();
  });

  /** Begins a sign-in in a new browser. */
  async function begin(tenant = 'fabrikam', parameters: Readonly<Record<string, string>> = {}) {
    const page = await (await browser.newContext()).newPage();
    return { page, ...(await beginIn(page, tenant, parameters)) };
  }

  async function beginIn(
    page: Page,
    tenant: string,
    parameters: Readonly<Record<string, string>> = {},
  ) {
    const configuration = await client.discovery(
      new URL(guestpass.issuerOf(tenant)),
      DOCS.client_id,
      undefined,
      client.ClientSecretBasic(DOCS.client_secret),
      { execute: [client.allowInsecureRequests] },
    );
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirect,
      scope: 'openid email profile',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      ...parameters,
    });
    const back = page.waitForRequest((request) => request.url().startsWith(redirect));
    back.catch(() => undefined);
    await page.goto(url.href);
    const returned = async () => new URL((await back).url());
    return {
      configuration,
      returned,
      redeem: async () =>
        client.authorizationCodeGrant(configuration, await returned(), { pkceCodeVerifier }),
    };
  }

  it('is an issuer whose tokens say who was invited', async () => {
    const { sub, link } = await guestpass.invite(TERI, { displayName: 'Teri' });
    assert.match(link ?? '', new RegExp(`^${guestpass.url}/fabrikam/invitation\\?ticket=`));
    const { page, redeem } = await begin();
    await guestpass.signIn(page, TERI);
    const claims = (await redeem()).claims();
    assert.equal(claims?.iss, guestpass.issuer);
    assert.equal(claims?.sub, sub);
    assert.equal(claims?.['email'], TERI);
    assert.equal(claims?.['name'], 'Teri');
  });

  it('takes permissions and terms, the address stood in the request', async () => {
    await guestpass.invite(TERI, { tenant: 'terms' });
    const { page, redeem } = await begin('terms', { login_hint: TERI });
    await guestpass.signIn(page, TERI);
    assert.equal((await redeem()).claims()?.iss, guestpass.issuerOf('terms'));
  });

  it('takes the newest code, whatever was mailed before', async () => {
    const address = 'twice@gmail.com';
    await guestpass.invite(address, { accepted: true });
    const first = await begin();
    await first.page.getByLabel('Email address').fill(address);
    await pressThrough(first.page, 'Next');
    await pressThrough(first.page, 'Send code');
    await first.page.goto(`${guestpass.url}/dev/mailbox`);
    while ((await first.page.getByText(address).count()) === 0) await first.page.reload();
    const { page, redeem } = await begin();
    await guestpass.signIn(page, address);
    assert.equal((await redeem()).claims()?.['email'], address);
  });

  it('shows no page of permissions to a guest who has accepted', async () => {
    const address = 'regular@gmail.com';
    const { link } = await guestpass.invite(address, { accepted: true });
    assert.equal(link, null);
    const { page, redeem } = await begin();
    await page.route('**/accept', (route) => route.abort());
    await guestpass.signIn(page, address);
    assert.equal((await redeem()).claims()?.['email'], address);
  });

  it('mails an invitation that leads to a sign-in', async () => {
    const address = 'mailed@gmail.com';
    await guestpass.invite(address, { mail: true, redirectUrl: `${redirect}?start` });
    const mail = await guestpass.mailbox.waitForMail(address);
    const link = /http:\S+\/invitation\?ticket=\S+/.exec(mail.text)?.[0] ?? '';
    const page = await (await browser.newContext()).newPage();
    await page.goto(link);
    await pressThrough(page, 'Continue');
    await guestpass.signIn(page, address);
    assert.equal(await page.innerText('body'), 'welcome');
  });

  it('ends tokens and sessions when its clock moves past them', async () => {
    const address = 'tomorrow@gmail.com';
    const { sub } = await guestpass.invite(address, { accepted: true });
    const { page, configuration, redeem } = await begin();
    await guestpass.signIn(page, address);
    const { access_token: token } = await redeem();
    assert.equal((await client.fetchUserInfo(configuration, token, sub)).email, address);
    const before = guestpass.clock.now();
    await guestpass.clock.advance(620);
    assert.ok(guestpass.clock.now() >= before + 620);
    await assert.rejects(client.fetchUserInfo(configuration, token, sub));
    const silent = await beginIn(page, 'fabrikam', { prompt: 'none' });
    assert.ok((await silent.returned()).searchParams.has('code'));
    await guestpass.clock.advance(86_400);
    const late = await beginIn(page, 'fabrikam', { prompt: 'none' });
    assert.equal((await late.returned()).searchParams.get('error'), 'login_required');
  });

  it('stops with the words of a page that lets nobody in', async () => {
    await guestpass.invite('nobody@outlook.example', { tenant: 'closed' });
    const { page } = await begin('closed');
    await assert.rejects(guestpass.signIn(page, 'nobody@outlook.example'), (error: Error) => {
      assert.match(error.message, /the sign-in of nobody@outlook\.example stops here: http/);
      return /Closed/.test(error.message);
    });
  });

  it('says why somebody cannot be invited', async () => {
    await assert.rejects(guestpass.invite('teri'), TypeError);
    await assert.rejects(guestpass.invite(TERI, { tenant: 'nowhere' }), TypeError);
    const elsewhere = { redirectUrl: 'https://elsewhere.example/' };
    await assert.rejects(guestpass.invite('x@gmail.com', elsewhere), /redirect_unregistered/);
  });

  it('refuses what a tenant file may not say, and leaves no files', async () => {
    const before = folders();
    const clients = [{ client_id: 'docs', redirect_uris: ['http://docs.example/cb'] }];
    await assert.rejects(startGuestpass({ clients }), ConfigurationError);
    assert.deepEqual(folders(), before);
  });

  it('leaves nothing when it is closed, and its port free', async () => {
    const before = folders();
    const one = await startGuestpass();
    const port = Number(new URL(one.url).port);
    assert.equal(folders().length, before.length + 1);
    await one.close();
    assert.deepEqual(folders(), before);
    const other = await startGuestpass({ port });
    assert.equal(other.url, one.url);
    await other.close();
  });
});

function folders(): readonly string[] {
  return globSync(join(tmpdir(), 'guestpass-testing-*')).toSorted();
}
