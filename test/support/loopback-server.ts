// Owns a stand-in of another company's server: on loopback, and out of order on demand.

import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A running server. Paths are compared from their beginning; default is every path. */
export interface LoopbackServer {
  /** `http://127.0.0.1:port`; the port stays the same over `stop` and `start`. */
  readonly origin: string;
  readonly port: number;
  /** Every request that came in, oldest first, as `GET /path?query`. */
  readonly requests: readonly string[];
  /** Leaves requests unanswered until `recover`. */
  hang(path?: string): void;
  /** Answers 500. */
  fail(path?: string): void;
  /** Ends `hang` and `fail`; who waited is answered now. */
  recover(): void;
  /** Waits for the next request of a path. */
  arrival(path?: string): Promise<void>;
  /** Goes down: connections are cut and new ones refused. */
  stop(): Promise<void>;
  /** Comes back on the same port. */
  start(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * Starts a server on 127.0.0.1.
 *
 * @param createHandler is told the origin first: issuers have it in them
 */
export async function startLoopback(
  createHandler: (origin: string) => Handler | Promise<Handler>,
): Promise<LoopbackServer> {
  const requests: string[] = [];
  const hanging = new Set<string>();
  const failing = new Set<string>();
  const changes = new EventEmitter().setMaxListeners(0);
  let handle: Handler | undefined;

  const server = createServer((request, response) => {
    void receive(request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  handle = await createHandler(origin);

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '/';
    requests.push(`${request.method} ${url}`);
    changes.emit('arrival', url);
    while (isAmong(hanging, url)) await once(changes, 'recovery');
    if (response.destroyed) return;
    if (isAmong(failing, url)) {
      response.statusCode = 500;
      response.end('out of order');
    } else {
      await handle?.(request, response);
    }
  }

  return {
    origin,
    port,
    requests,
    hang: (path = '/') => void hanging.add(path),
    fail: (path = '/') => void failing.add(path),
    recover() {
      hanging.clear();
      failing.clear();
      changes.emit('recovery');
    },
    async arrival(path = '/') {
      for await (const [url] of EventEmitter.on(changes, 'arrival')) {
        if (String(url).startsWith(path)) return;
      }
    },
    stop: () =>
      new Promise((stopped) => {
        server.close(() => stopped());
        server.closeAllConnections();
      }),
    start: () => listen(port),
  };
}

function isAmong(paths: ReadonlySet<string>, url: string): boolean {
  return [...paths].some((path) => url.startsWith(path));
}

/** The fields of a form that was posted. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return new URLSearchParams(text);
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
