// Owns oidc-provider's models in SQL: one table, every key led by the tenant (S33).

import type { OidcRecord, OidcStore } from './store.ts';
import { noteWrite } from './sessions.ts';
import {
  type Database,
  deleteBatchSql,
  type SqlKind,
  type SqlValue,
  upsertSql,
  type Write,
} from './sql.ts';

const COLUMNS =
  'tenant, model, id, payload, grant_id AS grantId, uid, user_code AS userCode, ' +
  'consumed_at AS consumedAt, expires_at AS expiresAt';
const WRITTEN = [
  'tenant',
  'model',
  'id',
  'payload',
  'grant_id',
  'uid',
  'user_code',
  'expires_at',
] as const;
/** The engine's models that stand for a guest who is signed in. */
const OF_GUESTS = [
  'Session',
  'Grant',
  'AuthorizationCode',
  'AccessToken',
  'RefreshToken',
  'DeviceCode',
  'BackchannelAuthenticationRequest',
] as const;
const VALUES = `(${WRITTEN.join(', ')}) VALUES (${WRITTEN.map(() => '?').join(', ')})`;

const DESTROY = 'DELETE FROM oidc_records WHERE tenant = ? AND model = ? AND id = ?';

type Row = Omit<OidcRecord, 'payload'> & { readonly payload: string };

/** The {@link OidcStore} of one database or transaction. */
export function createOidcStore(database: Database): OidcStore {
  // Without ANALYZE SQLite reads every row of the tenant by the primary key's prefix instead (sign-in
  // 1.9 to 5 ms). INDEXED BY also fails loudly should the index ever go.
  const by = (index: string): string => (database.kind === 'sqlite' ? `INDEXED BY ${index} ` : '');
  const one = async (from: string, params: readonly string[]): Promise<OidcRecord | undefined> => {
    const row = await database.get<Row>(`SELECT ${COLUMNS} FROM oidc_records ${from}`, params);
    return row && toRecord(row);
  };

  const destroy: OidcStore['destroy'] = async (tenant, model, id) => {
    const { changes } = await database.run(DESTROY, [tenant, model, id]);
    return changes === 1;
  };

  return {
    upsert: async (record) => {
      const { sql, params, ifTaken } = saveWrite(database.kind, record);
      if (await database.insert(sql, params)) return;
      for (const instead of ifTaken) await database.run(instead.sql, instead.params);
    },
    writeAll: ({ tenant, destroyed, saved, noted }) =>
      database.writeAll([
        // In the order in which ending a session takes them: two that meet wait, and neither dies.
        ...(noted ? [noteWrite(database.kind, noted)] : []),
        ...destroyed.map(({ model, id }) => ({ sql: DESTROY, params: [tenant, model, id] })),
        ...saveWrites(database.kind, saved),
      ]),
    insert: (record) => database.insert(`INSERT INTO oidc_records ${VALUES}`, toParams(record)),
    find: (tenant, model, id) =>
      one('WHERE tenant = ? AND model = ? AND id = ?', [tenant, model, id]),
    findByUid: (tenant, model, uid) =>
      one(`${by('oidc_records_uid')}WHERE tenant = ? AND model = ? AND uid = ?`, [
        tenant,
        model,
        uid,
      ]),
    findByUserCode: (tenant, model, userCode) =>
      one(`${by('oidc_records_user_code')}WHERE tenant = ? AND model = ? AND user_code = ?`, [
        tenant,
        model,
        userCode,
      ]),
    consume: async (tenant, model, id, now) => {
      const { changes } = await database.run(
        'UPDATE oidc_records SET consumed_at = ? ' +
          'WHERE tenant = ? AND model = ? AND id = ? AND consumed_at IS NULL',
        [now, tenant, model, id],
      );
      return changes === 1;
    },
    destroy,
    destroyByGrant: async (tenant, grantId, model) => {
      const rows = `DELETE FROM oidc_records ${by('oidc_records_grant')}WHERE tenant = ? AND grant_id = ?`;
      await (model === undefined
        ? database.run(rows, [tenant, grantId])
        : database.run(`${rows} AND model = ?`, [tenant, grantId, model]));
    },
    destroyByAccount: async (accountId) => {
      // At any depth: an Interaction names its guest in the session or the result it holds. Inside
      // a JSON text the quotes would be escaped, so only a real member reads like this.
      const member = JSON.stringify({ accountId }).slice(1, -1);
      // A scan that locks nothing: an index on the account would be paid by every sign-in, and
      // resets are rare.
      const rows = await database.all<Pick<OidcRecord, 'tenant' | 'model' | 'id'>>(
        'SELECT tenant, model, id FROM oidc_records WHERE INSTR(payload, ?) > 0',
        [member],
      );
      for (const { tenant, model, id } of rows) await destroy(tenant, model, id);
    },
    destroySessions: async (tenant, batch) => {
      const models = OF_GUESTS.map(() => '?').join(', ');
      const { changes } = await database.run(
        deleteBatchSql(
          database.kind,
          'oidc_records',
          ['tenant', 'model', 'id'],
          `tenant = ? AND model IN (${models})`,
        ),
        [tenant, ...OF_GUESTS, batch],
      );
      return changes;
    },
  };
}

/** Rows of one statement on MySQL, where each statement is a way to the server and back. */
function saveWrites(
  kind: SqlKind,
  records: readonly Omit<OidcRecord, 'consumedAt'>[],
): readonly Write[] {
  const each = records.map((record) => saveWrite(kind, record));
  if (kind === 'sqlite' || records.length < 2) return each;
  return [
    { sql: upsertOf(kind, records.length), params: records.flatMap(toParams), ifTaken: each },
  ];
}

function saveWrite(kind: SqlKind, record: Omit<OidcRecord, 'consumedAt'>) {
  const params = toParams(record);
  // Another record holds the uid: a second tab got a new session id first. The last one stands.
  const ifTaken = [{ sql: `REPLACE INTO oidc_records ${VALUES}`, params }];
  return { sql: upsertOf(kind, 1), params, ifTaken };
}

function upsertOf(kind: SqlKind, rows: number): string {
  // consumed_at is not among the updated: saving a used record again must not make it usable (S44).
  const updated = ['id', 'payload', 'grant_id', 'uid', 'user_code', 'expires_at'];
  return upsertSql(kind, 'oidc_records', WRITTEN, ['tenant', 'model', 'id'], updated, rows);
}

function toParams(record: Omit<OidcRecord, 'consumedAt'>): readonly SqlValue[] {
  return [
    record.tenant,
    record.model,
    record.id,
    JSON.stringify(record.payload),
    record.grantId,
    record.uid,
    record.userCode,
    record.expiresAt,
  ];
}

function toRecord(row: Row): OidcRecord {
  const payload: OidcRecord['payload'] = JSON.parse(row.payload);
  return { ...row, payload };
}
