import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { createConnection } from 'mysql2/promise';
import type { DatabaseSettings } from '../../src/settings/settings.ts';
import { findPendingMigrations, migrate } from '../../src/storage/migrate.ts';
import { openDatabase } from '../../src/storage/open-database.ts';
import { startMariadb } from '../support/mariadb.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'guestpass-migrate-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Every migration, in order. */
const ALL = ['0001-first-tables', '0002-audit', '0003-guest-sessions', '0004-mail-fates'];

const engines: Readonly<Record<string, () => Promise<DatabaseSettings>>> = {
  SQLite: () =>
    Promise.resolve({ kind: 'sqlite', file: join(mkdtempSync(join(folder, 'm-')), 'guest.db') }),
  MariaDB: async () => ({ kind: 'mysql', url: await (await startMariadb()).createDatabase() }),
};

for (const [engine, settingsOf] of Object.entries(engines)) {
  describe(`migrate on ${engine}`, () => {
    it('runs what is missing, then nothing', async () => {
      const settings = await settingsOf();
      assert.deepEqual(await migrate(settings), ALL);
      assert.deepEqual(await migrate(settings), []);
    });

    it('runs each migration in one of six that start at once', async () => {
      const settings = await settingsOf();
      const ran = await Promise.all(Array.from({ length: 6 }, () => migrate(settings)));
      assert.deepEqual(ran.flat(), ALL);
    });

    it('F24 goes on where a migration was cut off', async () => {
      const settings = await settingsOf();
      await migrate(settings);
      const database = openDatabase(settings);
      await database.run('DROP TABLE signing_keys');
      await database.run('DELETE FROM kysely_migration');
      await database.close();
      assert.deepEqual(await migrate(settings), ALL);
    });

    it('tells what a database of before has not', async () => {
      const settings = await settingsOf();
      await migrate(settings);
      const database = openDatabase(settings);
      assert.deepEqual(await findPendingMigrations(database), []);
      await database.run("DELETE FROM kysely_migration WHERE name = '0001-first-tables'");
      assert.deepEqual(await findPendingMigrations(database), ['0001-first-tables']);
      await database.close();
    });

    it('F24 refuses a database that a newer version has migrated', async () => {
      const settings = await settingsOf();
      await migrate(settings);
      const database = openDatabase(settings);
      await database.run('INSERT INTO kysely_migration VALUES (?, ?)', [
        '9999-future',
        '2031-01-01T00:00:00.000Z',
      ]);
      await database.close();
      await assert.rejects(migrate(settings), /9999-future/);
    });
  });
}

describe('migrate by a user who may not change tables', () => {
  it('S58 finds nothing to do once another has migrated, and refuses an empty database', async () => {
    const server = await startMariadb();
    const [migrated, empty] = [await server.createDatabase(), await server.createDatabase()];
    await migrate({ kind: 'mysql', url: migrated });
    const root = await createConnection({
      socketPath: new URL(migrated).searchParams.get('socketPath') ?? '',
      user: 'root',
    });
    await root.query("CREATE USER rows_only@localhost IDENTIFIED BY 'rows'");
    await root.query('GRANT SELECT, INSERT, UPDATE, DELETE ON *.* TO rows_only@localhost');
    await root.end();
    assert.deepEqual(await migrate(byRowsOnly(migrated)), []);
    await assert.rejects(migrate(byRowsOnly(empty)), { errno: 1142 });
  });
});

function byRowsOnly(url: string): DatabaseSettings {
  const own = new URL(url);
  [own.username, own.password] = ['rows_only', 'rows'];
  return { kind: 'mysql', url: own.href };
}
