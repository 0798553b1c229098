import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultLimits } from '../../src/domain/limits.ts';
import { type Followed, startFollowed } from '../server/followed.ts';
import { heading, hidden, Jar } from '../support/jar.ts';
import {
  connect as connectPlace,
  giveAddress,
  oidcOf,
  startPlace,
  throughPlace,
} from '../support/places.ts';
import { startProcess } from '../support/processes.ts';
import { addGuests, createInstallation } from '../support/world.ts';

const ROUNDS = 200;
/** `RELOAD_SECONDS=60` writes by the clock instead, and says how much was done. */
const SECONDS = Number(process.env['RELOAD_SECONDS'] ?? 0);
const GUESTS = ['ana@partner.example', 'ben@partner.example'];

describe('files that change while the server runs', () => {
  let world: Followed;
  beforeEach(async () => {
    // One machine signs in more guests here than a network does in a day.
    const many = Object.keys(defaultLimits).filter((name) => /^(?:sends|signIns)/.test(name));
    const limits = Object.fromEntries(many.map((name) => [name, 1_000_000]));
    world = await startFollowed({ settings: { unsafeLimits: true, limits } });
    await addGuests(world, 'teri@gmail.com');
  });
  afterEach(() => world.close());

  it('F20 serve from the next request on, and a sign-in under way goes on', async () => {
    const jar = new Jar();
    const begun = await world.begin();
    const page = await jar.follow(await jar.get(begun.url));
    assert.match(page.text, /Tenant A/);
    const reloaded = world.next('configuration.reloaded');
    await world.edit('tenants/a.yaml', { displayName: 'Northwind' });
    assert.deepEqual((await reloaded)['changed'], ['a']);
    const again = await jar.get(page.url);
    assert.match(again.text, /Northwind/);
    const location = await world.signIn(jar, begun, 'teri@gmail.com');
    const tokens = await world.redeem(begun, location);
    assert.equal(tokens.claims()?.['tid'], 'a');
  });

  it('F20 keep the last good set while bad, say so on the private listener, and mend', async () => {
    const stale = world.next('configuration.stale');
    const good = await readFile(world.path('tenants/a.yaml'), 'utf8');
    await writeFile(world.path('tenants/a.yaml'), good.replace('displayName', 'displayNam'));
    const faults = (await stale)['faults'] as string[];
    const [fault = ''] = faults;
    assert.match(fault, /^tenants\/a\.yaml:1:1 {2}displayName {2}required key missing/);
    assert.match(faults[1] ?? '', /^tenants\/a\.yaml:2:1 .*did you mean "displayName"\?/);
    const ready = await fetch(`${world.admin}/readyz?verbose`);
    assert.equal(ready.status, 200);
    assert.ok((await ready.text()).includes(`[-]config stale: ${fault}\n`));
    assert.match(await metrics(), /^guestpass_config_stale 1$/m);
    const begun = await world.begin();
    await world.redeem(begun, await world.signIn(new Jar(), begun, 'teri@gmail.com'));
    const reloaded = world.next('configuration.reloaded');
    await writeFile(world.path('tenants/a.yaml'), good);
    await reloaded;
    assert.match(await (await fetch(`${world.admin}/readyz?verbose`)).text(), /\nready\n$/);
    assert.match(await metrics(), /^guestpass_config_stale 0$/m);
    assert.match(await metrics(), /^guestpass_config_reloads_total\{outcome="stale"\} 1$/m);
  });

  it('T48 end the sign-ins of a tenant that is gone on a clear page, and touch no other', async () => {
    const jar = new Jar();
    const begun = await world.begin('a');
    const page = await world.walkToCode(jar, begun, 'teri@gmail.com');
    const code = await world.passcodeFor('teri@gmail.com');
    const other = new Jar();
    const elsewhere = await world.begin('b');
    const pageOfB = await other.follow(await other.get(elsewhere.url));
    const reloaded = world.next('configuration.reloaded');
    await rm(world.path('tenants/a.yaml'));
    assert.deepEqual((await reloaded)['removed'], ['a']);
    const form = { csrf: hidden(page, 'csrf'), code };
    const answer = await jar.post(`${page.url.href}/passcode`, form);
    assert.equal(answer.status, 400);
    assert.match(heading(answer), /organi[sz]ation/i);
    assert.equal((await other.get(pageOfB.url)).status, 200);
  });

  it('T48 end the tokens of a tenant that is gone, until it is back', async () => {
    const begun = await world.begin('a');
    const tokens = await world.redeem(
      begun,
      await world.signIn(new Jar(), begun, 'teri@gmail.com'),
    );
    const text = await readFile(world.path('tenants/a.yaml'), 'utf8');
    const userinfo = () =>
      fetch(`${world.publicUrl}/a/v2.0/me`, {
        headers: { authorization: `Bearer ${tokens.access_token}` },
      });
    const gone = world.next('configuration.reloaded');
    await rm(world.path('tenants/a.yaml'));
    await gone;
    assert.equal((await userinfo()).status, 400);
    const back = world.next('configuration.reloaded');
    await writeFile(world.path('tenants/a.yaml'), text);
    await back;
    assert.equal((await userinfo()).status, 200);
  });

  it('end a sign-in of a client that is gone on a clear page, before any mail', async () => {
    const jar = new Jar();
    const begun = await world.begin('a');
    const page = await jar.follow(await jar.get(begun.url));
    const reloaded = world.next('configuration.reloaded');
    await world.edit('tenants/a.yaml', { clients: [] });
    await reloaded;
    const form = { csrf: hidden(page, 'csrf'), email: 'teri@gmail.com' };
    const answer = await jar.follow(await jar.post(`${page.url.href}/address`, form));
    assert.equal(answer.status, 400);
    assert.match(answer.text, /^<!doctype html>/);
    assert.equal(world.relay.messages.length, 0);
    assert.ok(!world.heard.some(({ event }) => event === 'request.failed'));
  });

  it('refuse a code with a client that is gone', async () => {
    const begun = await world.begin('a');
    const location = await world.signIn(new Jar(), begun, 'teri@gmail.com');
    const reloaded = world.next('configuration.reloaded');
    await world.edit('tenants/a.yaml', { clients: [] });
    await reloaded;
    await assert.rejects(world.redeem(begun, location), { status: 401 });
  });

  it('refuse who comes back from a place that is gone, on a page', async () => {
    const place = await startPlace('Partner', 'ana@partner.example');
    try {
      const { publicUrl } = world;
      connectPlace({ publicUrl } as Parameters<typeof connectPlace>[0], place, 'partner');
      const before = world.next('configuration.reloaded');
      const homeDirectories = [
        {
          id: 'partner',
          displayName: 'Partner',
          domains: ['partner.example'],
          oidc: oidcOf(place),
        },
      ];
      await world.edit('tenants/a.yaml', { homeDirectories });
      await before;
      const jar = new Jar();
      const begun = await world.begin();
      const page = await jar.follow(await jar.get(begun.url));
      const left = await giveAddress(jar, page, 'ana@partner.example');
      const after = world.next('configuration.reloaded');
      await world.edit('tenants/a.yaml', { homeDirectories: [] });
      await after;
      const answer = await throughPlace(jar, left, 'ana@partner.example');
      assert.equal(answer.status, 400);
      assert.match(answer.text, /^<!doctype html>/);
      assert.ok(!world.heard.some(({ event }) => event === 'request.failed'));
    } finally {
      await place.stop();
    }
  });

  it('F20 written over and over, by halves and by renames, fail no request', async function () {
    this.timeout(30_000);
    const text = await readFile(world.path('tenants/a.yaml'), 'utf8');
    const path = world.path('tenants/a.yaml');
    let reloaded = world.next('configuration.reloaded');
    const statuses = new Set<number>();
    const write = async (round: number): Promise<void> => {
      const next = text.replace('Tenant A', `Tenant A ${round}`);
      await writeFile(path, next.slice(0, next.length / 2));
      await writeFile(path, next);
      await writeFile(`${path}.tmp`, next);
      await rename(`${path}.tmp`, path);
    };
    const visit = async (): Promise<void> => {
      const jar = new Jar();
      const page = await jar.follow(await jar.get((await world.begin('a')).url));
      statuses.add(page.status);
      assert.match(page.text, /Tenant A/);
      assert.match(page.text, /name="email"/);
    };
    for (let round = 0; round < ROUNDS; round += 1) await Promise.all([write(round), visit()]);
    const last = new RegExp(`Tenant A ${ROUNDS - 1}\\b`);
    for (let shown = ''; !last.test(shown);) {
      // The first may be about a round in which this process took a rest.
      await reloaded;
      reloaded = world.next('configuration.reloaded');
      shown = (await new Jar().get(`${world.publicUrl}/a/`)).text;
    }
    assert.deepEqual([...statuses], [200]);
    assert.deepEqual(
      world.heard.filter(({ event }) => event === 'configuration.stale'),
      [],
    );
  });

  it('F20 S57 good, half-written and bad in a loop, while guests sign in, serve the last good set', async function () {
    this.timeout(30_000 + SECONDS * 2000);
    const path = world.path('tenants/a.yaml');
    const text = await readFile(path, 'utf8');
    const named = (round: number) => text.replace('Tenant A', `Tenant A ${round}`);
    await addGuests(world, ...GUESTS);
    const began = performance.now();
    const done = { writes: 0, signIns: 0, faults: 0 };
    const isOver = () =>
      SECONDS > 0 ? performance.now() - began > SECONDS * 1000 : done.writes >= ROUNDS;
    const state = { running: true };

    const write = async (): Promise<void> => {
      for (let round = 0; !isOver(); round += 1) {
        const next = named(round);
        await writeFile(path, next.slice(0, (next.length * (round % 7)) / 7));
        await writeFile(path, next.replace('displayName', 'displayNam'));
        // Now and then it rests while bad, and health has to say where.
        if (round % 40 === 20) await rest();
        await writeFile(`${path}.tmp`, next);
        await rename(`${path}.tmp`, path);
        done.writes += 3;
      }
      state.running = false;
    };
    const rest = async (): Promise<void> => {
      const heard = world.heard.length;
      // The first may be about half of the file, where this process took a rest before.
      for (let fault = ''; !/^tenants\/a\.yaml:1:1 {2}displayName/.test(fault);) {
        const { faults } = await world.next('configuration.stale');
        fault = String((faults as readonly string[])[0]);
      }
      const ready = await fetch(`${world.admin}/readyz?verbose`);
      assert.equal(ready.status, 200);
      assert.match(await ready.text(), /^\[-\]config stale: tenants\/a\.yaml:1:1 {2}displayName/m);
      assert.ok(world.heard.slice(heard).some(({ event }) => event === 'configuration.stale'));
      done.faults += 1;
    };
    const signIn = async (guest: string): Promise<void> => {
      while (state.running) {
        const begun = await world.begin('a');
        const tokens = await world.redeem(begun, await world.signIn(new Jar(), begun, guest));
        assert.equal(tokens.claims()?.['tid'], 'a');
        done.signIns += 1;
      }
    };
    await Promise.all([write(), ...GUESTS.map((guest) => signIn(guest))]);
    let reloaded = world.next('configuration.reloaded');
    await writeFile(path, text.replace('Tenant A', 'Tenant A at last'));
    for (let shown = ''; !shown.includes('Tenant A at last');) {
      // The first may be about what was written before.
      await reloaded;
      reloaded = world.next('configuration.reloaded');
      shown = (await new Jar().get(`${world.publicUrl}/a/`)).text;
    }
    assert.match(await (await fetch(`${world.admin}/readyz?verbose`)).text(), /\nready\n$/);
    assert.ok(done.signIns > 0 && done.faults > 0, JSON.stringify(done));
    const failed = world.heard.filter(({ event }) => /^(?:request|engine)\./.test(event));
    assert.deepEqual(failed, []);
    if (SECONDS > 0) process.stdout.write(`${JSON.stringify(done)}\n`);
  });

  it('counts the budget that kept a code back', async () => {
    const limited = await startFollowed({
      settings: { limits: { sendsPerNetworkPer15Minutes: 1 } },
    });
    try {
      await addGuests(limited, 'teri@gmail.com');
      await limited.signIn(new Jar(), await limited.begin(), 'teri@gmail.com');
      await limited.walkToCode(new Jar(), await limited.begin(), 'teri@gmail.com');
      const text = await (await fetch(`${limited.admin}/metrics`)).text();
      const spent = '{kind="send",scope="network",budget="send.network.quarter"} 1';
      assert.ok(text.includes(`guestpass_budgets_spent_total${spent}`), text);
      assert.match(text, /^guestpass_mail_duration_seconds_count 1$/m);
    } finally {
      await limited.close();
    }
  });

  async function metrics(): Promise<string> {
    return (await fetch(`${world.admin}/metrics`)).text();
  }
});

describe('the private listener of a server', () => {
  it('tells health and numbers, and nothing of the public side', async () => {
    const world = await startFollowed();
    try {
      await addGuests(world, 'teri@gmail.com');
      const begun = await world.begin();
      await world.redeem(begun, await world.signIn(new Jar(), begun, 'teri@gmail.com'));
      const ready = await (await fetch(`${world.admin}/readyz?verbose`)).text();
      assert.equal(
        ready,
        '[+]database ok\n[+]disk ok\n[+]migrations ok\n[+]signing keys ok\n[+]config ok\n[+]mail ok\n[+]clock ok\nready\n',
      );
      const text = await (await fetch(`${world.admin}/metrics`)).text();
      for (const line of [
        'guestpass_sign_ins_total{tenant="a",outcome="finished",door="emailOneTimePasscode"} 1',
        'guestpass_passcodes_total{event="asked",outcome="sent",strong="false"} 1',
        'guestpass_passcodes_total{event="typed",outcome="verified",strong="false"} 1',
        'guestpass_mail_deliveries_total{outcome="sent"} 1',
        'guestpass_mail_messages{state="queued"} 0',
        'guestpass_mail_oldest_seconds 0',
        'guestpass_tenants 2',
        'guestpass_requests_duration_seconds_count{route="token"} 1',
      ]) {
        assert.ok(text.split('\n').includes(line), line);
      }
      assert.match(text, /^guestpass_requests_duration_seconds_count\{route="page"\} [1-9]/m);
      assert.match(text, /^guestpass_requests_duration_seconds_count\{route="authorize"\} [1-9]/m);
      assert.ok(!text.includes('teri'));
      for (const path of [
        '/',
        '/a/',
        '/a/v2.0/.well-known/openid-configuration',
        '/assets/style.css',
      ]) {
        assert.equal((await fetch(`${world.admin}${path}`)).status, 404);
      }
      for (const path of ['/livez', '/readyz', '/metrics', '/healthz']) {
        assert.notEqual((await fetch(`${world.publicUrl}${path}`)).status, 200);
      }
    } finally {
      await world.close();
    }
  });

  it('F19 is not ready from SIGTERM on, while requests under way still end', async () => {
    const world = await startFollowed();
    const { port } = world.server.address;
    // Half of a request keeps the public side busy.
    const busy = createConnection(port, '127.0.0.1');
    await once(busy, 'connect');
    busy.write(`GET /a/ HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`);
    await fetch(`${world.publicUrl}/a/`).then((answer) => answer.text());
    const closing = world.close();
    const ready = await fetch(`${world.admin}/readyz`);
    assert.deepEqual([ready.status, await ready.text()], [503, 'stopping\n']);
    assert.equal((await fetch(`${world.admin}/livez`)).status, 200);
    const answer = once(busy, 'data');
    busy.write('Connection: close\r\n\r\n');
    assert.match(String((await answer)[0]), /^HTTP\/1\.1 200/);
    await closing;
    await assert.rejects(fetch(`${world.admin}/livez`));
  });

  it('is off when nothing is said of it', async () => {
    const world = await startFollowed({ settings: { adminListen: undefined } });
    assert.equal(world.server.adminAddress, undefined);
    await world.close();
  });
});

describe('guestpass serve', () => {
  it('F20 reads its files again when one changes, and at SIGHUP those that nobody watches', async () => {
    const installation = await createInstallation();
    const outside = await mkdtemp(join(tmpdir(), 'guestpass-outside-'));
    const [inside, linked] = [
      join(installation.folder, 'tenants/a.yaml'),
      join(installation.folder, 'tenants/b.yaml'),
    ];
    await rename(linked, join(outside, 'b.yaml'));
    await symlink(join(outside, 'b.yaml'), linked);
    const server = await startProcess(installation.folder);
    try {
      await rewrite(inside, 'Tenant A', 'Northwind');
      assert.match(await server.line(/"configuration\.reloaded"/), /"changed":\["a"\]/);
      await rewrite(join(outside, 'b.yaml'), 'Tenant B', 'Fabrikam');
      server.child.kill('SIGHUP');
      await server.line(/"changed":\["b"\].*"configuration\.reloaded"/);
      const { text } = await new Jar().get(`${installation.publicUrl}/b/`);
      assert.match(text, /Fabrikam/);
      assert.equal(await server.stop(), 0);
    } finally {
      await server.kill();
      await installation.remove();
      await rm(outside, { recursive: true });
    }
  });
});

async function rewrite(path: string, before: string, after: string): Promise<void> {
  await writeFile(path, (await readFile(path, 'utf8')).replace(before, after));
}
