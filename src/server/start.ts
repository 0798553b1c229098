// Owns the ready server: builds everything from one configuration, listens, drains, stops.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../domain/clock.ts';
import { createClientAddress } from '../http/client.ts';
import { createDispatcher } from '../http/dispatcher.ts';
import { createFront } from '../http/front.ts';
import { createMailboxPages } from '../http/mailbox.ts';
import { createSecurityHeaders } from '../http/security.ts';
import type { ResolveTxt } from '../federation/domain-proof.ts';
import { createGuests, type Guests } from '../plugin.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import type { Configuration } from '../tenants/configuration.ts';
import { createTenantProviders } from './tenant-providers.ts';

export interface RunningServer {
  readonly guests: Guests;
  /** Where it really listens. */
  readonly address: AddressInfo;
  /** Stops accepting, lets requests and deliveries in flight finish, closes the database. */
  close(): Promise<void>;
}

export interface ServerOptions {
  readonly log?: Log;
  /** Default: the database's clock. */
  readonly clock?: Clock;
  /** Looks up TXT records; default the system's resolver. */
  readonly resolveTxt?: ResolveTxt;
  /** Most Providers kept in memory. */
  readonly mostProviders?: number;
}

const DRAIN_MS = 10_000;

/**
 * Starts serving one configuration.
 *
 * @throws {GuestError} `unavailable` when the database cannot be reached; Node's error when the
 *   address cannot be listened on. Nothing stays open then.
 */
export async function startServer(
  { settings, tenants }: Configuration,
  options: ServerOptions = {},
): Promise<RunningServer> {
  const log = options.log ?? createLog({ level: settings.logLevel });
  const clock = options.clock ? { clock: options.clock } : {};
  const dns = options.resolveTxt ? { resolveTxt: options.resolveTxt } : {};
  const guests = await createGuests({ ...settings, tenants, log, ...clock, ...dns });
  const { views, gate, store } = guests.parts;
  const hasMailbox = settings.mail.transport.kind === 'mailbox';
  const dispatch = createDispatcher({
    publicUrl: settings.publicUrl,
    tenants: guests.parts.tenants,
    engineOf: createTenantProviders(guests, settings.publicUrl, options.mostProviders),
    front: createFront({
      gate,
      assets: guests.parts.assets,
      mailbox: hasMailbox ? createMailboxPages({ mailbox: store.mailbox, views }) : undefined,
    }),
    headers: createSecurityHeaders({ https: settings.publicUrl.startsWith('https:') }),
    clientAddressOf: createClientAddress(settings.trustedProxies),
  });
  // A slow client is closed by the check that runs every two seconds, not by Node's thirty (S59).
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      connectionsCheckingInterval: 2_000,
      keepAliveTimeout: 5_000,
      maxHeaderSize: 16_384,
    },
    dispatch,
  );
  server.maxConnections = 2_000;
  try {
    await listen(server, settings.listen);
  } catch (error) {
    await guests.close();
    throw error;
  }
  return {
    guests,
    address: server.address() as AddressInfo,
    async close() {
      await drain(server);
      await guests.close();
    },
  };
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function drain(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), DRAIN_MS).unref();
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
}
