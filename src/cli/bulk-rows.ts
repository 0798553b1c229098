// Owns the file of a bulk invitation: its rows, streamed, each with what is wrong with it.

import { createReadStream } from 'node:fs';
import { CsvError, parse } from 'csv-parse';
import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';

/** One row that can be invited. What the row leaves out is null. */
export interface BulkRow {
  /** Of the file, from 1; the first row after the heading is 2. */
  readonly line: number;
  readonly address: EmailAddress;
  readonly displayName: string | null;
  readonly language: string | null;
  readonly message: string | null;
  readonly redirectUrl: string | null;
  /** The line that has the same address already; null for the first. */
  readonly sameAs: number | null;
}

/** Something that cannot be read. */
export interface RowFault {
  readonly line: number;
  readonly fault: string;
}

const COLUMNS = ['email', 'displayName', 'language', 'message', 'redirectUrl'] as const;
/** A quote that is never closed would otherwise take the whole file for one field. */
const MOST_BYTES_A_ROW = 65_536;

/**
 * Reads a CSV file with a heading: `email`, and perhaps `displayName`, `language`, `message` and
 * `redirectUrl`, in any order and spelling of case; other columns are passed over.
 *
 * @throws Node's error when the file cannot be read
 */
export async function* readRows(file: string): AsyncGenerator<BulkRow | RowFault> {
  const lines = new Map<string, number>();
  const source = createReadStream(file);
  const records = parse({
    columns: (heading: readonly string[]) => heading.map(nameOf),
    bom: true,
    trim: true,
    skip_empty_lines: true,
    info: true,
    max_record_size: MOST_BYTES_A_ROW,
  });
  // pipe() hands on no error: without this one a missing file would wait for ever.
  source.on('error', (error) => records.destroy(error));
  try {
    for await (const entry of source.pipe(records)) {
      const { record, info } = entry as Entry;
      if (!('email' in record)) {
        yield { line: 1, fault: 'no column "email"; the first line names the columns' };
        return;
      }
      yield rowOf(record, info.lines, lines);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = Number(error['lines'] ?? 0);
    yield { line, fault: `not CSV: ${error.message}` };
  } finally {
    source.destroy();
  }
}

/**
 * The rows of a file that was found without a fault a moment ago.
 *
 * @throws {Error} when that is so no more
 */
export async function* soundRows(file: string): AsyncGenerator<BulkRow> {
  for await (const row of readRows(file)) {
    if ('fault' in row) throw new Error(`${file}:${row.line}  changed while it was read`);
    yield row;
  }
}

interface Entry {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

function nameOf(text: string): string {
  return COLUMNS.find((name) => name.toLowerCase() === text.toLowerCase()) ?? text;
}

function rowOf(
  record: Readonly<Record<string, string>>,
  line: number,
  lines: Map<string, number>,
): BulkRow | RowFault {
  const address = parseEmailAddress(record['email'] ?? '');
  if (!address) return { line, fault: 'email  not an e-mail address' };
  const sameAs = lines.get(address.key) ?? null;
  if (sameAs === null) lines.set(address.key, line);
  return {
    line,
    address,
    displayName: record['displayName'] || null,
    language: record['language'] || null,
    message: record['message'] || null,
    redirectUrl: record['redirectUrl'] || null,
    sameAs,
  };
}
