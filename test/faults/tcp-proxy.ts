// Owns a wire that can be slow, cut and watched: between the server and its database or relay.

import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';

/** Where the wire leads. */
export type Target = { readonly port: number } | { readonly path: string };

export interface TcpProxy {
  readonly port: number;
  /** Connections made so far. */
  readonly connections: number;
  /** Every chunk towards the target waits this long from now on. */
  delay(ms: number): void;
  /**
   * Cuts the wire once a chunk towards the target matches: the chunk goes through, no answer comes back.
   * @returns resolves when it was cut
   */
  cutAfter(text: string): Promise<void>;
  /** Resolves when a chunk towards the target matches, which is then held back for ever. */
  holdAt(text: string): Promise<void>;
  /** Cuts every connection; new ones are refused until {@link TcpProxy.restore}. */
  cut(): void;
  restore(): void;
  stop(): Promise<void>;
}

/** Starts a proxy on 127.0.0.1. */
export async function startTcpProxy(target: Target): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let delayMs = 0;
  let connections = 0;
  let isCut = false;
  let watched: { text: string; act: 'cut' | 'hold'; seen: () => void } | undefined;

  const server = createServer((near) => {
    connections += 1;
    if (isCut) return void near.destroy();
    const far = createConnection(target);
    let held = false;
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    near.on('data', (chunk) => {
      if (watched && chunk.includes(watched.text)) {
        const { act, seen } = watched;
        watched = undefined;
        if (act === 'hold') {
          held = true;
          seen();
        } else {
          // The answer would arrive before the bytes are known to be there: from now on none does.
          far.removeAllListeners('data');
          far.write(chunk, () => {
            // Long enough to be read: the other side answers, into nothing, and only then all ends.
            far.once('data', () => {
              end();
              seen();
            });
          });
          return;
        }
      }
      if (held) return;
      if (delayMs === 0) far.write(chunk);
      else setTimeout(() => far.destroyed || far.write(chunk), delayMs);
    });
    far.on('data', (chunk) => near.write(chunk));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const watch = (text: string, act: 'cut' | 'hold'): Promise<void> =>
    new Promise((seen) => {
      watched = { text, act, seen };
    });

  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    delay: (ms) => {
      delayMs = ms;
    },
    cutAfter: (text) => watch(text, 'cut'),
    holdAt: (text) => watch(text, 'hold'),
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    restore: () => {
      isCut = false;
    },
    stop: () =>
      new Promise((stopped) => {
        server.close(() => stopped());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
