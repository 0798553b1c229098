// Owns `guestpass invitations resend` and `revoke`.

import { answerInvited } from './invite.ts';
import { type GuestOptions, withGuest } from './named-guest.ts';
import { answer, type Output, refused, terminal } from './output.ts';
import type { TenantAdmin } from './tenant-admin.ts';

/** Mails an invitation once more, with a new link in place of the old one. @returns the exit code */
export async function resendInvitation(
  email: string,
  options: GuestOptions,
  output: Output = terminal,
): Promise<number> {
  return withGuest(email, options, output, async (admin, guest) => {
    const sent = await admin.resend(guest);
    if (sent.outcome === 'refused') return refused(output, email, sent);
    if (sent.outcome === 'guest_already') return accepted(output, email, admin, 'reset');
    await admin.deliver(output);
    return answerInvited(output, sent, sent.address, admin);
  });
}

/**
 * Takes an invitation back that nobody has accepted: the guest is removed, restorable for 30 days.
 *
 * @returns the exit code
 */
export async function revokeInvitation(
  email: string,
  options: GuestOptions,
  output: Output = terminal,
): Promise<number> {
  return withGuest(email, options, output, async (admin, guest) => {
    if (!(await admin.revokeInvitation(guest))) return accepted(output, email, admin, 'remove');
    const { id } = admin.tenant;
    const value = { tenant: id, address: guest.address, sub: guest.id, outcome: 'revoked' };
    return answer(output, value, `${guest.address}  revoked  ${id}`);
  });
}

function accepted(
  output: Output,
  email: string,
  { tenant }: TenantAdmin,
  instead: 'reset' | 'remove',
): number {
  const command = `guestpass guests ${instead} ${email} --tenant ${tenant.id}`;
  const sentence = `has accepted the invitation; ${command}`;
  return refused(output, email, { outcome: 'refused', code: 'guest_already', sentence });
}
