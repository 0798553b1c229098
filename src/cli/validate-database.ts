// Owns `guestpass validate --against-database`: guests whom the configuration no longer serves.

import type { Tenant } from '../domain/tenant.ts';
import { describeLockout, type LockoutEffect } from '../guests/lockout.ts';
import { findLockouts } from '../guests/lockout-find.ts';
import type { DatabaseSettings } from '../settings/settings.ts';
import { lookAtGuests } from './installation.ts';

/** Guests of a tenant who are kept out, and why. */
export interface TenantLockout {
  readonly tenant: string;
  /** `locked_out` for who has redeemed; the rest is worth knowing and no fault. */
  readonly effect: LockoutEffect;
  readonly count: number;
  readonly message: string;
}

/**
 * Finds which guests of the database the configuration keeps out, those of tenants without a file
 * included. Changes nothing.
 * @throws {GuestError} `unavailable`
 * @source rules R7, R41
 */
export async function findLockedOut(
  database: DatabaseSettings,
  tenants: readonly Tenant[],
): Promise<readonly TenantLockout[]> {
  const byId = new Map(tenants.map((tenant) => [tenant.id, tenant]));
  return lookAtGuests(database, async (guests, now) => {
    const found: TenantLockout[] = [];
    for (const id of await guests.listTenants()) {
      for (const lockout of findLockouts(byId.get(id), await guests.countBy(id), now)) {
        const { effect, count } = lockout;
        found.push({ tenant: id, effect, count, message: describeLockout(lockout) });
      }
    }
    return found;
  });
}
