// Owns `guestpass invite --csv`: every row of a file is invited once, whatever happens in between.

import { existsSync } from 'node:fs';
import type { Tenant } from '../domain/tenant.ts';
import type { Parts } from '../plugin/assemble.ts';
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
import { type BulkRow, readRows, soundRows } from './bulk-rows.ts';
import { atTenant, deliver } from './installation.ts';
import { checkInviteOptions, type InviteOptions, orderOf } from './invite.ts';
import { findGuest } from './named-guest.ts';
import { EXIT, failed, misused, type Output, terminal } from './output.ts';

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
  const total = await checkRows(file, output);
  if (total === undefined) return EXIT.problem;
  if (options.dryRun === true) return foreseeList(file, total, options, output);
  const results = resultFileOf(file);
  if (options.resume !== true && existsSync(results)) {
    const because = 'add --resume to go on with it, or move it away to invite every row again';
    return misused(output, `${results} is there already: ${because}`);
  }
  return atTenant(options, output, async (parts, tenant) => {
    const earlier = options.resume === true ? await resumeResults(results) : undefined;
    const changed = earlier && (await findChange(file, earlier));
    if (changed !== undefined) return failed(output, `${file}:${changed}  changed since then`);
    const progress = createProgress(output, total, earlier?.done.size ?? 0);
    const open = openResults(results, earlier === undefined);
    try {
      const row = { parts, tenant, options, results: open, progress };
      const { done, unfinished } = earlier ?? {};
      // First of all: its beginning is the end of the result file.
      for await (const next of soundRows(file)) {
        if (next.line === unfinished?.line) await inviteRow(row, next, file, unfinished);
      }
      for await (const next of soundRows(file)) {
        const isDone = done?.has(next.line) === true || next.line === unfinished?.line;
        if (!isDone) await inviteRow(row, next, file);
      }
    } finally {
      open.close();
      progress.close();
    }
    if (options.mail) await deliver(parts, output);
    return summarise(progress, `every row: ${results}`, output);
  });
}

/** @returns how many rows there are; undefined after saying what is wrong with them */
async function checkRows(file: string, output: Output): Promise<number | undefined> {
  let total = 0;
  let faults = 0;
  for await (const row of readRows(file)) {
    total += 1;
    if ('fault' in row) {
      faults += 1;
      output.warn(`${file}:${row.line}  ${row.fault}`);
    } else if (row.sameAs !== null) {
      output.warn(`${file}:${row.line}  email  the address of line ${row.sameAs}; left out`);
    }
  }
  return faults > 0 ? undefined : total;
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
  readonly parts: Parts;
  readonly tenant: Tenant;
  readonly options: BulkInviteOptions;
  readonly results: Results;
  readonly progress: Progress;
}

async function inviteRow(
  bulk: Bulk,
  row: BulkRow,
  file: string,
  unfinished?: Unfinished,
): Promise<void> {
  const { parts, results, progress } = bulk;
  if (!unfinished) {
    const { line, address } = row;
    results.begin({ line, email: address.address }, parts.engine.clock());
  }
  const ending =
    (unfinished && (await findDone(bulk, row, unfinished.at))) || (await act(bulk, row));
  results.finish(ending);
  progress.count(ending.outcome);
  if (ending.outcome === 'failed') {
    progress.output.warn(`${file}:${row.line}  ${row.address.address}  ${ending.code}`);
  }
}

/** A row that was cut short may have been invited: a second mail would take the first link away. */
async function findDone(
  { parts, tenant }: Bulk,
  { address }: BulkRow,
  at: number,
): Promise<Ending | undefined> {
  const guest = await findGuest(parts.store.guests, tenant, address);
  return guest && guest.invitedAt >= at ? ending('invited') : undefined;
}

async function act({ parts, tenant, options }: Bulk, row: BulkRow): Promise<Ending> {
  if (row.sameAs !== null) return ending('duplicate', `line_${row.sameAs}`);
  const made = await parts.invitations.create(tenant, orderOf(row, options));
  if (made.outcome === 'refused') return ending('failed', made.code);
  const said = {
    invited: 'invited',
    invited_again: 'invited again',
    reset: 'reset',
    guest_already: 'already',
  } as const;
  const link = made.status === 'Completed' ? '' : (made.redeemUrl ?? '');
  return { ...ending(said[made.outcome]), link };
}
