// Owns the MySQL driver: the Database of MySQL, MariaDB and MariaDB Galera, over mysql2.

import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolConnection } from 'mysql2';
import {
  isConnectionSpent,
  isDeadlock,
  isFaultOfNode,
  markReached,
  mayAskAgain,
} from './mysql-faults.ts';
import { createMysqlNodes } from './mysql-nodes.ts';
import { createSession, send, STATEMENT_TIMEOUT_MS } from './mysql-session.ts';
import { parseMysqlUrl } from './mysql-url.ts';
import {
  createTransactionGuard,
  type Database,
  type SqlValue,
  type TransactionGuard,
} from './sql.ts';

const DEFAULT_POOL_SIZE = 10;
const MOST_RETRIES = 3;

/**
 * Makes the pools; connects on first use.
 *
 * @param url `mysql://user:password@host:port/name`, percent-encoded where needed; several hosts with
 *   commas between them are the nodes of one Galera cluster, asked in this order;
 *   `?socketPath=/run/mysqld/mysqld.sock` connects by unix socket instead of host and port
 * @param poolSize most connections at a time to one node, default 10
 * @throws {TypeError} when the URL is not of that form
 * @source faults R15, R16
 */
export function openMysql(url: string, poolSize: number = DEFAULT_POOL_SIZE): Database {
  const nodes = createMysqlNodes(parseMysqlUrl(url), poolSize);
  const guard = createTransactionGuard();

  const transaction: Database['transaction'] = (work) =>
    again(true, () => connected((connection) => atomically(connection, guard, work)));

  return {
    kind: 'mysql',
    run: (sql, params) => alone(sql, (connection) => connection.run(sql, params)),
    insert: (sql, params) => alone(sql, (connection) => connection.insert(sql, params)),
    update: (sql, params) => alone(sql, (connection) => connection.update(sql, params)),
    writeAll: async (writes) => {
      const [first] = writes;
      if (!first) return;
      // What is committed by itself needs no BEGIN and no COMMIT, each a way to the server and back.
      const isAlone = writes.length === 1 && !first.ifTaken;
      await (isAlone
        ? alone(first.sql, (connection) => connection.writeAll(writes))
        : transaction((tx) => tx.writeAll(writes)));
    },
    all: <T>(sql: string, params?: readonly SqlValue[]) =>
      alone(sql, (connection) => connection.all<T>(sql, params)),
    get: <T>(sql: string, params?: readonly SqlValue[]) =>
      alone(sql, (connection) => connection.get<T>(sql, params)),
    transaction,
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
    close: () => nodes.close(),
  };

  /** One statement on its own: committed by itself. */
  function alone<T>(sql: string, use: (database: Database) => Promise<T>): Promise<T> {
    return again(/^SELECT\b/.test(sql), () =>
      connected((connection) => use(createSession(connection, STATEMENT_TIMEOUT_MS).database)),
    );
  }

  /** Runs it, and up to three times more where that cannot do anything twice. */
  async function again<T>(isRepeatable: boolean, run: () => Promise<T>): Promise<T> {
    for (let retry = 0; ; retry += 1) {
      try {
        return await run();
      } catch (error) {
        const mayRun = mayAskAgain(error, isRepeatable, nodes.count > 1);
        if (!mayRun || retry === MOST_RETRIES) throw error;
        // Without a random part two that met would meet again. A cluster that loses a node needs a
        // little longer than a lock.
        await sleep(4 ** retry * (2 + 6 * Math.random()) * (isDeadlock(error) ? 1 : 5));
      }
    }
  }

  async function connected<T>(use: (connection: PoolConnection) => Promise<T>): Promise<T> {
    guard.assertOutside();
    const { connection, node } = await nodes.lend();
    try {
      const result = await use(connection);
      connection.release();
      return result;
    } catch (error) {
      if (isFaultOfNode(error)) nodes.leave(node);
      // A connection in doubt is not handed to the next request.
      if (isConnectionSpent(error)) connection.destroy();
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
    await commit(connection);
    return result;
  } catch (error) {
    // Behind a statement that hangs, ROLLBACK would hang too; destroying the connection rolls back.
    if (isConnectionSpent(error)) throw error;
    try {
      await send(connection, 'ROLLBACK');
    } catch {
      connection.destroy();
    }
    throw error;
  }
}

async function commit(connection: PoolConnection): Promise<void> {
  try {
    await send(connection, 'COMMIT');
  } catch (error) {
    // Perhaps it is committed and the answer was lost: run again, an attempt would count twice (R4).
    throw isConnectionSpent(error) ? markReached(error, 'commit') : error;
  }
}
