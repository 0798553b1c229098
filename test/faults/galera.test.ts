import assert from 'node:assert/strict';
import { migrate } from '../../src/storage/migrate.ts';
import { migrationsFor } from '../../src/storage/migrations.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { type Galera, startGalera } from '../support/galera.ts';
import { hidden, Jar } from '../support/jar.ts';
import {
  addGuests,
  createInstallation,
  createWalker,
  type Installation,
  type Walker,
} from '../support/world.ts';
import { type Front, startFront } from './front.ts';
import { type Load, startLoad, UNBOUND } from './load.ts';
import { migrateAndDie, schemaOf } from './migrating.ts';
import { createServer, type Server } from './servers.ts';
import { until } from './until.ts';

const GUESTS = ['ana', 'ben', 'cyd', 'dov'].map((name) => `${name}@partner.example`);
const GUESSED = 'eve@partner.example';
const MOST_GAP_MS = 10_000;
const ROUNDS = 40;
/** Whose COMMIT was under way, and again while the cluster agrees on who is left. */
const MOST_FAILURES = 2 * GUESTS.length;

describe('a Galera cluster of three behind two servers', function () {
  this.timeout(300_000);
  let galera: Galera;
  let database: string;
  let installation: Installation;
  let walker: Walker;
  let servers: readonly Server[] = [];
  let front: Front | undefined;
  let load: Load | undefined;

  before(async () => {
    galera = await startGalera(3);
    database = await galera.createDatabase();
    const url = galera.url(database, 0, 1, 2);
    installation = await createInstallation({ settings: { ...UNBOUND, database: url } });
    walker = createWalker(installation);
    await addGuests(installation, ...GUESTS, GUESSED);
    // Each begins at another node, so that both write at once.
    servers = [
      await createServer(installation),
      await createServer(installation, { database: galera.url(database, 1, 2, 0) }),
    ];
    await Promise.all(servers.map((server) => server.start()));
    front = await startFront(Number(new URL(installation.publicUrl).port), servers);
  });
  afterEach(async () => {
    await load?.stop();
    load = undefined;
  });
  after(async () => {
    await front?.stop();
    await Promise.all(servers.map((server) => server.remove()));
    await installation?.remove();
    await galera?.stop();
  });

  it('F15 reads at every node what was committed at another a moment ago', async () => {
    await atEveryNode(async ([first, ...others]) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        await first!.oidc.insert(recordOf(`read-${round}`));
        for (const other of others) {
          const found = await other.oidc.find('a', 'AuthorizationCode', `read-${round}`);
          assert.ok(found, `round ${round}`);
        }
      }
    });
  });

  it('F24 R24 is migrated by nine processes at three nodes at once: each migration runs once', async () => {
    const fresh = await galera.createDatabase();
    const at = (node: number) => ({ kind: 'mysql', url: galera.url(fresh, node) }) as const;
    const ran = await Promise.all(Array.from({ length: 9 }, (_, index) => migrate(at(index % 3))));
    assert.deepEqual(ran.flat(), Object.keys(migrationsFor('mysql')));
    const schemas = await Promise.all([0, 1, 2].map((node) => schemaOf(at(node))));
    const before = await schemaOf({ kind: 'mysql', url: galera.url(database, 0) });
    for (const schema of schemas) assert.deepEqual(schema, before);
  });

  it('F24 R24 loses whoever migrates by kill -9: a process at another node takes over and ends it', async () => {
    const fresh = await galera.createDatabase();
    const dying = await createServer(installation, { database: galera.url(fresh, 0) });
    try {
      assert.equal(await migrateAndDie(dying.folder, 7), 'SIGKILL');
      const ran = await migrate({ kind: 'mysql', url: galera.url(fresh, 1) });
      assert.deepEqual(ran, Object.keys(migrationsFor('mysql')));
      assert.deepEqual(
        await schemaOf({ kind: 'mysql', url: galera.url(fresh, 2) }),
        await schemaOf({ kind: 'mysql', url: galera.url(database, 0) }),
      );
    } finally {
      await dying.remove();
    }
  });

  it('F16 T6 lets one of three nodes consume a code, whoever certifies first', async () => {
    await atEveryNode(async (stores) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const id = `code-${round}`;
        await stores[0]!.oidc.insert(recordOf(id));
        const won = await Promise.all(
          stores.map((store) => store.oidc.consume('a', 'AuthorizationCode', id, 1)),
        );
        assert.equal(won.filter(Boolean).length, 1, `round ${round}`);
      }
    });
  });

  it('F16 T2 evaluates five of forty guesses that arrive at both servers at once', async () => {
    const jar = new Jar();
    const page = await walker.walkToCode(jar, await walker.begin(), GUESSED);
    await walker.passcodeFor(GUESSED);
    const form = { csrf: hidden(page, 'csrf'), code: '00000000' };
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => jar.post(`${page.url.href}/passcode`, form)),
    );
    // Who lost to others too often reads 503 and may try again; nobody reads that a code was right.
    for (const { status } of answers)
      assert.ok([303, 200, 400, 429, 503].includes(status), `${status}`);
    const uid = page.url.pathname.split('/').at(-1) ?? '';
    const [signIn] = await galera.query<{ attempts: number; verified_at: number | null }>(
      0,
      `SELECT attempts, verified_at FROM ${database}.sign_ins WHERE uid = '${uid}'`,
    );
    assert.deepEqual(signIn, { attempts: 5, verified_at: null });
    const spent = await galera.query<{ used: number }>(
      1,
      `SELECT used FROM ${database}.budgets WHERE scope = 'failure.address.day'`,
    );
    assert.equal(Math.max(...spent.map(({ used }) => used)), 5);
  });

  it('F15 goes on within ten seconds when a node is killed, and no budget goes back', async () => {
    load = startLoad(walker, installation.relay, GUESTS);
    await load.more(8);
    const before = await budgets(1);
    await galera.kill(0);
    await load.more(12);
    const report = await load.stop();
    const after = await budgets(1);
    tell('a node killed', report, before, after);
    assert.ok(report.longestGapMs < MOST_GAP_MS, `${report.longestGapMs} ms`);
    // Whose COMMIT was under way is told to try again: perhaps it counted, perhaps it did not.
    for (const failure of report.failures) assert.match(failure, /^50[23] /);
    assert.ok(report.failures.length <= MOST_FAILURES, `${report.failures.length} failed`);
    assertNeverBack(before, after);
    await assertCounted(1);
  });

  it('F15 takes the node back in, with everything that happened meanwhile', async () => {
    await galera.join(0);
    await until('three nodes', async () => (await galera.size(0)) === 3);
    const [joined, other] = [await budgets(0), await budgets(1)];
    assert.deepEqual([...joined.keys()], [...other.keys()]);
    for (const [name, { used }] of joined) assert.equal(used, other.get(name)?.used, name);
    load = startLoad(walker, installation.relay, GUESTS);
    await load.more(4);
    assert.deepEqual((await load.stop()).failures, []);
  });

  it('F15 leaves the node of a minority, which answers and serves nothing', async () => {
    load = startLoad(walker, installation.relay, GUESTS);
    await load.more(8);
    const before = await budgets(2);
    // Both servers ask node 1 by now: the first moved on from node 0.
    await galera.isolate(1, true);
    await until('node 1 to be alone', async () => (await galera.size(1)) === 1);
    await assert.rejects(galera.query(1, `SELECT * FROM ${database}.guests`), { errno: 1047 });
    await load.more(12);
    const report = await load.stop();
    const after = await budgets(2);
    tell('a node cut off', report, before, after);
    assert.ok(report.longestGapMs < MOST_GAP_MS, `${report.longestGapMs} ms`);
    assert.ok(report.failures.length <= MOST_FAILURES, `${report.failures.length} failed`);
    assertNeverBack(before, after);
    await assertCounted(2);
    await galera.isolate(1, false);
    await until('three nodes', async () => (await galera.size(1)) === 3);
  });

  it('F15 answers 503 while there is no majority, grants nothing, and goes on with one', async () => {
    const [ana = ''] = GUESTS;
    const sent = installation.relay.messages.filter(({ recipients }) => recipients[0] === ana);
    const jar = new Jar();
    // The node that came back a moment ago may not have been asked yet.
    await until('a server to be ready', () => (front?.ready.length ?? 0) > 0);
    const begun = await walker.begin();
    const page = await walker.walkToCode(jar, begun, ana);
    const code = await walker.passcodeFor(ana, sent.length);
    await Promise.all([galera.kill(0), galera.kill(1)]);
    await until('nobody to be ready', () => front?.ready.length === 0);
    // Past the proxy, which would hand it to nobody.
    const { url } = await walker.begin();
    const { host } = url;
    url.port = String(servers[0]?.port);
    const answer = await new Jar().get(url, { host });
    assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '10']);
    await galera.query(2, "SET GLOBAL wsrep_provider_options = 'pc.bootstrap=1'");
    await until('a server to be ready', () => (front?.ready.length ?? 0) > 0);
    const done = await jar.follow(
      await jar.post(`${page.url.href}/passcode`, { csrf: hidden(page, 'csrf'), code }),
    );
    assert.equal((await walker.redeem(begun, done.location!)).claims()?.['email'], ana);
  });

  async function atEveryNode(use: (stores: readonly Store[]) => Promise<void>): Promise<void> {
    const stores: Store[] = [];
    try {
      for (const node of [0, 1, 2]) {
        stores.push(await openStore({ kind: 'mysql', url: galera.url(database, node) }));
      }
      await use(stores);
    } finally {
      await Promise.all(stores.map((store) => store.close()));
    }
  }

  /** Every counter that nothing gives back, by its name; those whose window has ended are purged. */
  async function budgets(node: number): Promise<Budgets> {
    const rows = await galera.query<{ name: string; used: number; left: number }>(
      node,
      `SELECT CONCAT_WS(' ', scope, subject, window_seconds, window_number) AS name, used,
       expires_at - UNIX_TIMESTAMP() AS \`left\`
       FROM ${database}.budgets WHERE scope LIKE 'send.%' HAVING \`left\` > 0 ORDER BY name`,
    );
    const readAt = performance.now();
    return new Map(
      rows.map(({ name, used, left }) => [name, { used, endsAt: readAt + left * 1000 }]),
    );
  }

  /**
   * One transaction makes the code, its mail and its count: all are there as often. Of the hour they
   * are counted by, which may be a young one.
   */
  async function assertCounted(node: number): Promise<void> {
    const hour = 'FLOOR(UNIX_TIMESTAMP() / 3600)';
    const [row] = await galera.query<{ codes: number; mails: number; counted: string }>(
      node,
      `SELECT (SELECT COUNT(*) FROM ${database}.passcodes WHERE created_at >= 3600 * ${hour}) AS codes,
       (SELECT COUNT(*) FROM ${database}.outbox WHERE created_at >= 3600 * ${hour}) AS mails,
       (SELECT SUM(used) FROM ${database}.budgets
        WHERE scope = 'send.tenant.hour' AND window_number = ${hour}) AS counted`,
    );
    assert.deepEqual([row?.mails, Number(row?.counted)], [row?.codes, row?.codes]);
  }
});

/** By name: how much is used of a counter, and when its window ends, as performance.now() tells. */
type Budgets = ReadonlyMap<string, { readonly used: number; readonly endsAt: number }>;

function assertNeverBack(before: Budgets, after: Budgets): void {
  assert.ok(before.size > 0);
  // Half a minute for clocks that are cut off to seconds: a window that just ended is purged.
  const now = performance.now() + 30_000;
  for (const [name, { used, endsAt }] of before) {
    assert.ok(endsAt < now || (after.get(name)?.used ?? 0) >= used, name);
  }
}

function tell(
  what: string,
  { done, failures, longestGapMs }: Awaited<ReturnType<Load['stop']>>,
  before: Budgets,
  after: Budgets,
): void {
  process.stdout.write(
    `      ${what}: ${done} sign-ins, ${failures.length} failed, longest gap ` +
      `${Math.round(longestGapMs)} ms, budgets ${sum(before)} then ${sum(after)}\n`,
  );
}

function sum(of: Budgets): number {
  return [...of.values()].reduce((total, { used }) => total + used, 0);
}

function recordOf(id: string): Parameters<Store['oidc']['insert']>[0] {
  return {
    tenant: 'a',
    model: 'AuthorizationCode',
    id,
    payload: {},
    grantId: null,
    uid: null,
    userCode: null,
    expiresAt: 4_000_000_000,
  };
}
