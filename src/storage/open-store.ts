// Owns the store as a whole: opens the database, migrates it, puts the nouns together.

import { systemClock } from '../domain/clock.ts';
import { GuestError } from '../domain/errors.ts';
import type { DatabaseSettings } from '../settings/settings.ts';
import { createAuditStore } from './audit.ts';
import { createBudgetStore } from './budgets.ts';
import { createGuestStore } from './guests.ts';
import { createJourneyStore } from './journeys.ts';
import { createKeyStore } from './keys.ts';
import { createMailboxStore } from './mailbox.ts';
import { findPendingMigrations, migrateDatabase } from './migrate.ts';
import { createOidcStore } from './oidc-records.ts';
import { openDatabase } from './open-database.ts';
import { createOutboxStore } from './outbox.ts';
import { createPasscodeStore } from './passcodes.ts';
import { purgeExpired } from './purge.ts';
import { createSessionStore } from './sessions.ts';
import { createSignInStore } from './sign-ins.ts';
import type { Database } from './sql.ts';
import type { Store } from './store.ts';
import { codeOfOutage, traced } from '../telemetry/trace.ts';

/**
 * Opens the store and brings its tables to this version's shape.
 *
 * @param options `poolSize`: most MySQL connections at a time, default 10; SQLite has one
 * @throws {GuestError} `unavailable` when the database cannot be reached
 * @throws {TypeError} when a MySQL URL is malformed
 */
export async function openStore(
  settings: DatabaseSettings,
  options: { readonly poolSize?: number } = {},
): Promise<Store> {
  const database = openDatabase(settings, options.poolSize);
  try {
    await migrateDatabase(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  const store = createStore(database);
  const attributes = { 'db.system.name': database.kind };
  return {
    ...store,
    transaction: (work) =>
      // What rolls back is often an answer, such as a code that cannot be sent yet.
      traced('database.transaction', { attributes, codeOf: codeOfOutage }, () =>
        store.transaction(work),
      ),
  };
}

/** The {@link Store} over one database or transaction whose tables are there. */
export function createStore(database: Database): Store {
  return {
    guests: createGuestStore(database),
    signIns: createSignInStore(database),
    journeys: createJourneyStore(database),
    passcodes: createPasscodeStore(database),
    budgets: createBudgetStore(database),
    outbox: createOutboxStore(database),
    mailbox: createMailboxStore(database),
    oidc: createOidcStore(database),
    sessions: createSessionStore(database),
    keys: createKeyStore(database),
    audit: createAuditStore(database),
    transaction: (work) => database.transaction((tx) => work(createStore(tx))),
    purge: (now, batch) => purgeExpired(database, now, batch),
    databaseTime: async () => {
      // SQLite has no clock of its own: it asks this machine's.
      if (database.kind === 'sqlite') return systemClock();
      // With its fraction: cut off, two processes would disagree by up to a second, and what was
      // proven to one after the other had reset a guest would seem older than the reset (R68).
      const row = await database.get<{ readonly now: number }>(
        'SELECT UNIX_TIMESTAMP(NOW(3)) AS now',
      );
      return Number(row?.now);
    },
    ping: async () => {
      try {
        // A Galera node outside the primary component answers `SELECT 1`, but reads no table.
        await database.all('SELECT tenant FROM guests LIMIT 1');
      } catch (error) {
        throw error instanceof GuestError ? error : new GuestError('unavailable', { cause: error });
      }
    },
    pendingMigrations: () => findPendingMigrations(database),
    close: () => database.close(),
  };
}
