// Owns the proxy in front of the servers: ends TLS where there is any, says who called, takes the servers in turn.

import {
  Agent,
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSigningKey } from './certificate.ts';

/** A running proxy on 127.0.0.1. */
export interface TlsProxy {
  readonly port: number;
  /** PEM, for its host alone. */
  readonly certificate: string;
  /** Ports of the servers behind it; may be changed while it runs. */
  backends: readonly number[];
  /** How many milliseconds a request of a client is held back; nobody's is unless this is set. */
  holdFor: (peer: string) => number;
  stop(): Promise<void>;
}

/**
 * Starts a proxy that adds X-Forwarded-For as nginx does: behind whatever the client wrote there.
 * Everything else, Host included, goes on byte for byte: what is wrong with it is not its business.
 *
 * @param host what its certificate is for; without one it speaks plain HTTP
 */
export async function startTlsProxy(
  host: string | undefined,
  ...backends: number[]
): Promise<TlsProxy> {
  const now = Math.floor(Date.now() / 1000);
  const { privateKey, certificate } = createSigningKey(
    now - 86_400,
    now + 400 * 86_400,
    2048,
    host,
  );
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const idleSince = new WeakMap<object, number>();
  agent.on('free', (socket: object) => idleSince.set(socket, performance.now()));
  let turn = 0;

  /** The servers close idle connections after five seconds; a request must not meet that. */
  function dropIdle(): void {
    const old = performance.now() - 2000;
    for (const socket of Object.values(agent.freeSockets).flat()) {
      if (socket && (idleSince.get(socket) ?? 0) < old) socket.destroy();
    }
  }

  function pass(request: IncomingMessage, response: ServerResponse): void {
    const peer = request.socket.remoteAddress ?? '';
    const written = request.headers['x-forwarded-for'];
    const hops = written === undefined ? peer : `${String(written)}, ${peer}`;
    const headers = [
      ...withoutHops(request.rawHeaders),
      'X-Forwarded-For',
      hops,
      'X-Forwarded-Proto',
      host === undefined ? 'http' : 'https',
    ];
    turn += 1;
    dropIdle();
    const onwards = httpRequest({
      host: '127.0.0.1',
      port: proxy.backends[turn % proxy.backends.length],
      method: request.method,
      path: request.url,
      // Pairs, not an object: two Host headers must arrive as two.
      headers: headers as unknown as Record<string, string>,
      agent,
    });
    onwards.on('response', (answer) => {
      response.writeHead(
        answer.statusCode ?? 502,
        answer.statusMessage,
        withoutHops(answer.rawHeaders),
      );
      answer.pipe(response);
    });
    onwards.on('error', () => {
      // The server had just closed the line this was sent on; nothing of it was read.
      if (onwards.reusedSocket && request.method === 'GET' && !response.headersSent) {
        pass(request, response);
        return;
      }
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
    response.on('close', () => {
      onwards.destroy();
      // Refused before it was read: what is left of it stands in front of the next request.
      request.unpipe();
      request.resume();
    });
    const heldMs = proxy.holdFor(peer);
    if (heldMs > 0) setTimeout(() => request.pipe(onwards), heldMs);
    else request.pipe(onwards);
  }

  const options = { maxHeaderSize: 65_536 };
  const server =
    host === undefined
      ? createServer(options, pass)
      : createTlsServer({ ...options, key, cert: certificate }, pass);
  // Browsers of the tests keep their connections while this process is busy for seconds.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const proxy: TlsProxy = {
    port: (server.address() as AddressInfo).port,
    certificate,
    backends,
    holdFor: () => 0,
    stop: () =>
      new Promise((stopped) => {
        agent.destroy();
        server.close(() => stopped());
        server.closeAllConnections();
      }),
  };
  return proxy;
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'x-forwarded-for', 'x-forwarded-proto']);

function withoutHops(raw: readonly string[]): string[] {
  return raw.filter((_, index) => !HOP_BY_HOP.has((raw[index - (index % 2)] ?? '').toLowerCase()));
}
