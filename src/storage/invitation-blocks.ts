// Owns in SQL who takes no invitations of a tenant any more (R67).

import type { GuestStore } from './store.ts';
import type { Database } from './sql.ts';

/** The part of the {@link GuestStore} that keeps the wishes of owners of addresses. */
export function createInvitationBlocks(
  database: Database,
): Pick<GuestStore, 'hasBlockedInvitations' | 'setInvitationsBlocked'> {
  return {
    hasBlockedInvitations: async (tenant, addressKey) => {
      const row = await database.get(
        'SELECT blocked_at FROM invitation_blocks WHERE tenant = ? AND address_key = ?',
        [tenant, addressKey],
      );
      return row !== undefined;
    },
    setInvitationsBlocked: async (tenant, addressKey, now, blocked) => {
      if (blocked) {
        await database.insert(
          'INSERT INTO invitation_blocks (tenant, address_key, blocked_at) VALUES (?, ?, ?)',
          [tenant, addressKey, now],
        );
        return;
      }
      await database.run('DELETE FROM invitation_blocks WHERE tenant = ? AND address_key = ?', [
        tenant,
        addressKey,
      ]);
    },
  };
}
