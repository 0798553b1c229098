// Owns guests in SQL.

import type { Guest, GuestStore } from './store.ts';
import type { Database } from './sql.ts';

const COLUMNS =
  'tenant, id, address, address_key AS addressKey, display_name AS displayName, invited_by AS invitedBy, ' +
  'state, method, invited_at AS invitedAt, redeemed_at AS redeemedAt, blocked_at AS blockedAt';

/** The {@link GuestStore} of one database or transaction. */
export function createGuestStore(database: Database): GuestStore {
  const one = async (condition: string, params: readonly string[]): Promise<Guest | undefined> => {
    const row = await database.get<Guest>(
      `SELECT ${COLUMNS} FROM guests WHERE ${condition}`,
      params,
    );
    return row && { ...row };
  };
  const findByAddress: GuestStore['findByAddress'] = (tenant, addressKey) =>
    one('tenant = ? AND address_key = ?', [tenant, addressKey]);

  return {
    invite: async (guest) => {
      const created = await database.insert(
        'INSERT INTO guests (tenant, id, address, address_key, display_name, invited_by, state, method, ' +
          'invited_at, redeemed_at, blocked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        [
          guest.tenant,
          guest.id,
          guest.address,
          guest.addressKey,
          guest.displayName,
          guest.invitedBy,
          guest.state,
          guest.method,
          guest.invitedAt,
          guest.redeemedAt,
          guest.blockedAt,
        ],
      );
      const standing = created ? guest : await findByAddress(guest.tenant, guest.addressKey);
      // Not the address but the id was taken: 128 random bits came twice, or a caller reused one.
      if (!standing) throw new TypeError(`guest id ${guest.id} is taken`);
      return { guest: standing, created };
    },
    find: (tenant, id) => one('tenant = ? AND id = ?', [tenant, id]),
    findById: (id) => one('id = ?', [id]),
    findByAddress,
    redeem: async (tenant, id, method, now) => {
      const { changes } = await database.run(
        "UPDATE guests SET state = 'Accepted', method = ?, redeemed_at = ? " +
          "WHERE tenant = ? AND id = ? AND state = 'PendingAcceptance'",
        [method, now, tenant, id],
      );
      return changes === 1;
    },
  };
}
