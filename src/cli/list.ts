// Owns `guestpass guests list` and `invitations list`.

import type { RedemptionMethod } from '../domain/identity-provider.ts';
import type { ExternalUserState, Guest } from '../storage/store.ts';
import { instantOf } from './guest-words.ts';
import { type GuestLookup, lookAtTenant, type TenantOptions } from './installation.ts';
import { EXIT, misused, type Output, terminal } from './output.ts';
import { type List, printList } from './table.ts';

/** What every list is told. */
export interface ListOptions extends TenantOptions {
  /** Most of them printed, a whole number from 1, as it was typed. */
  readonly limit: string;
  readonly json: boolean;
}

/** Which guests are wanted. */
export interface GuestListOptions extends ListOptions {
  readonly state?: ExternalUserState;
  /** Only who redeemed by it. */
  readonly method?: RedemptionMethod;
}

const PAGE = 500;

/**
 * Lists guests of a tenant who are not removed. Changes nothing.
 *
 * @returns the exit code
 * @source rules R69
 */
export async function listGuests(
  { state, method, ...options }: GuestListOptions,
  output: Output = terminal,
): Promise<number> {
  const wanted = (guest: Guest): boolean => method === undefined || guest.method === method;
  return list(options, output, { ...(state ? { state } : {}), wanted, print: guestRows });
}

/**
 * Lists the invitations of a tenant that nobody has accepted, those that have ended included.
 *
 * @returns the exit code
 */
export async function listInvitations(
  options: ListOptions,
  output: Output = terminal,
): Promise<number> {
  return list(options, output, {
    state: 'PendingAcceptance',
    wanted: isInvited,
    print: invitationRows,
  });
}

/** Whoever signed up has no invitation until they are reset. */
function isInvited({ invitationId }: Guest): boolean {
  return invitationId !== null;
}

interface Wanted {
  readonly state?: ExternalUserState;
  readonly wanted: (guest: Guest) => boolean;
  readonly print: (guests: readonly Guest[], now: number) => List;
}

async function list(
  options: ListOptions,
  output: Output,
  { print, ...wanted }: Wanted,
): Promise<number> {
  const limit = Number(options.limit);
  if (!/^[1-9]\d{0,8}$/.test(options.limit)) {
    return misused(output, `--limit ${options.limit} is not a whole number from 1`);
  }
  return lookAtTenant(options, output, async (guests, tenant, now) => {
    const found = await gather(guests, tenant.id, wanted, limit + 1);
    const shown = found.slice(0, limit);
    if (options.json) output.say(JSON.stringify(shown.map(describe), null, 2));
    else printList(print(shown, now), output);
    if (found.length > limit) output.warn(`There are more; --limit ${limit * 10} shows them.`);
    return EXIT.fine;
  });
}

async function gather(
  guests: GuestLookup,
  tenant: string,
  { state, wanted }: Omit<Wanted, 'print'>,
  most: number,
): Promise<readonly Guest[]> {
  const found: Guest[] = [];
  let after: string | undefined;
  while (found.length < most) {
    const page = await guests.list(tenant, {
      ...(state ? { state } : {}),
      ...(after === undefined ? {} : { after }),
      limit: PAGE,
    });
    found.push(...page.filter(wanted));
    if (page.length < PAGE) break;
    after = page.at(-1)?.id;
  }
  return found.slice(0, most);
}

function guestRows(guests: readonly Guest[]): List {
  return {
    columns: ['address', 'state', 'method', 'since', 'blocked', 'name'],
    rows: guests.map(({ address, state, method, displayName, ...guest }) => [
      address,
      state,
      [method ?? '', guest.connection ?? ''].filter(Boolean).join(' at ') || '-',
      instantOf(guest.redeemedAt ?? guest.invitedAt),
      guest.blockedAt === null ? '-' : instantOf(guest.blockedAt),
      displayName ?? '-',
    ]),
  };
}

function invitationRows(guests: readonly Guest[], now: number): List {
  return {
    columns: ['address', 'invitation', 'ends', 'invited', 'by'],
    rows: guests.map(({ address, invitationExpiresAt: ends, invitedAt, invitedBy }) => [
      address,
      ends === null || now < ends ? 'open' : 'ended',
      ends === null ? 'never' : instantOf(ends),
      instantOf(invitedAt),
      invitedBy ?? '-',
    ]),
  };
}

/** A guest for programs: keys are stable, times are ISO instants. */
function describe(guest: Guest): Readonly<Record<string, string | null>> {
  const { address, id, state, kind, method, connection, displayName, invitedBy } = guest;
  return {
    address,
    sub: id,
    displayName,
    kind,
    state,
    method,
    connection,
    invitedBy,
    invitedAt: when(guest.invitedAt),
    invitationEndsAt: when(guest.invitationExpiresAt),
    redeemedAt: when(guest.redeemedAt),
    resetAt: when(guest.resetAt),
    blockedAt: when(guest.blockedAt),
  };
}

function when(seconds: number | null): string | null {
  return seconds === null ? null : instantOf(seconds);
}
