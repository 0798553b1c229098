// Owns reading how our mail is signed.

import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { Path, Reading } from './reading.ts';
import { report } from './reading.ts';
import type { SettingsFile } from './schema.ts';
import { resolveSecret } from './secrets.ts';
import type { DkimSettings } from './settings.ts';

const DKIM: Path = ['mail', 'dkim'];
const MIN_BITS = 2048;
const MAKE_ONE = 'make one with: openssl genrsa -out dkim.pem 2048';

/**
 * Reads the key that mail is signed with. The library sends mail unsigned when it cannot use a key:
 * so whatever is wrong with one is found here, before the first mail.
 *
 * @param from the sender's address
 * @returns undefined after reporting
 * @source RFC 6376, RFC 8301 (RSA of 2048 bits); RFC 7489 section 3.1 (alignment)
 */
export async function resolveDkim(
  reading: Reading,
  dkim: NonNullable<SettingsFile['mail']['dkim']>,
  from: string,
): Promise<DkimSettings | undefined> {
  const sender = from.slice(from.lastIndexOf('@') + 1).toLowerCase();
  const domain = dkim.domain.toLowerCase();
  if (sender !== domain && !sender.endsWith(`.${domain}`)) {
    const message = `signs for ${domain}, and mail.from is of ${sender}: receivers would not count it`;
    report(reading, [...DKIM, 'domain'], message, `write ${sender}`);
    return undefined;
  }
  const path = [...DKIM, 'key'];
  const bytes = await resolveSecret(reading, path, dkim.key);
  if (!bytes) return undefined;
  const key = readKey(bytes);
  const fault = findFault(key);
  if (fault !== undefined) {
    report(reading, path, fault, MAKE_ONE);
    return undefined;
  }
  const privateKey = key!.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { domain, selector: dkim.selector, privateKey };
}

function readKey(bytes: Buffer): KeyObject | undefined {
  try {
    return createPrivateKey(bytes);
  } catch {
    // OpenSSL quotes what it could not read.
    return undefined;
  }
}

function findFault(key: KeyObject | undefined): string | undefined {
  if (!key) return 'not a private key in PEM without a passphrase';
  if (key.asymmetricKeyType !== 'rsa') return 'not an RSA key';
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  return modulusLength >= MIN_BITS
    ? undefined
    : `an RSA key of ${modulusLength} bits, ${MIN_BITS} are needed`;
}
