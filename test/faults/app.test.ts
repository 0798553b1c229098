import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { fileURLToPath } from 'node:url';
import { hidden, Jar } from '../support/jar.ts';
import { startProcess } from '../support/processes.ts';
import {
  addGuests,
  createInstallation,
  createWalker,
  type Installation,
  passcodeIn,
  stores,
} from '../support/world.ts';
import { startFront } from './front.ts';
import { startLoad, UNBOUND } from './load.ts';
import { createServer } from './servers.ts';
import { until } from './until.ts';

const PLANTED = fileURLToPath(new URL('planted-fault.ts', import.meta.url));
const GUESTS = ['ana', 'ben', 'cyd'].map((name) => `${name}@partner.example`);

for (const store of stores) {
  describe(`a server that is killed, on ${store}`, function () {
    this.timeout(120_000);
    let installation: Installation;
    before(async () => {
      installation = await createInstallation({ store });
      await addGuests(installation, 'teri@partner.example');
    });
    after(() => installation.remove());

    it('F5 F8 between two steps loses none: mail, code and token exchange go on after it', async () => {
      const { folder, relay } = installation;
      const walker = createWalker(installation);
      let server = await startProcess(folder);
      try {
        // The page has answered, and the mail cannot have left.
        relay.hangGreetings(true);
        const jar = new Jar();
        const begun = await walker.begin();
        const page = await walker.walkToCode(jar, begun, 'teri@partner.example');
        assert.equal(page.status, 200);
        await server.kill();
        relay.hangGreetings(false);
        server = await startProcess(folder);
        const mail = await relay.nextMail('teri@partner.example');
        const code = passcodeIn(mail.parsed.text ?? '');
        const done = await jar.follow(
          await jar.post(`${page.url.href}/passcode`, { csrf: hidden(page, 'csrf'), code }),
        );
        // The application has the code, and not yet its tokens.
        await server.kill();
        server = await startProcess(folder);
        const tokens = await walker.redeem(begun, done.location!);
        assert.equal(tokens.claims()?.['email'], 'teri@partner.example');
        await assert.rejects(walker.redeem(begun, done.location!), { error: 'invalid_grant' });
        assert.equal(relay.messages.length, 1);
      } finally {
        await server.kill();
      }
    });
  });
}

describe('two servers that are restarted one after the other', function () {
  this.timeout(180_000);

  it('F19 fail no sign-in behind a proxy that asks whether they are ready', async () => {
    const installation = await createInstallation({ settings: UNBOUND });
    await addGuests(installation, ...GUESTS);
    const servers = [await createServer(installation), await createServer(installation)];
    await Promise.all(servers.map((server) => server.start()));
    const front = await startFront(Number(new URL(installation.publicUrl).port), servers);
    const load = startLoad(createWalker(installation), installation.relay, GUESTS);
    try {
      await load.more(5);
      for (const server of servers) {
        assert.equal(await server.running.stop(), 0);
        await load.more(3);
        await server.start();
        await until('it to be ready', () => front.ready.includes(server.port));
        await load.more(3);
      }
      const { failures, done } = await load.stop();
      assert.deepEqual(failures, []);
      assert.ok(done >= 17);
      for (const { port } of servers) assert.ok((front.answered.get(port) ?? 0) > 0);
    } finally {
      await load.stop();
      await front.stop();
      for (const server of servers) await server.remove();
      await installation.remove();
    }
  });
});

describe('a fault that nobody catches', function () {
  this.timeout(120_000);

  for (const kind of ['throw', 'reject']) {
    it(`F23 ends the process after the requests of others, soon, and says why (${kind})`, async () => {
      const installation = await createInstallation();
      const server = await startProcess(installation.folder, { imports: [PLANTED] });
      try {
        const { publicUrl } = installation;
        const { hostname, port, host } = new URL(publicUrl);
        // Half of a request, which ends after the fault.
        const busy = createConnection(Number(port), hostname);
        await once(busy, 'connect');
        busy.write(`GET /a/ HTTP/1.1\r\nHost: ${host}\r\n`);
        await (await fetch(`${publicUrl}/a/`)).text();
        const exited = once(server.child, 'exit');
        const planted = new Jar().get(`${publicUrl}/a/`, { 'x-plant': kind });
        planted.catch(() => {});
        assert.match(await server.line(/"event":"process\.failed"/), /planted/);
        const failedAt = performance.now();
        const answer = once(busy, 'data');
        busy.write('Connection: close\r\n\r\n');
        assert.match(String((await answer)[0]), /^HTTP\/1\.1 200/);
        assert.deepEqual(await exited, [1, null]);
        // A second and a half; waiting for the planted request's answer, as at SIGTERM, were eleven.
        assert.ok(performance.now() - failedAt < 8_000);
        await assert.rejects(planted);
      } finally {
        await server.kill();
        await installation.remove();
      }
    });
  }
});
