// Owns what is compared: a bare oidc-provider, Guestpass on SQLite, Guestpass on MariaDB.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startPrivateMariadb } from '../support/mariadb.ts';
import { freePort } from '../support/world.ts';
import { readProcessCpu, readServerCpu } from './accounting.ts';
import { COMMAND, inviteGuests, TENANT, writeConfiguration } from './configuration.ts';
import { discover, type Endpoints } from './sign-in.ts';

export type VariantName = 'bare' | 'sqlite' | 'mariadb';

/** CPU used so far, in milliseconds. */
export interface Cpu {
  readonly server: number;
  /** 0 where the database is no process. */
  readonly database: number;
}

/** One server under measurement. */
export interface Variant {
  readonly name: VariantName;
  readonly endpoints: Endpoints;
  readCpu(): Promise<Cpu>;
  stop(): Promise<void>;
}

export interface VariantOptions {
  /** An existing folder that the caller removes. */
  readonly folder: string;
  readonly relayPort: number;
  readonly addresses: readonly string[];
  /** Options of Node for the server, such as `--cpu-prof`. */
  readonly nodeOptions: readonly string[];
}

const PROBE = fileURLToPath(new URL('probe.ts', import.meta.url));
const BARE = fileURLToPath(new URL('bare-server.ts', import.meta.url));

/** Starts one variant in processes of its own. */
export async function startVariant(name: VariantName, options: VariantOptions): Promise<Variant> {
  return name === 'bare' ? startBare(options) : startGuestpass(name, options);
}

async function startBare({ relayPort, nodeOptions }: VariantOptions): Promise<Variant> {
  const port = await freePort();
  const server = await startNode([...nodeOptions, '--import', PROBE, BARE, port, relayPort]);
  return {
    name: 'bare',
    endpoints: await discover(`http://127.0.0.1:${port}`),
    readCpu: async () => ({ server: await readServerCpu(server), database: 0 }),
    stop: () => stopNode(server),
  };
}

async function startGuestpass(
  name: 'sqlite' | 'mariadb',
  { folder, relayPort, addresses, nodeOptions }: VariantOptions,
): Promise<Variant> {
  const configuration = join(folder, name);
  await mkdir(configuration);
  const port = await freePort();
  // As in production: every commit is on disk before it is acknowledged.
  const mariadb =
    name === 'mariadb' ? await startPrivateMariadb({ flushLogAtTrxCommit: 1 }) : undefined;
  const database = (await mariadb?.createDatabase()) ?? `sqlite:${join(configuration, 'bench.db')}`;
  await writeConfiguration(configuration, { port, database, relayPort });
  await inviteGuests(configuration, addresses);
  const words = [COMMAND, 'serve', '--config', configuration];
  const server = await startNode([...nodeOptions, '--import', PROBE, ...words]);
  return {
    name,
    endpoints: await discover(`http://127.0.0.1:${port}/${TENANT}/v2.0`),
    readCpu: async () => ({
      server: await readServerCpu(server),
      database: mariadb ? await readProcessCpu(mariadb.pid) : 0,
    }),
    stop: async () => {
      await stopNode(server);
      await mariadb?.stop();
    },
  };
}

/** Starts Node and waits for the line that says where it listens. What it logs is thrown away. */
async function startNode(words: readonly (string | number)[]): Promise<ChildProcess> {
  const server = spawn(process.execPath, words.map(String), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: server.stderr! }).on('line', (line) => {
      said.push(line);
      if (line.startsWith('Listening on')) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`a server ended:\n${said.join('\n')}`)));
  });
  return server;
}

async function stopNode(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill('SIGTERM');
  await once(server, 'exit');
}
