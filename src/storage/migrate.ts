// Owns bringing a database to the shape this version needs: Kysely's Migrator over our port.

import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { Migrator } from 'kysely/migration';
import type { DatabaseSettings } from '../settings/settings.ts';
import { type Lease, withMigrationLease } from './migration-lease.ts';
import { migrationsFor } from './migrations.ts';
import { openDatabase } from './open-database.ts';
import type { Database, SqlValue } from './sql.ts';

/**
 * Opens the database, migrates it and closes it again.
 *
 * @returns the names of the migrations that ran, in order; none when it was up to date
 * @throws {GuestError} `unavailable` when it cannot be reached
 */
export async function migrate(settings: DatabaseSettings): Promise<readonly string[]> {
  // One connection migrates, another says meanwhile that this process lives.
  const database = openDatabase(settings, 2);
  try {
    return await migrateDatabase(database);
  } finally {
    await database.close();
  }
}

/**
 * Runs what is missing. Any number of processes may do so at once: one works, the others wait and
 * find nothing left. SQLite: one transaction, so a crash leaves no trace. MySQL: under GET_LOCK, which
 * ends with the connection. Galera: under a lease as well, because GET_LOCK binds one node; what
 * crashed there is taken over half a minute later.
 *
 * @returns the names of the migrations that ran, in order
 * @throws {GuestError} `unavailable` when the database is, or another process has taken over
 */
export async function migrateDatabase(database: Database): Promise<readonly string[]> {
  return (await isGalera(database))
    ? withMigrationLease(database, (lease) => migrateAlone(database, lease))
    : migrateAlone(database);
}

function migrateAlone(database: Database, lease?: Lease): Promise<readonly string[]> {
  return database.exclusive(async (connection) => {
    const migrator = new Migrator({
      db: new Kysely<unknown>({ dialect: dialectOver(connection, lease) }),
      provider: { getMigrations: () => Promise.resolve(migrationsFor(connection.kind)) },
    });
    const { error, results = [] } = await migrator.migrateToLatest();
    if (error) throw error;
    return results.map((result) => result.migrationName);
  });
}

async function isGalera(database: Database): Promise<boolean> {
  if (database.kind === 'sqlite') return false;
  const row = await database.get<{ readonly Value: string }>("SHOW VARIABLES LIKE 'wsrep_on'");
  return row?.Value === 'ON';
}

/** Names the migrations of this version that the database has not. Writes nothing. */
export async function findPendingMigrations(database: Database): Promise<readonly string[]> {
  const done = new Set(await findDone(database));
  return Object.keys(migrationsFor(database.kind)).filter((name) => !done.has(name));
}

async function findDone(database: Database): Promise<readonly string[]> {
  // An empty database has no table of migrations, and asking it for one is an error.
  const table = await database.get(
    database.kind === 'sqlite'
      ? "SELECT name FROM sqlite_master WHERE name = 'kysely_migration'"
      : "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'kysely_migration'",
  );
  if (table === undefined) return [];
  const rows = await database.all<{ readonly name: string }>('SELECT name FROM kysely_migration');
  return rows.map(({ name }) => name);
}

/** Lets Kysely speak through a connection of ours. */
function dialectOver(database: Database, lease: Lease | undefined): Dialect {
  const mysql = database.kind === 'mysql';
  return {
    createAdapter: () => (mysql ? new MysqlAdapter() : new SqliteAdapter()),
    createDriver: () => driverOver(database, lease),
    createIntrospector: (db) => (mysql ? new MysqlIntrospector(db) : new SqliteIntrospector(db)),
    createQueryCompiler: () => (mysql ? new MysqlQueryCompiler() : new SqliteQueryCompiler()),
  };
}

const nothing = (): Promise<void> => Promise.resolve();

function toSqlValue(value: unknown): SqlValue {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  throw new TypeError('a migration binds text, numbers and null only');
}

function driverOver(database: Database, lease: Lease | undefined): Driver {
  const connection: DatabaseConnection = {
    executeQuery: async <R>(query: CompiledQuery): Promise<QueryResult<R>> => {
      const params = query.parameters.map(toSqlValue);
      const { kind } = query.query;
      // A process that was held up and taken for dead must not go on beside its successor.
      if (kind !== 'SelectQueryNode') await lease?.check(database);
      return kind === 'SelectQueryNode' || kind === 'RawNode'
        ? { rows: await database.all<R>(query.sql, params) }
        : (await database.run(query.sql, params), { rows: [] });
    },
    streamQuery: () => {
      throw new TypeError('migrations do not stream');
    },
  };
  return {
    init: nothing,
    acquireConnection: () => Promise.resolve(connection),
    // Neither adapter calls these: both engines' migrations run without a transaction of Kysely's.
    beginTransaction: nothing,
    commitTransaction: nothing,
    rollbackTransaction: nothing,
    releaseConnection: nothing,
    destroy: nothing,
  };
}
