// Owns finding the one guest a command names.

import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import { type ActorOptions, withAdmin } from './open-admin.ts';
import { failed, type Output, refused } from './output.ts';
import type { GuestRecords, KnownGuest, TenantAdmin } from './tenant-admin.ts';

/** What every command that changes a guest is told. */
export type GuestOptions = ActorOptions;

/** Finds the guest an address names. */
export type FindGuest = (
  records: GuestRecords,
  address: EmailAddress,
) => Promise<KnownGuest | undefined>;

const findGuest: FindGuest = (records, address) => records.find(address);

/** Of those removed, the one removed last. */
export const findRemoved: FindGuest = async (records, address) =>
  (await records.findRemoved(address))[0];

/**
 * Does something to the guest of an address.
 *
 * @returns the exit code of `act`; 1 when the address is none, or no guest's
 */
export async function withGuest(
  email: string,
  options: GuestOptions,
  output: Output,
  act: (admin: TenantAdmin, guest: KnownGuest) => Promise<number>,
  find: FindGuest = findGuest,
): Promise<number> {
  const address = parseEmailAddress(email);
  if (!address) return notAnAddress(output, email);
  return withAdmin(options, output, async (admin) => {
    const guest = await find(admin, address);
    return guest ? act(admin, guest) : unknownGuest(output, email, admin);
  });
}

/** Ends a command whose address is none. @returns the exit code */
export function notAnAddress(output: Output, email: string): number {
  return failed(output, `${email} is not an e-mail address`, 'address_malformed');
}

/** Ends a command whose address is no guest's. @returns the exit code */
export function unknownGuest(
  output: Output,
  email: string,
  { tenant }: Pick<GuestRecords, 'tenant'>,
): number {
  const sentence = `is no guest of ${tenant.id}`;
  return refused(output, email, { outcome: 'refused', code: 'not_invited', sentence });
}
