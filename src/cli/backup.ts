// Owns `guestpass backup`: a copy of the embedded database, taken while servers run.

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { keyFileNames } from '../settings/key-files.ts';
import { copySqlite } from '../storage/sqlite-backup.ts';
import { lookAtConfiguration } from './installation.ts';
import { answer, failed, type Output, terminal } from './output.ts';

export interface BackupOptions {
  readonly config: string;
}

/**
 * Copies the database to a new file, and says what else belongs to a backup.
 *
 * @returns the exit code: 1 when the file is there already, or the database is a server of its own
 * @throws {ConfigurationError} with every fault; {GuestError} `unavailable`
 */
export async function backup(
  file: string,
  { config }: BackupOptions,
  output: Output = terminal,
): Promise<number> {
  const { database } = await lookAtConfiguration(config, output);
  if (database.kind === 'mysql') {
    const command = 'mariadb-dump --single-transaction --quick';
    return failed(output, `The database is a server: back it up with ${command}`);
  }
  if (!existsSync(database.file)) return failed(output, `there is no ${database.file} yet`);
  if (existsSync(file)) return failed(output, `${file} is there already; name a new file`);
  await copySqlite(database.file, resolve(file));
  const folder = dirname(database.file);
  const keys = Object.values(keyFileNames)
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path));
  // Kept apart: with its keys beside it a stolen copy opens by itself.
  if (keys.length > 0)
    output.warn(`It opens with its keys alone; keep them too: ${keys.join(' ')}`);
  return answer(output, { file: resolve(file), keys }, resolve(file));
}
