// Owns digests under a key, over several texts at once, and comparing secrets in constant time.

import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';

/**
 * HMAC-SHA-256 over texts that each keep their place: lengths stand first, or ('ab', 'c') and
 * ('a', 'bc') would share a digest. Pure.
 *
 * @param key prepared once: Node turns a bare buffer into a key anew for every HMAC
 * @param parts what it is bound to, in order
 * @param label keeps it apart from whatever else the key signs, unless a part does
 * @returns 32 bytes
 */
export function keyedDigest(key: KeyObject, parts: readonly string[], label = ''): Buffer {
  const hmac = createHmac('sha256', key).update(label);
  for (const part of parts) hmac.update(`${Buffer.byteLength(part)}:${part}`);
  return hmac.digest();
}

/**
 * Whether two are the same: how long it takes says nothing of where they differ. Pure.
 *
 * @param given from outside, of any length
 */
export function isSameSecret(given: string | Buffer, expected: string | Buffer): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}
