// Owns letting a guest of the database redeem anew, perhaps at another address.

import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import type { Tenant } from '../domain/tenant.ts';
import { type InvitationOrder, refusalOf } from '../guests/invitation-order.ts';
import type { InvitationOutcome } from '../guests/invitations.ts';
import type { Parts } from '../plugin/assemble.ts';
import type { Guest } from '../storage/store.ts';
import type { Refusal } from './output.ts';
import { refusalSentence } from './refusal-sentence.ts';
import type { ResetOrder } from './tenant-admin.ts';

/** A reset, and who asked for it. */
export interface ActedReset extends ResetOrder {
  readonly actor: string;
}

/**
 * Resets a guest, whose address is noted first when it is a new one.
 *
 * @returns a refusal with its own sentence for an address that is somebody else's
 * @source rules R68
 */
export async function resetAt(
  parts: Parts,
  tenant: Tenant,
  guest: Guest,
  reset: ActedReset,
): Promise<InvitationOutcome | Refusal> {
  const { to, actor } = reset;
  const order = resetOrderOf(tenant, guest, reset);
  // Before the address is noted: a reset that is refused leaves nothing behind.
  const code = refusalOf(tenant, order, tenant.clients);
  if (code) {
    return { outcome: 'refused', code, sentence: refusalSentence(code, tenant.displayName) };
  }
  if (to && !(await noteAddress(parts, tenant, guest, to, actor))) {
    const sentence = `is the address of another guest of ${tenant.id}`;
    return { outcome: 'refused', code: 'address_taken', sentence };
  }
  return parts.invitations.create(tenant, order);
}

/** What the guest was told before is said again, in the name of the same inviter. */
export function resetOrderOf(
  tenant: Tenant,
  { address: known, invitedBy, invitation }: Guest,
  { to, sendMessage, actor }: ActedReset,
): InvitationOrder {
  const address = to ?? parseEmailAddress(known);
  if (!address) throw new TypeError(`a guest whose address is none: ${known}`);
  const order: InvitationOrder = {
    address,
    invitedBy,
    message: invitation?.message ?? null,
    language: invitation?.language ?? null,
    cc: parseEmailAddress(invitation?.cc ?? '') ?? null,
    redirectUrl: invitation?.redirectUrl ?? null,
    role: 'administrator',
    actor,
    sendMessage,
    resetRedemption: true,
  };
  // The page belonged to an application that is gone: no reason to keep the guest out.
  const isPageGone = refusalOf(tenant, order, tenant.clients) === 'redirect_unregistered';
  return isPageGone ? { ...order, redirectUrl: null } : order;
}

/** A guest is moved only to an address of theirs. @returns false when it is somebody else's */
async function noteAddress(
  { store, administration }: Parts,
  tenant: Tenant,
  guest: Guest,
  { key, ...address }: EmailAddress,
  actor: string,
): Promise<boolean> {
  const { guests } = store;
  const owner =
    (await guests.findByAddress(tenant.id, key)) ??
    (await guests.findByOtherAddress(tenant.id, key));
  if (owner) return owner.id === guest.id;
  return administration.addAddress(tenant, guest, { key, ...address }, actor);
}
