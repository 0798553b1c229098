// Owns finding the guests a configuration keeps out, with a way back for each of them.

import { type Connection, coversDomain } from '../domain/identity-provider.ts';
import { isPasscodeOn } from '../domain/passcode-setting.ts';
import { clientPolicyOf, defaultRedemption, policyOf, type Tenant } from '../domain/tenant.ts';
import type { GuestCount } from '../storage/store.ts';
import { listed, type Lockout, sum } from './lockout.ts';
import { findPendingLockouts } from './lockout-pending.ts';

/**
 * Finds everybody a configuration keeps out. The blocked are out already and not counted. Pure.
 *
 * @param tenant undefined when it is not configured
 * @param counts of the tenant's guests
 * @param now epoch seconds
 * @source rules R7, R11, R40, R41, R73
 */
export function findLockouts(
  tenant: Tenant | undefined,
  counts: readonly GuestCount[],
  now: number,
): readonly Lockout[] {
  const guests = counts.filter(({ blocked }) => !blocked);
  const found = tenant
    ? [
        ...findPasscodeLockouts(tenant, guests, now),
        ...findPlaceLockouts(tenant, guests),
        ...findPendingLockouts(tenant, guests, now),
      ]
    : [
        {
          cause: 'tenant',
          effect: 'locked_out' as const,
          count: sum(guests),
          method: null,
          who: 'of the tenant',
          because: 'could no longer sign in: the tenant is not configured',
          remedy: 'put its file back; their rows are kept',
        },
      ];
  return found.filter(({ count }) => count > 0);
}

function findPasscodeLockouts(
  tenant: Tenant,
  guests: readonly GuestCount[],
  now: number,
): readonly Lockout[] {
  const method = 'emailOneTimePasscode';
  const count = sum(guests.filter((guest) => guest.method === method));
  if (!isPasscodeOn(policyOf(tenant, undefined), now)) {
    return [
      {
        cause: 'passcode',
        effect: 'locked_out',
        count,
        method,
        who: 'redeemed by passcode',
        because: 'could no longer sign in: passcodes are off',
        remedy: resetRemedy(tenant, method),
      },
    ];
  }
  return tenant.clients
    .filter(({ client_id: id }) => !clientPolicyOf(tenant, id).emailOneTimePasscode)
    .map(({ client_id: id }) => ({
      cause: `client:${id}`,
      effect: 'one_application',
      count,
      method,
      who: 'redeemed by passcode',
      because: `could not open the application ${id}: it takes no passcode guests`,
      remedy: resetRemedy(tenant, method),
    }));
}

function findPlaceLockouts(tenant: Tenant, guests: readonly GuestCount[]): readonly Lockout[] {
  const bound = guests.filter(
    ({ state, method }) => state === 'Accepted' && method !== 'emailOneTimePasscode',
  );
  const groups = Map.groupBy(bound, ({ method, connection }) => `${method}:${connection}`);
  return [...groups].flatMap(([key, group]): Lockout | readonly Lockout[] => {
    const { method, connection: id } = group[0]!;
    const base = {
      who: `redeemed by ${method ?? 'an unknown method'}${id === null ? '' : ` at ${id}`}`,
      count: sum(group),
      method,
    };
    const place = tenant.connections?.find(
      (connection) => connection.id === id && connection.method === method,
    );
    const because = lostBecause(tenant, method, id, place);
    if (because !== undefined) {
      const remedy = `configure it again, or ${resetRemedy(tenant, method)}`;
      return { ...base, cause: `place:${key}`, effect: 'locked_out', because, remedy };
    }
    const foreign = group.filter(({ domain }) => place && !coversDomain(place, domain));
    const domains = foreign.map(({ domain }) => domain);
    return {
      ...base,
      cause: `domains:${key}`,
      effect: 'may_lock_out',
      count: sum(foreign),
      because: `could no longer sign in: it may not speak for ${listed(domains)}`,
      remedy: `put the domain back, or ${resetRemedy(tenant, method)}`,
    };
  });
}

function lostBecause(
  tenant: Tenant,
  method: GuestCount['method'],
  id: string | null,
  place: Connection | undefined,
): string | undefined {
  if (!place) return `could no longer sign in: ${method} ${id ?? ''} is not configured`;
  const { era } = tenant.redemption ?? defaultRedemption;
  return method === 'unmanagedAccount' && era === 'current'
    ? 'could no longer sign in: unmanaged accounts are over in era current'
    : undefined;
}

function resetRemedy({ id }: Tenant, method: GuestCount['method']): string {
  return (
    `reset them so that they redeem again: guestpass guests reset EMAIL --tenant ${id} ` +
    `(guestpass guests list --tenant ${id} --method ${method} names them)`
  );
}
