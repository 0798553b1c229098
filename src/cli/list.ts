// Owns `guestpass guests list` and `invitations list`.

import type { RedemptionMethod } from '../domain/identity-provider.ts';
import type { ExternalUserState } from '../storage/store.ts';
import { guestValue, instantOf } from './guest-words.ts';
import { withRecords } from './open-admin.ts';
import { answer, misused, type Output, terminal } from './output.ts';
import { type List, printList } from './table.ts';
import type { GuestRecords, KnownGuest, PlaceOptions } from './tenant-admin.ts';

/** What every list is told. */
export interface ListOptions extends PlaceOptions {
  /** Most of them printed, a whole number from 1, as it was typed. */
  readonly limit: string;
}

/** Which guests are wanted. */
export interface GuestListOptions extends ListOptions {
  readonly state?: ExternalUserState;
  /** Only who redeemed by it. */
  readonly method?: RedemptionMethod;
}

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
  return list(options, output, {
    of: (records) => records.list(state),
    wanted: (guest) => method === undefined || guest.method === method,
    print: guestRows,
  });
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
    of: (records) => records.listInvitations(),
    wanted: () => true,
    print: invitationRows,
  });
}

interface Wanted {
  readonly of: (records: GuestRecords) => AsyncIterable<KnownGuest>;
  readonly wanted: (guest: KnownGuest) => boolean;
  readonly print: (guests: readonly KnownGuest[], now: number) => List;
}

async function list(
  options: ListOptions,
  output: Output,
  { of, wanted, print }: Wanted,
): Promise<number> {
  const limit = Number(options.limit);
  if (!/^[1-9]\d{0,8}$/.test(options.limit)) {
    return misused(output, `--limit ${options.limit} is not a whole number from 1`);
  }
  return withRecords(options, output, async (records) => {
    const shown: KnownGuest[] = [];
    let isMore = false;
    for await (const guest of of(records)) {
      if (!wanted(guest)) continue;
      isMore = shown.length === limit;
      if (isMore) break;
      shown.push(guest);
    }
    if (!output.give) printList(print(shown, records.now), output);
    if (isMore) output.warn(`There are more; --limit ${limit * 10} shows them.`);
    return answer(output, shown.map(guestValue));
  });
}

function guestRows(guests: readonly KnownGuest[]): List {
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

function invitationRows(guests: readonly KnownGuest[], now: number): List {
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
