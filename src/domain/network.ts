// Owns what counts as one network: an IPv4 address, or the /64 of an IPv6 address.

/**
 * Names the network of a client address, for budgets (S11). Pure.
 *
 * @param address textual IPv4 or IPv6, IPv4-mapped IPv6 included; anything else is its own network
 */
export function networkOf(address: string): string {
  const v4 = ipv4Of(address);
  if (v4) return v4;
  const groups = ipv6Groups(address);
  return groups ? `${groups.slice(0, 4).join(':')}::/64` : `unknown:${address.slice(0, 40)}`;
}

/**
 * Hides the end of a client address for mails and logs: `203.0.113.x`, `2001:db8:0:1:x`.
 */
export function maskNetwork(address: string): string {
  const v4 = ipv4Of(address);
  if (v4) return v4.replace(/\d+$/, 'x');
  const groups = ipv6Groups(address);
  return groups ? `${groups.slice(0, 4).join(':')}:x` : 'x';
}

function ipv4Of(address: string): string | undefined {
  const text = address.toLowerCase().startsWith('::ffff:') ? address.slice(7) : address;
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text) ? text : undefined;
}

function ipv6Groups(address: string): readonly string[] | undefined {
  const text = address.split('%')[0]!.toLowerCase();
  if (!/^[0-9a-f:]+$/.test(text) || !text.includes(':')) return undefined;
  const [head = '', tail] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = 8 - left.length - right.length;
  if (gap < 0 || (tail === undefined && gap > 0)) return undefined;
  const groups = [...left, ...Array<string>(gap).fill('0'), ...right];
  return groups.map((group) => group.replace(/^0+(?=.)/, ''));
}
