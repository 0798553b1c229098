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
}

const ALGORITHMS = ['RS256', 'ES256'] as const;

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
        await store.insert(await generate(tenant, algorithm));
        keys = await store.list(tenant);
      }
      return { keys: inSigningOrder(keys).map(open) };
    },
  };

  async function generate(tenant: string, algorithm: SigningKey['algorithm']): Promise<SigningKey> {
    const { privateKey } = await generateKeyPair(algorithm, {
      extractable: true,
      modulusLength: 2048,
    });
    const kid = randomBytes(12).toString('base64url');
    const jwk = { ...(await exportJWK(privateKey)), kid, alg: algorithm, use: 'sig' };
    const now = clock();
    return {
      tenant,
      kid,
      algorithm,
      generation: 1,
      sealed: sealer.seal(JSON.stringify(jwk), contextOf(tenant, kid)),
      createdAt: now,
      activeFrom: now,
      retiredAt: null,
    };
  }

  /** The engine signs with the first key of an algorithm: keys in force come before announced ones. */
  function inSigningOrder(keys: readonly SigningKey[]): readonly SigningKey[] {
    const now = clock();
    const rank = (key: SigningKey): number => (key.activeFrom <= now ? key.activeFrom : -1);
    return keys
      .filter((key) => key.retiredAt === null || key.retiredAt > now)
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
