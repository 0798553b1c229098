// Owns how many connections one address may hold, so that nobody can hold them all (S59).

import type { Server } from 'node:http';
import { networkOf } from '../domain/network.ts';

/** Connections of one IPv4 address, or one /64 of IPv6. */
export const MOST_PER_ADDRESS = 100;

/**
 * Closes connections of an address beyond its share, before a byte of them is read.
 *
 * @param isExempt for textual addresses that speak for many others: the proxies in front
 */
export function limitPerAddress(server: Server, isExempt: (address: string) => boolean): void {
  const open = new Map<string, number>();
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    if (isExempt(address)) return;
    const network = networkOf(address);
    const count = (open.get(network) ?? 0) + 1;
    if (count > MOST_PER_ADDRESS) {
      socket.destroy();
      return;
    }
    open.set(network, count);
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left > 0) open.set(network, left);
      else open.delete(network);
    });
  });
}
