// Owns `guestpass serve`: start, say where, stop cleanly.

import { startServer, type RunningServer } from '../server/start.ts';
import { loadConfiguration } from '../tenants/configuration.ts';

/**
 * Runs until SIGTERM or SIGINT.
 *
 * @param directory the configuration folder
 * @throws {ConfigurationError} with every fault; nothing is started then
 */
export async function serve(directory: string): Promise<void> {
  const configuration = await loadConfiguration(directory);
  for (const notice of configuration.notices) process.stderr.write(`${notice}\n`);
  const server = await startServer(configuration, { source: { directory } });
  // Left alone, the signal would end the process: it means that a terminal is gone.
  process.on('SIGHUP', () => server.reload());
  // Before anything is said: whoever reads "Listening" may send the signal at once.
  stopOnSignal(() => server.close());
  const { publicUrl } = configuration.settings;
  process.stderr.write(`Listening on ${describe(server)}. Issuers:\n`);
  for (const id of [...configuration.tenants.byId.keys()].slice(0, 20)) {
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
