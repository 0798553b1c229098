// Owns a private MariaDB server for tests: a temporary folder, a unix socket, no network.

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';

/** A running server. */
export interface Mariadb {
  /** The URL of one of its databases, as settings take it. */
  url(database: string): string;
  /** Makes an empty database of its own. @returns its URL */
  createDatabase(): Promise<string>;
  readonly pid: number;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

export interface MariadbOptions {
  /** 0 (default) is fastest; 1 is what production uses: every commit on disk. */
  readonly flushLogAtTrxCommit?: 0 | 1 | 2;
  /** Of server and new databases. The default proves that we do not depend on it. */
  readonly collation?: string;
  /** Added to the environment, e.g. of {@link faketime}. */
  readonly env?: Readonly<Record<string, string>>;
}

// Awkward on purpose: it shows that the parts of a URL are percent-decoded.
const USER = 'guest@pass';
const PASSWORD = "p@ss:w/rd'%";
const ENV = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin` };

let shared: Promise<Mariadb> | undefined;

/** The server all tests of this process share, started by the first who asks. */
export function startMariadb(): Promise<Mariadb> {
  shared ??= startPrivateMariadb();
  return shared;
}

/** Stops the shared server, when there is one: for mocha's root `afterAll`. */
export async function stopMariadb(): Promise<void> {
  const server = shared;
  shared = undefined;
  await (await server)?.stop();
}

/** Starts a server of one's own: to be killed, or with other options. */
export async function startPrivateMariadb(options: MariadbOptions = {}): Promise<Mariadb> {
  const folder = mkdtempSync(join(tmpdir(), 'guestpass-mariadb-'));
  const data = join(folder, 'data');
  const socketPath = join(folder, 's');
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
  let child: ChildProcess | undefined;
  // A run that crashes leaves no server behind.
  const abandon = (): void => {
    child?.kill('SIGKILL');
    // The server may be making a file while it dies.
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  process.once('exit', abandon);
  await promisify(execFile)(
    'mariadb-install-db',
    [
      '--no-defaults',
      ...asRoot,
      `--datadir=${data}`,
      // A server that starts removes the temporary tables it finds: also those of another one.
      `--tmpdir=${folder}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--innodb-log-file-size=8M',
    ],
    { env: ENV },
  );
  child = spawn(
    'mariadbd',
    [
      '--no-defaults',
      ...asRoot,
      `--datadir=${data}`,
      `--tmpdir=${folder}`,
      `--socket=${socketPath}`,
      `--pid-file=${join(folder, 'pid')}`,
      // A server that starts removes what it takes for leftovers of another: in /tmp, of a neighbour.
      `--tmpdir=${folder}`,
      '--skip-networking',
      `--innodb-flush-log-at-trx-commit=${options.flushLogAtTrxCommit ?? 0}`,
      '--innodb-log-file-size=32M',
      '--performance-schema=OFF',
      '--character-set-server=utf8mb4',
      `--collation-server=${options.collation ?? 'utf8mb4_general_ci'}`,
    ],
    { env: { ...ENV, ...options.env }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const server = child;
  await untilReady(server);
  const root = await createConnection({ socketPath, user: 'root' });
  const account = `${root.escape(USER)}@'localhost'`;
  await root.query(`CREATE USER ${account} IDENTIFIED BY ${root.escape(PASSWORD)}`);
  await root.query(`GRANT ALL ON *.* TO ${account}`);
  await root.end();

  let databases = 0;
  const login = `${encodeURIComponent(USER)}:${encodeURIComponent(PASSWORD)}`;
  const url = (database: string): string =>
    `mysql://${login}@localhost/${database}?socketPath=${encodeURIComponent(socketPath)}`;
  return {
    url,
    createDatabase: async () => {
      databases += 1;
      const name = `guestpass_${databases}`;
      const connection = await createConnection({ socketPath, user: 'root' });
      await connection.query(`CREATE DATABASE ${name}`);
      await connection.end();
      return url(name);
    },
    pid: server.pid ?? 0,
    stop: async () => {
      process.removeListener('exit', abandon);
      if (server.exitCode === null && server.signalCode === null) {
        server.kill('SIGTERM');
        await once(server, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when the server says that it is ready; rejects with its log when it ends instead. */
function untilReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const log: string[] = [];
    const { stderr } = server;
    if (!stderr) throw new TypeError('the server was started without a log');
    createInterface({ input: stderr }).on('line', (line) => {
      log.push(line);
      if (/ready for connections/.test(line)) {
        // From now on the server must not keep the test process alive.
        server.unref();
        if ('unref' in stderr && typeof stderr.unref === 'function') stderr.unref();
        resolve();
      }
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`mariadbd ended:\n${log.slice(-20).join('\n')}`)));
  });
}
