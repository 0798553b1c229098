// Owns what a change of a tenant would do to its guests, told before it is made.

import { isDeepStrictEqual } from 'node:util';
import { defaultRedemption, type Tenant } from '../domain/tenant.ts';
import type { GuestCount } from '../storage/store.ts';
import { type Lockout, sum } from './lockout.ts';
import { findLockouts } from './lockout-find.ts';

/**
 * Compares a tenant with what it is to become: everybody who gets in now and would not then, and what
 * is worth a second look. What kept guests out before is not told again, unless it hits more. Pure.
 *
 * @param after undefined when the tenant is to go
 * @param counts of the tenant's guests
 * @param now epoch seconds
 * @source rules R41, R53, R54, R55
 */
export function previewLockout(
  before: Tenant,
  after: Tenant | undefined,
  counts: readonly GuestCount[],
  now: number,
): readonly Lockout[] {
  const known = new Map(findLockouts(before, counts, now).map((was) => [was.cause, was.count]));
  const fresh = findLockouts(after, counts, now).filter(({ cause, effect, count }) => {
    // Whoever could open no application before is not kept out of one by what lets them in.
    const was = effect === 'one_application' ? known.get('passcode') : undefined;
    return count > (known.get(cause) ?? was ?? 0);
  });
  if (!after) return fresh;
  const guests = counts.filter(({ blocked }) => !blocked);
  return [
    ...fresh,
    ...findMoved(before, after, guests),
    ...findOrder(before, after, guests),
    ...findGone(before, after),
  ];
}

/** Accounts are known by their issuer: those of another one are other accounts (S50). */
function findMoved(
  before: Tenant,
  after: Tenant,
  guests: readonly GuestCount[],
): readonly Lockout[] {
  return (after.connections ?? []).flatMap(({ id, method, upstream }) => {
    const was = before.connections?.find((place) => place.id === id && place.method === method);
    const count = sum(guests.filter((guest) => guest.connection === id && guest.method === method));
    if (!was || was.upstream.issuer === upstream.issuer || count === 0) return [];
    return {
      cause: `issuer:${id}`,
      effect: 'locked_out' as const,
      count,
      method,
      who: `redeemed by ${method} at ${id}`,
      because: `could no longer sign in: accounts of ${upstream.issuer} are not theirs`,
      remedy: `keep the issuer, or reset them: guestpass guests reset EMAIL --tenant ${after.id}`,
    };
  });
}

function findOrder(
  before: Tenant,
  after: Tenant,
  guests: readonly GuestCount[],
): readonly Lockout[] {
  const [old, now] = [
    before.redemption ?? defaultRedemption,
    after.redemption ?? defaultRedemption,
  ];
  const count = sum(guests.filter(({ state }) => state === 'PendingAcceptance'));
  const changed = (['order', 'fallback'] as const).filter(
    (key) => !isDeepStrictEqual(old[key], now[key]),
  );
  if (changed.length === 0 || count === 0) return [];
  const order: Lockout = {
    cause: 'order',
    effect: 'notice',
    count,
    method: null,
    who: 'who have not redeemed',
    because: `may get another door: redemption.${changed.join(' and redemption.')} changes`,
    remedy: 'whoever has redeemed is not touched',
  };
  return [order];
}

function findGone(before: Tenant, after: Tenant): readonly Lockout[] {
  const left = new Set(after.clients.map(({ client_id: id }) => id));
  return before.clients
    .filter(({ client_id: id }) => !left.has(id))
    .map(({ client_id: id, client_name: name }) => ({
      cause: `gone:${id}`,
      effect: 'notice',
      count: 0,
      method: null,
      who: '',
      because: `the application ${name === undefined ? id : `${id} (${name})`} is gone, and nobody signs in to it`,
      remedy: 'no guest is locked out of the others',
    }));
}
