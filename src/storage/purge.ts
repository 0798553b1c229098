// Owns forgetting: which rows are past their time, and how they go.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { RESTORABLE_SECONDS } from './guest-rows.ts';
import { type Database, deleteBatchSql } from './sql.ts';

const HOUR = 3600;
/** How long it is known what became of a mail. */
const MAIL_KEPT_SECONDS = 14 * 24 * HOUR;

/** Which rows of a table go. */
export interface PurgeRule {
  readonly table: string;
  readonly key: readonly string[];
  /** With one placeholder: rows whose time is before it go. */
  readonly condition: string;
  /** Seconds a row is kept past the time the condition compares. */
  readonly keptSeconds: number;
}

/** All of them. */
export const purgeRules: readonly PurgeRule[] = [
  // oidc-provider forgives clocks 15 s, and a used code must be known as used while it does.
  {
    table: 'oidc_records',
    key: ['tenant', 'model', 'id'],
    condition: 'expires_at < ?',
    keptSeconds: 15,
  },
  { table: 'guest_sessions', key: ['tenant', 'uid'], condition: 'expires_at < ?', keptSeconds: 0 },
  // Kept for a while so that a late click is told "expired" and not "unknown".
  {
    table: 'passcodes',
    key: ['tenant', 'uid', 'sequence'],
    condition: 'expires_at < ?',
    keptSeconds: 2 * HOUR,
  },
  {
    table: 'sign_ins',
    key: ['tenant', 'uid'],
    condition: 'expires_at < ?',
    keptSeconds: 2 * HOUR,
  },
  { table: 'upstream_journeys', key: ['id'], condition: 'expires_at < ?', keptSeconds: 0 },
  {
    table: 'budgets',
    key: ['scope', 'subject', 'window_seconds', 'window_number'],
    condition: 'expires_at < ?',
    keptSeconds: 0,
  },
  {
    table: 'outbox',
    key: ['id'],
    condition: "state = 'decoy' AND created_at < ?",
    keptSeconds: 24 * HOUR,
  },
  // Long enough for the last report of a mail server, which may try for five days, and for somebody
  // to ask what became of a mail. Content and address are gone with the last delivery.
  {
    table: 'outbox',
    key: ['id'],
    condition: "state IN ('sent', 'abandoned') AND created_at < ?",
    keptSeconds: MAIL_KEPT_SECONDS,
  },
  { table: 'mailbox', key: ['id'], condition: 'received_at < ?', keptSeconds: 24 * HOUR },
  {
    table: 'guests',
    key: ['tenant', 'id'],
    condition: 'removed_at < ?',
    keptSeconds: RESTORABLE_SECONDS,
  },
  {
    table: 'guest_addresses',
    key: ['tenant', 'address_key'],
    condition: 'removed_at < ?',
    keptSeconds: RESTORABLE_SECONDS,
  },
];

/**
 * Deletes rows past their time until none is left, in statements of at most `batch` rows, so that
 * no lock is held for long; requests get their turn between two batches.
 *
 * @returns how many rows went
 */
export async function purgeExpired(
  database: Database,
  now: number,
  batch: number,
): Promise<number> {
  let purged = 0;
  for (const { table, key, condition, keptSeconds } of purgeRules) {
    const sql = deleteBatchSql(database.kind, table, key, condition);
    purged += await deleteInBatches(database, sql, now - keptSeconds, batch);
  }
  return purged;
}

/**
 * Repeats a delete of {@link deleteBatchSql} until it finds less than a batch.
 *
 * @returns how many rows went
 */
export async function deleteInBatches(
  database: Database,
  sql: string,
  before: number,
  batch: number,
): Promise<number> {
  let deleted = 0;
  for (let changes = batch; changes === batch;) {
    ({ changes } = await database.run(sql, [before, batch]));
    deleted += changes;
    await nextTurn();
  }
  return deleted;
}
