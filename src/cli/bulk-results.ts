// Owns the result file of a bulk invitation: what became of every row, also when it was cut short.

import { closeSync, openSync, writeSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { instantOf } from './guest-words.ts';

/** What became of a row. */
export type RowOutcome = 'invited' | 'invited again' | 'reset' | 'already' | 'duplicate' | 'failed';

/** One row of the result file. */
export interface RowResult {
  readonly line: number;
  readonly email: string;
  readonly outcome: RowOutcome;
  /** Why it failed, or which line a duplicate repeats. */
  readonly code: string;
  /** Opens the invitation; empty where there is none. */
  readonly link: string;
}

/** What became of one row. */
export type Ending = Pick<RowResult, 'outcome' | 'code' | 'link'>;

/** An ending without a link. Pure. */
export function ending(outcome: RowOutcome, code = ''): Ending {
  return { outcome, code, link: '' };
}

/** A row that was begun, and nobody knows whether it was finished. */
export interface Unfinished {
  readonly line: number;
  readonly email: string;
  /** Epoch seconds: an invitation of then or later is that of the row. */
  readonly at: number;
}

/** What an earlier run left behind. */
export interface EarlierRun {
  /** Those that need nothing more, by their line. */
  readonly done: ReadonlyMap<number, RowResult>;
  readonly unfinished: Unfinished | undefined;
}

/** The file while rows are added. */
export interface Results {
  /** Notes that a row is tried now: after a crash it is known which one to look at. */
  begin(row: Pick<RowResult, 'line' | 'email'>, at: number): void;
  /** Says what became of the row begun last. */
  finish(ending: Ending): void;
  close(): void;
}

const HEADING = 'line,email,at,outcome,code,link\n';
/** Links open invitations: they are nobody else's on this machine. */
const PRIVATE = 0o600;

/** Where the results of a file are kept. */
export function resultFileOf(file: string): string {
  return `${file}.result.csv`;
}

/**
 * Reads what an earlier run did, and keeps of its file what needs nothing more: what failed is tried
 * again.
 *
 * @param file the result file
 * @returns undefined when there is none
 */
export async function resumeResults(file: string): Promise<EarlierRun | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const end = text.lastIndexOf('\n') + 1;
  const rows = parseRows(text.slice(0, end)).slice(1);
  const done = new Map<number, RowResult>();
  const kept: string[] = [];
  for (const row of rows) {
    const [line = '', email = '', at = '', outcome = '', code = '', link = ''] = row;
    if (outcome === 'failed') continue;
    done.set(Number(line), {
      line: Number(line),
      email,
      outcome: outcome as RowOutcome,
      code,
      link,
    });
    kept.push(`${[line, email, at, outcome, code, link].map(field).join(',')}\n`);
  }
  const unfinished = unfinishedIn(text.slice(end));
  const begun = unfinished ? [beginning(unfinished, unfinished.at)] : [];
  // Whole or not at all: a second interruption loses nothing of the first.
  const next = `${file}.next`;
  await writeFile(next, [HEADING, ...kept, ...begun].join(''), { mode: PRIVATE });
  await rename(next, file);
  return { done, unfinished };
}

/**
 * Opens the result file to add rows.
 *
 * @param isNew refuses a file that is there already
 * @throws Node's error `EEXIST` for that
 */
export function openResults(file: string, isNew: boolean): Results {
  const descriptor = openSync(file, isNew ? 'wx' : 'a', PRIVATE);
  const write = (text: string): void => void writeSync(descriptor, text);
  if (isNew) write(HEADING);
  return {
    begin: (row, at) => write(beginning(row, at)),
    finish: ({ outcome, code, link }) => write(`${[outcome, code, link].map(field).join(',')}\n`),
    close: () => closeSync(descriptor),
  };
}

function beginning({ line, email }: Pick<RowResult, 'line' | 'email'>, at: number): string {
  return `${line},${field(email)},${instantOf(at)},`;
}

/** The last line without an end; one that breaks off before its third comma was not tried yet. */
function unfinishedIn(text: string): Unfinished | undefined {
  const [line, email, at, rest] = parseRows(text)[0] ?? [];
  if (line === undefined || email === undefined || at === undefined || rest === undefined) {
    return undefined;
  }
  return { line: Number(line), email, at: Math.floor(Date.parse(at) / 1000) };
}

function parseRows(text: string): string[][] {
  return parse(text, { relax_column_count: true, relax_quotes: true });
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
