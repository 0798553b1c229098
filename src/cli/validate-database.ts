// Owns `guestpass validate --against-database`: guests whom the configuration no longer serves.

import type { Tenant } from '../domain/tenant.ts';
import { describeLockout } from '../guests/lockout.ts';
import { findLockouts } from '../guests/lockout-find.ts';
import type { DatabaseSettings } from '../settings/settings.ts';
import { lookAtGuests } from './installation.ts';
import type { Output } from './output.ts';

/**
 * Says which guests of the database the configuration keeps out, a line each with its tenant, those
 * of tenants without a file included. Changes nothing.
 *
 * @returns whether anybody who has redeemed is locked out; the rest is worth knowing and no fault
 * @throws {GuestError} `unavailable`
 * @source rules R7, R41
 */
export async function warnOfLockouts(
  database: DatabaseSettings,
  tenants: readonly Tenant[],
  output: Output,
): Promise<boolean> {
  const byId = new Map(tenants.map((tenant) => [tenant.id, tenant]));
  return lookAtGuests(database, async (guests, now) => {
    let isAnybodyOut = false;
    for (const id of await guests.listTenants()) {
      for (const lockout of findLockouts(byId.get(id), await guests.countBy(id), now)) {
        output.warn(`${id}  ${describeLockout(lockout)}`);
        isAnybodyOut ||= lockout.effect === 'locked_out';
      }
    }
    return isAnybodyOut;
  });
}
