import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { after, before, beforeEach, describe, it } from 'mocha';
import { GuestError } from '../../src/domain/errors.ts';
import type { Database } from '../../src/storage/sql.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';

const CALLERS = 16;
const INSERT = 'INSERT INTO t VALUES (?)';

let folder: string;
const numbers = Array.from({ length: CALLERS }, (_, index) => index);
let files = 0;
let file = '';
let database: Database;

/** What another process would find, in order. */
const stored = (sql = 'SELECT n FROM t ORDER BY n'): unknown[] => {
  const other = new DatabaseSync(file);
  const rows = other.prepare(sql).all();
  other.close();
  return rows.map((row) => row['n']);
};

/** Commits in the write-ahead log: frames that say how long the database is after them. */
const commits = (): number => {
  const log = readFileSync(`${file}-wal`);
  const frame = 24 + log.readUInt32BE(8);
  let count = 0;
  for (let at = 32; at + frame <= log.length; at += frame) {
    if (log.readUInt32BE(at + 4) > 0) count += 1;
  }
  return count;
};

const assertUnavailable = (outcome: PromiseSettledResult<unknown>): void => {
  assert.ok(outcome.status === 'rejected' && outcome.reason instanceof GuestError);
  assert.equal(outcome.reason.code, 'unavailable');
};

describe('createGroupCommit', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'guestpass-group-'));
  });
  beforeEach(async () => {
    file = join(folder, `${(files += 1)}.db`);
    database = openSqlite(file);
    await database.run('CREATE TABLE t (n integer PRIMARY KEY)');
  });
  afterEach(() => database.close().catch(() => undefined));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('gives the writes of one turn one commit', async () => {
    const before = commits();
    await Promise.all(numbers.map((n) => database.run(INSERT, [n])));
    assert.equal(commits(), before + 1);
    assert.deepEqual(stored(), numbers);
  });

  it('gives writes of requests that are ready at once a commit together', async () => {
    const before = commits();
    // A macrotask each, as requests on different sockets are.
    await Promise.all(numbers.map((n) => setTimeout(1).then(() => database.run(INSERT, [n]))));
    assert.ok(commits() - before < CALLERS, String(commits() - before));
  });

  it('F8 answers each write when others can read it, not before', async () => {
    await Promise.all(
      numbers.map(async (n) => {
        await database.run(INSERT, [n]);
        assert.ok(stored().includes(n));
        assert.ok(await database.get('SELECT n FROM t WHERE n = ?', [n]));
      }),
    );
  });

  it('S44 lets one of two consumers in one group win', async () => {
    await database.run('INSERT INTO t VALUES (1)');
    const consume = () => database.run('UPDATE t SET n = 2 WHERE n = 1');
    const outcomes = await Promise.all([consume(), consume(), consume()]);
    assert.deepEqual(
      outcomes.map(({ changes }) => changes),
      [1, 0, 0],
    );
  });

  it('S44 leaves the others of a group alone when one meets a taken key', async () => {
    const outcomes = await Promise.allSettled([
      database.insert(INSERT, [1]),
      database.insert(INSERT, [1]),
      database.run(INSERT, [1]),
      database.run('INSERT INTO nowhere VALUES (1)'),
      // Two rows, the second taken: the first must not stay.
      database.insert('INSERT INTO t VALUES (5), (1)'),
      database.insert(INSERT, [2]),
    ]);
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 'rejected')),
      [true, false, 'rejected', 'rejected', false, true],
    );
    assert.deepEqual(stored(), [1, 2]);
  });

  it('F8 acknowledges nothing of a group whose commit fails', async () => {
    // A deferred constraint is judged at COMMIT: the one way to fail there without a broken disk.
    await database.run(
      'CREATE TABLE child (n integer REFERENCES t (n) DEFERRABLE INITIALLY DEFERRED)',
    );
    const outcomes = await Promise.allSettled([
      database.run(INSERT, [1]),
      database.insert('INSERT INTO child VALUES (7)'),
      database.run(INSERT, [2]),
    ]);
    for (const { status } of outcomes) assert.equal(status, 'rejected');
    assert.deepEqual(stored(), []);
    assert.deepEqual(stored('SELECT n FROM child'), []);
    await database.run(INSERT, [3]);
    assert.deepEqual(stored(), [3]);
  });

  it('F18 acknowledges and keeps nothing of a group that fills the disk', async () => {
    await database.run('CREATE TABLE large (text text)');
    await database.get('PRAGMA max_page_count = 1');
    const outcomes = await Promise.allSettled([
      database.run(INSERT, [1]),
      database.run('INSERT INTO large VALUES (?)', ['x'.repeat(1_000_000)]),
      database.run(INSERT, [2]),
    ]);
    outcomes.forEach(assertUnavailable);
    assert.deepEqual(stored(), []);
    await database.get('PRAGMA max_page_count = 1000000');
    await Promise.all([database.run(INSERT, [1]), database.run(INSERT, [2])]);
    assert.deepEqual(stored(), [1, 2]);
  });

  it('F17 waits as a group for another writer', async () => {
    const holder = new DatabaseSync(file);
    holder.exec('BEGIN IMMEDIATE');
    holder.exec('INSERT INTO t VALUES (1)');
    const released = setTimeout(50).then(() => holder.exec('COMMIT'));
    const outcomes = await Promise.all([1, 2, 3].map((n) => database.insert(INSERT, [n])));
    assert.deepEqual(outcomes, [false, true, true]);
    await released;
    holder.close();
  });

  it('F17 gives up as a group on a writer that does not end', async () => {
    const holder = new DatabaseSync(file);
    holder.exec('BEGIN IMMEDIATE');
    const outcomes = await Promise.allSettled([1, 2].map((n) => database.run(INSERT, [n])));
    outcomes.forEach(assertUnavailable);
    holder.exec('COMMIT');
    holder.close();
    assert.deepEqual(stored(), []);
  });

  it('S44 stays out of an open transaction, and is not rolled back with it', async () => {
    const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const failing = database.transaction(async (tx) => {
      await tx.run(INSERT, [100]);
      enter();
      await released;
      throw new Error('rolled back');
    });
    await entered;
    const early = database.run(INSERT, [1]);
    // The group has tried by now and waits; the next one goes along.
    await setImmediate();
    const late = database.run(INSERT, [2]);
    const before = commits();
    release();
    await assert.rejects(failing, /rolled back/);
    await Promise.all([early, late]);
    assert.equal(commits(), before + 1);
    assert.deepEqual(stored(), [1, 2]);
  });

  it('refuses the outer database inside a transaction', async () => {
    const wrong = database.transaction(() => database.run(INSERT, [1]));
    await assert.rejects(wrong, TypeError);
    assert.deepEqual(stored(), []);
  });

  it('F19 writes what was asked for before close', async () => {
    const writes = numbers.map((n) => database.insert(INSERT, [n]));
    await database.close();
    assert.ok((await Promise.all(writes)).every(Boolean));
    assert.deepEqual(stored(), numbers);
    await assert.rejects(database.run(INSERT, [99]));
  });

  it('F19 waits in close for a group that waits for another writer', async () => {
    const holder = new DatabaseSync(file);
    holder.exec('BEGIN IMMEDIATE');
    const writes = [1, 2].map((n) => database.insert(INSERT, [n]));
    const released = setTimeout(50).then(() => holder.exec('COMMIT'));
    await Promise.all([database.close(), released]);
    holder.close();
    assert.deepEqual(await Promise.all(writes), [true, true]);
    assert.deepEqual(stored(), [1, 2]);
  });

  it('F8 keeps every acknowledged write through kill -9, ten times', async function () {
    this.timeout(180_000);
    const acknowledged: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      acknowledged.push(...(await writeUntilKilled(round * 1_000_000, 100 + 37 * round)));
    }
    const found = new Set(stored());
    assert.deepEqual(
      acknowledged.filter((n) => !found.has(n)),
      [],
    );
  });
});

const WRITER = `
  import { writeSync } from 'node:fs';
  const { openSqlite } = await import(process.env.SQLITE);
  const database = openSqlite(process.env.FILE);
  let n = Number(process.env.FIRST);
  for (let caller = 0; caller < ${CALLERS}; caller += 1) void write();
  async function write() {
    for (;;) {
      const mine = n++;
      await database.run('${INSERT}', [mine]);
      // Synchronous: said before the next statement of anyone.
      writeSync(1, mine + '\\n');
    }
  }
`;

/** Starts a process that writes numbers from `first` on; kills it after `lines` acknowledgements. */
async function writeUntilKilled(first: number, lines: number): Promise<readonly number[]> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', WRITER], {
    env: {
      ...process.env,
      SQLITE: new URL('../../src/storage/sqlite.ts', import.meta.url).href,
      FILE: file,
      FIRST: String(first),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const acknowledged: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(Number(line));
    if (acknowledged.length === lines) child.kill('SIGKILL');
  }
  assert.deepEqual(await exited, [null, 'SIGKILL']);
  assert.ok(acknowledged.length >= lines);
  return acknowledged;
}
