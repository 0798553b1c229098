// Owns one HTTP server's life: it listens, and it drains.

import { createServer, type Server } from 'node:http';
import type { RequestHandler } from '../http/dispatcher.ts';
import type { ListenAddress } from '../settings/settings.ts';
import { limitPerAddress } from './per-address.ts';

const DRAIN_MS = 10_000;

/**
 * Starts listening.
 *
 * @param isExempt addresses with more than their share of connections; without it nobody has a share
 * @throws Node's error when the address cannot be listened on
 */
export async function listen(
  { host, port }: ListenAddress,
  handler: RequestHandler,
  maxConnections: number,
  isExempt?: (address: string) => boolean,
): Promise<Server> {
  // A slow client is closed by the check that runs every two seconds, not by Node's thirty (S59).
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      connectionsCheckingInterval: 2_000,
      keepAliveTimeout: 5_000,
      maxHeaderSize: 16_384,
    },
    handler,
  );
  server.maxConnections = maxConnections;
  if (isExempt) limitPerAddress(server, isExempt);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}

/** Takes no new connections and waits for requests under way, ten seconds at most. */
export function drain(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), DRAIN_MS).unref();
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
}
