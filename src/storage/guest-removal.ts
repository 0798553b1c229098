// Owns soft removal of guests in SQL: gone for everybody at once, restorable for 30 days (R77).

import { addressesOf, withAddress } from './guest-addresses.ts';
import {
  GUEST_COLUMNS,
  type GuestRow,
  isRestorable,
  parked,
  RESTORABLE_SECONDS,
  toGuest,
  unparked,
} from './guest-rows.ts';
import type { Guest, GuestStore } from './store.ts';
import { type Database, lockingSql } from './sql.ts';

/** The part of the {@link GuestStore} that removes guests and brings them back. */
export function createGuestRemoval(
  database: Database,
): Pick<GuestStore, 'remove' | 'restore' | 'listRemoved' | 'listRestorable'> {
  // Without ANALYZE SQLite would read every guest of the tenant by the primary key's prefix instead.
  const byKey = database.kind === 'sqlite' ? 'INDEXED BY guests_removed_key ' : '';
  return {
    remove: (tenant, id, now) => database.transaction((tx) => remove(tx, tenant, id, now)),
    restore: (tenant, id, now) => database.transaction((tx) => restore(tx, tenant, id, now)),
    listRemoved: async (tenant, addressKey) => {
      const rows = await database.all<GuestRow>(
        `SELECT ${GUEST_COLUMNS} FROM guests ${byKey}WHERE tenant = ? AND removed_key = ? ` +
          'ORDER BY removed_at DESC, invited_at DESC',
        [tenant, addressKey],
      );
      return rows.map(toGuest);
    },
    listRestorable: async (tenant, { address, after, limit }, now) => {
      // By the key of the removed alone: those of a month, never all guests of the tenant.
      const key = address === undefined ? 'removed_key IS NOT NULL' : 'removed_key = ?';
      const behind = after === undefined ? '' : 'AND id > ? ';
      const rows = await database.all<GuestRow>(
        `SELECT ${GUEST_COLUMNS} FROM guests ${byKey}WHERE tenant = ? AND ${key} ` +
          `AND removed_at >= ? ${behind}ORDER BY id LIMIT ?`,
        [
          tenant,
          ...(address === undefined ? [] : [address]),
          now - RESTORABLE_SECONDS,
          ...(after === undefined ? [] : [after]),
          limit,
        ],
      );
      return rows.map(toGuest);
    },
  };
}

async function remove(tx: Database, tenant: string, id: string, now: number): Promise<boolean> {
  const guest = await lock(tx, tenant, id);
  if (!guest || guest.removedAt !== null) return false;
  await tx.run(
    'UPDATE guests SET removed_at = ?, revoked_at = ?, removed_key = ?, address_key = ?, ' +
      'identity = ? WHERE tenant = ? AND id = ?',
    [
      now,
      now,
      guest.addressKey,
      // Not the address behind the id: that could be longer than an address.
      parked(id, 'removed'),
      guest.identity && parked(id, guest.identity),
      tenant,
      id,
    ],
  );
  for (const key of await otherKeys(tx, tenant, id)) {
    await tx.run(
      'UPDATE guest_addresses SET address_key = ?, removed_at = ? ' +
        'WHERE tenant = ? AND address_key = ?',
      [parked(id, key), now, tenant, key],
    );
  }
  return true;
}

async function restore(tx: Database, tenant: string, id: string, now: number): Promise<boolean> {
  const guest = await lock(tx, tenant, id);
  if (!guest || guest.removedAt === null) return false;
  if (!isRestorable(guest, now)) return false;
  const { address, addressKey } = guest;
  const restored = await withAddress(tx, { tenant, id, address, addressKey }, () =>
    // Somebody else may have the address or the upstream identity by now; both are unique.
    tx.update(
      'UPDATE guests SET removed_at = NULL, removed_key = NULL, address_key = ?, identity = ? ' +
        'WHERE tenant = ? AND id = ?',
      [addressKey, guest.identity, tenant, id],
    ),
  );
  if (restored !== 1) return false;
  for (const key of await otherKeys(tx, tenant, id)) await restoreAddress(tx, tenant, id, key);
  return true;
}

/** Gives another address back, unless it is somebody else's by now; then it is lost. */
async function restoreAddress(
  tx: Database,
  tenant: string,
  id: string,
  key: string,
): Promise<void> {
  const original = unparked(id, key);
  const changes = await tx.update(
    'UPDATE guest_addresses SET address_key = ?, removed_at = NULL ' +
      'WHERE tenant = ? AND address_key = ?',
    [original, tenant, key],
  );
  const taken =
    changes === 'taken' ||
    (await tx.get(
      `SELECT id FROM guests WHERE tenant = ? AND address_key = ?${lockingSql(tx.kind)}`,
      [tenant, original],
    )) !== undefined;
  if (taken) {
    await tx.run('DELETE FROM guest_addresses WHERE tenant = ? AND address_key = ? AND id = ?', [
      tenant,
      changes === 'taken' ? key : original,
      id,
    ]);
  }
}

async function lock(tx: Database, tenant: string, id: string): Promise<Guest | undefined> {
  const row = await tx.get<GuestRow>(
    `SELECT ${GUEST_COLUMNS} FROM guests WHERE tenant = ? AND id = ?${lockingSql(tx.kind)}`,
    [tenant, id],
  );
  return row && toGuest(row);
}

async function otherKeys(tx: Database, tenant: string, id: string): Promise<readonly string[]> {
  const rows = await tx.all<{ readonly addressKey: string }>(
    `SELECT address_key AS addressKey FROM ${addressesOf(tx)}`,
    [tenant, id],
  );
  return rows.map(({ addressKey }) => addressKey);
}
