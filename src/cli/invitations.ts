// Owns `guestpass invitations resend` and `withdraw`.

import type { Tenant } from '../domain/tenant.ts';
import { deliver } from './installation.ts';
import { invitationLine } from './invite.ts';
import { actorOf, type GuestOptions, withGuest } from './named-guest.ts';
import { EXIT, failed, type Output, refused, terminal } from './output.ts';

/** Mails an invitation once more, with a new link in place of the old one. @returns the exit code */
export async function resendInvitation(
  email: string,
  options: GuestOptions,
  output: Output = terminal,
): Promise<number> {
  return withGuest(email, options, output, async (parts, tenant, guest) => {
    const sent = await parts.invitations.resend(tenant, guest, actorOf(options));
    if (sent.outcome === 'refused') return refused(output, email, sent.code, tenant);
    if (sent.outcome === 'guest_already') return accepted(output, email, tenant, 'reset');
    output.say(invitationLine(guest.address, tenant, sent));
    await deliver(parts, output);
    return EXIT.fine;
  });
}

/**
 * Takes an invitation back that nobody has accepted: the guest is removed, restorable for 30 days.
 *
 * @returns the exit code
 */
export async function withdrawInvitation(
  email: string,
  options: GuestOptions,
  output: Output = terminal,
): Promise<number> {
  return withGuest(email, options, output, async ({ invitations }, tenant, guest) => {
    const withdrawn = await invitations.withdraw(tenant, guest, actorOf(options));
    if (!withdrawn) return accepted(output, email, tenant, 'remove');
    output.say(`${guest.address}  withdrawn  ${tenant.id}`);
    return EXIT.fine;
  });
}

function accepted(
  output: Output,
  email: string,
  { id }: Tenant,
  instead: 'reset' | 'remove',
): number {
  const command = `guestpass guests ${instead} ${email} --tenant ${id}`;
  return failed(output, `${email}  guest_already  has accepted the invitation; ${command}`);
}
