// Owns which origins and hosts are this machine alone, and what a web address may be.

/**
 * Reads the address people reach this installation at, as an origin in normal form. Pure.
 *
 * @returns the origin (`https://guest.example`, default port dropped, lower case), or what is wrong
 */
export function parsePublicUrl(
  text: string,
): { readonly origin: string } | { readonly wrong: string; readonly mend: string } {
  const url = /^https?:\/\/[^\s\\]+$/i.test(text) ? URL.parse(text) : null;
  if (!url) {
    return { wrong: 'not a web address', mend: 'write it like https://guest.example' };
  }
  if (url.username !== '' || url.password !== '' || text.includes('@')) {
    return { wrong: 'a name or password in the address', mend: `write ${url.origin}` };
  }
  if (url.pathname !== '/' || /[?#]/.test(text)) {
    return { wrong: 'more than scheme, host and port', mend: `write ${url.origin}` };
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    return {
      wrong: 'http is accepted on this machine alone (127.0.0.1, ::1, localhost)',
      mend: `write https://${url.host}`,
    };
  }
  return { origin: url.origin };
}

/** Tells whether an origin in normal form is on this machine: 127.0.0.0/8, ::1 or localhost. */
export function isLoopbackOrigin(origin: string): boolean {
  return isLoopbackHost(new URL(origin).hostname);
}

/** Tells whether a host, as URL writes it (IPv6 with or without brackets), is this machine. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase();
  // Anchored and digits only: 127.0.0.1.evil.example is not this machine.
  return name === 'localhost' || /^\[?::1\]?$/.test(name) || /^127(\.\d{1,3}){3}$/.test(name);
}

/**
 * Tells what is wrong with a web address a browser may be sent to: https, or http on this machine;
 * no wildcard, fragment, name or password. Pure.
 *
 * @returns what is wrong and how to mend it, parted by `; `, or undefined for a good one
 * @source security requirement S39
 */
export function findWebAddressFault(text: string): string | undefined {
  const url = /^https?:\/\/[^\s\\]+$/.test(text) ? URL.parse(text) : null;
  if (!url) return 'not a web address; write it like https://app.example/callback';
  if (text.includes('*')) return 'a wildcard in a web address; list every address in full';
  if (text.includes('#')) return 'a fragment (#) in a web address; take it off';
  if (url.username !== '' || url.password !== '' || /^https?:\/\/[^/?]*@/.test(text)) {
    return 'a name or password in a web address; take it out';
  }
  // Only these three: a browser may be sent there over http, so the whole 127/8 is too wide.
  if (url.protocol === 'http:' && !['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)) {
    return 'http is accepted for 127.0.0.1, [::1] and localhost alone; write https://';
  }
  return undefined;
}
