// Owns which organisations of this installation invited an address: for its owner and nobody else.

import type { Clock } from '../domain/clock.ts';
import type { TenantIndex } from '../domain/tenant.ts';
import type { Guest, GuestStore } from '../storage/store.ts';

/** Another organisation that invited the address of a guest. */
export interface Organisation {
  readonly id: string;
  readonly displayName: string;
  /** Whether the guest accepted, or is only invited yet. */
  readonly accepted: boolean;
}

/**
 * Lists the other organisations that invited a guest's address, by name. Only for whoever has just
 * proven that mailbox by a code this installation mailed: every other proof is a place's word that an
 * administrator of the guest's tenant chose, who would learn here with whom anybody works.
 */
export type ListOrganisations = (guest: Guest) => Promise<readonly Organisation[]>;

const MOST = 100;

/** @source "My apps"; security, asset A4 (who works with whom is confidential) */
export function createListOrganisations(deps: {
  readonly guests: Pick<GuestStore, 'listInvitations'>;
  readonly tenants: () => TenantIndex;
  readonly clock: Clock;
}): ListOrganisations {
  const { guests, tenants, clock } = deps;
  return async (guest) => {
    const found = await guests.listInvitations(guest.addressKey, clock(), MOST);
    return found
      .flatMap(({ tenant: id, state }) => {
        const tenant = tenants().byId.get(id);
        if (id === guest.tenant || !tenant || tenant.listedElsewhere === false) return [];
        return [{ id, displayName: tenant.displayName, accepted: state === 'Accepted' }];
      })
      .toSorted((a, b) => a.displayName.localeCompare(b.displayName));
  };
}
