// Owns `guestpass guests reset`: a guest redeems anew, perhaps at another address.

import { parseEmailAddress } from '../domain/email-address.ts';
import { answerInvited } from './invite.ts';
import { type GuestOptions, notAnAddress, withGuest } from './named-guest.ts';
import { misused, type Output, refused, terminal } from './output.ts';

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
  const { newAddress, mail, url } = options;
  if (url !== undefined && newAddress !== undefined) {
    return misused(output, '--new-address needs the files and the database');
  }
  const to = newAddress === undefined ? undefined : parseEmailAddress(newAddress);
  if (newAddress !== undefined && !to) return notAnAddress(output, newAddress);
  return withGuest(email, options, output, async (admin, guest) => {
    const reset = await admin.reset(guest, { ...(to && { to }), sendMessage: mail });
    if (reset.outcome === 'refused') return refused(output, to?.address ?? guest.address, reset);
    if (mail) await admin.deliver(output);
    return answerInvited(output, reset, reset.address, admin);
  });
}
