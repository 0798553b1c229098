import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { after, before, describe, it } from 'mocha';
import { migrate } from '../../src/storage/migrate.ts';
import { createStore, openStore } from '../../src/storage/open-store.ts';
import type { Database } from '../../src/storage/sql.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import type { Store } from '../../src/storage/store.ts';
import { spendInProcesses } from './processes.ts';
import { storeContract } from './store-contract.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'guestpass-sqlite-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

storeContract('SQLite', () =>
  openStore({ kind: 'sqlite', file: join(folder, 'data', 'guest.db') }),
);

// A file without a log yet, and its one writer for a while: opening does not give way to timers here.
const MAKE = `
  const { DatabaseSync } = require('node:sqlite');
  const { parentPort, workerData } = require('node:worker_threads');
  const database = new DatabaseSync(workerData);
  database.exec('BEGIN IMMEDIATE');
  parentPort.postMessage('busy');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  database.exec('COMMIT');
  database.close();
`;

const mode = (path: string) => statSync(path).mode & 0o777;

const put = (tx: Store) =>
  tx.mailbox.put({
    id: 'm',
    receivedAt: 1,
    recipient: 'a@b.example',
    subject: '',
    text: 'x'.repeat(1_000_000),
    html: '',
  });

const row = async (database: Database, sql: string) => ({
  ...(await database.get<Record<string, unknown>>(sql)),
});

describe('openSqlite', () => {
  it('S58 keeps folder and files from other users', async () => {
    const file = join(folder, 'private', 'deep', 'guest.db');
    const store = await openStore({ kind: 'sqlite', file });
    await store.keys.list('t');
    assert.equal(mode(join(folder, 'private')), 0o700);
    assert.equal(mode(join(folder, 'private', 'deep')), 0o700);
    for (const path of [file, `${file}-wal`, `${file}-shm`]) assert.equal(mode(path), 0o600);
    await store.close();
  });

  it('F8 writes every commit through to the disk', async () => {
    const database = openSqlite(join(folder, 'full.db'));
    assert.deepEqual(await row(database, 'PRAGMA journal_mode'), { journal_mode: 'wal' });
    assert.deepEqual(await row(database, 'PRAGMA synchronous'), { synchronous: 2 });
    assert.deepEqual(await row(database, 'PRAGMA foreign_keys'), { foreign_keys: 1 });
    await database.close();
  });

  it('F17 waits for another writer without stopping this process', async () => {
    const file = join(folder, 'waits.db');
    const database = openSqlite(file);
    await database.run('CREATE TABLE t (n integer)');
    const holder = new DatabaseSync(file);
    holder.exec('BEGIN IMMEDIATE');
    // Only a process that goes on can end the other's transaction.
    setTimeout(() => holder.exec('COMMIT'), 50);
    await database.run('INSERT INTO t VALUES (1)');
    holder.exec('BEGIN IMMEDIATE');
    setTimeout(() => holder.exec('COMMIT'), 50);
    await database.transaction((tx) => tx.run('INSERT INTO t VALUES (2)'));
    assert.deepEqual(await row(database, 'SELECT count(*) AS n FROM t'), { n: 2 });
    holder.close();
    await database.close();
  });

  it('waits for another process that is making the same new file', async () => {
    const file = join(folder, 'new.db');
    const making = new Worker(MAKE, { eval: true, workerData: file });
    const ended = once(making, 'exit');
    await once(making, 'message');
    const database = openSqlite(file);
    assert.deepEqual(await row(database, 'PRAGMA journal_mode'), { journal_mode: 'wal' });
    await database.close();
    assert.deepEqual(await ended, [0]);
  });

  it('F17 gives up on a writer that does not end: unavailable, nothing written', async () => {
    const file = join(folder, 'stuck.db');
    const database = openSqlite(file);
    await database.run('CREATE TABLE t (n integer)');
    const holder = new DatabaseSync(file);
    holder.exec('BEGIN IMMEDIATE');
    await assert.rejects(database.run('INSERT INTO t VALUES (1)'), { code: 'unavailable' });
    holder.exec('COMMIT');
    assert.deepEqual(await database.all('SELECT n FROM t'), []);
    holder.close();
    await database.close();
  });

  it('F18 says unavailable when the disk is full, and recovers', async () => {
    const file = join(folder, 'full-disk.db');
    await migrate({ kind: 'sqlite', file });
    const database = openSqlite(file);
    const store = createStore(database);
    const key = { tenant: 't', kid: 'k', algorithm: 'ES256', generation: 1, sealed: 's' } as const;
    // The file may not grow beyond the pages it has.
    await database.get('PRAGMA max_page_count = 1');
    const failing = store.transaction(async (tx) => {
      await tx.keys.insert({ ...key, createdAt: 1, activeFrom: 1, retiredAt: null });
      await put(tx);
    });
    await assert.rejects(failing, { code: 'unavailable' });
    assert.deepEqual(await store.keys.list('t'), []);
    await database.get('PRAGMA max_page_count = 1000000');
    await put(store);
    assert.ok(await store.mailbox.find('m'));
    await store.close();
  });

  it('says unavailable for a file that is no folder, or no database', async () => {
    const file = join(folder, 'text.db');
    writeFileSync(file, 'This is not a database, and long enough to be told from one.'.repeat(20));
    const below = { kind: 'sqlite', file: join(file, 'guest.db') } as const;
    await assert.rejects(openStore(below), { code: 'unavailable' });
    await assert.rejects(openStore({ kind: 'sqlite', file }), { code: 'unavailable' });
  });

  it('S8 lets four processes start on an empty database and count together', async () => {
    const file = join(folder, 'processes', 'guest.db');
    const counts = await spendInProcesses({ kind: 'sqlite', file }, 4, 25);
    assert.deepEqual(
      counts,
      Array.from({ length: 100 }, (_, index) => index + 1),
    );
  }).timeout(180_000);
});
