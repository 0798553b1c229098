// Owns sealing: what is secret in the database is unreadable, and unmovable, without the master key.

import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  randomBytes,
} from 'node:crypto';

/** Seals and opens for one purpose. */
export interface Sealer {
  /**
   * Encrypts.
   * @param context names the place the value belongs to (a row's id); opening needs the same one,
   *   so that a sealed value copied into another row does not open there
   * @returns base64url of nonce (12 bytes), ciphertext, tag (16 bytes)
   */
  seal(plaintext: string | Buffer, context: string): string;
  /** Decrypts. @throws {Error} when the value was changed, or sealed for another context or purpose */
  open(sealed: string, context: string): Buffer;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Creates a sealer whose key belongs to one purpose alone: AES-256-GCM under
 * HKDF-SHA-256(key, purpose), a fresh random nonce for every value.
 *
 * @param key the master key, 32 bytes or more
 * @param purpose e.g. `outbox`, `signing-key`; a value sealed for one purpose opens for no other
 * @throws {TypeError} when the key is shorter than 32 bytes
 */
export function createSealer(key: Buffer, purpose: string): Sealer {
  if (key.length < 32) throw new TypeError('a sealing key needs 32 bytes');
  const bytes = Buffer.from(hkdfSync('sha256', key, '', `guestpass sealer ${purpose}`, 32));
  const derived = createSecretKey(bytes);
  return {
    seal(plaintext, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', derived, nonce);
      cipher.setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url');
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed, 'base64url');
      // Node reads base64 past foreign characters and spare bits: many texts would be one value.
      if (bytes.toString('base64url') !== sealed) throw new Error('sealed value is not base64url');
      // A shorter tag would be accepted by GCM and could be guessed byte by byte.
      if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new Error('sealed value is too short');
      const decipher = createDecipheriv('aes-256-gcm', derived, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      const body = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
      return Buffer.concat([decipher.update(body), decipher.final()]);
    },
  };
}

/** Seals under the newest of several keys and opens under any of them. */
export interface SealerRing {
  /** As {@link Sealer.seal}. */
  seal(plaintext: string, context: string): string;
  /** Never throws: undefined for what none of the keys opens in this context. */
  open(sealed: string, context: string): Buffer | undefined;
}

/**
 * For what browsers carry about, which may come back after a key was changed.
 *
 * @param keys 32 bytes or more each, newest first
 * @param purpose as of {@link createSealer}
 * @throws {TypeError} without a key, or when one is too short
 */
export function createSealerRing(keys: readonly Buffer[], purpose: string): SealerRing {
  const sealers = keys.map((key) => createSealer(key, purpose));
  const [newest] = sealers;
  if (!newest) throw new TypeError(`sealing for ${purpose} needs a key`);
  return {
    seal: (plaintext, context) => newest.seal(plaintext, context),
    open(sealed, context) {
      for (const sealer of sealers) {
        try {
          return sealer.open(sealed, context);
        } catch {
          // Of another key, or of nobody's.
        }
      }
      return undefined;
    },
  };
}
