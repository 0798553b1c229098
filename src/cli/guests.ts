// Owns `guestpass guests show`, `block`, `unblock`, `remove` and `restore`.

import { parseEmailAddress } from '../domain/email-address.ts';
import { describeGuest, guestValue } from './guest-words.ts';
import { describeMail, mailValue } from './mail-words.ts';
import {
  findRemoved,
  type GuestOptions,
  notAnAddress,
  unknownGuest,
  withGuest,
} from './named-guest.ts';
import { withRecords } from './open-admin.ts';
import { answer, type Output, refused, terminal } from './output.ts';
import type { GuestChange, PlaceOptions } from './tenant-admin.ts';

/**
 * Says what is known of a guest, or of those removed who had the address. Changes nothing.
 *
 * @returns the exit code: 1 when there is none
 */
export async function showGuest(
  email: string,
  options: PlaceOptions,
  output: Output = terminal,
): Promise<number> {
  const address = parseEmailAddress(email);
  if (!address) return notAnAddress(output, email);
  return withRecords(options, output, async (records) => {
    const { tenant, now } = records;
    const guest = await records.find(address);
    const shown = guest ? [guest] : await records.findRemoved(address);
    if (shown.length === 0) return unknownGuest(output, email, records);
    const others = guest ? await records.listAddresses(guest) : [];
    const refuses = (await records.refusesInvitations(address)) ?? null;
    const mails = (guest && (await records.listMails(guest))) ?? [];
    const more = {
      tenant: tenant.id,
      otherAddresses: others,
      refusesInvitations: refuses,
      mails: mails.map(mailValue),
    };
    const values = shown.map((found) => ({ ...guestValue(found), ...more }));
    const lines = shown.flatMap((found) => [
      `${found.address}  ${tenant.id}`,
      `  sub              ${found.id}`,
      `  state            ${found.state}`,
      `  so far           ${describeGuest(found, now)}`,
      ...(others.length > 0 ? [`  other addresses  ${others.join(', ')}`] : []),
      ...(refuses ? ['  invitations      blocked by the owner of the address'] : []),
      ...mails.map(
        (mail, index) => `  ${index === 0 ? 'mails' : '     '}            ${describeMail(mail)}`,
      ),
    ]);
    return answer(output, values, ...lines);
  });
}

/** How each is told: done, or not. */
const SAID: Readonly<Record<GuestChange, readonly [done: string, not: string]>> = {
  block: ['blocked', 'is not there any more'],
  unblock: ['unblocked', 'is not there any more'],
  remove: ['removed', 'is not there any more'],
  restore: ['restored', 'was removed too long ago, or somebody else has the address'],
};

/**
 * Blocks, unblocks, removes or restores a guest; blocking and removing end sessions, tokens and live
 * passcodes.
 *
 * @returns the exit code
 * @source rules R77; S29
 */
export async function changeGuest(
  change: GuestChange,
  email: string,
  options: GuestOptions,
  output: Output = terminal,
): Promise<number> {
  const [done, sentence] = SAID[change];
  return withGuest(
    email,
    options,
    output,
    async (admin, guest) => {
      if (!(await admin.change(change, guest))) {
        return refused(output, email, { outcome: 'refused', code: 'guest_unavailable', sentence });
      }
      const { id } = admin.tenant;
      const value = { tenant: id, address: guest.address, sub: guest.id, outcome: done };
      return answer(output, value, `${guest.address}  ${done}  ${id}`);
    },
    change === 'restore' ? findRemoved : undefined,
  );
}
