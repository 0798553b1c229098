// Owns how a list is printed: as a table for people, as lines of fields for programs.

import { stripVTControlCharacters, styleText } from 'node:util';
import type { Output } from './output.ts';

/** A list: what its columns are called, and its rows, each with a text for every column. */
export interface List {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const GAP = 2;

/**
 * Prints a list. A terminal gets a heading and aligned columns, cut at its edge; a program gets a line
 * for each row, fields apart by a tab, nothing cut. An empty list prints nothing.
 */
export function printList({ columns, rows }: List, output: Output): void {
  if (output.columns === undefined) {
    for (const row of rows) output.say(row.map(inert).join('\t'));
    return;
  }
  if (rows.length === 0) return;
  const shown = rows.map((row) => row.map(inert));
  const widths = columns.map((name, index) =>
    Math.max(name.length, ...shown.map((row) => row[index]?.length ?? 0)),
  );
  const most = output.columns;
  const lineOf = (row: readonly string[]): string =>
    row
      .map((text, index) => text.padEnd((widths[index] ?? 0) + GAP))
      .join('')
      .slice(0, most)
      .trimEnd();
  const heading = lineOf(columns);
  output.say(
    output.isBold === true ? styleText('bold', heading, { validateStream: false }) : heading,
  );
  for (const row of shown) output.say(lineOf(row));
}

/** Names come from outside: an escape sequence in one would rewrite the admin's screen. */
function inert(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{Cc}/gu, ' ');
}
