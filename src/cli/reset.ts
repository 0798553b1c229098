// Owns `guestpass guests reset`: a guest redeems anew, perhaps at another address.

import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import type { Tenant } from '../domain/tenant.ts';
import { type InvitationOrder, refusalOf } from '../guests/invitation-order.ts';
import type { Parts } from '../plugin/assemble.ts';
import type { Guest } from '../storage/store.ts';
import { deliver } from './installation.ts';
import { invitationLine } from './invite.ts';
import { actorOf, findGuest, type GuestOptions, withGuest } from './named-guest.ts';
import { EXIT, failed, type Output, refused, terminal } from './output.ts';

export interface ResetOptions extends GuestOptions {
  /** Moves the guest to another address. */
  readonly newAddress?: string;
  /** false with `--no-mail`. */
  readonly mail: boolean;
}

/**
 * Lets a guest redeem anew under the same `sub`, and mails a new invitation that says what the last
 * one said. Ends sessions, tokens and live passcodes. A guest who has not redeemed yet is invited
 * again.
 *
 * @returns the exit code
 * @source rules R68
 */
export async function resetGuest(
  email: string,
  options: ResetOptions,
  output: Output = terminal,
): Promise<number> {
  const { newAddress } = options;
  const to = newAddress === undefined ? undefined : parseEmailAddress(newAddress);
  if (newAddress !== undefined && !to) {
    return failed(output, `${newAddress} is not an e-mail address`);
  }
  return withGuest(email, options, output, async (parts, tenant, guest) => {
    const order = resetOrderOf(tenant, guest, to, options);
    // Before the address is noted: a reset that is refused leaves nothing behind.
    const refusal = refusalOf(tenant, order, tenant.clients);
    if (refusal) return refused(output, order.address.address, refusal, tenant);
    if (to && !(await noteAddress(parts, tenant, guest, to, options))) {
      const sentence = `is the address of another guest of ${tenant.id}`;
      return failed(output, `${to.address}  address_taken  ${sentence}`);
    }
    const reset = await parts.invitations.create(tenant, order);
    if (reset.outcome === 'refused') return refused(output, guest.address, reset.code, tenant);
    output.say(invitationLine(reset.guest.address, tenant, reset));
    if (options.mail) await deliver(parts, output);
    return EXIT.fine;
  });
}

/** What the guest was told before is said again, in the name of the same inviter. */
export function resetOrderOf(
  tenant: Tenant,
  { address: known, invitedBy, invitation }: Guest,
  to: EmailAddress | undefined,
  options: Omit<ResetOptions, 'newAddress'>,
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
    actor: actorOf(options),
    sendMessage: options.mail,
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
  address: EmailAddress,
  options: GuestOptions,
): Promise<boolean> {
  const owner = await findGuest(store.guests, tenant, address);
  if (owner) return owner.id === guest.id;
  return administration.addAddress(tenant, guest, address, actorOf(options));
}
