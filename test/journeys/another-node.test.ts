import assert from 'node:assert/strict';
import { type IncomingMessage, request as ask, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type DemoApplication, startDemoApplication } from '../../src/demo/application.ts';
import { openDatabase } from '../../src/storage/open-database.ts';
import type { Database } from '../../src/storage/sql.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { createServer, type Server } from '../faults/servers.ts';
import { launchChromium, pressThrough } from '../support/chromium.ts';
import { type LoopbackServer, startLoopback } from '../support/loopback-server.ts';
import {
  addGuests,
  CALLBACK,
  createInstallation,
  createWalker,
  databaseOf,
  freePort,
  type Installation,
  secretOf,
  type Walker,
} from '../support/world.ts';

const SENT = '"event":"mail.sent"';

describe('no dead ends where every request is answered by another process, in Chromium without JavaScript, on mariadb', function () {
  this.timeout(180_000);
  let front: LoopbackServer;
  let installation: Installation;
  let nodes: readonly Server[];
  /** Which of them serve now. */
  let serving: readonly Server[] = [];
  /** Who answered, one after the other: index of the node, method and path. */
  let answered: (readonly [node: number, what: string])[] = [];
  let database: Database;
  let walker: Walker;
  let application: DemoApplication;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  /** One takes what the other did not: pages alone are counted, a stylesheet would change the turn. */
  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const node = serving[answered.length % serving.length]!;
    if (!url.startsWith('/assets/')) answered.push([nodes.indexOf(node), `${method} ${url}`]);
    const there = { host: '127.0.0.1', port: node.port, method, path: url, headers, agent: false };
    await new Promise<void>((resolve, reject) => {
      const onwards = ask(there, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        pipeline(answer, response).then(resolve, reject);
      });
      onwards.on('error', reject);
      request.pipe(onwards);
    });
  }

  before(async () => {
    front = await startLoopback(() => pass);
    const port = await freePort();
    const demo = {
      client_id: 'demo',
      client_name: 'Demo application',
      client_secret: secretOf('a'),
      redirect_uris: [`http://127.0.0.1:${port}/a/cb`],
    };
    const docs = { client_id: 'docs', client_secret: secretOf('a'), redirect_uris: [CALLBACK] };
    installation = await createInstallation({
      store: 'mariadb',
      settings: { publicUrl: front.origin },
      tenants: { a: { clients: [demo, docs] } },
    });
    database = openDatabase(databaseOf(installation.database));
    walker = createWalker({ publicUrl: front.origin, relay: installation.relay });
    nodes = [await createServer(installation), await createServer(installation)];
    for (const node of nodes) await node.start();
    serving = nodes;
    const { tenants } = await loadConfiguration(installation.folder, {});
    application = await startDemoApplication(front.origin, [...tenants.byId.values()]);
    browser = await launchChromium();
  });
  after(async () => {
    await browser.close();
    await application.close();
    await front.stop();
    for (const node of nodes) await node.remove();
    await database.close();
    await installation.remove();
  });
  beforeEach(async () => {
    serving = nodes;
    answered = [];
    context = await browser.newContext({ javaScriptEnabled: false });
    page = await context.newPage();
  });
  afterEach(() => context.close());

  const h1 = (): Promise<string> => page.locator('h1').innerText();
  const press = (name: string): Promise<void> => pressThrough(page, name);

  async function begin(address: string): Promise<void> {
    await addGuests(installation, address);
    await page.goto(`${application.url}/a/sign-in`);
    assert.equal(await h1(), 'Sign in to Tenant A');
  }
  async function giveAddress(address: string): Promise<void> {
    await page.getByLabel('Email address').fill(address);
    await press('Next');
    assert.equal(await h1(), 'We will email you a code');
  }
  async function sendCode(address: string): Promise<string> {
    const { relay } = installation;
    const { length: after } = relay.messages.filter(({ recipients }) =>
      recipients.includes(address),
    );
    await press('Send code');
    assert.equal(await h1(), 'Enter the code we emailed you');
    return walker.passcodeFor(address, after);
  }
  async function enter(code: string): Promise<void> {
    await page.getByLabel('Code').fill(code);
    await press('Sign in');
  }
  async function isSignedIn(address: string): Promise<void> {
    await page.waitForURL((url) => url.origin === application.url);
    assert.match(await page.locator('pre').innerText(), new RegExp(address));
  }
  /** Reload, Back and Forward, each answered by another one than the page before. */
  async function holds(expected: string): Promise<void> {
    assert.equal(await h1(), expected);
    for (let time = 0; time < 2; time += 1) {
      await page.reload();
      assert.equal(await h1(), expected);
    }
    await page.goto(application.url);
    await page.goBack();
    assert.equal(await h1(), expected);
  }

  it('T69 survives Back and reload at every step', async () => {
    const address = 'steps@partner.example';
    await begin(address);
    await holds('Sign in to Tenant A');
    await giveAddress(address);
    await holds('We will email you a code');
    const code = await sendCode(address);
    await holds('Enter the code we emailed you');
    await enter(code);
    await isSignedIn(address);
    await page.goBack();
    await page.reload();
    assert.equal(await h1(), 'You have already signed in here');
    const seen = answered.filter(([, what]) => /^GET \/a\/signin\/[^/]+$/.test(what));
    assert.deepEqual(new Set(seen.map(([node]) => node)), new Set([0, 1]));
  });

  it('P10 begins anew what is gone, whichever process is asked', async () => {
    const address = 'anew@partner.example';
    await begin(address);
    await giveAddress(address);
    const stale = await sendCode(address);
    // As the purge does it an hour later.
    await database.run("DELETE FROM oidc_records WHERE model = 'Interaction'", []);
    await enter(stale);
    assert.equal(await h1(), 'This page has expired');
    for (let time = 0; time < 2; time += 1) {
      await page.reload();
      assert.equal(await h1(), 'This page has expired');
    }
    await press('Start again');
    assert.equal(await h1(), 'We will email you a code');
    assert.match(await page.locator('main').innerText(), new RegExp(address));
    await context.clearCookies({ name: 'interaction' });
    await page.reload();
    assert.equal(await h1(), 'This page has expired');
    await press('Start again');
    const code = await sendCode(address);
    await enter(code);
    await isSignedIn(address);
  });

  it('F8 goes on at the same step when the process that showed it is gone', async () => {
    const address = 'alone@partner.example';
    const [first, second] = nodes as [Server, Server];
    await begin(address);
    serving = [first];
    await giveAddress(address);
    const sent = (): number => first.running.output.filter((line) => line.includes(SENT)).length;
    const before = sent();
    const code = await sendCode(address);
    // Killed before it has noted that, the other one would send the mail again.
    while (sent() === before) await first.running.nextLine();
    await first.running.kill();
    serving = [second];
    await page.reload();
    assert.equal(await h1(), 'Enter the code we emailed you');
    await enter(code);
    await isSignedIn(address);
    await first.start();
    await second.running.kill();
    serving = [first];
    await page.goto(`${application.url}/a/sign-in`);
    await isSignedIn(address);
    await second.start();
  });
});
