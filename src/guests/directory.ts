// Owns the guests of a tenant: who was invited, who may sign in, what redemption binds.

import { randomBytes } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import type { EmailAddress } from '../domain/email-address.ts';
import type { Guest, RedemptionMethod, Store } from '../storage/store.ts';

/** What an invitation says of a guest. */
export interface GuestInvitation {
  readonly tenant: string;
  readonly address: EmailAddress;
  readonly displayName?: string | null;
  readonly invitedBy?: string | null;
}

export interface Directory {
  /**
   * Makes a guest in state PendingAcceptance, once per tenant and address; a second invitation
   * returns the guest that stands, unchanged. Nothing says which method the guest will use (R4).
   */
  invite(
    invitation: GuestInvitation,
  ): Promise<{ readonly guest: Guest; readonly created: boolean }>;
  /** The guest an address belongs to, if that guest may sign in; undefined for everyone else. */
  findByAddress(tenant: string, addressKey: string): Promise<Guest | undefined>;
  /** The guest of a `sub`, if that guest may sign in; without a tenant, over all of them. */
  findBySubject(tenant: string | undefined, subject: string): Promise<Guest | undefined>;
  /** Binds the method and accepts, once; a guest already redeemed keeps what they have (R6). */
  redeem(guest: Guest, method: RedemptionMethod): Promise<void>;
}

/** @param deps the store and the clock */
export function createDirectory({ store, clock }: { store: Store; clock: Clock }): Directory {
  return {
    invite: ({ tenant, address, displayName = null, invitedBy = null }) =>
      store.guests.invite({
        tenant,
        // 128 random bits, never derived from the address: an address can change hands (S18).
        id: randomBytes(16).toString('base64url'),
        address: address.address,
        addressKey: address.key,
        displayName,
        invitedBy,
        state: 'PendingAcceptance',
        method: null,
        invitedAt: clock(),
        redeemedAt: null,
        blockedAt: null,
      }),
    async findByAddress(tenant, addressKey) {
      return usable(await store.guests.findByAddress(tenant, addressKey));
    },
    async findBySubject(tenant, subject) {
      return usable(
        tenant === undefined
          ? await store.guests.findById(subject)
          : await store.guests.find(tenant, subject),
      );
    },
    async redeem(guest, method) {
      if (guest.state === 'PendingAcceptance') {
        await store.guests.redeem(guest.tenant, guest.id, method, clock());
      }
    },
  };
}

function usable(guest: Guest | undefined): Guest | undefined {
  return guest && guest.blockedAt === null ? guest : undefined;
}
