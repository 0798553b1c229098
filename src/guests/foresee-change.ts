// Owns thinking a change of a tenant's file through before it is written: judged as the next start
// would judge it, and whom it would lock out.

import type { Tenant } from '../domain/tenant.ts';
import type { ConfigurationFault } from '../settings/fault.ts';
import type { Environment } from '../settings/reading.ts';
import type { GuestCount } from '../storage/store.ts';
import { checkTenantEdit } from '../tenants/check-edit.ts';
import { draftTenantEdit, type TenantChange, type TenantEdit } from '../tenants/edit.ts';
import type { Lockout } from './lockout.ts';
import { previewLockout } from './lockout-preview.ts';

/** Where the change is to be made, and at what moment. */
export interface ChangeScene {
  /** The configuration folder. */
  readonly directory: string;
  /** Whether literal secrets may stand in a file. */
  readonly isLoopback: boolean;
  /** Environment variables that references in the file name; default the process' own. */
  readonly env?: Environment | undefined;
  /** As it is served now. */
  readonly tenant: Tenant;
  /** Every tenant; the one that is changed may be among them. */
  readonly tenants: Iterable<Tenant>;
  /** Of the tenant's guests. */
  readonly counts: readonly GuestCount[];
  /** Epoch seconds. */
  readonly now: number;
}

/** What would come of a change. */
export type ForeseenChange =
  | {
      readonly outcome: 'foreseen';
      /** To be written by `writeTenantEdit`. */
      readonly edit: TenantEdit;
      readonly lockouts: readonly Lockout[];
      /** Worth reading, no reason against it. */
      readonly notices: readonly string[];
    }
  /** The file says so already. */
  | { readonly outcome: 'unchanged' }
  /** No file of that tenant, or one that cannot be read. */
  | { readonly outcome: 'missing' }
  /** A value is in the way; `fault` says so. */
  | { readonly outcome: 'refused'; readonly fault: string }
  /** The file would not be valid with it. */
  | { readonly outcome: 'faulty'; readonly faults: readonly ConfigurationFault[] };

/**
 * Thinks a change through. Writes nothing.
 *
 * @source rules R41, R44, R54, R55; S57
 */
export async function foreseeChange(
  { directory, isLoopback, env, tenant, tenants, counts, now }: ChangeScene,
  changes: readonly TenantChange[],
): Promise<ForeseenChange> {
  const edit = await draftTenantEdit(directory, tenant.id, changes);
  if ('outcome' in edit) return edit;
  const others = [...tenants].filter(({ id }) => id !== tenant.id);
  const check = await checkTenantEdit(edit, others, isLoopback, env);
  if (check.outcome === 'faulty') return check;
  const { notices } = check;
  const lockouts = previewLockout(tenant, check.tenant, counts, now);
  return { outcome: 'foreseen', edit, lockouts, notices };
}
