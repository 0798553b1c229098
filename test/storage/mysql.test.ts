import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { openMysql } from '../../src/storage/mysql.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Database } from '../../src/storage/sql.ts';
import { startMariadb, startPrivateMariadb } from '../support/mariadb.ts';
import { spendInProcesses } from './processes.ts';
import { storeContract } from './store-contract.ts';

let url: Promise<string> | undefined;

// The server's collation is utf8mb4_general_ci, under which mıke@ is mike@ and case is nothing.
storeContract('MariaDB', async () => {
  url ??= startMariadb().then((server) => server.createDatabase());
  return openStore({ kind: 'mysql', url: await url });
});

const add = (on: Database, id: number) =>
  on.run('UPDATE rows_of_test SET n = n + 1 WHERE id = ?', [id]);

describe('openMysql', () => {
  let database: Database;
  before(async () => {
    const server = await startMariadb();
    database = openMysql(await server.createDatabase());
    await database.run('CREATE TABLE rows_of_test (id integer PRIMARY KEY, n integer NOT NULL)');
    await database.run('INSERT INTO rows_of_test VALUES (1, 0), (2, 0)');
  });
  after(() => database.close());

  const counts = async () => {
    const rows = await database.all<{ n: number }>('SELECT n FROM rows_of_test ORDER BY id');
    return rows.map((row) => row.n);
  };

  it('sets up every connection before use', async () => {
    const names =
      '@@tx_isolation AS isolation, @@time_zone AS zone, @@sql_mode AS mode, @@collation_connection AS collation';
    await database.transaction(async (tx) => {
      const row = await tx.get<Record<string, string>>(`SELECT ${names}`);
      assert.equal(row?.['isolation'], 'READ-COMMITTED');
      assert.equal(row['zone'], '+00:00');
      assert.match(String(row['mode']), /STRICT_ALL_TABLES/);
      assert.equal(row['collation'], 'utf8mb4_bin');
    });
  });

  it('refuses text that is too long instead of cutting it off', async () => {
    await database.run('CREATE TABLE short_text (t varchar(3))');
    await assert.rejects(database.run('INSERT INTO short_text VALUES (?)', ['abcd']));
    assert.deepEqual(await database.all('SELECT t FROM short_text'), []);
  });

  it('counts the rows that matched, changed or not', async () => {
    const { changes } = await database.run('UPDATE rows_of_test SET n = n WHERE id = ?', [1]);
    assert.equal(changes, 1);
  });

  it('F16 runs a transaction again after a deadlock, each once in the end', async () => {
    const before = await counts();
    let runs = 0;
    const bothHold = Promise.withResolvers<void>();
    const crossing = (first: number, second: number) =>
      database.transaction(async (tx) => {
        runs += 1;
        await add(tx, first);
        // On their first run both hold one row and then want the other's.
        if (runs === 2) bothHold.resolve();
        await bothHold.promise;
        await add(tx, second);
      });
    await Promise.all([crossing(1, 2), crossing(2, 1)]);
    assert.ok(runs >= 3);
    assert.deepEqual(
      await counts(),
      before.map((n) => n + 2),
    );
  });

  it('F16 commits nothing of a transaction that hides its deadlock and goes on', async () => {
    const before = await counts();
    const bothHold = Promise.withResolvers<void>();
    let runs = 0;
    const crossing = (first: number, second: number) =>
      database.transaction(async (tx) => {
        runs += 1;
        await add(tx, first);
        if (runs === 2) bothHold.resolve();
        await bothHold.promise;
        await add(tx, second).catch(() => undefined);
        await add(tx, second).catch(() => undefined);
      });
    await Promise.all([crossing(1, 2), crossing(2, 1)]);
    assert.deepEqual(
      await counts(),
      before.map((n) => n + 3),
    );
  });

  it('F17 gives up on a lock that is not let go: unavailable', async () => {
    const held = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const holder = database.transaction(async (tx) => {
      await add(tx, 1);
      held.resolve();
      await release.promise;
    });
    await held.promise;
    await assert.rejects(add(database, 1), { code: 'unavailable' });
    release.resolve();
    await holder;
  });

  it('F3 gives up on an answer and on a free connection after five seconds', async () => {
    const narrow = openMysql(await (await startMariadb()).createDatabase(), 1);
    const [slow, waiting] = await Promise.allSettled([
      narrow.all('SELECT SLEEP(30)'),
      narrow.all('SELECT 1'),
    ]);
    assert.equal(slow.status === 'rejected' && String(slow.reason), 'GuestError: unavailable');
    assert.equal(waiting.status, 'rejected');
    assert.equal((await narrow.all('SELECT 1')).length, 1);
    await narrow.close();
  });

  it('F2 says unavailable while the server is gone', async () => {
    const server = await startPrivateMariadb();
    const store = await openStore({ kind: 'mysql', url: await server.createDatabase() });
    await store.ping();
    const lost = store.transaction(async (tx) => {
      await tx.keys.list('t');
      process.kill(server.pid, 'SIGKILL');
      await tx.keys.list('t');
      await tx.keys.list('t');
    });
    await assert.rejects(lost, { code: 'unavailable' });
    await assert.rejects(store.ping(), { code: 'unavailable' });
    await assert.rejects(store.keys.list('t'), { code: 'unavailable' });
    await store.close();
    await server.stop();
  });

  it('says unavailable for a wrong password and a database that is not there', async () => {
    const server = await startMariadb();
    const absent = server.url('absent');
    await assert.rejects(openStore({ kind: 'mysql', url: absent }), { code: 'unavailable' });
    const wrong = absent.replace(/:[^:@]*@/, ':wrong@');
    await assert.rejects(openStore({ kind: 'mysql', url: wrong }), { code: 'unavailable' });
  });

  it('S8 lets four processes start on an empty database and count together', async () => {
    const server = await startMariadb();
    const settings = { kind: 'mysql', url: await server.createDatabase() } as const;
    const all = await spendInProcesses(settings, 4, 25);
    assert.deepEqual(
      all,
      Array.from({ length: 100 }, (_, index) => index + 1),
    );
  }).timeout(180_000);
});
