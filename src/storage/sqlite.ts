// Owns the SQLite driver: node:sqlite, one connection, one writer at a time.

import { AsyncLocalStorage } from 'node:async_hooks';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { GuestError } from '../domain/errors.ts';
import { createGroupCommit } from './group-commit.ts';
import { createTransactionGuard, type Database, rowsAs, type SqlValue, type Write } from './sql.ts';

// How long a lock of another process or store is waited for before the request ends with 503.
const BUSY_TIMEOUT_MS = 5000;
const BUSY = 5;
const CONSTRAINT_PRIMARYKEY = 1555;
const CONSTRAINT_UNIQUE = 2067;
// BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL: the machine's state, not our SQL.
const UNAVAILABLE = new Set([5, 6, 7, 8, 10, 13, 14, 15]);

/**
 * Opens the file, creating it (mode 0600) and its directory (0700) when absent. Commits are on disk
 * before they are acknowledged: a consumed passcode stays consumed through a power cut. `run`, `insert`,
 * `update` and `writeAll` share a commit with those of the same turn; a `get` or `all` that writes has its own.
 *
 * @param file absolute path
 * @throws {GuestError} `unavailable` when the file cannot be opened
 */
export function openSqlite(file: string): Database {
  const connection = connect(file);
  const statements = new Map<string, StatementSync>();
  const guard = createTransactionGuard();
  let inTransaction = false;
  const waiting: (() => void)[] = [];
  const group = createGroupCommit({
    whenFree,
    control: (sql) => execute(sql, (statement) => statement.run()),
    isOpen: () => connection.isTransaction,
  });

  const inside: Database = {
    kind: 'sqlite',
    // oxlint-disable-next-line typescript/require-await -- a throw must become a rejection
    run: async (sql, params) => run(sql, params),
    // oxlint-disable-next-line typescript/require-await -- as above
    insert: async (sql, params) => insert(sql, params),
    // oxlint-disable-next-line typescript/require-await -- as above
    update: async (sql, params) => update(sql, params),
    // oxlint-disable-next-line typescript/require-await -- as above
    writeAll: async (writes) => writes.forEach(write),
    // oxlint-disable-next-line typescript/require-await -- as above
    all: async <T>(sql: string, params: readonly SqlValue[] = []) =>
      execute(sql, (statement) => rowsAs<T>(statement.all(...params))),
    // oxlint-disable-next-line typescript/require-await -- as above
    get: async <T>(sql: string, params: readonly SqlValue[] = []) =>
      execute(sql, (statement) => rowsAs<T>([statement.get(...params)])[0]),
    transaction: (work) => work(inside),
    exclusive: (work) => work(inside),
    close: () => Promise.reject(new TypeError('a transaction cannot close its database')),
  };

  return {
    kind: 'sqlite',
    run: (sql, params) => grouped(() => run(sql, params)),
    insert: (sql, params) => grouped(() => insert(sql, params)),
    update: (sql, params) => grouped(() => update(sql, params)),
    writeAll: (writes) => grouped(() => writeTogether(writes)),
    all: <T>(sql: string, params?: readonly SqlValue[]) =>
      outside(() => inside.all<T>(sql, params)),
    get: <T>(sql: string, params?: readonly SqlValue[]) =>
      outside(() => inside.get<T>(sql, params)),
    transaction,
    exclusive: transaction,
    close: async () => {
      guard.assertOutside();
      await group.settle();
      // oxlint-disable-next-line typescript/require-await -- as above
      await whenFree(async () => {
        // The last one to close writes the log back, and others may be doing so right now.
        connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
        connection.close();
      });
    },
  };

  function run(sql: string, params: readonly SqlValue[] = []): { readonly changes: number } {
    return execute(sql, (statement) => ({ changes: Number(statement.run(...params).changes) }));
  }

  function insert(sql: string, params?: readonly SqlValue[]): boolean {
    const changes = update(sql, params);
    return changes !== 'taken' && changes > 0;
  }

  function update(sql: string, params?: readonly SqlValue[]): number | 'taken' {
    try {
      return run(sql, params).changes;
    } catch (error) {
      const code = errcode(error);
      if (code === CONSTRAINT_PRIMARYKEY || code === CONSTRAINT_UNIQUE) return 'taken';
      throw error;
    }
  }

  function write({ sql, params, ifTaken }: Write): void {
    if (!ifTaken) run(sql, params);
    else if (update(sql, params) === 'taken') ifTaken.forEach(write);
  }

  /** In a group or alone, where the savepoint is the transaction. */
  function writeTogether(writes: readonly Write[]): void {
    execute('SAVEPOINT together', (statement) => statement.run());
    try {
      writes.forEach(write);
      execute('RELEASE together', (statement) => statement.run());
    } catch (error) {
      // Otherwise what came before the fault would be committed with the rest of the group.
      if (connection.isTransaction) {
        execute('ROLLBACK TO together', (statement) => statement.run());
        execute('RELEASE together', (statement) => statement.run());
      }
      throw error;
    }
  }

  async function grouped<T>(write: () => T): Promise<T> {
    // Here, not when the group is written: that happens in the context of its first caller.
    guard.assertOutside();
    return await group.add(write);
  }

  async function outside<T>(use: () => Promise<T>): Promise<T> {
    guard.assertOutside();
    return await whenFree(use);
  }

  /**
   * Calls `use` when it may run. While another process or store holds the lock it is asked again:
   * SQLite's own waiting would stop this whole process, and with it a lock holder inside it.
   */
  async function whenFree<T>(use: () => Promise<T>): Promise<T> {
    let deadline: number | undefined;
    for (;;) {
      try {
        return await turn(use);
      } catch (error) {
        deadline ??= performance.now() + BUSY_TIMEOUT_MS;
        if (!isBusy(error) || performance.now() > deadline) throw error;
        await sleep(1 + 9 * Math.random());
      }
    }
  }

  /**
   * Calls `use` once no transaction is open here, first come first served: a statement sent earlier
   * would run inside someone else's transaction.
   */
  function turn<T>(use: () => Promise<T>): Promise<T> {
    if (!inTransaction) return use();
    // Bound, or the waiting request would go on in the log context of the one before it.
    return new Promise((resolve) => {
      waiting.push(AsyncLocalStorage.bind(() => resolve(use())));
    });
  }

  function transaction<T>(work: (tx: Database) => Promise<T>): Promise<T> {
    return outside(async () => {
      inTransaction = true;
      try {
        return await atomically(work);
      } finally {
        inTransaction = false;
        let next = waiting.shift();
        while (next) {
          next();
          next = inTransaction ? undefined : waiting.shift();
        }
      }
    });
  }

  async function atomically<T>(work: (tx: Database) => Promise<T>): Promise<T> {
    // IMMEDIATE: a read lock that has to grow fails with BUSY when another process wrote meanwhile.
    execute('BEGIN IMMEDIATE', (statement) => statement.run());
    try {
      const result = await guard.run(() => work(inside));
      execute('COMMIT', (statement) => statement.run());
      return result;
    } catch (error) {
      // A full disk makes SQLite roll back by itself; a second ROLLBACK would hide the cause.
      if (connection.isTransaction) execute('ROLLBACK', (statement) => statement.run());
      throw error;
    }
  }

  function execute<T>(sql: string, use: (statement: StatementSync) => T): T {
    try {
      let statement = statements.get(sql);
      if (!statement) {
        statement = connection.prepare(sql);
        statements.set(sql, statement);
      }
      return use(statement);
    } catch (error) {
      throw judge(error);
    }
  }
}

function connect(file: string): DatabaseSync {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // SQLite gives the -wal and -shm files the mode of the database file.
    closeSync(openSync(file, 'a', 0o600));
    const connection = new DatabaseSync(file, {
      timeout: BUSY_TIMEOUT_MS,
      enableForeignKeyConstraints: true,
    });
    useLog(connection);
    connection.exec('PRAGMA synchronous = FULL');
    connection.exec('PRAGMA busy_timeout = 0');
    return connection;
  } catch (error) {
    throw new GuestError('unavailable', { cause: error, detail: { file } });
  }
}

/** Its timeout does not count here: SQLite refuses at once while another process makes the log of a new file. */
function useLog(connection: DatabaseSync): void {
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      connection.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1 + 9 * Math.random());
    }
  }
}

function judge(error: unknown): unknown {
  const code = errcode(error);
  return code !== undefined && UNAVAILABLE.has(code & 0xff)
    ? new GuestError('unavailable', { cause: error })
    : error;
}

function isBusy(error: unknown): boolean {
  const code = errcode(error instanceof GuestError ? error.cause : error);
  return code !== undefined && (code & 0xff) === BUSY;
}

function errcode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode
    : undefined;
}
