// Owns the outbox in SQL: a mail is sent by whoever wins its lease.

import type { OutboxMessage, OutboxStore } from './store.ts';
import type { Database, SqlValue } from './sql.ts';

const COLUMNS =
  'id, tenant, sealed, state, deliveries, next_attempt_at AS nextAttemptAt, expires_at AS expiresAt, ' +
  'created_at AS createdAt, lease, lease_until AS leaseUntil, fault';

// A lease that ran out belongs to a worker that died: its mail is due again.
const DUE =
  "((state = 'queued' AND next_attempt_at <= ?) OR (state = 'sending' AND lease_until <= ?))";
const HELD = "id = ? AND lease = ? AND state = 'sending'";

/** The {@link OutboxStore} of one database or transaction. */
export function createOutboxStore(database: Database): OutboxStore {
  const held = async (set: string, params: readonly SqlValue[]): Promise<boolean> => {
    const { changes } = await database.run(`UPDATE outbox SET ${set} WHERE ${HELD}`, params);
    return changes === 1;
  };
  const find: OutboxStore['find'] = async (id) => {
    const row = await database.get<OutboxMessage>(`SELECT ${COLUMNS} FROM outbox WHERE id = ?`, [
      id,
    ]);
    return row && { ...row };
  };

  return {
    enqueue: async (message) => {
      const leased = message.state === 'sending';
      await database.run(
        'INSERT INTO outbox (id, tenant, sealed, state, deliveries, next_attempt_at, expires_at, ' +
          'created_at, lease, lease_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        [
          message.id,
          message.tenant,
          message.sealed,
          message.state,
          leased ? 1 : 0,
          message.nextAttemptAt,
          message.expiresAt,
          message.createdAt,
          leased ? message.lease : null,
          leased ? message.leaseUntil : null,
        ],
      );
    },
    find,
    due: async (now, limit) => {
      const rows = await database.all<{ readonly id: string }>(
        `SELECT id FROM outbox WHERE ${DUE} ORDER BY created_at, next_attempt_at, id LIMIT ?`,
        [now, now, limit],
      );
      return rows.map((row) => row.id);
    },
    nextDueAt: async () => {
      const row = await database.get<{ readonly due: number | null }>(
        "SELECT MIN(due) AS due FROM (SELECT MIN(next_attempt_at) AS due FROM outbox WHERE state = 'queued' " +
          "UNION ALL SELECT MIN(lease_until) AS due FROM outbox WHERE state = 'sending') AS waiting",
      );
      return row?.due ?? undefined;
    },
    waiting: async () => {
      const rows = await database.all<{
        readonly state: 'queued' | 'sending';
        readonly messages: number;
        readonly oldest: number;
      }>(
        'SELECT state, COUNT(*) AS messages, MIN(created_at) AS oldest FROM outbox ' +
          "WHERE state IN ('queued', 'sending') GROUP BY state",
      );
      const countOf = (state: string): number =>
        rows.find((row) => row.state === state)?.messages ?? 0;
      const oldest = rows.map((row) => row.oldest);
      return {
        queued: countOf('queued'),
        sending: countOf('sending'),
        oldestAt: oldest.length > 0 ? Math.min(...oldest) : null,
      };
    },
    lease: async (id, lease, now, leaseUntil) => {
      const update =
        "UPDATE outbox SET state = 'sending', lease = ?, lease_until = ?, deliveries = deliveries + 1 " +
        `WHERE id = ? AND ${DUE}`;
      const params = [lease, leaseUntil, id, now, now];
      if (database.kind === 'sqlite') {
        const row = await database.get<OutboxMessage>(`${update} RETURNING ${COLUMNS}`, params);
        return row && { ...row };
      }
      const { changes } = await database.run(update, params);
      return changes === 1 ? find(id) : undefined;
    },
    renew: (id, lease, leaseUntil) => held('lease_until = ?', [leaseUntil, id, lease]),
    settle: (id, lease, { state, fault }) =>
      held('state = ?, fault = ?, sealed = NULL, lease = NULL, lease_until = NULL', [
        state,
        fault,
        id,
        lease,
      ]),
    postpone: (id, lease, nextAttemptAt, fault) =>
      held("state = 'queued', next_attempt_at = ?, fault = ?, lease = NULL, lease_until = NULL", [
        nextAttemptAt,
        fault,
        id,
        lease,
      ]),
  };
}
