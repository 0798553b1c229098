// Owns the signing keys of each tenant: made on first use, kept sealed, published for rotation.

import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { randomBytes } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import type { KeyStore, SigningKey } from '../storage/store.ts';
import { isBelieved, type KeyState, retirementOf, stateOf } from './key-state.ts';

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
  /**
   * Takes a stolen key out for good: from now on it is not published, signs nothing and verifies
   * nothing. Where it signed, a new one signs at once.
   *
   * @param kid default every key that is believed now, announced ones too
   * @returns `unknown` when no such key is believed; nothing changed then
   * @source S37; RFC 8725 section 3.8
   */
  revoke(tenant: string, kid?: string): Promise<RevokeOutcome>;
}

/** What came of revoking keys. */
export type RevokeOutcome =
  | { readonly outcome: 'unknown' }
  | {
      readonly outcome: 'revoked';
      /** Their kids. */
      readonly revoked: readonly string[];
      /** What signs now. */
      readonly signing: readonly ListedKey[];
    };

/** One signing key without what is secret. Times are epoch seconds. */
export interface ListedKey {
  readonly kid: string;
  readonly algorithm: SigningKey['algorithm'];
  readonly state: KeyState;
  readonly createdAt: number;
  readonly activeFrom: number;
  /** Not published from then on; null while no other key has followed. */
  readonly retiredAt: number | null;
}

const ALGORITHMS = ['RS256', 'ES256'] as const;
/** Longer than any relying party keeps the published set. */
const ANNOUNCED_SECONDS = 86_400;
/** @source S37 (own keys per tenant), OIDC Core section 15.1 */
export function createSigningKeys(deps: {
  readonly store: KeyStore;
  readonly sealer: KeySealer;
  readonly clock: Clock;
}): SigningKeys {
  const { store, sealer, clock } = deps;
  return {
    async jwksFor(tenant) {
      for (const algorithm of ALGORITHMS) await ensureSigning(tenant, algorithm);
      return { keys: inSigningOrder(await store.list(tenant)).map(open) };
    },
    async versionOf(tenant) {
      const keys = await store.list(tenant);
      return inSigningOrder(keys)
        .map(({ kid }) => kid)
        .join(' ');
    },
    list,
    async rotate(tenant, isAtOnce = false) {
      const keys = await store.list(tenant);
      const now = clock();
      if (!isAtOnce && keys.some((key) => stateOf(key, keys, now) === 'next')) return 'announced';
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
    async revoke(tenant, kid) {
      const keys = await store.list(tenant);
      const now = clock();
      const targets = keys.filter(
        (key) => isBelieved(stateOf(key, keys, now)) && (kid === undefined || key.kid === kid),
      );
      if (targets.length === 0) return { outcome: 'unknown' };
      const revoked = targets.map((key) => key.kid);
      // First the new one: a crash in between leaves a tenant that signs, and a command to repeat.
      for (const algorithm of new Set(targets.map((key) => key.algorithm))) {
        await ensureSigning(tenant, algorithm, revoked);
      }
      for (const target of revoked) await store.retire(tenant, target, now);
      // Somebody else may have revoked, in this moment, the very key that was to sign instead.
      for (const algorithm of ALGORITHMS) await ensureSigning(tenant, algorithm);
      const signing = (await list(tenant)).filter(({ state }) => state === 'signing');
      return { outcome: 'revoked', revoked, signing };
    },
  };

  async function list(tenant: string): Promise<readonly ListedKey[]> {
    const keys = await store.list(tenant);
    const now = clock();
    return keys.map((key) => {
      const { kid, algorithm, createdAt, activeFrom } = key;
      const retiredAt = retirementOf(key, keys);
      return { kid, algorithm, state: stateOf(key, keys, now), createdAt, activeFrom, retiredAt };
    });
  }

  /** Makes a key that signs at once where none does. @param without kids that do not count */
  async function ensureSigning(
    tenant: string,
    algorithm: SigningKey['algorithm'],
    without: readonly string[] = [],
  ): Promise<void> {
    for (;;) {
      const keys = await store.list(tenant);
      const now = clock();
      const known = keys.filter((key) => key.algorithm === algorithm);
      const isSigning = known.some(
        (key) => !without.includes(key.kid) && stateOf(key, keys, now) === 'signing',
      );
      if (isSigning) return;
      const generation = Math.max(0, ...known.map((key) => key.generation)) + 1;
      // Two nodes may both get here; the constraint lets one win, and the loser looks at its key:
      // it may be one that was only announced.
      await store.insert(await generate(tenant, algorithm, generation, now));
    }
  }

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
      .filter((key) => isBelieved(stateOf(key, keys, now)))
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
