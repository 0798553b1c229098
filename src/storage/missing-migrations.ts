// Owns looking at what a migration would do, without doing it.

import type { DatabaseSettings } from '../settings/settings.ts';
import { migrationsFor } from './migrations.ts';
import { findPendingMigrations } from './migrate.ts';
import { openDatabase } from './open-database.ts';

/**
 * Names the migrations of this version that a database has not, in order. Writes nothing.
 *
 * @param settings undefined for an embedded database that is not there yet
 * @throws {GuestError} `unavailable` when it cannot be reached
 */
export async function findMissingMigrations(
  settings: DatabaseSettings | undefined,
): Promise<readonly string[]> {
  if (settings === undefined) return Object.keys(migrationsFor('sqlite'));
  const database = openDatabase(settings, 1);
  try {
    return await findPendingMigrations(database);
  } finally {
    await database.close();
  }
}
