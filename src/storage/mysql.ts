// Owns the MySQL driver: a mysql2 pool, for MySQL, MariaDB and MariaDB Galera.

import { setTimeout as sleep } from 'node:timers/promises';
// TypedParameter is a getter on the CommonJS module: as a named import it does not exist.
import mysql2, {
  createPool,
  type Pool,
  type PoolConnection,
  type ResultSetHeader,
  type RowDataPacket,
  type TypedParameterValue,
} from 'mysql2';
import {
  driverFault,
  fatalFault,
  isDeadlock,
  isDuplicateKey,
  isIncomparableText,
  judge,
} from './mysql-faults.ts';
import { parseMysqlUrl } from './mysql-url.ts';
import {
  createTransactionGuard,
  type Database,
  rowsAs,
  type SqlValue,
  type TransactionGuard,
} from './sql.ts';

const DEFAULT_POOL_SIZE = 10;
// A statement or a wait for a free connection that takes longer ends the request with 503 (R3).
const STATEMENT_TIMEOUT_MS = 5000;
const CONNECT_TIMEOUT_MS = 5000;
const DEADLOCK_RETRIES = 3;

const SESSION = [
  // A conditional UPDATE must judge the newest committed row; gap locks would only cost.
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 1, sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
] as const;

type Result = RowDataPacket[] | ResultSetHeader;

/**
 * Makes the pool; connects on first use.
 *
 * @param url `mysql://user:password@host:port/name`, percent-encoded where needed;
 *   `?socketPath=/run/mysqld/mysqld.sock` connects by unix socket instead of host and port
 * @param poolSize most connections at a time, default 10
 * @throws {TypeError} when the URL is not of that form
 */
export function openMysql(url: string, poolSize: number = DEFAULT_POOL_SIZE): Database {
  const pool = createPool({
    ...parseMysqlUrl(url),
    connectionLimit: poolSize,
    connectTimeout: CONNECT_TIMEOUT_MS,
    charset: 'utf8mb4_bin',
    namedPlaceholders: false,
    multipleStatements: false,
  });
  const guard = createTransactionGuard();
  const ready = new WeakSet<PoolConnection>();

  return {
    kind: 'mysql',
    run: (sql, params) => alone((connection) => connection.run(sql, params)),
    insert: (sql, params) => alone((connection) => connection.insert(sql, params)),
    update: (sql, params) => alone((connection) => connection.update(sql, params)),
    all: <T>(sql: string, params?: readonly SqlValue[]) =>
      alone((connection) => connection.all<T>(sql, params)),
    get: <T>(sql: string, params?: readonly SqlValue[]) =>
      alone((connection) => connection.get<T>(sql, params)),
    transaction: (work) =>
      retryDeadlocks(() => connected((connection) => atomically(connection, guard, work))),
    exclusive: (work) =>
      connected(async (connection) => {
        try {
          return await guard.run(() => work(createSession(connection, null).database));
        } catch (error) {
          // Whatever lock it took ends with the connection.
          connection.destroy();
          throw error;
        }
      }),
    close: () =>
      new Promise((resolve, reject) => {
        pool.end((error) => (error ? reject(error) : resolve()));
      }),
  };

  /** One statement on its own: committed by itself, so after a deadlock it can simply run again. */
  function alone<T>(use: (database: Database) => Promise<T>): Promise<T> {
    return retryDeadlocks(() =>
      connected((connection) => use(createSession(connection, STATEMENT_TIMEOUT_MS).database)),
    );
  }

  async function connected<T>(use: (connection: PoolConnection) => Promise<T>): Promise<T> {
    guard.assertOutside();
    const connection = await acquire(pool);
    try {
      if (!ready.has(connection)) {
        // The loss of an idle connection is news for the next statement; unheard, the event would
        // end the process.
        connection.on('error', () => {});
        await prepareConnection(connection);
        ready.add(connection);
      }
      const result = await use(connection);
      connection.release();
      return result;
    } catch (error) {
      // A connection in doubt is not handed to the next request.
      if (driverFault(error)?.fatal === true) connection.destroy();
      else connection.release();
      throw error;
    }
  }
}

async function atomically<T>(
  connection: PoolConnection,
  guard: TransactionGuard,
  work: (tx: Database) => Promise<T>,
): Promise<T> {
  const session = createSession(connection, STATEMENT_TIMEOUT_MS);
  await send(connection, 'START TRANSACTION');
  try {
    const result = await guard.run(() => work(session.database));
    if (session.deadlock()) throw session.deadlock();
    await send(connection, 'COMMIT');
    return result;
  } catch (error) {
    // Behind a statement that hangs, ROLLBACK would hang too; destroying the connection rolls back.
    if (driverFault(error)?.fatal === true) throw error;
    try {
      await send(connection, 'ROLLBACK');
    } catch {
      connection.destroy();
    }
    throw error;
  }
}

/** One connection as a {@link Database}, and whether the server has rolled its transaction back. */
function createSession(
  connection: PoolConnection,
  timeoutMs: number | null,
): { readonly database: Database; deadlock(): unknown } {
  let deadlock: unknown;
  const database: Database = {
    kind: 'mysql',
    run: async (sql, params) => {
      const result = await execute(sql, params);
      return { changes: Array.isArray(result) ? 0 : result.affectedRows };
    },
    insert: async (sql, params) => (await database.update(sql, params)) !== 'taken',
    update: async (sql, params) => {
      try {
        return (await database.run(sql, params)).changes;
      } catch (error) {
        if (isDuplicateKey(error)) return 'taken';
        throw error;
      }
    },
    all: async <T>(sql: string, params?: readonly SqlValue[]) => {
      const result = await execute(sql, params);
      return rowsAs<T>(Array.isArray(result) ? result : []);
    },
    get: async <T>(sql: string, params?: readonly SqlValue[]) => {
      const result = await execute(sql, params);
      return rowsAs<T>(Array.isArray(result) ? result : [])[0];
    },
    transaction: (work) => work(database),
    exclusive: (work) => work(database),
    close: () => Promise.reject(new TypeError('a transaction cannot close its database')),
  };
  return { database, deadlock: () => deadlock };

  async function execute(sql: string, params: readonly SqlValue[] = []): Promise<Result> {
    // After a deadlock the server has ended the transaction: a statement sent now would be
    // committed by itself, whatever becomes of the rest.
    if (deadlock) throw deadlock;
    try {
      return await send(connection, sql, params, timeoutMs);
    } catch (error) {
      // Text that is not ASCII equals no key. SQLite answers so; MySQL will not compare the two.
      if (isIncomparableText(error)) return [];
      if (isDeadlock(error)) deadlock = error;
      throw error;
    }
  }
}

async function retryDeadlocks<T>(run: () => Promise<T>): Promise<T> {
  for (let retry = 0; ; retry += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isDeadlock(error) || retry === DEADLOCK_RETRIES) throw error;
      // Without a random pause the same two would meet again.
      await sleep(4 ** retry * (2 + 6 * Math.random()));
    }
  }
}

async function prepareConnection(connection: PoolConnection): Promise<void> {
  for (const sql of SESSION) await send(connection, sql);
  const galera = await send(connection, "SHOW SESSION VARIABLES LIKE 'wsrep_on'");
  // Without it a read on another Galera node right after a commit misses the row (73 of 300).
  if (Array.isArray(galera) && galera[0]?.['Value'] === 'ON') {
    await send(connection, 'SET SESSION wsrep_sync_wait = 1');
  }
}

function acquire(pool: Pool): Promise<PoolConnection> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(judge(fatalFault('no database connection became free in time')));
    }, STATEMENT_TIMEOUT_MS);
    pool.getConnection((error, connection) => {
      clearTimeout(timer);
      if (late) {
        if (!error) connection.release();
      } else if (error) reject(judge(Object.assign(error, { fatal: true })));
      else resolve(connection);
    });
  });
}

/** Sends one statement; with placeholders as a prepared one. Errors are judged. */
function send(
  connection: PoolConnection,
  sql: string,
  params?: readonly SqlValue[],
  timeoutMs: number | null = STATEMENT_TIMEOUT_MS,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer =
      timeoutMs === null
        ? undefined
        : setTimeout(
            () => reject(judge(fatalFault('the database did not answer in time'))),
            timeoutMs,
          );
    const settle = (error: Error | null, result: Result): void => {
      clearTimeout(timer);
      if (error) reject(judge(error));
      else resolve(result);
    };
    if (params) connection.execute<Result>(sql, params.map(bind), settle);
    else connection.query<Result>(sql, settle);
  });
}

/** Whole numbers go as BIGINT: mysql2 would send DOUBLE, which MySQL refuses in LIMIT. */
function bind(value: SqlValue): string | null | TypedParameterValue {
  return typeof value === 'number' ? mysql2.TypedParameter.BIGINT(value) : value;
}
