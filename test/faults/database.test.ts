import assert from 'node:assert/strict';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { type Answer, heading, hidden, Jar } from '../support/jar.ts';
import { type Mariadb, startPrivateMariadb } from '../support/mariadb.ts';
import { runCommand } from '../support/processes.ts';
import {
  addGuests,
  createInstallation,
  createWalker,
  type Installation,
  passcodeIn,
  type Walker,
} from '../support/world.ts';
import { createServer, type Server } from './servers.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
import { until } from './until.ts';

const GUESTS = ['ana', 'ben', 'cyd', 'dov', 'eve'].map((name) => `${name}@partner.example`);
const [ANA = '', BEN = '', CYD = '', DOV = '', EVE = ''] = GUESTS;

describe('a database at the end of a bad wire', function () {
  this.timeout(180_000);
  let mariadb: Mariadb;
  let direct: string;
  let wire: TcpProxy;
  let installation: Installation;
  let server: Server;
  let walker: Walker;

  before(async () => {
    mariadb = await startPrivateMariadb({ flushLogAtTrxCommit: 1 });
    direct = await mariadb.createDatabase();
    wire = await startTcpProxy({ path: socketOf(direct) });
    // Guests are made on the short way; the server takes the long one.
    installation = await createInstallation({ settings: { database: direct } });
    await addGuests(installation, ...GUESTS);
    server = await createServer(installation, {
      listen: new URL(installation.publicUrl).host,
      database: overWire(direct, wire.port),
    });
    walker = createWalker(installation);
  });
  afterEach(() => {
    wire.delay(0);
    wire.restore();
  });
  after(async () => {
    await server?.remove();
    await wire?.stop();
    await installation?.remove();
    await mariadb?.stop();
  });

  it('F1 is waited for at the start: alive, not ready, and every page says to come back', async () => {
    wire.cut();
    const { output } = await server.start({ ready: /"event":"database\.awaited"/ });
    assert.deepEqual(await server.admin('/livez'), { status: 200, text: 'ok\n' });
    assert.deepEqual(await server.admin('/readyz?verbose'), {
      status: 503,
      text: '[-]database not reached since the start\nnot ready\n',
    });
    const page = await new Jar().get(`${installation.publicUrl}/a/`);
    assertAway(page);
    await server.running.line(/"seconds":4.*"event":"database\.awaited"/);
    // Twice as long each time, and a line for each: no noise.
    const pauses = output.map((line) => /"seconds":(\d+).*database\.awaited/.exec(line)?.[1]);
    assert.deepEqual(
      pauses.filter((seconds) => seconds !== undefined),
      ['1', '2', '4'],
    );
    wire.restore();
    await server.running.line(/^Listening on /);
    assert.equal((await server.admin('/readyz')).text, 'ready\n');
    await signIn(ANA);
  });

  it('F2 is lost between send and verify: 503, nothing granted or counted; back, the code works', async () => {
    const { jar, begun, page, code } = await walkToCode(BEN);
    const form = { csrf: hidden(page, 'csrf'), code };
    wire.cut();
    assertAway(await jar.post(`${page.url.href}/passcode`, form));
    assert.equal((await server.admin('/readyz')).status, 503);
    assert.equal((await server.admin('/livez')).status, 200);
    assert.equal(await attemptsOf(page), 0);
    wire.restore();
    const done = await jar.follow(await jar.post(`${page.url.href}/passcode`, form));
    assert.ok((await walker.redeem(begun, done.location!)).claims());
  });

  it('F3 is slow: a page ends with 503 within eight seconds, and its mail leaves once', async () => {
    const jar = new Jar();
    const begun = await walker.begin();
    const page = await jar.follow(await jar.get(begun.url));
    const form = { csrf: hidden(page, 'csrf'), email: CYD };
    const chosen = await jar.follow(await jar.post(`${page.url.href}/address`, form));
    // Each statement is answered in time; it is their number that takes too long.
    wire.delay(3_000);
    const before = performance.now();
    const late = await jar.post(`${page.url.href}/send`, { csrf: hidden(chosen, 'csrf') });
    const took = performance.now() - before;
    assertAway(late);
    // Seven, and what a busy machine needs besides; its statements one after the other were seventeen.
    assert.ok(took < 12_000, `${Math.round(took)} ms`);
    wire.delay(0);
    await until(
      'the database to be near again',
      async () => (await server.admin('/readyz')).status === 200,
    );
    const sent = await jar.follow(
      await jar.post(`${page.url.href}/send`, { csrf: hidden(chosen, 'csrf') }),
    );
    assert.equal(sent.status, 200);
    const code = await walker.passcodeFor(CYD);
    const done = await jar.follow(
      await jar.post(`${page.url.href}/passcode`, { csrf: hidden(sent, 'csrf'), code }),
    );
    assert.ok((await walker.redeem(begun, done.location!)).claims());
    const mails = installation.relay.messages.filter(({ recipients }) => recipients[0] === CYD);
    assert.equal(mails.length, 1);
  });

  it('F4 loses the answer to a COMMIT: a wrong code has counted, once', async () => {
    const { jar, page } = await walkToCode(DOV);
    const cut = wire.cutAfter('COMMIT');
    const wrong = { csrf: hidden(page, 'csrf'), code: '00000000' };
    const [answer] = await Promise.all([jar.post(`${page.url.href}/passcode`, wrong), cut]);
    assertAway(answer);
    assert.equal(await attemptsOf(page), 1);
  });

  it('F4 loses the answer to a COMMIT: a right code has let its browser in, and nobody twice', async () => {
    const { jar, begun, page, code } = await walkToCode(EVE);
    const cut = wire.cutAfter('COMMIT');
    const form = { csrf: hidden(page, 'csrf'), code };
    const [answer] = await Promise.all([jar.post(`${page.url.href}/passcode`, form), cut]);
    assertAway(answer);
    const stranger = await new Jar().get(page.url);
    assert.equal(stranger.location, undefined);
    assert.doesNotMatch(stranger.text, /action="[^"]*\/continue"/);
    const reloaded = await jar.get(page.url);
    const done = await jar.follow(
      await jar.post(`${page.url.href}/continue`, { csrf: hidden(reloaded, 'csrf') }),
    );
    assert.ok((await walker.redeem(begun, done.location!)).claims());
    const mails = installation.relay.messages.filter(({ recipients }) => recipients[0] === EVE);
    assert.equal(mails.length, 1);
  });

  it('F24 is migrated by a newer version: who serves goes on, who starts refuses and says why', async () => {
    const name = '9999-of-a-later-version';
    await query(
      `INSERT INTO kysely_migration (name, timestamp) VALUES ('${name}', '2099-01-01T00:00:00Z')`,
    );
    try {
      assert.equal((await server.admin('/readyz')).status, 200);
      const begun = await walker.begin();
      const page = await new Jar().get(begun.url);
      assert.equal(page.status, 303);
      const refused = await runCommand(['serve', '--config', installation.folder]);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, new RegExp(name));
    } finally {
      await query(`DELETE FROM kysely_migration WHERE name = '${name}'`);
    }
  });

  it('F24 loses whoever migrates in the middle of it: the next try goes on', async () => {
    const fresh = await mariadb.createDatabase();
    const migrating = await createServer(installation, { database: overWire(fresh, wire.port) });
    try {
      const held = wire.holdAt('`outbox`');
      const starting = migrating.start();
      await held;
      const [row] = await query<{ n: number }>(
        'SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_schema = DATABASE()',
        fresh,
      );
      assert.ok((row?.n ?? 0) > 2);
      // As a process that is killed, this takes the connection and its lock along.
      wire.cut();
      wire.restore();
      await starting;
      assert.equal((await migrating.admin('/readyz')).text, 'ready\n');
    } finally {
      await migrating.remove();
    }
  });

  async function walkToCode(address: string) {
    const jar = new Jar();
    const begun = await walker.begin();
    const page = await walker.walkToCode(jar, begun, address);
    const mail = await installation.relay.nextMail(address);
    return { jar, begun, page, code: passcodeIn(mail.parsed.text ?? '') };
  }

  async function signIn(address: string): Promise<void> {
    const begun = await walker.begin();
    await walker.redeem(begun, await walker.signIn(new Jar(), begun, address));
  }

  async function attemptsOf(page: Answer): Promise<number | undefined> {
    const uid = page.url.pathname.split('/').at(-1) ?? '';
    const rows = await query<{ attempts: number }>(
      `SELECT attempts FROM sign_ins WHERE uid = '${uid}'`,
    );
    return rows[0]?.attempts;
  }

  async function query<Row>(sql: string, url = direct): Promise<readonly Row[]> {
    const socketPath = socketOf(url);
    const database = new URL(url).pathname.slice(1);
    const connection = await createConnection({ socketPath, user: 'root', database });
    try {
      const [rows] = await connection.query<RowDataPacket[]>(sql);
      return rows as Row[];
    } finally {
      await connection.end();
    }
  }
});

function assertAway(answer: Answer): void {
  assert.deepEqual([answer.status, answer.location], [503, undefined]);
  assert.equal(answer.headers['retry-after'], '10');
  assert.equal(heading(answer), 'Sorry, there is a problem');
}

function socketOf(url: string): string {
  return new URL(url).searchParams.get('socketPath') ?? '';
}

function overWire(url: string, port: number): string {
  const { username, password, pathname } = new URL(url);
  return `mysql://${username}:${password}@127.0.0.1:${port}${pathname}`;
}
