// Owns a reverse proxy as people run one: it asks every server whether it is ready, hands requests to
// those that are, and tries the next where nothing was sent yet.

import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as ask,
  type ServerResponse,
} from 'node:http';

/** A server behind the proxy. */
export interface Upstream {
  readonly port: number;
  readonly adminPort: number;
}

export interface Front {
  /** Ports of the servers that are ready now. */
  readonly ready: readonly number[];
  /** Requests answered, by the port that did; 0 when none could. */
  readonly answered: ReadonlyMap<number, number>;
  stop(): Promise<void>;
}

const LOOK_MS = 50;

/** Starts it on 127.0.0.1. */
export async function startFront(port: number, upstreams: readonly Upstream[]): Promise<Front> {
  const agent = new Agent({ keepAlive: true, timeout: 4_000 });
  const answered = new Map<number, number>();
  let ready: readonly number[] = [];
  let turn = 0;
  let isRunning = true;

  const count = (of: number): void => void answered.set(of, (answered.get(of) ?? 0) + 1);

  async function isReady({ adminPort }: Upstream): Promise<boolean> {
    try {
      const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`, {
        // A server that is busy starting, or whose neighbour is, may take a second to say yes.
        signal: AbortSignal.timeout(3_000),
      });
      await answer.text();
      return answer.ok;
    } catch {
      return false;
    }
  }

  async function look(): Promise<void> {
    const states = await Promise.all(upstreams.map(isReady));
    ready = upstreams.filter((_, index) => states[index]).map((upstream) => upstream.port);
    if (isRunning) setTimeout(() => void look(), LOOK_MS).unref();
  }

  const server = createServer((request, response) => {
    void read(request).then((body) => forward(request, response, body, ready.length));
  });

  function forward(
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
    left: number,
  ): void {
    const to = ready[(turn += 1) % Math.max(1, ready.length)];
    if (to === undefined) {
      count(0);
      response.writeHead(502).end('no server is ready');
      return;
    }
    const sent = ask(
      {
        host: '127.0.0.1',
        port: to,
        agent,
        method: request.method,
        path: request.url,
        headers: request.headers,
      },
      (answer) => {
        count(to);
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (response.headersSent) return void response.destroy();
      // Refused: nothing was sent. On a connection that was kept the server may have hung up first,
      // which is why proxies ask again where asking twice is harmless.
      const isHarmless = error.code === 'ECONNREFUSED' || request.method === 'GET';
      if (isHarmless && left > 0) return forward(request, response, body, left - 1);
      count(0);
      response.writeHead(502).end(`the server hung up: ${error.code}`);
    });
    sent.end(body);
  }

  await look();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    get ready() {
      return ready;
    },
    answered,
    stop: () => {
      isRunning = false;
      agent.destroy();
      return new Promise((stopped) => {
        server.close(() => stopped());
        server.closeAllConnections();
      });
    },
  };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
