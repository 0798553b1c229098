// Owns the port of administering the guests of one tenant: what commands need, wherever the tenant
// is. Two sides keep to it: the database here (local-admin.ts) and a server's admin API
// (remote-admin.ts).

import type { EmailAddress } from '../domain/email-address.ts';
import type { InvitationOrder } from '../guests/invitation-order.ts';
import type { SentMail } from '../mail/fates.ts';
import type { ExternalUserState, Guest } from '../storage/store.ts';
import type { Output, Refusal } from './output.ts';

/** Where a tenant is administered: files and database of this machine, or a running server. */
export interface PlaceOptions {
  /** The configuration folder; not looked at with `url`. */
  readonly config: string;
  /** Id or verified domain; the id alone with `url`. */
  readonly tenant: string;
  /** Base of a server's admin listener, e.g. `http://127.0.0.1:3001`. */
  readonly url?: string;
}

/** What is known of a guest, from either side. */
export type KnownGuest = Pick<
  Guest,
  | 'id'
  | 'address'
  | 'displayName'
  | 'kind'
  | 'state'
  | 'method'
  | 'connection'
  | 'invitedBy'
  | 'invitationId'
  | 'invitedAt'
  | 'invitationExpiresAt'
  | 'redeemedAt'
  | 'resetAt'
  | 'blockedAt'
  | 'removedAt'
>;

/** An invitation that stands. */
export interface Invited {
  readonly outcome: 'invited' | 'invited_again' | 'guest_already' | 'reset';
  /** Where it went. */
  readonly address: string;
  /** The `sub` of the guest. */
  readonly id: string;
  /** Opens it; null for a guest who has nothing to accept. */
  readonly link: string | null;
}

/** What can be looked up. Nothing of it changes anything. */
export interface GuestRecords {
  /** The name is the id where nobody told it. */
  readonly tenant: { readonly id: string; readonly displayName: string };
  /** Epoch seconds. */
  readonly now: number;
  /** By the invited address, else by another one of theirs (R58); also the blocked. */
  find(address: EmailAddress): Promise<KnownGuest | undefined>;
  /** Removed guests of an address, newest first. */
  findRemoved(address: EmailAddress): Promise<readonly KnownGuest[]>;
  /** Guests who are not removed. */
  list(state?: ExternalUserState): AsyncIterable<KnownGuest>;
  /** Guests with an invitation they have not accepted, those that have ended included. */
  listInvitations(): AsyncIterable<KnownGuest>;
  listAddresses(guest: KnownGuest): Promise<readonly string[]>;
  /** Mails of the last two weeks, newest first; undefined: not told. */
  listMails(guest: KnownGuest): Promise<readonly SentMail[] | undefined>;
  /** Whether the owner of an address takes no invitations of the tenant; undefined: not told. */
  refusesInvitations(address: EmailAddress): Promise<boolean | undefined>;
  /** Why an invitation would be refused, as far as that can be known without making it. */
  foreseeRefusal(order: InvitationOrder): Promise<Refusal | undefined>;
}

/** What can be done to a guest in one step. */
export type GuestChange = 'block' | 'unblock' | 'remove' | 'restore';

/** Everything a command may do to the guests of a tenant. A guest who is gone by then is `false`. */
export interface TenantAdmin extends GuestRecords {
  /**
   * @param key the same for the same invitation: asked a second time, it is not made a second time
   *   where the other side can tell
   */
  invite(order: InvitationOrder, key?: string): Promise<Invited | Refusal>;
  /** How long a key is remembered; 0 where it is not. */
  readonly keysKeptSeconds: number;
  /** @returns `guest_already` when it was accepted */
  resend(guest: KnownGuest): Promise<Invited | Refusal>;
  /** Takes an invitation back that nobody has accepted. */
  revokeInvitation(guest: KnownGuest): Promise<boolean>;
  /** Lets a guest redeem anew, perhaps at another address of theirs (R68). */
  reset(guest: KnownGuest, reset: ResetOrder): Promise<Invited | Refusal>;
  change(change: GuestChange, guest: KnownGuest): Promise<boolean>;
  revokeSessions(guest: KnownGuest): Promise<boolean>;
  /** Tries waiting mail once, where that is this side's to do. */
  deliver(output: Output): Promise<void>;
}

/** How a guest is reset. */
export interface ResetOrder {
  /** Moves the guest there. */
  readonly to?: EmailAddress;
  readonly sendMessage: boolean;
}
