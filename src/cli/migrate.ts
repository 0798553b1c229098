// Owns `guestpass migrate`: the database in this version's shape before a server needs it.

import { existsSync } from 'node:fs';
import { migrate } from '../storage/migrate.ts';
import { findMissingMigrations } from '../storage/missing-migrations.ts';
import { loadConfiguration } from '../tenants/configuration.ts';
import { lookAtConfiguration } from './installation.ts';
import { answer, type Output, terminal } from './output.ts';

export interface MigrateOptions {
  readonly config: string;
  /** Says what would be done; changes nothing. */
  readonly dryRun?: boolean;
}

/**
 * Migrates the database, or says what is missing. A second one at the same time waits for the first.
 *
 * @returns the exit code
 * @throws {ConfigurationError} with every fault; {GuestError} `unavailable`
 */
export async function migrateNow(
  { config, dryRun = false }: MigrateOptions,
  output: Output = terminal,
): Promise<number> {
  const names = dryRun ? await foresee(config, output) : await run(config, output);
  if (names.length === 0) output.warn('The database has every migration of this version.');
  else output.warn(dryRun ? 'These would run; nothing was changed.' : 'These ran.');
  return answer(output, names, ...names);
}

async function run(config: string, output: Output): Promise<readonly string[]> {
  // Makes the keys first: a server refuses an embedded database that is there without them.
  const { settings, notices } = await loadConfiguration(config);
  for (const notice of notices) output.warn(notice);
  return migrate(settings.database);
}

async function foresee(config: string, output: Output): Promise<readonly string[]> {
  const { database: settings } = await lookAtConfiguration(config, output);
  const isNew = settings.kind === 'sqlite' && !existsSync(settings.file);
  if (isNew) output.warn(`There is no ${settings.file} yet; it would be made.`);
  // Opening a file makes it: one that is not there is judged as the empty one it would be.
  return findMissingMigrations(isNew ? undefined : settings);
}
