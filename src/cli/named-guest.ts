// Owns finding the one guest a command names, and who it is that acts on them.

import { userInfo } from 'node:os';
import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Parts } from '../plugin/assemble.ts';
import type { Guest } from '../storage/store.ts';
import { atTenant, type GuestLookup, type TenantOptions } from './installation.ts';
import { failed, type Output, refused } from './output.ts';

/** What every command that changes a guest is told. */
export interface GuestOptions extends TenantOptions {
  /** Who does it, for the auditor; default `cli:` and who is logged in on this machine. */
  readonly actor?: string;
}

/** Finds the guest an address names. */
export type FindGuest = (
  guests: GuestLookup,
  tenant: Tenant,
  address: EmailAddress,
) => Promise<Guest | undefined>;

/** By the invited address, else by another one of theirs (R58); also the blocked. */
export const findGuest: FindGuest = async (guests, { id }, { key }) =>
  (await guests.findByAddress(id, key)) ?? guests.findByOtherAddress(id, key);

/** Of those removed, the one removed last. */
export const findRemoved: FindGuest = async (guests, { id }, { key }) =>
  (await guests.listRemoved(id, key))[0];

/**
 * Does something to the guest of an address, with all rooms joined.
 *
 * @returns the exit code of `act`; 1 when the address is none, or no guest's
 */
export async function withGuest(
  email: string,
  options: TenantOptions,
  output: Output,
  act: (parts: Parts, tenant: Tenant, guest: Guest) => Promise<number>,
  find: FindGuest = findGuest,
): Promise<number> {
  const address = parseEmailAddress(email);
  if (!address) return failed(output, `${email} is not an e-mail address`);
  return atTenant(options, output, async (parts, tenant) => {
    const guest = await find(parts.store.guests, tenant, address);
    return guest ? act(parts, tenant, guest) : unknownGuest(output, email, tenant);
  });
}

/** Ends a command whose address is no guest's. @returns the exit code */
export function unknownGuest(output: Output, email: string, tenant: Tenant): number {
  return refused(output, email, 'not_invited', tenant, `is no guest of ${tenant.id}`);
}

/** Who acts, as the log calls them. */
export function actorOf({ actor }: GuestOptions): string {
  return actor ?? `cli:${userName()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that nobody has a name for.
    return String(process.getuid?.() ?? 'unknown');
  }
}
