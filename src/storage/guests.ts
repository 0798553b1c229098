// Owns guests in SQL: who there is, and what changes between invitation and redemption.

import { createGuestAddresses, isOtherAddress, withAddress } from './guest-addresses.ts';
import { createGuestCounts } from './guest-counts.ts';
import { createGuestRemoval } from './guest-removal.ts';
import { GUEST_COLUMNS, type GuestRow, toGuest } from './guest-rows.ts';
import { createInvitationBlocks } from './invitation-blocks.ts';
import type {
  Guest,
  GuestStore,
  InvitationAt,
  InvitationDetails,
  InvitationRenewal,
} from './store.ts';
import type { Database, SqlValue } from './sql.ts';

const INSERT =
  'INSERT INTO guests (tenant, id, address, address_key, display_name, invited_by, state, kind, ' +
  'method, connection, identity, idp, invitation_id, invitation_expires_at, invitation, invited_at, ' +
  'redeemed_at, blocked_at, reset_at, revoked_at, removed_at) ' +
  'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';

const REDEEM =
  "UPDATE guests SET state = 'Accepted', method = ?, connection = ?, identity = ?, idp = ?, " +
  "redeemed_at = ? WHERE tenant = ? AND id = ? AND state = 'PendingAcceptance' " +
  'AND blocked_at IS NULL AND removed_at IS NULL';

const RENEWED =
  'invitation_id = ?, invitation_expires_at = ?, invitation = ?, invited_by = ?, invited_at = ?';

const FORGOTTEN =
  "state = 'PendingAcceptance', method = NULL, connection = NULL, identity = NULL, idp = NULL, " +
  'redeemed_at = NULL';

/** Takes tenant and address key. */
const OTHER_ADDRESS = 'id = (SELECT id FROM guest_addresses WHERE tenant = ? AND address_key = ?)';

const THERE = 'WHERE tenant = ? AND id = ? AND removed_at IS NULL';

/** The {@link GuestStore} of one database or transaction. */
export function createGuestStore(database: Database): GuestStore {
  const one = async (condition: string, params: readonly string[]): Promise<Guest | undefined> => {
    const row = await database.get<GuestRow>(
      `SELECT ${GUEST_COLUMNS} FROM guests ${condition}`,
      params,
    );
    return row && toGuest(row);
  };
  const changed = async (sql: string, params: readonly SqlValue[]): Promise<boolean> =>
    (await database.run(sql, params)).changes === 1;
  // Without ANALYZE SQLite would read every guest of the tenant by the primary key's prefix instead.
  const byIdentity = database.kind === 'sqlite' ? 'INDEXED BY guests_identity ' : '';
  const byAddressKey = database.kind === 'sqlite' ? 'INDEXED BY guests_address_key ' : '';
  const findByAddress: GuestStore['findByAddress'] = (tenant, addressKey) =>
    one('WHERE tenant = ? AND address_key = ?', [tenant, addressKey]);
  const findByOtherAddress: GuestStore['findByOtherAddress'] = (tenant, addressKey) =>
    one(`WHERE tenant = ? AND ${OTHER_ADDRESS}`, [tenant, tenant, addressKey]);

  return {
    invite,
    find: (tenant, id) => one('WHERE tenant = ? AND id = ?', [tenant, id]),
    findById: (id) => one('WHERE id = ?', [id]),
    findByAddress,
    findByOtherAddress,
    list: async (tenant, { limit, ...query }) => {
      const { conditions, values } = wanted(tenant, query);
      const rows = await database.all<GuestRow>(
        `SELECT ${GUEST_COLUMNS} FROM guests WHERE tenant = ? AND removed_at IS NULL ${conditions}` +
          'ORDER BY id LIMIT ?',
        [tenant, ...values, limit],
      );
      return rows.map(toGuest);
    },
    listInvitations: async (address, now, limit) => {
      const rows = await database.all<InvitationAt>(
        `SELECT tenant, state FROM guests ${byAddressKey}WHERE address_key = ? ` +
          'AND removed_at IS NULL AND blocked_at IS NULL ' +
          "AND (state = 'Accepted' OR invitation_expires_at IS NULL OR invitation_expires_at > ?) " +
          'ORDER BY tenant LIMIT ?',
        [address, now, limit],
      );
      return rows.map(({ tenant, state }) => ({ tenant, state }));
    },
    findByIdentity: (tenant, identity) =>
      one(`${byIdentity}WHERE tenant = ? AND identity = ?`, [tenant, identity]),
    redeem: async (tenant, id, { method, connection, identity, idp }, now) => {
      const params = [method, connection, identity, idp, now, tenant, id];
      const changes = await database.update(REDEEM, params);
      if (changes === 'taken') return 'identity_taken';
      return changes === 1 ? 'redeemed' : 'settled';
    },
    renewInvitation: (tenant, id, renewal) =>
      changed(`UPDATE guests SET ${RENEWED} ${THERE} AND state = 'PendingAcceptance'`, [
        ...renewed(renewal),
        tenant,
        id,
      ]),
    reset: (tenant, id, renewal, now) =>
      database.transaction((tx) => resetIn(tx, { tenant, id, renewal, now })),
    setBlocked: (tenant, id, now, blocked) =>
      blocked
        ? changed(
            `UPDATE guests SET blocked_at = COALESCE(blocked_at, ?), revoked_at = ? ${THERE}`,
            [now, now, tenant, id],
          )
        : changed(`UPDATE guests SET blocked_at = NULL ${THERE}`, [tenant, id]),
    rename: (tenant, id, displayName) =>
      changed(`UPDATE guests SET display_name = ? ${THERE}`, [displayName, tenant, id]),
    revoke: (tenant, id, now) =>
      changed(`UPDATE guests SET revoked_at = ? ${THERE}`, [now, tenant, id]),
    ...createGuestCounts(database),
    ...createGuestRemoval(database),
    ...createGuestAddresses(database),
    ...createInvitationBlocks(database),
  };

  async function invite(guest: Guest): Promise<{ guest: Guest; created: boolean }> {
    return database.transaction(async (tx) => {
      const guests = createGuestStore(tx);
      let created = await tx.insert(INSERT, inserted(guest));
      // Written first and looked up with a lock second, as in addAddress: of two that give one
      // address away at once, at least one sees the other.
      if (created && (await isOtherAddress(tx, guest.tenant, guest.addressKey))) {
        await tx.run('DELETE FROM guests WHERE tenant = ? AND id = ?', [guest.tenant, guest.id]);
        created = false;
      }
      if (created) return { guest, created };
      const standing =
        (await guests.findByAddress(guest.tenant, guest.addressKey)) ??
        (await guests.findByOtherAddress(guest.tenant, guest.addressKey));
      // Not the address but the id was taken: 128 random bits came twice, or a caller reused one.
      if (!standing) throw new TypeError(`guest id ${guest.id} is taken`);
      return { guest: standing, created };
    });
  }
}

/** What a list asks for, as conditions that go on behind others. */
function wanted(
  tenant: string,
  query: Omit<Parameters<GuestStore['list']>[1], 'limit'>,
): { readonly conditions: string; readonly values: readonly string[] } {
  const { state, address, otherAddress, isInvited, after } = query;
  const said: readonly (readonly [condition: string, ...values: readonly string[]])[] = [
    ...(address === undefined ? [] : [['address_key = ?', address] as const]),
    ...(otherAddress === undefined ? [] : [[OTHER_ADDRESS, tenant, otherAddress] as const]),
    ...(state === undefined ? [] : [['state = ?', state] as const]),
    ...(isInvited === undefined ? [] : [['invitation_id IS NOT NULL'] as const]),
    ...(after === undefined ? [] : [['id > ?', after] as const]),
  ];
  return {
    conditions: said.map(([condition]) => `AND ${condition} `).join(''),
    values: said.flatMap(([, ...values]) => values),
  };
}

async function resetIn(
  tx: Database,
  {
    tenant,
    id,
    renewal,
    now,
  }: {
    readonly tenant: string;
    readonly id: string;
    readonly renewal: Parameters<GuestStore['reset']>[2];
    readonly now: number;
  },
): Promise<'reset' | 'address_taken' | 'unknown'> {
  const reset = `UPDATE guests SET ${FORGOTTEN}, ${RENEWED}, reset_at = ?, revoked_at = ?`;
  const params = [...renewed(renewal), now, now];
  const { address } = renewal;
  if (!address) {
    const { changes } = await tx.run(`${reset} ${THERE}`, [...params, tenant, id]);
    return changes === 1 ? 'reset' : 'unknown';
  }
  const moved = await withAddress(tx, { tenant, id, ...address }, async () => {
    const changes = await tx.update(`${reset}, address = ?, address_key = ? ${THERE}`, [
      ...params,
      address.address,
      address.addressKey,
      tenant,
      id,
    ]);
    if (changes === 'taken') return changes;
    return changes === 1 ? 'reset' : 'unknown';
  });
  return moved === 'taken' ? 'address_taken' : moved;
}

function inserted(guest: Guest): readonly SqlValue[] {
  return [
    guest.tenant,
    guest.id,
    guest.address,
    guest.addressKey,
    guest.displayName,
    guest.invitedBy,
    guest.state,
    guest.kind,
    guest.method,
    guest.connection,
    guest.identity,
    guest.idp,
    guest.invitationId,
    guest.invitationExpiresAt,
    toJson(guest.invitation),
    guest.invitedAt,
    guest.redeemedAt,
    guest.blockedAt,
    guest.resetAt,
    guest.revokedAt,
    guest.removedAt,
  ];
}

function renewed(renewal: InvitationRenewal): readonly SqlValue[] {
  const { invitationId, expiresAt, details, invitedBy, now } = renewal;
  return [invitationId, expiresAt, toJson(details), invitedBy, now];
}

function toJson(details: InvitationDetails | null): string | null {
  return details && JSON.stringify(details);
}
