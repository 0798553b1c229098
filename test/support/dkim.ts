// Owns checking a DKIM signature as a receiver does: relaxed/relaxed, RSA with SHA-256 (RFC 6376).

import { createHash, createVerify, type KeyObject } from 'node:crypto';

/** What a receiver finds of one signature. */
export interface FoundSignature {
  readonly domain: string;
  readonly selector: string;
  /** Names of the signed headers, lower-case. */
  readonly signed: readonly string[];
  readonly isBodyIntact: boolean;
  readonly isSigned: boolean;
}

/**
 * Checks the first signature of a mail.
 *
 * @param raw as it came over the wire, Latin-1
 * @throws when there is none
 */
export function checkDkim(raw: string, key: KeyObject): FoundSignature {
  const end = raw.indexOf('\r\n\r\n');
  const headers = raw.slice(0, end).split(/\r\n(?![ \t])/);
  const field = headers.find((line) => /^dkim-signature:/i.test(line));
  if (field === undefined) throw new Error('no signature');
  const value = field.slice(field.indexOf(':') + 1);
  const tags = new Map(
    value.split(';').map((tag) => {
      const [, name = '', said = ''] = /^\s*(\w+)\s*=([^]*)$/.exec(tag) ?? [];
      return [name, said.replace(/\s/g, '')] as const;
    }),
  );
  const tag = (name: string) => tags.get(name) ?? '';
  if (tag('a') !== 'rsa-sha256' || tag('c') !== 'relaxed/relaxed') throw new Error(value);
  const body = raw
    .slice(end + 4)
    .replace(/[ \t]+/g, ' ')
    .replace(/ \r\n/g, '\r\n')
    .replace(/(?:\r\n)*$/, '\r\n');
  const bodyHash = createHash('sha256').update(body, 'latin1').digest('base64');
  const signed = tag('h').toLowerCase().split(':');
  const lines = signed.map((name) => {
    const found = headers.findLast((line) => line.toLowerCase().startsWith(`${name}:`));
    return found === undefined ? '' : `${relaxed(found)}\r\n`;
  });
  // The signature signs its own header too, with nothing where it will stand.
  const own = relaxed(field.replace(/([;\s]b\s*=)[^;]*/, '$1'));
  const isSigned = createVerify('sha256')
    .update(`${lines.join('')}${own}`, 'latin1')
    .verify(key, tag('b'), 'base64');
  const isBodyIntact = bodyHash === tag('bh');
  return { domain: tag('d'), selector: tag('s'), signed, isBodyIntact, isSigned };
}

function relaxed(line: string): string {
  const at = line.indexOf(':');
  const value = line
    .slice(at + 1)
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ');
  return `${line.slice(0, at).trim().toLowerCase()}:${value.trim()}`;
}
