// Owns copying an embedded database while it is in use.

import { open, rm } from 'node:fs/promises';
import { openSqlite } from './sqlite.ts';

/**
 * Copies a database as it is at one moment, what is still in its log included. Servers go on reading
 * and writing meanwhile.
 *
 * @param file the database; there already
 * @param target the copy, mode 0600; nothing is left of it when the copy fails
 * @throws Node's error `EEXIST` when the target is there already; {GuestError} `unavailable`
 */
export async function copySqlite(file: string, target: string): Promise<void> {
  // Made first, for its mode: what SQLite makes can be read by everybody on the machine.
  await (await open(target, 'wx', 0o600)).close();
  const database = openSqlite(file);
  try {
    // A read, although it is none of rows: what writes shares a transaction, and this may be in none.
    await database.all('VACUUM INTO ?', [target]);
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  } finally {
    await database.close();
  }
}
