// Owns which addresses this server may call: the public ones, judged on what DNS really gave.

import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { OutboundError } from './outbound-error.ts';

// IANA's special-purpose registries: this network, private, shared, link-local (where clouds keep
// their credentials), documentation, benchmarks, multicast and reserved.
const INSIDE_IPV4 = `0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12
  192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24
  203.0.113.0/24 224.0.0.0/4 240.0.0.0/4`;
// Of IPv6 only global unicast is public. Within it, these carry an IPv4 address inside them
// (Teredo, 6to4), which would be a way round the list above, or are no hosts at all.
const GLOBAL_IPV6 = '2000::/3';
const INSIDE_IPV6 = '2001::/23 2001:db8::/32 2002::/16 3fff::/20';
const LOOPBACK_IPV4 = '127.0.0.0/8';

const insideIpv4 = listOf(INSIDE_IPV4, 'ipv4');
const insideIpv6 = listOf(INSIDE_IPV6, 'ipv6');
const globalIpv6 = listOf(GLOBAL_IPV6, 'ipv6');
const loopbackIpv4 = listOf(LOOPBACK_IPV4, 'ipv4');

/**
 * Tells whether an address may be called. Pure.
 *
 * IPv4 addresses written as IPv6 (`::ffff:127.0.0.1`) are refused whatever they stand for.
 *
 * @param address textual IPv4 or IPv6 address without brackets; anything else is refused
 * @param allowLoopback whether 127.0.0.0/8 and ::1 may be called too
 * @source S53; T76
 */
export function isCallable(address: string, allowLoopback: boolean): boolean {
  if (allowLoopback && isLoopback(address)) return true;
  const family = isIP(address);
  if (family === 4) return !insideIpv4.check(address, 'ipv4');
  if (family !== 6) return false;
  return globalIpv6.check(address, 'ipv6') && !insideIpv6.check(address, 'ipv6');
}

/** Tells whether a textual address is one of this machine's own. Pure. */
export function isLoopback(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return loopbackIpv4.check(address, 'ipv4');
  return family === 6 && address === '::1';
}

/**
 * A look-up for sockets that refuses names of inside addresses. The socket connects to what was
 * judged here, so a name that answers differently the second time (DNS rebinding) wins nothing.
 * One inside address among several refuses the name: which one is tried is not ours to choose.
 *
 * @param lookup who asks DNS; default the system's resolver
 * @returns fails with {@link OutboundError} `address`, or with the resolver's own error
 */
export function createGuardedLookup(
  allowLoopback: boolean,
  lookup: LookupFunction = systemLookup,
): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return done(error, []);
      const addresses = typeof found === 'string' ? [] : found;
      const [first] = addresses;
      if (!first || !addresses.every(({ address }) => isCallable(address, allowLoopback))) {
        return done(new OutboundError('address'), []);
      }
      if (options.all === true) return done(null, addresses);
      return done(null, first.address, first.family);
    });
  };
}

function listOf(networks: string, family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const network of networks.split(/\s+/)) {
    const [address = '', prefix = ''] = network.split('/');
    list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
