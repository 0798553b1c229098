// Owns the keys that need no secret of their own: one master key, one derived key per purpose.

import { hkdfSync } from 'node:crypto';

/**
 * Derives a 32-byte key that is good for one purpose alone: the same on every node, and telling
 * nothing of the master key or of a key for another purpose.
 *
 * @param master 32 bytes or more
 * @param purpose e.g. `csrf`, `dpop-nonce`
 */
export function deriveKey(master: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, '', `guestpass key ${purpose}`, 32));
}
