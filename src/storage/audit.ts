// Owns the audit trail in SQL: rows are added, read and at last forgotten, never changed.

import type { LogFields } from '../telemetry/log.ts';
import { deleteInBatches } from './purge.ts';
import { type Database, deleteBatchSql, type SqlValue } from './sql.ts';
import type { AuditQuery, AuditStore, StoredAuditEntry } from './store.ts';

const WRITTEN = [
  'id',
  'at',
  'tenant',
  'event',
  'actor',
  'subject',
  'client',
  'outcome',
  'decision_row',
  'rule',
  'error_code',
  'reference',
  'address',
  'address_hash',
  'network',
  'detail',
] as const;
const COLUMNS =
  'position, id, at, tenant, event, actor, subject, client, outcome, decision_row AS row_name, rule, ' +
  'error_code AS errorCode, reference, address, address_hash AS addressHash, network, detail';
const VALUES = `(${WRITTEN.map(() => '?').join(', ')})`;

type Row = Omit<StoredAuditEntry, 'row' | 'detail'> & {
  readonly row_name: string | null;
  readonly detail: string;
};

/** The {@link AuditStore} of one database or transaction. */
export function createAuditStore(database: Database): AuditStore {
  const forget = deleteBatchSql(database.kind, 'audit', ['position'], 'at < ?');
  return {
    append: async (entries) => {
      if (entries.length === 0) return;
      const values = entries.map(() => VALUES).join(', ');
      // A taken id means that the same statement came through before its answer was lost.
      await database.insert(
        `INSERT INTO audit (${WRITTEN.join(', ')}) VALUES ${values}`,
        entries.flatMap(toParams),
      );
    },
    list: async (query) => {
      const { sql, params } = selectOf(database.kind === 'sqlite', query);
      const rows = await database.all<Row>(sql, params);
      return rows.map(toEntry);
    },
    purge: (before, batch) => deleteInBatches(database, forget, before, batch),
  };
}

function selectOf(
  isSqlite: boolean,
  query: AuditQuery,
): { readonly sql: string; readonly params: readonly SqlValue[] } {
  const isNewest = query.order === 'newest';
  const { event } = query;
  // Always between positions: without one the whole table would be read.
  const conditions: readonly (readonly [string, readonly (SqlValue | undefined)[]])[] = [
    ['tenant = ?', [query.tenant]],
    ['subject = ?', [query.subject]],
    ['address_hash = ?', [query.addressHash]],
    ['at >= ?', [query.since]],
    ['at < ?', [query.until]],
    ['SUBSTR(event, 1, ?) = ?', [event?.length, event]],
    isNewest
      ? ['position < ?', [query.after ?? Number.MAX_SAFE_INTEGER]]
      : ['position > ?', [query.after ?? 0]],
  ];
  const asked = conditions.filter(([, values]) => values.every((value) => value !== undefined));
  const index = isSqlite ? indexOf(query) : '';
  return {
    sql:
      `SELECT ${COLUMNS} FROM audit ${index}WHERE ${asked.map(([condition]) => condition).join(' AND ')} ` +
      `ORDER BY position ${isNewest ? 'DESC' : 'ASC'} LIMIT ?`,
    params: [...asked.flatMap(([, values]) => values as readonly SqlValue[]), query.limit],
  };
}

/** SQLite never runs ANALYZE here: it would take the tenant for as rare as one guest. */
function indexOf({ subject, addressHash, tenant }: AuditQuery): string {
  if (subject !== undefined) return 'INDEXED BY audit_subject ';
  if (addressHash !== undefined) return 'INDEXED BY audit_address ';
  // The age would find the rows of a span, but not in their order.
  return tenant === undefined ? 'NOT INDEXED ' : 'INDEXED BY audit_tenant ';
}

function toParams(entry: Parameters<AuditStore['append']>[0][number]): readonly SqlValue[] {
  return [
    entry.id,
    entry.at,
    entry.tenant,
    entry.event,
    entry.actor,
    entry.subject,
    entry.client,
    entry.outcome,
    entry.row,
    entry.rule,
    entry.errorCode,
    entry.reference,
    entry.address,
    entry.addressHash,
    entry.network,
    JSON.stringify(entry.detail),
  ];
}

function toEntry({ row_name: row, ...rest }: Row): StoredAuditEntry {
  const detail: LogFields = JSON.parse(rest.detail);
  return { ...rest, row, detail };
}
