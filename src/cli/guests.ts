// Owns `guestpass guests show`, `block`, `unblock`, `remove` and `restore`.

import { parseEmailAddress } from '../domain/email-address.ts';
import { resolveTenant } from '../domain/tenant.ts';
import { describeGuest } from './guest-words.ts';
import { lookAtConfiguration, lookAtGuests, type TenantOptions } from './installation.ts';
import {
  actorOf,
  findGuest,
  findRemoved,
  type GuestOptions,
  unknownGuest,
  withGuest,
} from './named-guest.ts';
import { EXIT, failed, type Output, refused, terminal } from './output.ts';

/**
 * Says what is known of a guest, or of those removed who had the address. Changes nothing.
 *
 * @returns the exit code: 1 when there is none
 */
export async function showGuest(
  email: string,
  options: TenantOptions,
  output: Output = terminal,
): Promise<number> {
  const address = parseEmailAddress(email);
  if (!address) return failed(output, `${email} is not an e-mail address`);
  const { database, tenants } = await lookAtConfiguration(options.config, output);
  const named = resolveTenant(tenants, options.tenant);
  if (named.outcome !== 'tenant') return failed(output, `there is no tenant ${options.tenant}`);
  const { tenant } = named;
  return lookAtGuests(database, async (guests, now) => {
    const guest = await findGuest(guests, tenant, address);
    const shown = guest ? [guest] : await guests.listRemoved(tenant.id, address.key);
    if (shown.length === 0) return unknownGuest(output, email, tenant);
    for (const found of shown) {
      const others = guest ? await guests.listAddresses(tenant.id, found.id) : [];
      const refuses = await guests.hasBlockedInvitations(tenant.id, address.key);
      output.say(`${found.address}  ${tenant.id}`);
      output.say(`  sub              ${found.id}`);
      output.say(`  state            ${found.state}`);
      output.say(`  so far           ${describeGuest(found, now)}`);
      if (others.length > 0) output.say(`  other addresses  ${others.join(', ')}`);
      if (refuses) output.say('  invitations      blocked by the owner of the address');
    }
    return EXIT.fine;
  });
}

/** What can be done to a guest in one step. */
export type GuestChange = 'block' | 'unblock' | 'remove' | 'restore';

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
  const [done, not] = SAID[change];
  const find = change === 'restore' ? findRemoved : findGuest;
  const act: Parameters<typeof withGuest>[3] = async ({ administration }, tenant, guest) => {
    if (!(await administration[change](tenant, guest, actorOf(options)))) {
      return refused(output, email, 'guest_unavailable', tenant, not);
    }
    output.say(`${guest.address}  ${done}  ${tenant.id}`);
    return EXIT.fine;
  };
  return withGuest(email, options, output, act, find);
}
