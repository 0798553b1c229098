// Owns who is calling: the client's network address behind listed proxies, and its browser's name.

import { BlockList, isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { parse } from 'bowser';
import type { BrowserName } from '../domain/browser-name.ts';

/** Finds the textual address of a client. */
export type ClientAddressOf = (request: IncomingMessage) => string;

/** Whether a request comes straight from a listed proxy. */
export function createProxyCheck(
  proxies: readonly string[],
): (request: IncomingMessage) => boolean {
  const isListed = isListedIn(proxies);
  return ({ socket }) => isListed(socket.remoteAddress ?? '');
}

/**
 * Believes X-Forwarded-For only from listed peers, and then only as far as the list goes: the
 * right-most hop that is not itself a listed proxy. Anything further left was written by the client.
 *
 * @param proxies addresses or CIDR ranges
 * @source S60
 */
export function createClientAddress(proxies: readonly string[]): ClientAddressOf {
  const isListed = isListedIn(proxies);
  return (request) => {
    const peer = plain(request.socket.remoteAddress ?? '');
    const forwarded = request.headers['x-forwarded-for'];
    if (typeof forwarded !== 'string' || !isListed(peer)) return peer;
    const hops = forwarded.split(',').map((hop) => plain(hop.trim()));
    const client = hops.findLast((hop) => !isListed(hop)) ?? hops[0] ?? peer;
    return isIP(client) === 0 ? peer : client;
  };
}

/**
 * Tells which textual addresses are on a list.
 *
 * @param list addresses or CIDR ranges
 */
export function isListedIn(list: readonly string[]): (address: string) => boolean {
  const listed = new BlockList();
  for (const entry of list) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) listed.addAddress(address, family);
    else listed.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    const known = plain(address);
    const version = isIP(known);
    return version !== 0 && listed.check(known, version === 6 ? 'ipv6' : 'ipv4');
  };
}

/** IPv4 in IPv6 clothing is the same address; budgets and lists must see it so. */
function plain(address: string): string {
  return address.toLowerCase().startsWith('::ffff:') ? address.slice(7) : address;
}

/** Names a browser as people do, e.g. `Chrome` on `Windows`; null for anything unknown. */
export function browserFamilyOf(userAgent: string | undefined): BrowserName | null {
  if (!userAgent || userAgent.length > 512) return null;
  const { browser, os } = parse(userAgent);
  return browser.name ? { browser: browser.name, system: os.name || null } : null;
}

/** What applications with a browser inside them say of themselves. */
const IN_APPS =
  /\b(?:FBAN|FBAV|FB_IAB|Instagram|LinkedInApp|MicroMessenger|Line|KAKAOTALK|Snapchat|Pinterest|BytedanceWebview|musical_ly|TikTok|Twitter for i\w+)\b/;

/**
 * Tells a browser inside another application by what it says of itself. Google refuses to sign
 * anybody in there (R59), and its window may close while a mail is read; nothing but a page's wording
 * hangs on it.
 */
export function isEmbedded(userAgent: string): boolean {
  const isAndroidView = /; wv\)/.test(userAgent);
  // Safari on iOS names itself; a view inside an application does not.
  const isIosView = /\(i(?:Phone|Pad|Pod)[^)]*\).*AppleWebKit(?!.*Safari)/.test(userAgent);
  return isAndroidView || isIosView || IN_APPS.test(userAgent);
}
