// Owns a server inside the network that nobody may be made to call.

import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface Trap {
  readonly port: number;
  /** Connections that were made to it. */
  readonly connections: number;
  stop(): Promise<void>;
}

/** Starts one on all loopback addresses; it takes connections, and says nothing. */
export async function startTrap(): Promise<Trap> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((ready) => server.listen(0, '::', ready));
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    stop: () =>
      new Promise((stopped) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => stopped());
      }),
  };
}
