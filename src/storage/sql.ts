// Owns the Database port: the little that both engines are asked to do, and the few places where
// their SQL differs.

import { AsyncLocalStorage } from 'node:async_hooks';

/** What a placeholder takes. Numbers are whole; booleans are passed as 0 and 1. */
export type SqlValue = string | number | null;

/** The two families of SQL. `mysql` is MySQL, MariaDB and MariaDB Galera. */
export type SqlKind = 'sqlite' | 'mysql';

/** One INSERT, UPDATE or DELETE that is written together with others. */
export interface Write {
  readonly sql: string;
  readonly params: readonly SqlValue[];
  /** Written instead when it runs into a unique key; without them that is a fault. */
  readonly ifTaken?: readonly Write[];
}

/**
 * One database, or one transaction on it. Values go in through `?` placeholders only.
 *
 * Every method throws {@link GuestError} `unavailable`, with the driver's error as its cause, when
 * the database is out of reach, locked for too long or full.
 */
export interface Database {
  readonly kind: SqlKind;
  /** @returns how many rows matched (not: how many changed), so conditions belong in WHERE */
  run(sql: string, params?: readonly SqlValue[]): Promise<{ readonly changes: number }>;
  /** Runs an INSERT. @returns false when a unique key is taken already; nothing changed then */
  insert(sql: string, params?: readonly SqlValue[]): Promise<boolean>;
  /**
   * Runs an UPDATE that may run into a unique key.
   * @returns how many rows matched, or `taken`; nothing changed then
   */
  update(sql: string, params?: readonly SqlValue[]): Promise<number | 'taken'>;
  /**
   * Writes in this order, in one commit: all of it or nothing. On a transaction, joins it. For what
   * depends on nothing that is read, a transaction costs more: SQLite shares no commit with it.
   */
  writeAll(writes: readonly Write[]): Promise<void>;
  all<T>(sql: string, params?: readonly SqlValue[]): Promise<T[]>;
  get<T>(sql: string, params?: readonly SqlValue[]): Promise<T | undefined>;
  /**
   * Runs `work` atomically; a throw rolls back and is rethrown. On a transaction, joins it. `work`
   * may run again after a deadlock. Inside, only the database handed to `work` may be used.
   *
   * @throws {TypeError} when `work` reaches for the outer database
   */
  transaction<T>(work: (tx: Database) => Promise<T>): Promise<T>;
  /**
   * Runs `work` with one connection to itself and no time limit, for what belongs to a connection:
   * locks and schema changes. On SQLite this is a transaction, so other processes wait.
   */
  exclusive<T>(work: (connection: Database) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Reads rows as what their SELECT says they are: the one place where a row's type is believed. */
export function rowsAs<T>(rows: readonly unknown[]): T[] {
  return rows as T[];
}

/** The SQL of "insert, or update these columns of the row with that key", of so many rows. Pure. */
export function upsertSql(
  kind: SqlKind,
  table: string,
  columns: readonly string[],
  key: readonly string[],
  updated: readonly string[],
  rows = 1,
): string {
  const row = `(${columns.map(() => '?').join(', ')})`;
  const values = Array.from({ length: rows }, () => row).join(', ');
  const insert = `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${values}`;
  return kind === 'sqlite'
    ? `${insert} ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${updated.map((name) => `${name} = excluded.${name}`).join(', ')}`
    : `${insert} ON DUPLICATE KEY UPDATE ${updated.map((name) => `${name} = VALUES(${name})`).join(', ')}`;
}

/**
 * The end of a SELECT inside a transaction that waits for whoever is writing the row, and keeps it
 * until the commit. SQLite has one writer at a time and needs none. Pure.
 */
export function lockingSql(kind: SqlKind): string {
  return kind === 'sqlite' ? '' : ' FOR UPDATE';
}

/**
 * Deletes at most `limit` rows of `table`, the oldest by `column` first. Pure; the last two
 * placeholders are for `condition` and the limit.
 */
export function deleteBatchSql(
  kind: SqlKind,
  table: string,
  key: readonly string[],
  condition: string,
): string {
  const columns = key.join(', ');
  return kind === 'sqlite'
    ? `DELETE FROM ${table} WHERE (${columns}) IN (SELECT ${columns} FROM ${table} WHERE ${condition} LIMIT ?)`
    : `DELETE FROM ${table} WHERE ${condition} LIMIT ?`;
}

/**
 * Guards against the one mistake a transaction invites: awaiting the outer database inside it. On
 * SQLite that would wait for itself for ever, on MySQL it would silently not be atomic.
 */
export interface TransactionGuard {
  /** Runs `work` as the inside of a transaction. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** @throws {TypeError} when called from inside a transaction that is still open */
  assertOutside(): void;
}

/** Makes the guard of one database. */
export function createTransactionGuard(): TransactionGuard {
  const current = new AsyncLocalStorage<{ open: boolean }>();
  return {
    run: async (work) => {
      const token = { open: true };
      try {
        return await current.run(token, work);
      } finally {
        // What was started inside but outlives the transaction is outside again.
        token.open = false;
      }
    },
    assertOutside: () => {
      if (current.getStore()?.open === true) {
        throw new TypeError('inside a transaction, use the store handed to the work function');
      }
    },
  };
}
