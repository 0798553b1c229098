// Owns changing a policy in the tenant's file while the server runs: foreseen, written, read again.

import type { Clock } from '../../domain/clock.ts';
import type { Tenant, TenantIndex } from '../../domain/tenant.ts';
import { foreseeChange } from '../../guests/foresee-change.ts';
import type { Lockout } from '../../guests/lockout.ts';
import { formatFault } from '../../settings/fault.ts';
import type { Environment } from '../../settings/reading.ts';
import type { GuestStore } from '../../storage/store.ts';
import { isReadOnly, writeTenantEdit, type WriteOutcome } from '../../tenants/edit.ts';

/** What came of it. */
export type PolicyChangeOutcome =
  | { readonly outcome: WriteOutcome | 'unchanged' | 'missing'; readonly lockouts: Lockouts }
  /** Guests would be locked out, and nobody said that they may be; nothing changed. */
  | { readonly outcome: 'locks_out_guests'; readonly lockouts: Lockouts }
  /** The file would not be valid, or the files as they are cannot be served. */
  | { readonly outcome: 'refused' | 'stale'; readonly lockouts: Lockouts; readonly fault: string };

type Lockouts = readonly Lockout[];

/**
 * Sets the passcode setting of a tenant.
 *
 * @param accepts whether guests may be locked out by it
 */
export type ChangePasscodes = (
  tenant: Tenant,
  value: Tenant['emailOneTimePasscode'],
  accepts: boolean,
) => Promise<PolicyChangeOutcome>;

/** The files of the running server. */
export interface ServedFiles {
  /** The configuration folder. */
  readonly directory: string;
  readonly env?: Environment | undefined;
  /** Whether literal secrets may stand in them. */
  readonly isLoopback: boolean;
  /** The first fault for which files were not taken over; undefined while they are served. */
  readonly stale: () => string | undefined;
  /** Lets the server read what was just changed. */
  readonly read: () => Promise<void>;
}

export interface PolicyChangeDeps {
  readonly guests: Pick<GuestStore, 'countBy'>;
  readonly tenants: () => TenantIndex;
  /** Without them no policy can be changed. */
  readonly files: ServedFiles | undefined;
  readonly clock: Clock;
}

/** @source rules R31, R36, R41, R44; S57 */
export function createChangePasscodes(deps: PolicyChangeDeps): ChangePasscodes {
  const { guests, tenants, files, clock } = deps;

  return async (tenant, value, accepts) => {
    const lockouts: Lockouts = [];
    if (!files) return { outcome: 'missing', lockouts };
    // Written all the same, it would be said to be done, and the old setting go on.
    const stale = files.stale();
    if (stale !== undefined) return { outcome: 'stale', fault: stale, lockouts };
    const counts = await guests.countBy(tenant.id);
    const scene = { ...files, tenant, tenants: tenants().byId.values(), counts, now: clock() };
    const change = { path: ['emailOneTimePasscode'], value };
    const foreseen = await foreseeChange(scene, [change]);
    switch (foreseen.outcome) {
      case 'unchanged':
      case 'missing':
        return { ...foreseen, lockouts };
      case 'refused':
        return { ...foreseen, lockouts };
      case 'faulty':
        return { outcome: 'refused', fault: formatFault(foreseen.faults[0]!), lockouts };
      case 'foreseen': {
        const keepsOut = foreseen.lockouts.some(({ effect }) => effect !== 'notice');
        // Before somebody takes upon them what cannot be written anyway.
        if (await isReadOnly(foreseen.edit)) return { outcome: 'read_only', lockouts };
        if (keepsOut && !accepts) return { ...foreseen, outcome: 'locks_out_guests' };
        const outcome = await writeTenantEdit(foreseen.edit);
        // Awaited, so that whoever asks next is told what was set.
        if (outcome === 'edited') await files.read();
        return { outcome, lockouts: foreseen.lockouts };
      }
    }
  };
}
