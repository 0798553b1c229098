// Owns `guestpass invite --csv`: every row of a file is invited once, whatever happens in between.

import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { createProgress, type Progress, summarise } from './bulk-progress.ts';
import { foreseeList } from './bulk-preview.ts';
import {
  type EarlierRun,
  type Ending,
  ending,
  openResults,
  resultFileOf,
  type Results,
  resumeResults,
  type Unfinished,
} from './bulk-results.ts';
import { type BulkRow, readRows, type RowFault, soundRows } from './bulk-rows.ts';
import { checkInviteOptions, type InviteOptions, orderOf } from './invite.ts';
import { withAdmin } from './open-admin.ts';
import { failed, misused, type Output, terminal } from './output.ts';
import type { TenantAdmin } from './tenant-admin.ts';

export interface BulkInviteOptions extends InviteOptions {
  /** Says what would become of every row; changes nothing. */
  readonly dryRun?: boolean;
  /** Goes on where an earlier run of the same file ended. */
  readonly resume?: boolean;
}

/**
 * Invites every row of a CSV file. All rows are read before the first guest is made, so a wrong row
 * changes nothing; a row that repeats an address is named and left out. What became of each stands in
 * `FILE.result.csv`, which is written as it goes: killed at any moment, the same command with `resume`
 * invites the others, and nobody twice.
 *
 * @returns the exit code: 1 when a row was wrong or refused
 * @throws {GuestError} `unavailable`; `resume` goes on from there as well
 */
export async function inviteList(
  file: string,
  options: BulkInviteOptions,
  output: Output = terminal,
): Promise<number> {
  const wrong = checkInviteOptions(options, output);
  if (wrong !== undefined) return wrong;
  if (!existsSync(file)) return misused(output, `there is no file ${file}`);
  const total = await checkRows(file, options, output);
  if (typeof total === 'object') return total.end;
  if (options.dryRun === true) return foreseeList(file, total, options, output);
  const results = resultFileOf(file);
  if (options.resume !== true && existsSync(results)) {
    const because = 'add --resume to go on with it, or move it away to invite every row again';
    return misused(output, `${results} is there already: ${because}`);
  }
  const digest = await digestOf(file);
  return withAdmin(options, output, async (admin) => {
    const earlier = options.resume === true ? await resumeResults(results) : undefined;
    const changed = earlier && (await findChange(file, earlier));
    if (changed !== undefined) return failed(output, `${file}:${changed}  changed since then`);
    const progress = createProgress(output, total, earlier?.done.size ?? 0);
    const open = openResults(results, earlier === undefined);
    try {
      const bulk = { admin, options, file, digest, results: open, progress };
      const { done, unfinished } = earlier ?? {};
      // First of all: its beginning is the end of the result file.
      for await (const next of soundRows(file)) {
        if (next.line === unfinished?.line) await inviteRow(bulk, next, unfinished);
      }
      for await (const next of soundRows(file)) {
        const isDone = done?.has(next.line) === true || next.line === unfinished?.line;
        if (!isDone) await inviteRow(bulk, next);
      }
    } finally {
      open.close();
      progress.close();
    }
    if (options.mail) await admin.deliver(output);
    const value = { tenant: admin.tenant.id, rows: total, resultFile: results };
    return summarise(progress, { last: `every row: ${results}`, value }, output);
  });
}

/** @returns how many rows there are; the exit code after saying what is wrong with them */
async function checkRows(
  file: string,
  options: BulkInviteOptions,
  output: Output,
): Promise<number | { readonly end: number }> {
  let total = 0;
  let messages = 0;
  const faults: RowFault[] = [];
  for await (const row of readRows(file)) {
    total += 1;
    const fault = 'fault' in row ? row : pageFault(row, options);
    if (fault) faults.push(fault);
    if ('fault' in row) continue;
    if (row.message !== null) messages += 1;
    if (row.sameAs !== null) {
      output.warn(`${file}:${row.line}  email  the address of line ${row.sameAs}; left out`);
    }
  }
  if (options.url !== undefined && messages > 0) {
    const because = 'with --url an application invites';
    output.warn(`The messages of ${messages} rows are left out: ${because}.`);
  }
  if (faults.length === 0) return total;
  const lines = faults.map(({ line, fault }) => `${file}:${line}  ${fault}`);
  return { end: failed(output, lines.join('\n'), 'invalid_rows', { rows: faults }) };
}

/** The admin API takes no invitation that leads nowhere (R60). */
function pageFault(
  { line, redirectUrl }: BulkRow,
  { url, redirect }: BulkInviteOptions,
): RowFault | undefined {
  if (url === undefined || redirectUrl !== null || redirect !== undefined) return undefined;
  return { line, fault: 'redirectUrl  missing; with --url add it, or --redirect for all' };
}

/** Names the content: the key of a row is worth nothing for another file. */
async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(file)) hash.update(part as Buffer);
  return hash.digest('base64url');
}

/** @returns the first line that is not what it was */
async function findChange(
  file: string,
  { done, unfinished }: EarlierRun,
): Promise<number | undefined> {
  let found = 0;
  for await (const { line, address } of soundRows(file)) {
    const known = done.get(line) ?? (unfinished?.line === line ? unfinished : undefined);
    if (known && known.email !== address.address) return line;
    if (known) found += 1;
  }
  const wanted = [...done.keys(), ...(unfinished ? [unfinished.line] : [])];
  return found === wanted.length ? undefined : Math.max(...wanted);
}

interface Bulk {
  readonly admin: TenantAdmin;
  readonly options: BulkInviteOptions;
  readonly file: string;
  readonly digest: string;
  readonly results: Results;
  readonly progress: Progress;
}

async function inviteRow(bulk: Bulk, row: BulkRow, unfinished?: Unfinished): Promise<void> {
  const { admin, file, results, progress } = bulk;
  if (!unfinished) {
    const { line, address } = row;
    results.begin({ line, email: address.address }, admin.now);
  }
  const ending =
    (unfinished && (await findDone(admin, row, unfinished.at))) || (await act(bulk, row));
  results.finish(ending);
  progress.count(ending.outcome);
  if (ending.outcome === 'failed') {
    progress.output.warn(`${file}:${row.line}  ${row.address.address}  ${ending.code}`);
  }
}

/** A row that was cut short may have been invited: a second mail would take the first link away. */
async function findDone(
  admin: TenantAdmin,
  { address }: BulkRow,
  at: number,
): Promise<Ending | undefined> {
  // The other side knows the key still, and gives the link once more.
  if (admin.now - at < admin.keysKeptSeconds) return undefined;
  const guest = await admin.find(address);
  return guest && guest.invitedAt >= at ? ending('invited') : undefined;
}

async function act({ admin, digest, options }: Bulk, row: BulkRow): Promise<Ending> {
  if (row.sameAs !== null) return ending('duplicate', `line_${row.sameAs}`);
  const key = createHash('sha256').update(`${digest}:${row.line}`).digest('base64url');
  const made = await admin.invite(orderOf(row, options), key);
  if (made.outcome === 'refused') return ending('failed', made.code);
  const said = {
    invited: 'invited',
    invited_again: 'invited again',
    reset: 'reset',
    guest_already: 'already',
  } as const;
  return { ...ending(said[made.outcome]), link: made.link ?? '' };
}
