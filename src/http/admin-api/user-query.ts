// Owns which guests a list asks for: the few filters of OData that are documented, and paging.

import { parseEmailAddress } from '../../domain/email-address.ts';
import type { ExternalUserState, GuestStore } from '../../storage/store.ts';
import { isProblem, type Problem, problem } from './problem.ts';

/** What a list asks the store for. */
export type UserQuery = Parameters<GuestStore['list']>[1];

const DEFAULT_TOP = 100;
const MOST = 999;

const CLAUSE = /^\s*(userType|externalUserState|mail)\s+eq\s+'((?:[^']|'')*)'\s*$/;
const ID = /^[\w-]{1,64}$/;

/** The query parameters of a list, for the OpenAPI document. */
export const userParameters = {
  $filter:
    "userType eq 'Guest', externalUserState eq 'PendingAcceptance' or 'Accepted', mail eq '…'; joined by and.",
  $top: `Most objects in one answer, 1 to ${MOST}; default ${DEFAULT_TOP}.`,
  $skiptoken: 'From @odata.nextLink.',
} as const;

/**
 * Reads `$filter`, `$top` and `$skiptoken`. Pure.
 *
 * @returns a problem for anything that is not documented
 */
export function readUserQuery(query: Readonly<Record<string, string>>): UserQuery | Problem {
  const { $skiptoken: after, $filter } = query;
  const limit = readTop(query);
  if (isProblem(limit)) return limit;
  if (after !== undefined && !ID.test(after)) {
    return problem(400, '$skiptoken is none that was given out.');
  }
  const filter = readFilter($filter);
  if (isProblem(filter)) return filter;
  return { ...filter, ...(after !== undefined && { after }), limit };
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

function readFilter(text: string | undefined): Pick<UserQuery, 'state' | 'address'> | Problem {
  const filter: { state?: ExternalUserState; address?: string } = {};
  const seen = new Set<string>();
  const clauses = text === undefined ? [] : text.split(/\s+and\s+/);
  for (const clause of clauses) {
    const [, field = '', quoted = ''] = CLAUSE.exec(clause) ?? [];
    const value = quoted.replaceAll("''", "'");
    if (field === '' || seen.has(field)) return unknown();
    seen.add(field);
    if (field === 'mail') {
      const address = parseEmailAddress(value);
      if (!address) return problem(400, '$filter names an address that is none.');
      filter.address = address.key;
    } else if (field === 'externalUserState') {
      if (value !== 'PendingAcceptance' && value !== 'Accepted') return unknown();
      filter.state = value;
    } else if (value !== 'Guest') {
      // Everybody here is a guest: a list of members would be empty, and look like an answer.
      return unknown();
    }
  }
  return filter;
}

function unknown(): Problem {
  return problem(400, `$filter knows ${userParameters.$filter}`);
}
