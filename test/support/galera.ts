// Owns a MariaDB Galera cluster for tests: nodes on loopback that can be killed, silenced, cut off.

import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { freePort } from './world.ts';

export interface Galera {
  /** The address of a database by some nodes, in that order, as settings take it. */
  url(database: string, ...nodes: readonly number[]): string;
  /** Makes an empty database. @returns its name */
  createDatabase(): Promise<string>;
  /** Asks one node, as root. */
  query<Row>(node: number, sql: string): Promise<readonly Row[]>;
  /** How many nodes this one sees, itself included. */
  size(node: number): Promise<number>;
  /** Ends a node as a machine would that loses power. */
  kill(node: number): Promise<void>;
  /** Starts a node that was killed; resolves when it has joined. */
  join(node: number): Promise<void>;
  /** Cuts a node off the others, or not any more. */
  isolate(node: number, isCutOff: boolean): Promise<void>;
  stop(): Promise<void>;
}

const USER = 'guestpass';
const PASSWORD = 'of-the-cluster';
const PROVIDER = '/usr/lib/galera/libgalera_smm.so';
const START_MS = 120_000;
const ENV = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin` };

interface Node {
  readonly folder: string;
  readonly socketPath: string;
  readonly ports: Readonly<Record<'mysql' | 'group' | 'ist' | 'sst', number>>;
  child: ChildProcess | undefined;
}

/**
 * Starts the nodes, one after the other.
 *
 * A node that is gone is missed after two seconds (MariaDB's default is five).
 */
export async function startGalera(count: number): Promise<Galera> {
  const folder = mkdtempSync(join(tmpdir(), 'guestpass-galera-'));
  chmodSync(folder, 0o755);
  // As root the daemon of a state transfer drops its rights and cannot write.
  const isRoot = process.getuid?.() === 0;
  const [uid, gid] = isRoot ? ['-u', '-g'].map(idOfMysql) : [];
  const nodes: Node[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = join(folder, `n${index}`);
    const [mysql, group, ist, sst] = await Promise.all(Array.from({ length: 4 }, freePort));
    mkdirSync(join(at, 'tmp'), { recursive: true });
    for (const path of [at, join(at, 'tmp')]) {
      if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
    }
    const ports = { mysql: mysql!, group: group!, ist: ist!, sst: sst! };
    nodes.push({ folder: at, socketPath: join(at, 's'), ports, child: undefined });
  }
  const peers = `gcomm://${nodes.map(({ ports }) => `127.0.0.1:${ports.group}`).join(',')}`;
  const abandon = (): void => {
    for (const node of nodes) signal(node, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  process.once('exit', abandon);

  const galera: Galera = {
    url: (database, ...order) => {
      const hosts = order.map((index) => `127.0.0.1:${nodes[index]!.ports.mysql}`).join(',');
      return `mysql://${USER}:${PASSWORD}@${hosts}/${database}`;
    },
    async createDatabase() {
      databases += 1;
      const name = `guestpass_${databases}`;
      await galera.query(0, `CREATE DATABASE ${name}`);
      return name;
    },
    query: (index, sql) => query(nodes[index]!, sql),
    size: (index) => sizeOf(nodes[index]!),
    async kill(index) {
      const { child } = nodes[index]!;
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      child.ref();
      const gone = once(child, 'exit');
      signal(nodes[index]!, 'SIGKILL');
      await gone;
    },
    join: (index) => start(nodes[index]!, peers, isRoot),
    async isolate(index, isCutOff) {
      const value = `gmcast.isolate=${isCutOff ? 1 : 0}`;
      await query(nodes[index]!, `SET GLOBAL wsrep_provider_options = '${value}'`);
    },
    async stop() {
      process.off('exit', abandon);
      await Promise.all(nodes.map((_, index) => galera.kill(index)));
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
  let databases = 0;
  try {
    for (const [index, node] of nodes.entries()) {
      await install(node, isRoot);
      await start(node, index === 0 ? 'gcomm://' : peers, isRoot);
    }
    await query(nodes[0]!, `CREATE USER '${USER}'@'127.0.0.1' IDENTIFIED BY '${PASSWORD}'`);
    await query(nodes[0]!, `GRANT ALL ON *.* TO '${USER}'@'127.0.0.1'`);
  } catch (error) {
    await galera.stop();
    throw error;
  }
  return galera;
}

async function install({ folder }: Node, isRoot: boolean): Promise<void> {
  await promisify(execFile)(
    'mariadb-install-db',
    [
      '--no-defaults',
      ...(isRoot ? ['--user=mysql'] : []),
      `--datadir=${join(folder, 'data')}`,
      `--tmpdir=${join(folder, 'tmp')}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--innodb-log-file-size=8M',
    ],
    { env: ENV },
  );
}

async function start(node: Node, address: string, isRoot: boolean): Promise<void> {
  const { folder, socketPath, ports } = node;
  const log = join(folder, 'out.log');
  const out = openSync(log, 'a');
  const child = spawn(
    'mariadbd',
    [
      '--no-defaults',
      ...(isRoot ? ['--user=mysql'] : []),
      `--datadir=${join(folder, 'data')}`,
      `--tmpdir=${join(folder, 'tmp')}`,
      `--socket=${socketPath}`,
      `--pid-file=${join(folder, 'pid')}`,
      '--bind-address=127.0.0.1',
      `--port=${ports.mysql}`,
      '--skip-name-resolve',
      '--binlog-format=ROW',
      '--innodb-autoinc-lock-mode=2',
      '--innodb-buffer-pool-size=64M',
      '--innodb-log-file-size=32M',
      '--innodb-flush-log-at-trx-commit=2',
      '--performance-schema=OFF',
      '--wsrep-on=ON',
      `--wsrep-provider=${PROVIDER}`,
      '--wsrep-cluster-name=guestpass',
      `--wsrep-cluster-address=${address}`,
      `--wsrep-node-name=n${ports.group}`,
      `--wsrep-node-address=127.0.0.1:${ports.group}`,
      '--wsrep-sst-method=rsync',
      `--wsrep-sst-receive-address=127.0.0.1:${ports.sst}`,
      `--wsrep-provider-options=${[
        `gmcast.listen_addr=tcp://127.0.0.1:${ports.group}`,
        `ist.recv_addr=127.0.0.1:${ports.ist}`,
        'gcache.size=32M',
        'pc.recovery=FALSE',
        'evs.keepalive_period=PT0.5S',
        'evs.inactive_check_period=PT0.5S',
        'evs.suspect_timeout=PT2S',
        'evs.inactive_timeout=PT5S',
        'evs.install_timeout=PT5S',
      ].join(';')}`,
    ],
    // A group of its own: the script of a state transfer kills the whole group it is in.
    { env: ENV, stdio: ['ignore', out, out], detached: true },
  );
  node.child = child;
  child.unref();
  const deadline = performance.now() + START_MS;
  while (!(await isReady(node))) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadline) {
      throw new Error(`a node did not join:\n${readFileSync(log, 'utf8').slice(-4000)}`);
    }
    await pause(100);
  }
}

async function isReady(node: Node): Promise<boolean> {
  try {
    const rows = await query<{ Value: string }>(node, "SHOW STATUS LIKE 'wsrep_ready'");
    return rows[0]?.Value === 'ON';
  } catch {
    return false;
  }
}

async function sizeOf(node: Node): Promise<number> {
  const rows = await query<{ Value: string }>(node, "SHOW STATUS LIKE 'wsrep_cluster_size'");
  return Number(rows[0]?.Value);
}

async function query<Row>({ socketPath }: Node, sql: string): Promise<readonly Row[]> {
  const connection = await createConnection({ socketPath, user: 'root' });
  // A node that is killed meanwhile is told by the query itself.
  connection.on('error', () => {});
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows as Row[];
  } finally {
    connection.destroy();
  }
}

/** Signals a node and the scripts it started. */
function signal({ child }: Node, name: NodeJS.Signals): void {
  try {
    if (child?.pid !== undefined) process.kill(-child.pid, name);
  } catch {
    // It is gone already.
  }
}

function idOfMysql(flag: string): number {
  return Number(execFileSync('id', [flag, 'mysql'], { encoding: 'utf8' }));
}
