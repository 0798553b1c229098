// Owns counting guests in SQL.

import type { Database } from './sql.ts';
import type { GuestCount, GuestStore } from './store.ts';

// An address key has exactly one '@': what stands behind it is the domain.
const COUNT =
  'SELECT state, method, connection, ' +
  "SUBSTR(address_key, INSTR(address_key, '@') + 1) AS domain, " +
  'CASE WHEN blocked_at IS NULL THEN 0 ELSE 1 END AS is_blocked, COUNT(*) AS guests ' +
  'FROM guests WHERE tenant = ? AND removed_at IS NULL ' +
  'GROUP BY state, method, connection, domain, is_blocked';

interface CountRow extends Pick<GuestCount, 'state' | 'method' | 'connection' | 'domain'> {
  readonly is_blocked: number;
  readonly guests: number;
}

/** That part of the {@link GuestStore}. */
export function createGuestCounts(database: Database): Pick<GuestStore, 'countBy' | 'listTenants'> {
  return {
    countBy: async (tenant) => {
      const rows = await database.all<CountRow>(COUNT, [tenant]);
      return rows.map(({ is_blocked: blocked, guests, ...alike }) => ({
        ...alike,
        blocked: blocked === 1,
        count: guests,
      }));
    },
    listTenants: async () => {
      const rows = await database.all<{ tenant: string }>(
        'SELECT DISTINCT tenant FROM guests ORDER BY tenant',
      );
      return rows.map(({ tenant }) => tenant);
    },
  };
}
