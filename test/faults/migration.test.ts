import assert from 'node:assert/strict';
import type { DatabaseSettings } from '../../src/settings/settings.ts';
import { findPendingMigrations } from '../../src/storage/migrate.ts';
import { openDatabase } from '../../src/storage/open-database.ts';
import { startMariadb } from '../support/mariadb.ts';
import { runCommand } from '../support/processes.ts';
import { createInstallation } from '../support/world.ts';
import { migrateAndDie, schemaOf } from './migrating.ts';

/** After the first thing that is made, after some, and in the second migration. */
const DEATHS = [1, 7, 14];

const engines: Readonly<Record<string, () => Promise<string | undefined>>> = {
  SQLite: () => Promise.resolve(undefined),
  MariaDB: async () => (await startMariadb()).createDatabase(),
};

for (const [engine, urlOf] of Object.entries(engines)) {
  describe(`guestpass migrate that is killed, on ${engine}`, function () {
    this.timeout(120_000);

    it(`F24 R24 kill -9 after ${DEATHS.join(', ')} of its tables and indexes: started again it ends with the schema of one that was never killed`, async () => {
      const whole = await installed(await urlOf());
      assert.equal((await runCommand(['migrate', '--config', whole.folder])).code, 0);
      const expected = await schemaOf(whole.settings);
      for (const at of DEATHS) {
        const killed = await installed(await urlOf());
        assert.equal(await migrateAndDie(killed.folder, at), 'SIGKILL', `${at}`);
        assert.ok((await pending(killed.settings)).length > 0, `${at}: nothing was left to do`);
        const again = await runCommand(['migrate', '--config', killed.folder]);
        assert.equal(again.code, 0, again.stderr);
        assert.deepEqual(await schemaOf(killed.settings), expected, `${at}`);
        assert.deepEqual(await pending(killed.settings), []);
        await killed.remove();
      }
      await whole.remove();
    });
  });
}

async function installed(database: string | undefined) {
  const installation = await createInstallation({
    settings: database === undefined ? {} : { database },
  });
  const settings: DatabaseSettings =
    database === undefined
      ? { kind: 'sqlite', file: `${installation.folder}/data/guestpass.db` }
      : { kind: 'mysql', url: database };
  return { ...installation, settings };
}

async function pending(settings: DatabaseSettings): Promise<readonly string[]> {
  const database = openDatabase(settings);
  try {
    return await findPendingMigrations(database);
  } finally {
    await database.close();
  }
}
