// Owns reading where the server listens and whose forwarding headers it believes.

import { isIP } from 'node:net';
import { type Reading, report } from './reading.ts';
import type { ListenAddress } from './settings.ts';

/** Where the server listens when nothing is said. */
export const defaultListen = { host: '127.0.0.1', port: 3000 } as const;

/** Where the public and the private server listen. */
export interface Listening {
  /** undefined after reporting. */
  readonly listen: ListenAddress | undefined;
  /** undefined when nothing is said, too. */
  readonly adminListen: ListenAddress | undefined;
}

/**
 * Reads `host:port`; IPv6 hosts in brackets; port 0 lets the system choose one.
 *
 * @param text undefined where the file says nothing, or nothing that is a text
 */
export function resolveListening(
  reading: Reading,
  text: { readonly listen: string | undefined; readonly adminListen: string | undefined },
): Listening {
  const listen =
    text.listen === undefined ? defaultListen : resolveAddress(reading, 'listen', text.listen);
  const adminListen =
    text.adminListen === undefined
      ? undefined
      : resolveAddress(reading, 'adminListen', text.adminListen);
  const isShared = listen?.port === adminListen?.port && listen?.host === adminListen?.host;
  if (listen && adminListen && listen.port !== 0 && isShared) {
    report(reading, ['adminListen'], 'the address of listen', 'give it a port of its own');
  }
  return { listen, adminListen };
}

function resolveAddress(
  reading: Reading,
  key: 'listen' | 'adminListen',
  text: string,
): ListenAddress | undefined {
  const address = parseListenAddress(text);
  if (!address) {
    report(reading, [key], 'not a host and port', 'write it like 127.0.0.1:3000 or "[::]:3000"');
  }
  return address;
}

/** Reads `host:port`; undefined when it is none. Pure. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  const isFine = port <= 65_535 && (bracketed === undefined || isIP(bracketed) === 6);
  return host !== undefined && isFine ? { host, port } : undefined;
}

/**
 * Checks the proxies: addresses or CIDR ranges, none of which is the whole internet.
 *
 * @returns the good ones
 * @source security requirement S60 (authentik CVE-2023-36456)
 */
export function resolveTrustedProxies(
  reading: Reading,
  proxies: readonly string[],
): readonly string[] {
  return proxies.filter((proxy, index) => {
    const path = ['trustedProxies', index];
    const [, address = '', digits] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(proxy) ?? [];
    const family = isIP(address);
    if (family === 0 || Number(digits ?? 0) > (family === 4 ? 32 : 128)) {
      report(reading, path, 'not an address or range', 'write it like 10.0.0.1 or 10.0.0.0/8');
      return false;
    }
    if (digits !== undefined && Number(digits) === 0) {
      report(reading, path, 'believes everybody', 'name the proxies alone');
      return false;
    }
    return true;
  });
}
