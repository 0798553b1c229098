// Owns `guestpass migrate` that is killed in the middle, and the shape a database has after all.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DatabaseSettings } from '../../src/settings/settings.ts';
import { openDatabase } from '../../src/storage/open-database.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const DIE_AT = fileURLToPath(new URL('die-at.ts', import.meta.url));

/**
 * Runs `guestpass migrate`, which is killed after so many tables and indexes.
 * @returns the signal that ended it
 */
export async function migrateAndDie(folder: string, statements: number): Promise<unknown> {
  const child = spawn(
    process.execPath,
    [`--import=${DIE_AT}`, MAIN, 'migrate', '--config', folder],
    { stdio: 'ignore', env: { ...process.env, DIE_AT: String(statements) } },
  );
  const [, signal] = (await once(child, 'exit')) as [unknown, unknown];
  return signal;
}

/** Every table, column and index of a database, a line each, in order. */
export async function schemaOf(settings: DatabaseSettings): Promise<readonly string[]> {
  const database = openDatabase(settings);
  const lines = async (sql: string): Promise<readonly string[]> =>
    (await database.all<Readonly<Record<string, unknown>>>(sql)).map((row) =>
      Object.values(row).join(' '),
    );
  try {
    return settings.kind === 'sqlite'
      ? await lines('SELECT type, name, sql FROM sqlite_master ORDER BY type, name')
      : [
          ...(await lines(
            'SELECT table_name, column_name, column_type, is_nullable, collation_name ' +
              'FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY 1, 2',
          )),
          ...(await lines(
            'SELECT table_name, index_name, seq_in_index, column_name, non_unique ' +
              'FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY 1, 2, 3',
          )),
        ];
  } finally {
    await database.close();
  }
}
