// Owns which node of a cluster is asked: one until it fails, then the next.
//
// mysql2's own PoolCluster leaves a node only when it cannot be connected to. One that is outside the
// primary component, or silent, takes connections: it would be asked for ever.

import { createPool, type Pool, type PoolConnection } from 'mysql2';
import { fatalFault, isFaultOfNode, judge, markReached } from './mysql-faults.ts';
import { prepareConnection, STATEMENT_TIMEOUT_MS } from './mysql-session.ts';
import type { MysqlAddress } from './mysql-url.ts';
import { spendPatience } from './patience.ts';

const CONNECT_TIMEOUT_MS = 5000;
// With others to ask, a node that does not even answer the telephone is not waited for as long.
const CONNECT_TIMEOUT_OF_SEVERAL_MS = 2000;

/** A connection that is set up, and the node it leads to. */
export interface Lent {
  readonly node: number;
  readonly connection: PoolConnection;
}

export interface MysqlNodes {
  readonly count: number;
  /**
   * Lends a connection of the node that is asked now, or else of the next that has one.
   * @throws {GuestError} `unavailable` when no node has
   */
  lend(): Promise<Lent>;
  /** The node failed: the next one is asked from now on, unless another call said so already. */
  leave(node: number): void;
  close(): Promise<void>;
}

/** Makes a pool per node; connects on first use. @param poolSize most connections to one node */
export function createMysqlNodes(addresses: readonly MysqlAddress[], poolSize: number): MysqlNodes {
  const pools = addresses.map((address) =>
    createPool({
      ...address,
      connectionLimit: poolSize,
      connectTimeout: addresses.length > 1 ? CONNECT_TIMEOUT_OF_SEVERAL_MS : CONNECT_TIMEOUT_MS,
      charset: 'utf8mb4_bin',
      namedPlaceholders: false,
      multipleStatements: false,
    }),
  );
  const ready = new WeakSet<PoolConnection>();
  let asked = 0;

  const leave = (node: number): void => {
    // Of a hundred requests that fail at once the first moves on, the others must not move further.
    if (node === asked) asked = (node + 1) % pools.length;
  };

  return {
    count: pools.length,
    async lend() {
      let fault: unknown;
      for (const _tried of pools) {
        const node = asked;
        try {
          return { node, connection: await lendFrom(pools[node]!) };
        } catch (error) {
          if (!isFaultOfNode(error)) throw error;
          fault = error;
          leave(node);
        }
      }
      throw fault;
    },
    leave,
    close: async () => {
      // A pool refuses to end over a connection that is lost already; there is nothing left to say to it.
      await Promise.allSettled(pools.map(end));
    },
  };

  async function lendFrom(pool: Pool): Promise<PoolConnection> {
    const connection = await spendPatience(STATEMENT_TIMEOUT_MS, (ms) => acquire(pool, ms));
    if (ready.has(connection)) return connection;
    // The loss of an idle connection is news for the next statement; unheard, the event would
    // end the process.
    connection.on('error', () => {});
    try {
      await prepareConnection(connection);
    } catch (error) {
      connection.destroy();
      throw markReached(error, 'unsent');
    }
    ready.add(connection);
    return connection;
  }
}

function acquire(pool: Pool, ms: number): Promise<PoolConnection> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(judge(fatalFault('no database connection became free in time', 'unsent')));
    }, ms);
    pool.getConnection((error, connection) => {
      clearTimeout(timer);
      if (late) {
        if (!error) connection.release();
      } else if (error)
        reject(judge(Object.assign(error, { fatal: true, reached: 'unsent' as const })));
      else resolve(connection);
    });
  });
}

function end(pool: Pool): Promise<void> {
  return new Promise((resolve, reject) => {
    pool.end((error) => (error ? reject(error) : resolve()));
  });
}
