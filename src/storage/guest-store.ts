// Owns the port of guests: who there is, how they are bound, and what was said to them.

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
  /**
   * Guests of a tenant who are not removed, by id in ascending order.
   * @param query.address match key: only the guest whose invited address it is
   * @param query.otherAddress match key: only the guest who has it as another address
   * @param query.isInvited only who has an invitation: whoever signed up has none before a reset
   * @param query.after id the list goes on behind
   * @param query.limit most guests returned, 1 or more
   */
  list(
    tenant: string,
    query: {
      readonly state?: ExternalUserState;
      readonly address?: string;
      readonly otherAddress?: string;
      readonly isInvited?: true;
      readonly after?: string;
      readonly limit: number;
    },
  ): Promise<readonly Guest[]>;
  /**
   * Where an address is the invited one of a guest, over all tenants: for the owner of that address
   * and nobody else. Without those blocked, removed, or invited too long ago to accept.
   * @param limit most returned, by tenant in ascending order
   */
  listInvitations(address: string, now: number, limit: number): Promise<readonly InvitationAt[]>;
  /** How many guests of a tenant are alike; the removed are not counted. */
  countBy(tenant: string): Promise<readonly GuestCount[]>;
  /** Ids of tenants that have, or had, guests; in ascending order. */
  listTenants(): Promise<readonly string[]>;
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
  /** Changes the name shown of a guest. @returns false when not there */
  rename(tenant: string, id: string, displayName: string | null): Promise<boolean>;
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
  /**
   * Removed guests of a tenant who can still be restored, by id in ascending order.
   * @param query.address match key they had
   * @param query.after id the list goes on behind
   * @param query.limit most guests returned, 1 or more
   */
  listRestorable(
    tenant: string,
    query: { readonly address?: string; readonly after?: string; readonly limit: number },
    now: number,
  ): Promise<readonly Guest[]>;
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

/** That an address is a guest's somewhere: of the guest nothing else. */
export interface InvitationAt {
  readonly tenant: string;
  readonly state: ExternalUserState;
}

/** Guests who are alike in everything but their name. */
export interface GuestCount {
  readonly state: ExternalUserState;
  readonly method: RedemptionMethod | null;
  readonly connection: string | null;
  /** Of their addresses: lower-case A-labels. */
  readonly domain: string;
  readonly blocked: boolean;
  /** 1 or more. */
  readonly count: number;
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
