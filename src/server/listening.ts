// Owns the life of the two HTTP servers: they listen, what answers may change, and they drain.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isListedIn } from '../http/client.ts';
import type { RequestHandler } from '../http/dispatcher.ts';
import type { ListenAddress, Settings } from '../settings/settings.ts';
import { limitPerAddress } from './per-address.ts';

const DRAIN_MS = 10_000;
const LOOK_MS = 50;
const MAX_CONNECTIONS = 2_000;
const MAX_ADMIN_CONNECTIONS = 200;

/** What answers on the two sides. */
export interface Answers {
  readonly answer: RequestHandler;
  readonly answerAdmin: RequestHandler;
}

/** Both servers. */
export interface Listeners {
  /**
   * Answers by these from now on; begins to listen when called for the first time.
   * @throws Node's error when an address cannot be listened on
   */
  answerBy(answers: Answers): Promise<void>;
  /** Where the public side really listens. @throws {TypeError} before it does */
  address(): AddressInfo;
  /** The private side; undefined when there is none. */
  adminAddress(): AddressInfo | undefined;
  /** Drains the public side, then the private one: until then it says that this server is stopping. */
  close(): Promise<void>;
}

/**
 * @param graceMs how long connections are still taken after {@link Listeners.close}: whoever
 *   distributes requests learns of it by asking for readiness, or by an answer that closes
 */
export function createListeners(
  settings: Pick<Settings, 'listen' | 'adminListen' | 'trustedProxies'>,
  graceMs: number,
): Listeners {
  let answers: Answers | undefined;
  let open: { readonly main: Draining; readonly admin: Draining | undefined } | undefined;

  return {
    async answerBy(next) {
      answers = next;
      open ??= await listenAll();
    },
    address: () => addressOf(open?.main),
    adminAddress: () => open?.admin && addressOf(open.admin),
    async close() {
      await open?.main.drain(graceMs);
      await open?.admin?.drain(0);
    },
  };

  async function listenAll() {
    const { listen: address, adminListen } = settings;
    const admin =
      adminListen &&
      (await listen(adminListen, (...of) => answers?.answerAdmin(...of), MAX_ADMIN_CONNECTIONS));
    try {
      // A proxy in front holds the connections of all guests.
      const isProxy = isListedIn(settings.trustedProxies);
      const main = await listen(
        address,
        (...of) => answers?.answer(...of),
        MAX_CONNECTIONS,
        isProxy,
      );
      return { main, admin };
    } catch (error) {
      await admin?.drain(0);
      throw error;
    }
  }
}

/** A server that listens. */
export interface Draining {
  readonly server: Server;
  /**
   * Takes no new connections and waits for requests under way, ten seconds at most.
   * @param graceMs how long new ones are still taken
   */
  drain(graceMs: number): Promise<void>;
}

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
): Promise<Draining> {
  let isDraining = false;
  // A slow client is closed by the check that runs every two seconds, not by Node's thirty (S59).
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      connectionsCheckingInterval: 2_000,
      keepAliveTimeout: 5_000,
      maxHeaderSize: 16_384,
    },
    (request, response) => {
      // A proxy that keeps the connection would send its next request into the end of this process.
      if (isDraining) response.setHeader('Connection', 'close');
      handler(request, response);
    },
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
  return {
    server,
    async drain(graceMs) {
      isDraining = true;
      if (graceMs > 0) await new Promise((resolve) => setTimeout(resolve, graceMs));
      await end(server);
    },
  };
}

function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), DRAIN_MS).unref();
    // Those busy now are idle later, and nobody would close them for five seconds.
    const look = setInterval(() => server.closeIdleConnections(), LOOK_MS).unref();
    server.close(() => {
      clearTimeout(force);
      clearInterval(look);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function addressOf(draining: Draining | undefined): AddressInfo {
  const address = draining?.server.address();
  if (!address || typeof address === 'string') throw new TypeError('nothing listens yet');
  return address;
}
