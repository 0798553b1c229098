// Owns one MySQL connection: how it is set up, how a statement goes over it, and how it is a Database.

// TypedParameter is a getter on the CommonJS module: as a named import it does not exist.
import mysql2, {
  type PoolConnection,
  type ResultSetHeader,
  type RowDataPacket,
  type TypedParameterValue,
} from 'mysql2';
import {
  fatalFault,
  isDeadlock,
  isDuplicateKey,
  isIncomparableText,
  judge,
} from './mysql-faults.ts';
import { spendPatience } from './patience.ts';
import { type Database, rowsAs, type SqlValue } from './sql.ts';

/** A statement or a wait for a free connection that takes longer ends the request with 503 (R3). */
export const STATEMENT_TIMEOUT_MS = 5000;

const SESSION = [
  // A conditional UPDATE must judge the newest committed row; gap locks would only cost.
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 1, sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
] as const;

type Result = RowDataPacket[] | ResultSetHeader;

/** Sets a new connection up as every statement of ours expects it. */
export async function prepareConnection(connection: PoolConnection): Promise<void> {
  for (const sql of SESSION) await send(connection, sql);
  const galera = await send(connection, "SHOW SESSION VARIABLES LIKE 'wsrep_on'");
  // Without it a read on another Galera node right after a commit misses the row (73 of 300).
  if (Array.isArray(galera) && galera[0]?.['Value'] === 'ON') {
    await send(connection, 'SET SESSION wsrep_sync_wait = 1');
  }
}

/**
 * One connection as a {@link Database}, and whether the server has rolled its transaction back.
 *
 * @param timeoutMs most time for one statement; null for what takes as long as it takes
 */
export function createSession(
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
    writeAll: async (writes) => {
      for (const { sql, params, ifTaken } of writes) {
        if (!ifTaken) await execute(sql, params);
        else if ((await database.update(sql, params)) === 'taken') await database.writeAll(ifTaken);
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

/** Sends one statement; with placeholders as a prepared one. Errors are judged. */
export function send(
  connection: PoolConnection,
  sql: string,
  params?: readonly SqlValue[],
  timeoutMs: number | null = STATEMENT_TIMEOUT_MS,
): Promise<Result> {
  return timeoutMs === null
    ? ask(connection, sql, params, null)
    : spendPatience(timeoutMs, (ms) => ask(connection, sql, params, ms));
}

function ask(
  connection: PoolConnection,
  sql: string,
  params: readonly SqlValue[] | undefined,
  ms: number | null,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const late = (): void =>
      reject(judge(fatalFault('the database did not answer in time', 'silent')));
    const timer = ms === null ? undefined : setTimeout(late, ms);
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
