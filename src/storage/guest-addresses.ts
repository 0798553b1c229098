// Owns the other addresses of guests in SQL: no address leads to two guests of a tenant (R58).

import type { GuestStore } from './store.ts';
import { type Database, lockingSql } from './sql.ts';

const INSERT =
  'INSERT INTO guest_addresses (tenant, address_key, address, id, position) VALUES (?, ?, ?, ?, ?)';
const DELETE = 'DELETE FROM guest_addresses WHERE tenant = ? AND address_key = ?';
const OWNER = 'SELECT id FROM guest_addresses WHERE tenant = ? AND address_key = ?';

/** The part of the {@link GuestStore} that keeps other addresses. */
export function createGuestAddresses(
  database: Database,
): Pick<GuestStore, 'addAddress' | 'listAddresses'> {
  return {
    addAddress: (tenant, id, address) =>
      database.transaction((tx) => add(tx, { tenant, id, ...address })),
    listAddresses: async (tenant, id) => {
      const rows = await database.all<{ readonly address: string }>(
        `SELECT address FROM ${addressesOf(database)} ORDER BY position`,
        [tenant, id],
      );
      return rows.map(({ address }) => address);
    },
  };
}

/** What follows FROM for all other addresses of one guest; takes tenant and id. */
export function addressesOf({ kind }: Pick<Database, 'kind'>): string {
  // Without ANALYZE SQLite would read the addresses of the whole tenant by the primary key's prefix.
  const index = kind === 'sqlite' ? ' INDEXED BY guest_addresses_guest' : '';
  return `guest_addresses${index} WHERE tenant = ? AND id = ?`;
}

/** An address on its way to a guest. */
interface NewAddress {
  readonly tenant: string;
  readonly id: string;
  readonly address: string;
  readonly addressKey: string;
}

async function add(tx: Database, { tenant, id, address, addressKey }: NewAddress) {
  const lock = lockingSql(tx.kind);
  const guest = await tx.get(
    `SELECT id FROM guests WHERE tenant = ? AND id = ? AND removed_at IS NULL${lock}`,
    [tenant, id],
  );
  if (!guest) return false;
  const last = await tx.get<{ readonly position: number | null }>(
    `SELECT MAX(position) AS position FROM ${addressesOf(tx)}`,
    [tenant, id],
  );
  const position = (last?.position ?? 0) + 1;
  if (!(await tx.insert(INSERT, [tenant, addressKey, address, id, position]))) return false;
  // Written first and looked up with a lock second, as an invitation does the other way round: of
  // two that give one address away at once, at least one sees the other.
  const primary = await tx.get(
    `SELECT id FROM guests WHERE tenant = ? AND address_key = ?${lock}`,
    [tenant, addressKey],
  );
  if (primary) await tx.run(DELETE, [tenant, addressKey]);
  return primary === undefined;
}

/** Tells, inside a transaction, whether an address is some guest's other address. */
export async function isOtherAddress(
  tx: Database,
  tenant: string,
  addressKey: string,
): Promise<boolean> {
  const row = await tx.get(`${OWNER}${lockingSql(tx.kind)}`, [tenant, addressKey]);
  return row !== undefined;
}

/**
 * Holds an address, inside a transaction, while `move` makes it the primary one of a guest. When
 * that succeeded it is no other address any more.
 *
 * @param move writes the guest; `taken` when another guest has the address as the primary one
 * @returns what `move` returns, or `taken` without calling it when it is another guest's
 */
export async function withAddress<T>(
  tx: Database,
  { tenant, id, address, addressKey }: NewAddress,
  move: () => Promise<T | 'taken' | 'unknown'>,
): Promise<T | 'taken' | 'unknown'> {
  const isNew = await tx.insert(INSERT, [tenant, addressKey, address, id, 0]);
  if (!isNew) {
    const owner = await tx.get<{ readonly id: string }>(OWNER, [tenant, addressKey]);
    if (owner?.id !== id) return 'taken';
  }
  const outcome = await move();
  const moved = outcome !== 'taken' && outcome !== 'unknown';
  if (isNew || moved) await tx.run(DELETE, [tenant, addressKey]);
  return outcome;
}
