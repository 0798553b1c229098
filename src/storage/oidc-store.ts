// Owns the ports of the engine's records and of the signing keys.

import type { GuestSession } from './session-store.ts';

/** oidc-provider's fifteen models; stored in one table, told apart by name. */
export interface OidcRecord {
  readonly tenant: string;
  readonly model: string;
  /** SHA-256 of the engine's id, base64url: a leaked database holds no bearer token. */
  readonly id: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly grantId: string | null;
  readonly uid: string | null;
  readonly userCode: string | null;
  readonly consumedAt: number | null;
  /** Absolute; null never expires. */
  readonly expiresAt: number | null;
}

/** What one request of the engine leaves behind. */
export interface OidcChanges {
  readonly tenant: string;
  readonly destroyed: readonly Pick<OidcRecord, 'model' | 'id'>[];
  /** As {@link OidcStore.upsert} takes them, of that tenant. */
  readonly saved: readonly Omit<OidcRecord, 'consumedAt'>[];
  /** The sign-in of the session among them; null when nobody signed in. */
  readonly noted: GuestSession | null;
}

export interface OidcStore {
  /** Writes all of it in one commit, or nothing. What is destroyed goes first. */
  writeAll(changes: OidcChanges): Promise<void>;
  /** Inserts or replaces by (tenant, model, id); for a uid, replaces whichever row had it. */
  upsert(record: Omit<OidcRecord, 'consumedAt'>): Promise<void>;
  /** Inserts only. @returns false when the id is already there: a replay (S44) */
  insert(record: Omit<OidcRecord, 'consumedAt'>): Promise<boolean>;
  find(tenant: string, model: string, id: string): Promise<OidcRecord | undefined>;
  findByUid(tenant: string, model: string, uid: string): Promise<OidcRecord | undefined>;
  findByUserCode(tenant: string, model: string, userCode: string): Promise<OidcRecord | undefined>;
  /** Marks as used, once. @returns true for the one call that did it (S44) */
  consume(tenant: string, model: string, id: string, now: number): Promise<boolean>;
  /** @returns true for the one call that removed it */
  destroy(tenant: string, model: string, id: string): Promise<boolean>;
  /** Removes the model's rows of one grant; without a model, the rows of every model. */
  destroyByGrant(tenant: string, grantId: string, model?: string): Promise<void>;
  /** Removes every record of one guest in every namespace: sessions, grants, codes, tokens (R68). */
  destroyByAccount(accountId: string): Promise<void>;
  /**
   * Removes what guests of one tenant were given: sessions, grants, codes, tokens. Sign-ins under way,
   * tokens of applications and what guards against replays stay.
   * @param batch most that go at a time
   * @returns how many went; fewer than `batch` when none is left
   */
  destroySessions(tenant: string, batch: number): Promise<number>;
}

/** One signing key of one tenant, its private part sealed. */
export interface SigningKey {
  readonly tenant: string;
  readonly kid: string;
  readonly algorithm: 'RS256' | 'ES256';
  /** 1 for the first key of the algorithm, then rising; unique, so that one node wins a race. */
  readonly generation: number;
  /** AES-256-GCM of the private JWK, base64url. */
  readonly sealed: string;
  readonly createdAt: number;
  /** Published before, signing from. */
  readonly activeFrom: number;
  /** Revoked: neither published nor believed from then on. Null for a key that ends by its successor. */
  readonly retiredAt: number | null;
}

export interface KeyStore {
  list(tenant: string): Promise<readonly SigningKey[]>;
  /** @returns false when the generation already exists: another node was first */
  insert(key: SigningKey): Promise<boolean>;
  /** Ends a key for good. @returns true for the one call that did it, or brought its end forward */
  retire(tenant: string, kid: string, at: number): Promise<boolean>;
}
