import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../src/storage/migrate.ts';
import { openDatabase } from '../../src/storage/open-database.ts';
import { createSessionStore } from '../../src/storage/sessions.ts';

const NOW = 1_792_936_920;

// What every store does is in test/storage/contract.
describe('createSessionStore', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'guestpass-sessions-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('reads browsers that were noted in one string, as before', async () => {
    const settings = { kind: 'sqlite', file: join(folder, 'a.db') } as const;
    await migrate(settings);
    const database = openDatabase(settings);
    for (const browser of ['Chrome on Windows', 'Firefox', '']) {
      const uid = `uid ${browser}`;
      await database.run(
        'INSERT INTO guest_sessions (tenant, uid, guest_id, browser, by_mail, signed_in_at, expires_at) ' +
          'VALUES (?, ?, ?, ?, 0, ?, ?)',
        ['a', uid, 'g', browser, NOW, NOW + 60],
      );
      await database.run(
        'INSERT INTO oidc_records (tenant, model, id, payload, uid, expires_at) ' +
          "VALUES ('a', 'Session', ?, '{}', ?, ?)",
        [uid, uid, NOW + 60],
      );
    }
    const listed = await createSessionStore(database).list('a', 'g', NOW, 9);
    assert.deepEqual(
      listed.map(({ browser }) => browser),
      [null, { browser: 'Chrome', system: 'Windows' }, { browser: 'Firefox', system: null }],
    );
    await database.close();
  });
});
