// Owns lists: the few clauses of OData's `$filter` that are documented, and paging.

import { parseEmailAddress } from '../../domain/email-address.ts';
import type { Call } from './operation.ts';
import { isProblem, type Problem, problem } from './problem.ts';

const DEFAULT_TOP = 100;
const MOST = 999;
// Looking for " and " takes the square of a run of spaces, and requests may be 16 KiB long.
const LONGEST_FILTER = 2000;

const EQUALS = /^\s*(\w+)\s+eq\s+'((?:[^']|'')*)'\s*$/;
const ANY = /^\s*(\w+\/any)\(\s*(\w+)\s*:\s*\2\s+eq\s+'((?:[^']|'')*)'\s*\)\s*$/;
const ID = /^[\w-]{1,64}$/;

/** The paging parameters of a list, for the OpenAPI document. */
export const pageParameters = {
  $top: `Most objects in one answer, 1 to ${MOST}; default ${DEFAULT_TOP}.`,
  $skiptoken: 'From @odata.nextLink.',
} as const;

/**
 * Reads the value of one clause: what it asks of the store, or a problem; undefined for a value that
 * is not documented.
 */
export type ReadClause<Asked> = (value: string) => Partial<Asked> | Problem | undefined;

/** Which part of a list is wanted. */
interface Page {
  /** Id the list goes on behind. */
  readonly after?: string;
  readonly limit: number;
}

/**
 * Reads `$filter`, `$top` and `$skiptoken`. Pure.
 *
 * @param clauses by field; `otherMails/any` stands for `otherMails/any(m:m eq '…')`. Joined by `and`,
 *   each at most once
 * @param known the documented filter, for whoever asks another
 * @returns a problem for anything that is not documented
 */
export function readListQuery<Asked extends object>(
  query: Readonly<Record<string, string>>,
  clauses: Readonly<Record<string, ReadClause<Asked>>>,
  known: string,
): (Partial<Asked> & Page) | Problem {
  const { $skiptoken: after, $filter } = query;
  const limit = readTop(query);
  if (isProblem(limit)) return limit;
  if (after !== undefined && !ID.test(after)) {
    return problem(400, '$skiptoken is none that was given out.');
  }
  if ($filter !== undefined && $filter.length > LONGEST_FILTER) {
    return problem(400, `$filter is longer than ${LONGEST_FILTER} characters.`);
  }
  let asked: Partial<Asked> = {};
  const seen = new Set<string>();
  for (const text of $filter === undefined ? [] : $filter.split(/\s+and\s+/)) {
    const { field, value } = readClause(text);
    const isNew = Object.hasOwn(clauses, field) && !seen.has(field);
    const found = isNew ? clauses[field]?.(value) : undefined;
    if (found === undefined) return problem(400, `$filter knows ${known}`);
    if (isProblem(found)) return found;
    seen.add(field);
    asked = { ...asked, ...found };
  }
  return { ...asked, ...(after !== undefined && { after }), limit };
}

/** Reads `$top`. Pure. */
export function readTop({
  $top = String(DEFAULT_TOP),
}: {
  readonly [name: string]: string;
}): number | Problem {
  // Three digits without a leading zero are 1 to 999.
  return /^[1-9]\d{0,2}$/.test($top)
    ? Number($top)
    : problem(400, `$top is a whole number from 1 to ${MOST}.`);
}

/** Reads the address of a clause as the match key it is looked up by. Pure. */
export function readKey(value: string): string | Problem {
  return parseEmailAddress(value)?.key ?? problem(400, '$filter names an address that is none.');
}

/**
 * Answers a list, with the link to where it goes on.
 *
 * @param path of the list, below the API's address
 * @param find brings what is there, in the order of the ids, at most as many as it is told
 */
export async function answerList<Row extends { readonly id: string }>(
  { base, query }: Pick<Call<unknown>, 'base' | 'query'>,
  path: string,
  limit: number,
  find: (limit: number) => Promise<readonly Row[]>,
  tell: (row: Row) => object,
): Promise<object> {
  // One more than asked for tells whether the list goes on.
  const found = await find(limit + 1);
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const value = shown.map(tell);
  if (found.length === shown.length || !last) return { value };
  const next = new URLSearchParams({ ...query, $skiptoken: last.id });
  return { value, '@odata.nextLink': `${base}${path}?${next.toString()}` };
}

function readClause(text: string): { readonly field: string; readonly value: string } {
  const [, field = '', quoted = ''] = EQUALS.exec(text) ?? [];
  const [, any = '', , other = ''] = ANY.exec(text) ?? [];
  return { field: field || any, value: (quoted || other).replaceAll("''", "'") };
}
