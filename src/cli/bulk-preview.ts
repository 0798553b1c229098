// Owns `guestpass invite --csv --dry-run`: what would become of every row.

import type { Tenant } from '../domain/tenant.ts';
import { refusalOf } from '../guests/invitation-order.ts';
import { createProgress, summarise } from './bulk-progress.ts';
import { type Ending, ending } from './bulk-results.ts';
import { type BulkRow, soundRows } from './bulk-rows.ts';
import { type GuestLookup, lookAtTenant } from './installation.ts';
import { type InviteOptions, orderOf } from './invite.ts';
import { findGuest } from './named-guest.ts';
import type { Output } from './output.ts';

/**
 * Says how the rows of a file would end. Changes nothing.
 *
 * @param file one without a fault
 * @returns the exit code: 1 when a row would be refused
 * @throws {GuestError} `unavailable`
 */
export async function foreseeList(
  file: string,
  total: number,
  options: InviteOptions,
  output: Output,
): Promise<number> {
  return lookAtTenant(options, output, async (guests, tenant) => {
    const progress = createProgress(output, total, 0);
    for await (const row of soundRows(file)) {
      const { outcome, code } = await foresee(guests, tenant, row, options);
      progress.count(outcome);
      if (outcome !== 'failed') continue;
      progress.output.warn(`${file}:${row.line}  ${row.address.address}  ${code}`);
    }
    progress.close();
    return summarise(progress, 'nothing was changed', output);
  });
}

async function foresee(
  guests: GuestLookup,
  tenant: Tenant,
  row: BulkRow,
  options: InviteOptions,
): Promise<Ending> {
  if (row.sameAs !== null) return ending('duplicate', `line_${row.sameAs}`);
  const code = refusalOf(tenant, orderOf(row, options), tenant.clients);
  if (code) return ending('failed', code);
  if (await guests.hasBlockedInvitations(tenant.id, row.address.key)) {
    return ending('failed', 'invitations_blocked');
  }
  const guest = await findGuest(guests, tenant, row.address);
  if (!guest) return ending('invited');
  if (guest.blockedAt !== null) return ending('failed', 'guest_unavailable');
  if (guest.state === 'PendingAcceptance') return ending('invited again');
  return ending(options.reset === true ? 'reset' : 'already');
}
