// Owns turning references to secrets into secrets. A secret is never part of a fault, a notice or an
// error: only where it should have come from is.

import { isAbsolute, resolve } from 'node:path';
import type { SecretReference } from './fields.ts';
import { quote } from './fault.ts';
import { readRegularFile } from './file.ts';
import { type Path, type Reading, report } from './reading.ts';

const MAX_SECRET_BYTES = 64 * 1024;
const MIN_KEY_BYTES = 32;
const MAKE_ONE = 'make one with: openssl rand -base64 32';

/**
 * Fetches a secret from where a reference says it is.
 *
 * @returns its bytes as stored (a file's last line break included), or undefined after reporting
 * @source security requirement S58
 */
export async function resolveSecret(
  reading: Reading,
  path: Path,
  reference: SecretReference,
): Promise<Buffer | undefined> {
  if (typeof reference === 'string') {
    if (!refuseLiteral(reading, path)) return undefined;
    return Buffer.from(reference);
  }
  if ('env' in reference) {
    const value = reading.env[reference.env];
    if (value !== undefined && value !== '') return Buffer.from(value);
    report(
      reading,
      path,
      `environment variable ${reference.env} is ${value === '' ? 'empty' : 'not set'}`,
      'set it before starting the server',
    );
    return undefined;
  }
  return readSecretFile(reading, path, reference.file);
}

/** Like {@link resolveSecret}, as text without the line break at its end. */
export async function resolveSecretText(
  reading: Reading,
  path: Path,
  reference: SecretReference,
): Promise<string | undefined> {
  const bytes = await resolveSecret(reading, path, reference);
  if (!bytes) return undefined;
  const text = bytes.toString('utf8').replace(/\r?\n$/, '');
  if (text !== '' && !/[\p{Cc}\uFFFD]/u.test(text)) return text;
  report(reading, path, 'a secret that is empty or not one line of text', 'write it anew');
  return undefined;
}

/**
 * Fetches a key and decodes it: hexadecimal, base64, base64url or raw bytes.
 *
 * @returns 32 bytes or more, or undefined after reporting a missing, short or well-known one
 * @source security requirement S3
 */
export async function resolveKey(
  reading: Reading,
  path: Path,
  reference: SecretReference,
): Promise<Buffer | undefined> {
  const bytes = await resolveSecret(reading, path, reference);
  if (!bytes) return undefined;
  const key = decodeKey(bytes);
  const fault = findKeyFault(key, bytes);
  if (!fault) return key;
  report(reading, path, fault, MAKE_ONE);
  return undefined;
}

/**
 * Reports a secret that stands in the file itself where that is not allowed.
 *
 * @returns true when it may stay
 * @source security requirement S58
 */
export function refuseLiteral(reading: Reading, path: Path): boolean {
  if (reading.isLoopback) return true;
  report(
    reading,
    path,
    'a secret in the file itself, while publicUrl is not on this machine',
    'write { env: NAME } or { file: PATH } instead, and change the secret',
  );
  return false;
}

/** Reads 32 or more bytes of key from hexadecimal, base64, base64url or raw bytes. Pure. */
export function decodeKey(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').trim();
  if (/^(?:[0-9a-f]{2})+$/i.test(text)) return Buffer.from(text, 'hex');
  // Text that looks encoded is decoded even when short, so that 32 letters do not pass for 32 bytes.
  if (/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return Buffer.from(text, 'base64');
  return bytes;
}

/**
 * Tells why a key is no key. Pure.
 *
 * @param key decoded
 * @param written as it was written
 * @returns what is wrong, without the key; undefined for a good one
 * @source security requirement S3
 */
export function findKeyFault(key: Buffer, written: Buffer): string | undefined {
  if (isSample(key) || isSample(written)) return 'a well-known sample value for a secret';
  if (key.length >= MIN_KEY_BYTES) return undefined;
  return `a secret of ${key.length} bytes, ${MIN_KEY_BYTES} are needed`;
}

const SAMPLE_WORD =
  /change.?(me|it|this)|secret|password|example|sample|default|guestpass|insecure/i;

function isSample(bytes: Buffer): boolean {
  if (SAMPLE_WORD.test(bytes.toString('latin1'))) return true;
  // All zeros, 00 01 02 …, 0123456789abcdef over and over: what documentation and tests use.
  const steps = new Set(bytes.subarray(1).map((byte, index) => byte - bytes[index]!));
  return bytes.length >= 8 && (new Set(bytes).size < 8 || steps.size <= 3);
}

async function readSecretFile(
  reading: Reading,
  path: Path,
  file: string,
): Promise<Buffer | undefined> {
  const at = isAbsolute(file) ? file : resolve(reading.folder, file);
  const found = await readRegularFile(at, MAX_SECRET_BYTES);
  if (found.outcome !== 'read') {
    const why = {
      missing: ['does not exist', 'create it with mode 0600'],
      unreadable: ['cannot be read', 'let the user this server runs as read it'],
      irregular: ['is not a regular file', 'name the file itself'],
      too_large: ['is larger than 64 KiB', 'name the file that holds nothing but the secret'],
    }[found.outcome];
    report(reading, path, `the file ${quote(at)} ${why[0]}`, why[1] ?? '');
    return undefined;
  }
  if (!refuseWideMode(reading, path, at, found.mode)) return undefined;
  if (found.bytes.length > 0) return found.bytes;
  report(reading, path, `the file ${quote(at)} is empty`, 'write the secret into it');
  return undefined;
}

/**
 * Judges the mode of a file that holds a secret: anything wider than 0640 is a notice on this
 * machine and a fault elsewhere.
 *
 * @returns true when the file may be used
 * @source security requirement S58
 */
export function refuseWideMode(reading: Reading, path: Path, file: string, mode: number): boolean {
  // Windows reports 0666 for every file: its rights are not in the mode.
  if ((mode & 0o137) === 0 || process.platform === 'win32') return true;
  const what = `the file ${quote(file)} has mode 0${mode.toString(8)}: others may read or change it`;
  if (reading.isLoopback) {
    reading.notices.push(`${what}. Mend it with: chmod 600 ${file}`);
    return true;
  }
  report(reading, path, what, `chmod 600 ${file} (containers: mount it with mode 0440)`);
  return false;
}
