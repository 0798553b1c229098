// Owns the choice of driver: the one place that knows both.

import type { DatabaseSettings } from '../settings/settings.ts';
import { openMysql } from './mysql.ts';
import type { Database } from './sql.ts';
import { openSqlite } from './sqlite.ts';

/**
 * Opens the database as it is, without migrating it.
 *
 * @param poolSize most connections at a time; SQLite has one
 */
export function openDatabase(settings: DatabaseSettings, poolSize?: number): Database {
  return settings.kind === 'sqlite' ? openSqlite(settings.file) : openMysql(settings.url, poolSize);
}
