// Owns `guestpass serve`: start, say where, stop cleanly; in one process or in several.

import cluster from 'node:cluster';
import type { AddressInfo } from 'node:net';
import { createPeers } from '../server/peers.ts';
import { startServer, type RunningServer } from '../server/start.ts';
import { supervise } from '../server/supervisor.ts';
import { createLog } from '../telemetry/log.ts';
import { type Configuration, loadConfiguration } from '../tenants/configuration.ts';

/** Whoever distributes requests has this long to learn that none should come here any more. */
const GRACE_MS = 900;
/** A process with a fault nobody caught lets others finish, and is gone before it is missed. */
const LAST_WORDS_MS = 1_500;

/**
 * Runs until SIGTERM or SIGINT.
 *
 * @param directory the configuration folder
 * @throws {ConfigurationError} with every fault; nothing is started then
 */
export async function serve(directory: string): Promise<void> {
  const configuration = await loadConfiguration(directory);
  if (cluster.isWorker) return serveAsOne(configuration, directory);
  for (const notice of configuration.notices) process.stderr.write(`${notice}\n`);
  const { processes } = configuration.settings;
  if (processes > 1) return serveAsMany(configuration, processes);
  await serveAlone(configuration, directory);
}

async function serveAlone(configuration: Configuration, directory: string): Promise<void> {
  let server: RunningServer | undefined;
  // Before anything is said: whoever reads "Listening" may send the signal at once.
  stopOnSignal(() => endOf(server));
  server = await start(configuration, directory);
  tell(configuration, server.address);
}

async function serveAsMany(configuration: Configuration, processes: number): Promise<void> {
  const supervisor = supervise(processes, createLog({ level: configuration.settings.logLevel }));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => supervisor.stop());
  process.on('SIGHUP', () => supervisor.reload());
  void supervisor.listening.then((address) => tell(configuration, address));
  process.exit(await supervisor.ended);
}

/** One of several processes. The terminal signals all of them; this one hears its supervisor alone. */
async function serveAsOne(configuration: Configuration, directory: string): Promise<void> {
  const peers = createPeers();
  let server: RunningServer | undefined;
  process.on('SIGINT', () => undefined);
  // A service manager may tell every process what the supervisor tells them, too.
  process.on('SIGTERM', () => undefined);
  process.once('SIGTERM', () => void endOf(server).finally(() => process.exit()));
  try {
    server = await start(configuration, directory, peers);
  } catch (error) {
    // The channel to the supervisor would keep a process alive that serves nothing.
    cluster.worker?.disconnect();
    throw error;
  }
  peers.listens(server.address);
}

async function start(
  configuration: Configuration,
  directory: string,
  peers?: ReturnType<typeof createPeers>,
): Promise<RunningServer> {
  let server: RunningServer | undefined;
  // Left alone, the signal would end the process: it means that a terminal is gone.
  process.on('SIGHUP', () => server?.reload());
  server = await startServer(configuration, {
    source: { directory },
    // A file that cannot be opened stays so; a database server comes back.
    waitsForDatabase: configuration.settings.database.kind === 'mysql',
    graceMs: GRACE_MS,
    ...(peers ? { peers } : {}),
  });
  endOnFault(server);
  return server;
}

/** Nobody knows in which state such a fault leaves the process: another one takes over. */
function endOnFault(server: RunningServer): void {
  process.on('uncaughtException', (error, origin) => {
    server.guests.parts.log.error('process.failed', { error, origin });
    setTimeout(() => process.exit(1), LAST_WORDS_MS);
    void exitAfter(server);
  });
}

async function exitAfter(server: RunningServer): Promise<void> {
  await server.close().catch(() => undefined);
  process.exit(1);
}

async function endOf(server: RunningServer | undefined): Promise<void> {
  await server?.close();
}

function tell({ settings, tenants }: Configuration, address: AddressInfo): void {
  const { publicUrl, processes } = settings;
  const many = processes > 1 ? ` in ${processes} processes` : '';
  process.stderr.write(`Listening on ${describe({ address })}${many}. Issuers:\n`);
  for (const id of [...tenants.byId.keys()].slice(0, 20)) {
    process.stderr.write(`  ${publicUrl}/${id}/v2.0\n`);
  }
}

/** Where a server listens, as people write it. */
export function describe({ address }: Pick<RunningServer, 'address'>): string {
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `${host}:${address.port}`;
}

/** Stops once, on the first SIGTERM or SIGINT; a second one ends the process at once. */
export function stopOnSignal(stop: () => Promise<void>): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      stop().then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`${String(error)}\n`);
          process.exit(1);
        },
      );
    });
  }
}
