// Owns `guestpass mail bounces`: reads what mail servers sent back, as a pipe of the relay or a folder
// of messages brings it.

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { MAX_REPORT_BYTES, readReport } from '../mail/read-report.ts';
import { createTakeReport, type ReportOutcome, type TakeReport } from '../mail/reports.ts';
import { withParts } from './installation.ts';
import { answer, type Output, terminal } from './output.ts';

export interface MailReportsOptions {
  readonly config: string;
}

/** What came of one message; `no report` for one that is none, or does not say about which mail. */
interface TakenMessage {
  /** File name; `-` for standard input. */
  readonly message: string;
  readonly outcome: ReportOutcome | 'no report';
  readonly what: string | null;
  readonly status: string | null;
}

/**
 * Takes every report in a message, a folder of messages or a Maildir; changes none of the files.
 * Reading one twice does nothing.
 *
 * A message that is no report is no fault: a relay whose pipe fails would send a report about the
 * report.
 *
 * @param path undefined reads one message from `input`
 * @returns the exit code, 0
 */
export async function takeMailReports(
  path: string | undefined,
  options: MailReportsOptions,
  output: Output = terminal,
  input: AsyncIterable<Buffer> = process.stdin,
): Promise<number> {
  return withParts(options.config, output, async ({ store, clock, log }) => {
    const take = createTakeReport({ store, clock, log });
    const taken: TakenMessage[] = [];
    if (path === undefined) taken.push(await takeOne('-', await buffer(input), take));
    else {
      for (const file of await messagesIn(path)) {
        taken.push(await takeOne(file, await readFile(file), take));
      }
    }
    return answer(output, taken, ...taken.map(lineOf));
  });
}

async function takeOne(message: string, bytes: Buffer, take: TakeReport): Promise<TakenMessage> {
  const report = await readReport(bytes);
  if (!report) return { message, outcome: 'no report', what: null, status: null };
  const { what, status = null } = report;
  return { message, outcome: await take(report), what, status };
}

/** Files of a Maildir (`new` and `cur`), of a folder, or the one file; those too large are left out. */
async function messagesIn(path: string): Promise<readonly string[]> {
  const found = await stat(path);
  if (!found.isDirectory()) return found.size > MAX_REPORT_BYTES ? [] : [path];
  const entries = await readdir(path, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const isMaildir = folders.includes('new') && folders.includes('cur');
  if (isMaildir) {
    return [...(await messagesIn(join(path, 'new'))), ...(await messagesIn(join(path, 'cur')))];
  }
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => join(path, name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return files.filter((_, index) => (sizes[index] ?? 0) <= MAX_REPORT_BYTES).toSorted();
}

function lineOf({ message, outcome, what, status }: TakenMessage): string {
  const said = what === null ? [] : [status === null ? what : `${what} ${status}`];
  return [message, outcome, ...said].join('  ');
}
