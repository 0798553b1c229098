// Owns `guestpass sessions revoke`: whoever is signed in as a guest is so no longer.

import { type GuestOptions, unknownGuest, withGuest } from './named-guest.ts';
import { answer, type Output, terminal } from './output.ts';

/**
 * Ends sessions, tokens and live passcodes of a guest, nothing else: they may sign in anew. The next
 * request at the server finds them ended; applications keep what they have until they ask again.
 *
 * @returns the exit code: 1 when the address is no guest's
 * @source S29
 */
export async function revokeSessions(
  email: string,
  options: GuestOptions,
  output: Output = terminal,
): Promise<number> {
  return withGuest(email, options, output, async (admin, guest) => {
    if (!(await admin.revokeSessions(guest))) return unknownGuest(output, email, admin);
    const { id } = admin.tenant;
    const value = { tenant: id, address: guest.address, sub: guest.id, outcome: 'revoked' };
    return answer(output, value, `${guest.address}  sessions revoked  ${id}`);
  });
}
