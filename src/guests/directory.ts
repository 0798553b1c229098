// Owns the guests of a tenant: who was invited, who may sign in, what redemption binds.

import { randomBytes } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import type { EmailAddress } from '../domain/email-address.ts';
import type {
  Guest,
  GuestBinding,
  GuestKind,
  GuestStore,
  InvitationDetails,
  Store,
} from '../storage/store.ts';

/** What an invitation says of a guest. */
export interface GuestInvitation {
  readonly tenant: string;
  readonly address: EmailAddress;
  readonly displayName?: string | null;
  readonly invitedBy?: string | null;
  /** Default `invited`. */
  readonly kind?: GuestKind;
  /** What a mailed link belongs to; without one there is no link. */
  readonly invitation?: {
    readonly id: string;
    /** Epoch seconds; null never ends. */
    readonly expiresAt: number | null;
    readonly details: InvitationDetails;
  };
}

export interface Directory {
  /**
   * Makes a guest in state PendingAcceptance, once per tenant and address; a second invitation
   * returns the guest that stands, unchanged. Nothing says which method the guest will use (R4).
   *
   * @param within the store of a transaction this is to be part of
   */
  invite(
    invitation: GuestInvitation,
    within?: Pick<Store, 'guests'>,
  ): Promise<{ readonly guest: Guest; readonly created: boolean }>;
  /**
   * Makes a guest of somebody who came by themselves, PendingAcceptance until they consent (R10).
   * @returns the guest that stands; undefined when that one is blocked
   */
  signUp(
    newcomer: Pick<GuestInvitation, 'tenant' | 'address' | 'displayName'>,
  ): Promise<Guest | undefined>;
  /**
   * The guest an address belongs to, as the invited one or as another one (R58), if that guest may
   * sign in; undefined for everyone else.
   */
  findByAddress(tenant: string, addressKey: string): Promise<Guest | undefined>;
  /** Whether an address is that of a guest who is not to be let in: no stranger's, then (R10). */
  isBarred(tenant: string, addressKey: string): Promise<boolean>;
  /** Whether some guest is bound to an upstream identity. */
  isBound(tenant: string, identity: string): Promise<boolean>;
  /** The guest of a `sub`, if that guest may sign in; without a tenant, over all of them. */
  findBySubject(tenant: string | undefined, subject: string): Promise<Guest | undefined>;
  /**
   * Binds the method and accepts, once; a guest already redeemed keeps what they have (R6, R7).
   * @returns `settled` when there was nothing to do; `identity_taken` when another guest of the
   *   tenant has the upstream identity, and then nothing changed
   */
  redeem(guest: Guest, binding: GuestBinding): Promise<'redeemed' | 'settled' | 'identity_taken'>;
}

/** @param deps the store and the clock */
export function createDirectory({ store, clock }: { store: Store; clock: Clock }): Directory {
  const directory: Directory = {
    invite: (invitation, within = store) =>
      within.guests.invite({ ...pending, ...guestOf(invitation), invitedAt: clock() }),
    async signUp(newcomer) {
      return usable((await directory.invite({ ...newcomer, kind: 'selfService' })).guest);
    },
    async findByAddress(tenant, addressKey) {
      return usable(await findAny(store.guests, tenant, addressKey));
    },
    async isBarred(tenant, addressKey) {
      const guest = await findAny(store.guests, tenant, addressKey);
      return guest !== undefined && usable(guest) === undefined;
    },
    async isBound(tenant, identity) {
      return (await store.guests.findByIdentity(tenant, identity)) !== undefined;
    },
    async findBySubject(tenant, subject) {
      return usable(
        tenant === undefined
          ? await store.guests.findById(subject)
          : await store.guests.find(tenant, subject),
      );
    },
    redeem: (guest, binding) =>
      guest.state === 'PendingAcceptance'
        ? store.guests.redeem(guest.tenant, guest.id, binding, clock())
        : Promise.resolve('settled'),
  };
  return directory;
}

/** What every guest begins as. */
const pending = {
  state: 'PendingAcceptance',
  method: null,
  connection: null,
  identity: null,
  idp: null,
  redeemedAt: null,
  blockedAt: null,
  resetAt: null,
  revokedAt: null,
  removedAt: null,
} as const;

function guestOf(invited: GuestInvitation) {
  const { tenant, address, displayName = null, invitedBy = null, kind = 'invited' } = invited;
  return {
    tenant,
    // 128 random bits, never derived from the address: an address can change hands (S18).
    id: randomBytes(16).toString('base64url'),
    address: address.address,
    addressKey: address.key,
    displayName,
    invitedBy,
    kind,
    invitationId: invited.invitation?.id ?? null,
    invitationExpiresAt: invited.invitation?.expiresAt ?? null,
    invitation: invited.invitation?.details ?? null,
  };
}

/** Blocked or not: a blocked guest must not be found a second time by another way. */
async function findAny(
  guests: GuestStore,
  tenant: string,
  addressKey: string,
): Promise<Guest | undefined> {
  const guest = await guests.findByAddress(tenant, addressKey);
  return guest ?? guests.findByOtherAddress(tenant, addressKey);
}

function usable(guest: Guest | undefined): Guest | undefined {
  return guest && guest.blockedAt === null && guest.removedAt === null ? guest : undefined;
}
