import assert from 'node:assert/strict';
import { createConnection, type ResultSetHeader } from 'mysql2/promise';
import { faketime } from '../support/faketime.ts';
import { type Answer, heading, hidden, Jar } from '../support/jar.ts';
import { type Mariadb, startPrivateMariadb } from '../support/mariadb.ts';
import {
  addGuests,
  type Begun,
  createInstallation,
  createWalker,
  type Installation,
  type Walker,
} from '../support/world.ts';
import { createServer, type Server } from './servers.ts';

const GUESTS = ['ana', 'ben', 'cyd', 'dov'].map((name) => `${name}@partner.example`);
const [ANA = '', BEN = '', CYD = '', DOV = ''] = GUESTS;
const HOUR = 3600;

describe('a machine whose clock is wrong', function () {
  this.timeout(180_000);
  let mariadb: Mariadb;
  let database: string;
  let installation: Installation;
  let right: Server;
  let late: Server;
  let early: Server;
  let walker: Walker;

  before(async () => {
    mariadb = await startPrivateMariadb();
    database = await mariadb.createDatabase();
    installation = await createInstallation({ settings: { database } });
    await addGuests(installation, ...GUESTS);
    right = await createServer(installation, { listen: new URL(installation.publicUrl).host });
    [late, early] = [await createServer(installation), await createServer(installation)];
    await Promise.all([
      right.start(),
      late.start({ env: faketime(-HOUR) }),
      early.start({ env: faketime(HOUR) }),
    ]);
    walker = createWalker(installation);
  });
  after(async () => {
    for (const server of [right, late, early]) await server?.remove();
    await installation?.remove();
    await mariadb?.stop();
  });

  it('F14 says so at the start and while it runs, and serves', async () => {
    assertNear(await late.running.line(/"event":"clock\.apart"/), /"seconds":(-?\d+)/, -HOUR);
    const { status, text } = await late.admin('/readyz?verbose');
    assert.equal(status, 200);
    assertNear(text, /^\[-\]clock (-?\d+) s apart from the database$/m, -HOUR);
    assert.match(text, /^degraded$/m);
    assert.equal((await right.admin('/readyz')).text, 'ready\n');
    const off = await createServer(installation);
    try {
      await off.start({ env: faketime(300) });
      assertNear((await off.admin('/readyz?verbose')).text, /^\[-\]clock (-?\d+) s apart/m, 300);
    } finally {
      await off.remove();
    }
  });

  it('F13 takes no code older than its half hour where it is an hour late', async () => {
    const { jar, page, code } = await walkToCode(ANA);
    await age(page, 1801);
    const answer = await postAt(late, jar, page, code);
    assert.match(answer.text, /expired/i);
    assert.equal(answer.location, undefined);
  });

  it('F13 takes a code within its half hour where it is an hour late, for one session of a day', async () => {
    const { jar, begun, page, code } = await walkToCode(BEN);
    await age(page, 1700);
    const answer = await postAt(late, jar, page, code);
    assert.ok(answer.location !== undefined || answer.status === 200, heading(answer));
    const done = await jar.follow(
      answer.location === undefined
        ? await jar.post(`${page.url.href}/continue`, { csrf: hidden(answer, 'csrf') })
        : await jar.get(new URL(answer.location, page.url)),
    );
    const tokens = await walker.redeem(begun, done.location!);
    assert.equal(tokens.claims()?.['email'], BEN);
    const [session] = await sessions();
    assert.ok(session !== undefined && session.left <= 24 * HOUR, `${session?.left}`);
  });

  it('F13 grants nothing that is over where it is an hour early: it refuses on a page', async () => {
    const { jar, page, code } = await walkToCode(CYD);
    await age(page, 1801);
    const old = await postAt(early, jar, page, code);
    assert.equal(old.location, undefined);
    assert.ok(old.status < 500, `${old.status}`);
    assert.match(old.text, /^<!doctype html>/);
  });

  it('F13 leaves a sign-in alone that a machine with the wrong time has refused', async () => {
    const { jar, begun, page, code } = await walkToCode(DOV);
    const wrong = await postAt(early, jar, page, code);
    assert.ok(wrong.status < 500, `${wrong.status}`);
    // Either it was let in there, by the database's clock, or it still is here.
    const reloaded = await jar.get(page.url);
    const done = /action="[^"]*\/continue"/.test(reloaded.text)
      ? await jar.follow(
          await jar.post(`${page.url.href}/continue`, { csrf: hidden(reloaded, 'csrf') }),
        )
      : await jar.follow(
          await jar.post(`${page.url.href}/passcode`, { csrf: hidden(reloaded, 'csrf'), code }),
        );
    assert.equal((await walker.redeem(begun, done.location!)).claims()?.['email'], DOV);
  });

  async function walkToCode(address: string) {
    const jar = new Jar();
    const begun: Begun = await walker.begin();
    const page = await walker.walkToCode(jar, begun, address);
    return { jar, begun, page, code: await walker.passcodeFor(address) };
  }

  /** Makes a sign-in so many seconds older than it is. */
  async function age(page: Answer, seconds: number): Promise<void> {
    const uid = page.url.pathname.split('/').at(-1) ?? '';
    const by = `- ${seconds} WHERE uid = '${uid}'`;
    await query(
      `UPDATE passcodes SET created_at = created_at - ${seconds}, expires_at = expires_at ${by}`,
    );
    await query(`UPDATE sign_ins SET live_until = live_until ${by}`);
  }

  async function sessions(): Promise<readonly { left: number }[]> {
    const sql =
      "SELECT expires_at - UNIX_TIMESTAMP() AS `left` FROM oidc_records WHERE model = 'Session' " +
      'ORDER BY `left` DESC';
    // The driver types every answer as that of a write; this one is of a SELECT.
    return (await query(sql)) as unknown as readonly { left: number }[];
  }

  async function query(sql: string): Promise<ResultSetHeader> {
    const url = new URL(database);
    const connection = await createConnection({
      socketPath: url.searchParams.get('socketPath') ?? '',
      user: 'root',
      database: url.pathname.slice(1),
    });
    try {
      const [result] = await connection.query<ResultSetHeader>(sql);
      return result;
    } finally {
      await connection.end();
    }
  }
});

/** The question takes its time, which is part of what it finds: on a busy machine a second of it. */
function assertNear(text: string, pattern: RegExp, seconds: number): void {
  const found = Number(pattern.exec(text)?.[1] ?? NaN);
  assert.ok(Math.abs(found - seconds) <= 5, text);
}

/** Sends the code to one server, as a proxy would that chose it. */
async function postAt(server: Server, jar: Jar, page: Answer, code: string): Promise<Answer> {
  const url = new URL(`${page.url.href}/passcode`);
  const { host, origin } = url;
  url.port = String(server.port);
  const answer = await jar.post(url, { csrf: hidden(page, 'csrf'), code }, { host, origin });
  if (answer.location === undefined || answer.location.startsWith('http')) return answer;
  const next = new URL(answer.location, url);
  return jar.get(next, { host });
}
