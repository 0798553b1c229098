// Owns the signing keys of each tenant: made on first use, kept sealed, published for rotation.

import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { randomBytes } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import type { KeyStore, SigningKey } from '../storage/store.ts';

/** Encrypts what lies in the database; see settings/sealer. */
export interface KeySealer {
  seal(plaintext: string, context: string): string;
  open(sealed: string, context: string): Buffer;
}

export interface SigningKeys {
  /**
   * The private JWK Set of one tenant, signing keys first: RS256 because OIDC Core demands it,
   * ES256 because it is cheaper.
   */
  jwksFor(tenant: string): Promise<{ keys: JWK[] }>;
  /**
   * Names the set {@link SigningKeys.jwksFor} gives now, without opening a key. It changes when a key
   * is made, comes into force or is given up; empty before the first use.
   */
  versionOf(tenant: string): Promise<string>;
  /** Those of a tenant, also given up ones, by algorithm and age. Makes none. */
  list(tenant: string): Promise<readonly ListedKey[]>;
  /**
   * Makes the next key of each algorithm: published at once, signing a day later, when everybody who
   * keeps the published set has asked for it again. The one before stays published for a day longer.
   *
   * @param now signs with it at once: whoever keeps the published set refuses tokens until they ask
   * @returns `announced` when a key that is not in force yet is waiting already; nothing was made then
   */
  rotate(tenant: string, now?: boolean): Promise<'rotated' | 'announced'>;
}

/** One signing key without what is secret. Times are epoch seconds. */
export interface ListedKey {
  readonly kid: string;
  readonly algorithm: SigningKey['algorithm'];
  readonly state: 'next' | 'signing' | 'published' | 'retired';
  readonly createdAt: number;
  readonly activeFrom: number;
  /** Not published from then on; null while no other key has followed. */
  readonly retiredAt: number | null;
}

const ALGORITHMS = ['RS256', 'ES256'] as const;
/** Longer than any relying party keeps the published set. */
const ANNOUNCED_SECONDS = 86_400;
/** As long as the longest session: its ID token is shown at the sign-out. Tokens live for minutes. */
const KEPT_SECONDS = 86_400;

/** @source S37 (own keys per tenant), OIDC Core section 15.1 */
export function createSigningKeys(deps: {
  readonly store: KeyStore;
  readonly sealer: KeySealer;
  readonly clock: Clock;
}): SigningKeys {
  const { store, sealer, clock } = deps;
  return {
    async jwksFor(tenant) {
      let keys = await store.list(tenant);
      for (const algorithm of ALGORITHMS) {
        if (keys.some((key) => key.algorithm === algorithm)) continue;
        // Two nodes may both get here; the constraint lets one win and the loser reads its key.
        await store.insert(await generate(tenant, algorithm, 1, clock()));
        keys = await store.list(tenant);
      }
      return { keys: inSigningOrder(keys).map(open) };
    },
    async versionOf(tenant) {
      const keys = await store.list(tenant);
      return inSigningOrder(keys)
        .map(({ kid }) => kid)
        .join(' ');
    },
    async list(tenant) {
      const keys = await store.list(tenant);
      const now = clock();
      return keys.map((key) => {
        const { kid, algorithm, createdAt, activeFrom } = key;
        const retiredAt = retirementOf(key, keys);
        return { kid, algorithm, state: stateOf(key, keys, now), createdAt, activeFrom, retiredAt };
      });
    },
    async rotate(tenant, isAtOnce = false) {
      const keys = await store.list(tenant);
      const now = clock();
      if (!isAtOnce && keys.some(({ activeFrom }) => activeFrom > now)) return 'announced';
      const activeFrom = isAtOnce ? now : now + ANNOUNCED_SECONDS;
      for (const algorithm of ALGORITHMS) {
        const known = keys.filter((key) => key.algorithm === algorithm);
        const generation = Math.max(0, ...known.map((key) => key.generation)) + 1;
        // The first key of all has nobody who keeps another one.
        const from = generation === 1 ? now : activeFrom;
        // Refused when somebody else rotates in this moment: one new key is enough.
        await store.insert(await generate(tenant, algorithm, generation, from));
      }
      return 'rotated';
    },
  };

  async function generate(
    tenant: string,
    algorithm: SigningKey['algorithm'],
    generation: number,
    activeFrom: number,
  ): Promise<SigningKey> {
    const { privateKey } = await generateKeyPair(algorithm, {
      extractable: true,
      modulusLength: 2048,
    });
    const kid = randomBytes(12).toString('base64url');
    const jwk = { ...(await exportJWK(privateKey)), kid, alg: algorithm, use: 'sig' };
    return {
      tenant,
      kid,
      algorithm,
      generation,
      sealed: sealer.seal(JSON.stringify(jwk), contextOf(tenant, kid)),
      createdAt: clock(),
      activeFrom,
      retiredAt: null,
    };
  }

  /** The engine signs with the first key of an algorithm: keys in force come before announced ones. */
  function inSigningOrder(keys: readonly SigningKey[]): readonly SigningKey[] {
    const now = clock();
    // By generation: a key made for an emergency is not followed by one announced before it.
    const rank = (key: SigningKey): number => (key.activeFrom <= now ? key.generation : -1);
    return keys
      .filter((key) => stateOf(key, keys, now) !== 'retired')
      .toSorted((a, b) => rank(b) - rank(a));
  }

  function open(key: SigningKey): JWK {
    const text = sealer.open(key.sealed, contextOf(key.tenant, key.kid)).toString('utf8');
    return JSON.parse(text) as JWK;
  }
}

function contextOf(tenant: string, kid: string): string {
  return `signing-key:${tenant}:${kid}`;
}

/** Follows from the keys that came after: no row has to be changed, so no crash leaves half of it. */
function retirementOf(key: SigningKey, keys: readonly SigningKey[]): number | null {
  const ends = keys
    .filter(({ algorithm, generation }) => {
      return algorithm === key.algorithm && generation > key.generation;
    })
    .map(({ activeFrom }) => activeFrom + KEPT_SECONDS);
  const all = key.retiredAt === null ? ends : [key.retiredAt, ...ends];
  return all.length === 0 ? null : Math.min(...all);
}

function stateOf(key: SigningKey, keys: readonly SigningKey[], now: number): ListedKey['state'] {
  const retiredAt = retirementOf(key, keys);
  if (retiredAt !== null && retiredAt <= now) return 'retired';
  if (key.activeFrom > now) return 'next';
  const isFollowed = keys.some(
    ({ algorithm, generation, activeFrom }) =>
      algorithm === key.algorithm && generation > key.generation && activeFrom <= now,
  );
  return isFollowed ? 'published' : 'signing';
}
