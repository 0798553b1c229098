// Owns the ports of everything that is remembered. Two stores implement them (SQLite and
// MySQL/MariaDB) and one contract suite (test/storage/store-contract.ts) holds both to this text.
//
// Times are integer epoch seconds. Every method that depends on the time takes `now`, so that one
// clock judges (S4). Every key starts with the tenant, so that no query can cross tenants (S33).

import type { RedemptionMethod } from '../domain/identity-provider.ts';

export type { RedemptionMethod } from '../domain/identity-provider.ts';

/** Graph's externalUserState (R69). */
export type ExternalUserState = 'PendingAcceptance' | 'Accepted';

/** One guest of one tenant. */
export interface Guest {
  readonly tenant: string;
  /** The `sub` claim: 128 random bits as 22 base64url characters, never reused (S18). */
  readonly id: string;
  /** The invited address as mail is sent to it (S17). */
  readonly address: string;
  /** The match key of the address, unique within the tenant (S16). */
  readonly addressKey: string;
  readonly displayName: string | null;
  /** Address of whoever invited, when known. */
  readonly invitedBy: string | null;
  readonly state: ExternalUserState;
  /** How the guest came to be: by invitation, or by signing up at a client that allows it (R10). */
  readonly kind: GuestKind;
  /** How the guest proves who they are; null until redemption (R6). */
  readonly method: RedemptionMethod | null;
  /** Id of the connection the guest is bound to; null for the passcode. */
  readonly connection: string | null;
  /** SHA-256 over connection, upstream issuer and subject, base64url: unique in the tenant (S50). */
  readonly identity: string | null;
  /** The `idp` claim; null until redemption. */
  readonly idp: string | null;
  /** Names the current invitation; a new one makes links of the old one worthless. */
  readonly invitationId: string | null;
  /** When the current invitation ends; null never ends. */
  readonly invitationExpiresAt: number | null;
  readonly invitation: InvitationDetails | null;
  readonly invitedAt: number;
  readonly redeemedAt: number | null;
  readonly blockedAt: number | null;
  /** When an administrator last reset the redemption (R68). */
  readonly resetAt: number | null;
  /** Sessions and tokens from before are worth nothing; null when never revoked. */
  readonly revokedAt: number | null;
  /** When the guest left or was removed; restorable for 30 days (R77). */
  readonly removedAt: number | null;
}

/** `invited` or `selfService`. */
export type GuestKind = 'invited' | 'selfService';

/** What the inviter said, kept so that the invitation can be sent again (R60, R63). */
export interface InvitationDetails {
  /** Plain text of the inviter, at most 500 characters. */
  readonly message: string | null;
  /** Language the inviter asked for. */
  readonly language: string | null;
  /** One address that gets a copy without the link. */
  readonly cc: string | null;
  /** A page of a registered client; null leads to the guest's own page. */
  readonly redirectUrl: string | null;
}

export interface GuestStore {
  /** Adds the guest unless the tenant already has one with that address key; returns the one that stands. */
  invite(guest: Guest): Promise<{ readonly guest: Guest; readonly created: boolean }>;
  find(tenant: string, id: string): Promise<Guest | undefined>;
  /** Finds by id alone: ids are unique over all tenants. For hosts with one issuer. */
  findById(id: string): Promise<Guest | undefined>;
  findByAddress(tenant: string, addressKey: string): Promise<Guest | undefined>;
  /** Finds by one of the other addresses an administrator gave the guest (R58, R68). */
  findByOtherAddress(tenant: string, addressKey: string): Promise<Guest | undefined>;
  /** Finds whoever is bound to an upstream identity. */
  findByIdentity(tenant: string, identity: string): Promise<Guest | undefined>;
  /**
   * PendingAcceptance becomes Accepted, and the method is bound, once: the first caller wins (R6).
   * @returns `redeemed` when this call made the change, `settled` when it was made before (or the
   *   guest is blocked or removed), `identity_taken` when another guest has the upstream identity
   */
  redeem(
    tenant: string,
    id: string,
    binding: GuestBinding,
    now: number,
  ): Promise<'redeemed' | 'settled' | 'identity_taken'>;
  /**
   * Gives a guest who is still PendingAcceptance a new invitation in place of the old one.
   * @returns false when the guest is redeemed, removed or not there
   */
  renewInvitation(tenant: string, id: string, renewal: InvitationRenewal): Promise<boolean>;
  /**
   * Back to PendingAcceptance: the method, connection and identity are forgotten, everything else
   * stays; `reset_at` and `revoked_at` become `now` (R68).
   * @param address moves the guest to it; refused when another guest has it
   */
  reset(
    tenant: string,
    id: string,
    renewal: InvitationRenewal & { readonly address?: { address: string; addressKey: string } },
    now: number,
  ): Promise<'reset' | 'address_taken' | 'unknown'>;
  /** Sets or lifts the administrator's block; setting it revokes as well. @returns false when not there */
  setBlocked(tenant: string, id: string, now: number, blocked: boolean): Promise<boolean>;
  /** Only what was given out so far becomes worthless. @returns false when not there */
  revoke(tenant: string, id: string, now: number): Promise<boolean>;
  /**
   * Soft: the guest can be restored for 30 days, then the purge takes the row. The address is free
   * at once, so that a new invitation makes a new guest with a new id (T84).
   */
  remove(tenant: string, id: string, now: number): Promise<boolean>;
  /** @returns false when it is too late, or somebody else has the address by now */
  restore(tenant: string, id: string, now: number): Promise<boolean>;
  /** Removed guests of an address, newest first: their rows can be restored. */
  listRemoved(tenant: string, addressKey: string): Promise<readonly Guest[]>;
  /** Adds another address of a guest. @returns false when a guest of the tenant has it already */
  addAddress(
    tenant: string,
    id: string,
    address: { readonly address: string; readonly addressKey: string },
  ): Promise<boolean>;
  /** Other addresses of a guest, oldest first. */
  listAddresses(tenant: string, id: string): Promise<readonly string[]>;
  /** Whether the owner of an address takes no invitations of the tenant (R67). */
  hasBlockedInvitations(tenant: string, addressKey: string): Promise<boolean>;
  setInvitationsBlocked(
    tenant: string,
    addressKey: string,
    now: number,
    blocked: boolean,
  ): Promise<void>;
}

/** What redemption binds a guest to. */
export interface GuestBinding {
  readonly method: RedemptionMethod;
  readonly connection: string | null;
  readonly identity: string | null;
  readonly idp: string;
}

/** A new invitation for a guest who exists. */
export interface InvitationRenewal {
  readonly invitationId: string;
  readonly expiresAt: number | null;
  readonly details: InvitationDetails | null;
  readonly invitedBy: string | null;
  readonly now: number;
}

/** What is remembered of one sign-in beside the engine's own Interaction; keyed by its uid. */
export interface SignIn {
  readonly tenant: string;
  readonly uid: string;
  /** SHA-256 of the browser cookie, base64url: another browser cannot go on with it (S24). */
  readonly browser: string;
  /** The address as typed (parsed form). */
  readonly address: string;
  readonly addressKey: string;
  /** Two characters shown on the page and in the mail's subject: finds the newest mail. */
  readonly label: string | null;
  /** Passcodes sent so far. */
  readonly sends: number;
  readonly lastSentAt: number | null;
  /** Attempts evaluated against the live set; shared by the codes of the set (S7). */
  readonly attempts: number;
  /** Lowest sequence number a live passcode may have; raised when a dead set is replaced. */
  readonly liveFrom: number;
  /** When the newest passcode expires. */
  readonly liveUntil: number | null;
  /** Whether the newest passcode is a strong one (S9). */
  readonly strong: boolean;
  /** When a passcode was consumed, or an upstream proved the guest: proven, exactly once (S6). */
  readonly verifiedAt: number | null;
  /** The decision about the address, JSON of room interaction; null before one was made. */
  readonly decision: string | null;
  /** What an upstream proved, JSON of room interaction; null for the passcode. */
  readonly proof: string | null;
  /** Pages accepted after the proof: 0 none, 1 permissions, 2 terms too (R70). */
  readonly accepted: number;
  /** An error or notice to show once, as a message id with parameters in JSON. */
  readonly notice: string | null;
  readonly expiresAt: number;
}

export interface SignInStore {
  find(tenant: string, uid: string): Promise<SignIn | undefined>;
  /**
   * Remembers the address the guest gave. A second call for the same uid replaces the
   * address only while nothing was verified and the browser is the same; codes already sent for
   * another address die (liveFrom rises above them).
   * @returns false when another browser owns the sign-in or it is already verified
   */
  chooseAddress(
    signIn: Pick<
      SignIn,
      'tenant' | 'uid' | 'browser' | 'address' | 'addressKey' | 'decision' | 'expiresAt'
    >,
  ): Promise<boolean>;
  /** Replaces the decision while nothing was proven. @returns false otherwise */
  setDecision(tenant: string, uid: string, browser: string, decision: string): Promise<boolean>;
  /**
   * Takes the right to send one passcode, atomically: the browser matches, nothing is verified,
   * fewer than `maxSends` were sent, and the last one is at least `cooldownSeconds` old. When the
   * live set is dead (attempts used up, or all expired) the attempts start anew and earlier codes
   * stay dead; while a code is live the attempts are never refilled (S7).
   * @returns the sign-in after the change, or undefined when the right was not given
   */
  takeSend(request: {
    readonly tenant: string;
    readonly uid: string;
    readonly browser: string;
    readonly label: string;
    readonly now: number;
    readonly maxSends: number;
    readonly maxAttempts: number;
    readonly cooldownSeconds: number;
    readonly liveUntil: number;
    readonly strong: boolean;
  }): Promise<SignIn | undefined>;
  /**
   * Counts one attempt before anything is compared (S5): conditional on browser, attempts left,
   * nothing verified, something sent.
   * @returns the sign-in after the change, or undefined when no attempt was given
   */
  takeAttempt(request: {
    readonly tenant: string;
    readonly uid: string;
    readonly browser: string;
    readonly maxAttempts: number;
  }): Promise<SignIn | undefined>;
  /** Marks the sign-in proven, once (S6). @returns true for the one call that did it */
  markVerified(tenant: string, uid: string, browser: string, now: number): Promise<boolean>;
  /**
   * Marks the sign-in proven by an upstream, once, while it is for the address that was proven:
   * another request of the browser may be changing it (S51).
   * @returns true for the one call that did it
   */
  markProven(
    signIn: Pick<SignIn, 'tenant' | 'uid' | 'browser' | 'addressKey'>,
    proof: string,
    now: number,
  ): Promise<boolean>;
  /** Raises {@link SignIn.accepted} of a proven sign-in to at least `accepted`. */
  accept(tenant: string, uid: string, browser: string, accepted: number): Promise<void>;
  /** Live passcodes of an address die in every sign-in under way (R68, T84). */
  endPasscodes(tenant: string, addressKey: string): Promise<void>;
  /** Sets or clears what is to be shown once. */
  setNotice(tenant: string, uid: string, notice: string | null): Promise<void>;
}

/** One journey to an upstream identity provider and back. */
export interface UpstreamJourney {
  readonly tenant: string;
  /** SHA-256 of the state, base64url: random over all tenants. */
  readonly id: string;
  readonly uid: string;
  readonly browser: string;
  /** Connection id it left for: no other may answer it (mix-up, S52). */
  readonly connection: string;
  /** What the upstream's protocol must remember, sealed. */
  readonly memory: string;
  readonly expiresAt: number;
}

export interface JourneyStore {
  insert(journey: UpstreamJourney): Promise<void>;
  /** Takes a journey, once: a second answer finds nothing (replay, S52, S54); nor does a late one. */
  take(id: string, now: number): Promise<UpstreamJourney | undefined>;
}

/** One mailed passcode. The passcode itself is never stored (S3). */
export interface PasscodeRecord {
  readonly tenant: string;
  readonly uid: string;
  /** 1 for the first passcode of a sign-in, then rising. */
  readonly sequence: number;
  /** HMAC-SHA-256 over everything the passcode is bound to, 32 bytes as base64url. */
  readonly digest: string;
  readonly pepperVersion: number;
  readonly strong: boolean;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface PasscodeStore {
  insert(record: PasscodeRecord): Promise<void>;
  /** All passcodes of a sign-in, newest first; at most a handful. */
  list(tenant: string, uid: string): Promise<readonly PasscodeRecord[]>;
}

/** One counter: so many uses of `scope` by `subject` within one fixed window. */
export interface BudgetKey {
  /** What is counted, e.g. `failure.address.day`. At most 40 ASCII characters. */
  readonly scope: string;
  /** Who it is counted for: an opaque ASCII key of at most 64 characters, never an address in clear. */
  readonly subject: string;
  /** Length of the fixed window, which is `floor(now / windowSeconds)`; 0 for a counter without
   *  window, ended by {@link BudgetStore.clear} alone. */
  readonly windowSeconds: number;
}

export interface BudgetStore {
  /**
   * Counts one use of every key, exactly, and returns the counts including it, in order. Inside a
   * transaction the counts stand or fall with it: a caller that finds one over its limit rolls back.
   */
  spend(
    keys: readonly BudgetKey[],
    now: number,
    /** Counters to read along, not counted; their uses follow in order. */
    alsoRead?: readonly BudgetKey[],
  ): Promise<readonly number[]>;
  /** Counts without counting: the uses so far, in order. */
  read(keys: readonly BudgetKey[], now: number): Promise<readonly number[]>;
  /** Gives one use of every key back, never below zero. */
  refund(keys: readonly BudgetKey[], now: number): Promise<void>;
  /** Ends a counter without window: it starts anew. */
  clear(scope: string, subject: string): Promise<void>;
}

/** What one mail is doing. `decoy` rows are never sent: they cost what a real one costs (S62). */
export type MessageState = 'queued' | 'sending' | 'sent' | 'abandoned' | 'decoy';

/** One mail waiting in the database, its content sealed. */
export interface OutboxMessage {
  /** 22 base64url characters; the Message-ID is made of it, so that duplicates thread. */
  readonly id: string;
  readonly tenant: string;
  /** AES-256-GCM of the content (room mail knows what is inside), base64url; null once final. */
  readonly sealed: string | null;
  readonly state: MessageState;
  /** Delivery attempts so far. */
  readonly deliveries: number;
  readonly nextAttemptAt: number;
  readonly expiresAt: number;
  readonly createdAt: number;
  /** Who is sending it now. */
  readonly lease: string | null;
  readonly leaseUntil: number | null;
  /** Why the last delivery failed: a class such as `smtp_550`, never a text from outside. */
  readonly fault: string | null;
}

/** A message as it enters: waiting, never to be sent, or leased to its writer from the first moment. */
export type NewOutboxMessage = Pick<
  OutboxMessage,
  'id' | 'tenant' | 'sealed' | 'nextAttemptAt' | 'expiresAt' | 'createdAt'
> &
  (
    | { readonly state: 'queued' | 'decoy' }
    | { readonly state: 'sending'; readonly lease: string; readonly leaseUntil: number }
  );

export interface OutboxStore {
  /** Adds a message; one that enters as `sending` counts its first delivery. */
  enqueue(message: NewOutboxMessage): Promise<void>;
  find(id: string): Promise<OutboxMessage | undefined>;
  /** Ids that could be leased now (queued and due, or sending with a lease that ran out), oldest first. */
  due(now: number, limit: number): Promise<readonly string[]>;
  /** When the earliest message becomes due, or undefined when none waits. */
  nextDueAt(): Promise<number | undefined>;
  /**
   * Takes one message for sending by a conditional update; counts the delivery.
   * @returns the message, or undefined when it is not due any more or another worker has it
   */
  lease(
    id: string,
    lease: string,
    now: number,
    leaseUntil: number,
  ): Promise<OutboxMessage | undefined>;
  /** Extends a lease still held. @returns false when it was lost */
  renew(id: string, lease: string, leaseUntil: number): Promise<boolean>;
  /** Final: sent or abandoned. The content is wiped. @returns false when the lease was lost */
  settle(
    id: string,
    lease: string,
    outcome: { readonly state: 'sent' | 'abandoned'; readonly fault: string | null },
  ): Promise<boolean>;
  /** Back to queued. @returns false when the lease was lost */
  postpone(id: string, lease: string, nextAttemptAt: number, fault: string): Promise<boolean>;
}

/** One mail kept for the development mailbox page instead of being sent. */
export interface MailboxMessage {
  readonly id: string;
  readonly receivedAt: number;
  readonly recipient: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface MailboxStore {
  put(message: MailboxMessage): Promise<void>;
  /** Newest first. */
  list(limit: number): Promise<readonly MailboxMessage[]>;
  find(id: string): Promise<MailboxMessage | undefined>;
}

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

export interface OidcStore {
  /** Inserts or replaces by (tenant, model, id); for a uid, replaces whichever row had it. */
  upsert(record: Omit<OidcRecord, 'consumedAt'>): Promise<void>;
  /** Inserts only. @returns false when the id is already there: a replay (S44) */
  insert(record: Omit<OidcRecord, 'consumedAt'>): Promise<boolean>;
  find(tenant: string, model: string, id: string): Promise<OidcRecord | undefined>;
  findByUid(tenant: string, model: string, uid: string): Promise<OidcRecord | undefined>;
  findByUserCode(tenant: string, model: string, userCode: string): Promise<OidcRecord | undefined>;
  /** Marks as used, once. @returns true for the one call that did it (S44) */
  consume(tenant: string, model: string, id: string, now: number): Promise<boolean>;
  destroy(tenant: string, model: string, id: string): Promise<void>;
  /** Removes the model's rows of one grant; without a model, the rows of every model. */
  destroyByGrant(tenant: string, grantId: string, model?: string): Promise<void>;
  /** Removes every record of one guest in every namespace: sessions, grants, codes, tokens (R68). */
  destroyByAccount(accountId: string): Promise<void>;
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
  /** Not published after; null while current. */
  readonly retiredAt: number | null;
}

export interface KeyStore {
  list(tenant: string): Promise<readonly SigningKey[]>;
  /** @returns false when the generation already exists: another node was first */
  insert(key: SigningKey): Promise<boolean>;
}

/** Everything that is remembered. */
export interface Store {
  readonly guests: GuestStore;
  readonly signIns: SignInStore;
  readonly journeys: JourneyStore;
  readonly passcodes: PasscodeStore;
  readonly budgets: BudgetStore;
  readonly outbox: OutboxStore;
  readonly mailbox: MailboxStore;
  readonly oidc: OidcStore;
  readonly keys: KeyStore;
  /**
   * Runs `work` atomically on a store of its own; a throw rolls everything back and is rethrown.
   * May run `work` again after a deadlock (MySQL 1213, 1205), so it must have no effect outside
   * the store. No network call belongs inside.
   */
  transaction<T>(work: (store: Store) => Promise<T>): Promise<T>;
  /** Deletes rows past their time in batches of at most `batch`; returns how many went. */
  purge(now: number, batch: number): Promise<number>;
  /** Epoch seconds, with a fraction where it has one, by the database's own clock (S4). */
  databaseTime(): Promise<number>;
  /** Throws {@link GuestError} `unavailable` when a real table cannot be read. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
