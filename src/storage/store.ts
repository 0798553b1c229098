// Owns the ports of everything that is remembered. Two stores implement them (SQLite and
// MySQL/MariaDB) and one contract suite (test/storage/store-contract.ts) holds both to this text.
//
// Times are integer epoch seconds. Every method that depends on the time takes `now`, so that one
// clock judges (S4). Every key starts with the tenant, so that no query can cross tenants (S33).

import type { AuditStore } from './audit-store.ts';
import type { BudgetStore, PasscodeStore } from './passcode-store.ts';
import type { GuestStore } from './guest-store.ts';
import type { JourneyStore, SignInStore } from './sign-in-store.ts';
import type { KeyStore, OidcStore } from './oidc-store.ts';
import type { SessionStore } from './session-store.ts';
import type { MailboxStore, OutboxStore } from './mail-store.ts';

export type { AuditQuery, AuditStore, StoredAuditEntry } from './audit-store.ts';
export type {
  ExternalUserState,
  Guest,
  GuestBinding,
  GuestCount,
  GuestKind,
  GuestStore,
  InvitationAt,
  InvitationDetails,
  InvitationRenewal,
  RedemptionMethod,
} from './guest-store.ts';
export type {
  MailboxMessage,
  MailboxStore,
  MailReport,
  MessageState,
  NewOutboxMessage,
  OutboxMessage,
  OutboxStore,
} from './mail-store.ts';
export type { KeyStore, OidcChanges, OidcRecord, OidcStore, SigningKey } from './oidc-store.ts';
export type { BudgetKey, BudgetStore, PasscodeRecord, PasscodeStore } from './passcode-store.ts';
export type { GuestSession, LiveSession, SessionStore } from './session-store.ts';
export type { JourneyStore, SignIn, SignInStore, UpstreamJourney } from './sign-in-store.ts';

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
  readonly sessions: SessionStore;
  readonly keys: KeyStore;
  readonly audit: AuditStore;
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
  /** Migrations of this version that the database has not; after a backup of before was put back. */
  pendingMigrations(): Promise<readonly string[]>;
  close(): Promise<void>;
}
