// Owns `guestpass invite --csv --dry-run`: what would become of every row.

import { createProgress, summarise } from './bulk-progress.ts';
import { type Ending, ending } from './bulk-results.ts';
import { type BulkRow, soundRows } from './bulk-rows.ts';
import { type InviteOptions, orderOf } from './invite.ts';
import { withRecords } from './open-admin.ts';
import type { Output } from './output.ts';
import type { GuestRecords } from './tenant-admin.ts';

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
  return withRecords(options, output, async (records) => {
    const progress = createProgress(output, total, 0);
    for await (const row of soundRows(file)) {
      const { outcome, code } = await foresee(records, row, options);
      progress.count(outcome);
      if (outcome !== 'failed') continue;
      progress.output.warn(`${file}:${row.line}  ${row.address.address}  ${code}`);
    }
    progress.close();
    const value = { tenant: records.tenant.id, rows: total, resultFile: null };
    return summarise(progress, { last: 'nothing was changed', value }, output);
  });
}

async function foresee(
  records: GuestRecords,
  row: BulkRow,
  options: InviteOptions,
): Promise<Ending> {
  if (row.sameAs !== null) return ending('duplicate', `line_${row.sameAs}`);
  const refusal = await records.foreseeRefusal(orderOf(row, options));
  if (refusal) return ending('failed', refusal.code);
  const guest = await records.find(row.address);
  if (!guest) return ending('invited');
  if (guest.blockedAt !== null) return ending('failed', 'guest_unavailable');
  if (guest.state === 'PendingAcceptance') return ending('invited again');
  return ending(options.reset === true ? 'reset' : 'already');
}
