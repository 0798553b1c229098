// Owns self-signed certificates made on the spot, for stand-ins of other companies.

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A key and what says it is one. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  /** PEM. */
  readonly certificate: string;
}

/**
 * Makes a self-signed RSA certificate.
 *
 * @param from epoch seconds
 * @param until epoch seconds, before 2050
 * @param host a name a server shows it for
 */
export function createSigningKey(
  from: number,
  until: number,
  modulusLength = 2048,
  host?: string,
): SigningKey {
  const pair = generateKeyPairSync('rsa', { modulusLength });
  const algorithm = sequence(
    Buffer.from('06092a864886f70d01010b', 'hex'), // sha256WithRSAEncryption
    Buffer.from('0500', 'hex'),
  );
  const commonName = sequence(Buffer.from('0603550403', 'hex'), tagged(0x0c, Buffer.from('idp')));
  const name = sequence(tagged(0x31, commonName));
  const toBeSigned = sequence(
    tagged(0xa0, Buffer.from('020102', 'hex')),
    Buffer.from('020101', 'hex'),
    algorithm,
    name,
    sequence(utcTime(from), utcTime(until)),
    name,
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    ...(host === undefined ? [] : [tagged(0xa3, sequence(alternativeName(host)))]),
  );
  const signature = sign('sha256', toBeSigned, pair.privateKey);
  const bits = tagged(0x03, Buffer.concat([Buffer.from([0]), signature]));
  const der = sequence(toBeSigned, algorithm, bits).toString('base64');
  const lines = (der.match(/.{1,64}/g) ?? []).join('\n');
  return {
    privateKey: pair.privateKey,
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}

function alternativeName(host: string): Buffer {
  const names = sequence(tagged(0x82, Buffer.from(host)));
  return sequence(Buffer.from('0603551d11', 'hex'), tagged(0x04, names));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const bytes = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}

function utcTime(seconds: number): Buffer {
  const text = new Date(seconds * 1000).toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return tagged(0x17, Buffer.from(`${text}Z`));
}
