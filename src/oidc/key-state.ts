// Owns which state a signing key is in: it follows from its row and from those that came after it.

import type { SigningKey } from '../storage/store.ts';

/**
 * `next` is published and signs later; `signing` signs now; `published` signed before and is still
 * believed; `retired` is believed no longer; `revoked` was taken out by hand and never comes back.
 */
export type KeyState = 'next' | 'signing' | 'published' | 'retired' | 'revoked';

/** As long as the longest session: its ID token is shown at the sign-out. Tokens live for minutes. */
const KEPT_SECONDS = 86_400;

/**
 * When a key is not published any more, in epoch seconds; null while no other key has followed.
 * Follows from the keys that came after: no row has to be changed, so no crash leaves half of it.
 *
 * @param keys all of its tenant
 */
export function retirementOf(key: SigningKey, keys: readonly SigningKey[]): number | null {
  const ends = followersOf(key, keys).map(({ activeFrom }) => activeFrom + KEPT_SECONDS);
  const all = key.retiredAt === null ? ends : [key.retiredAt, ...ends];
  return all.length === 0 ? null : Math.min(...all);
}

/**
 * @param keys all of its tenant
 * @param now epoch seconds
 */
export function stateOf(key: SigningKey, keys: readonly SigningKey[], now: number): KeyState {
  if (key.retiredAt !== null && key.retiredAt <= now) return 'revoked';
  const retiredAt = retirementOf(key, keys);
  if (retiredAt !== null && retiredAt <= now) return 'retired';
  if (key.activeFrom > now) return 'next';
  const isFollowed = followersOf(key, keys).some(({ activeFrom }) => activeFrom <= now);
  return isFollowed ? 'published' : 'signing';
}

/** Whether tokens are signed with it or verified by it. */
export function isBelieved(state: KeyState): boolean {
  return state !== 'retired' && state !== 'revoked';
}

function followersOf(
  { algorithm, generation }: SigningKey,
  keys: readonly SigningKey[],
): readonly SigningKey[] {
  return keys.filter(
    (other) =>
      other.algorithm === algorithm &&
      other.generation > generation &&
      // One that was revoked before it ever signed must not retire the key that goes on signing.
      (other.retiredAt === null || other.retiredAt > other.activeFrom),
  );
}
