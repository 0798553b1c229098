// Owns taking from a guest what was given: each is part of the transaction of its cause, so that
// nothing is left behind by a crash in between (R68, T84).

import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import type { Guest, InvitationRenewal, Store } from '../storage/store.ts';

/** A reset to be made. */
export interface GuestReset {
  /** Moves the guest there: the present address, or one of the guest's other ones (R68). */
  readonly address?: EmailAddress;
  readonly renewal: InvitationRenewal;
}

/** What came of a reset. */
export type ResetOutcome =
  | 'reset'
  /** The new address is none of the guest's. */
  | 'address_unknown'
  | 'address_taken'
  /** No such guest, or removed. */
  | 'unknown';

/**
 * Back to PendingAcceptance under the same id; sessions, tokens and live passcodes end.
 *
 * @param tx the store of a transaction
 * @source rules R68
 */
export async function resetGuest(
  tx: Store,
  tenant: string,
  guest: Guest,
  { address, renewal }: GuestReset,
  now: number,
): Promise<ResetOutcome> {
  if (address && address.key !== guest.addressKey) {
    // Only what an administrator entered before: whoever can reset could otherwise move a guest,
    // and all the guest may open, to a mailbox of their own.
    const owner = await tx.guests.findByOtherAddress(tenant, address.key);
    if (owner?.id !== guest.id) return 'address_unknown';
  }
  const keys = await keysOf(tx, guest);
  const to = address && { address: { address: address.address, addressKey: address.key } };
  const outcome = await tx.guests.reset(tenant, guest.id, { ...renewal, ...to }, now);
  if (outcome === 'reset') await endAll(tx, guest, keys);
  return outcome;
}

/** Blocks a guest; sessions, tokens and live passcodes end. @returns false when not there */
export function blockGuest(tx: Store, tenant: string, guest: Guest, now: number): Promise<boolean> {
  return ending(tx, guest, () => tx.guests.setBlocked(tenant, guest.id, now, true));
}

/** Ends sessions, tokens and live passcodes; the guest may sign in anew. @returns false when not there */
export function revokeGuest(
  tx: Store,
  tenant: string,
  guest: Guest,
  now: number,
): Promise<boolean> {
  return ending(tx, guest, () => tx.guests.revoke(tenant, guest.id, now));
}

/** Removes a guest softly; sessions, tokens and live passcodes end. @returns false when not there */
export function removeGuest(
  tx: Store,
  tenant: string,
  guest: Guest,
  now: number,
): Promise<boolean> {
  return ending(tx, guest, () => tx.guests.remove(tenant, guest.id, now));
}

/** Makes a change, and ends what was given out if it was made. */
async function ending(tx: Store, guest: Guest, change: () => Promise<boolean>): Promise<boolean> {
  // Read before the change: a removal takes the addresses out of reach.
  const keys = await keysOf(tx, guest);
  const changed = await change();
  if (changed) await endAll(tx, guest, keys);
  return changed;
}

/** Every address the guest may have typed into a sign-in under way. */
async function keysOf(tx: Store, { tenant, id, addressKey }: Guest): Promise<readonly string[]> {
  const others = await tx.guests.listAddresses(tenant, id);
  return [addressKey, ...others.flatMap((address) => parseEmailAddress(address)?.key ?? [])];
}

async function endAll(tx: Store, guest: Guest, keys: readonly string[]): Promise<void> {
  for (const key of keys) await tx.signIns.endPasscodes(guest.tenant, key);
  await tx.oidc.destroyByAccount(guest.id);
}
