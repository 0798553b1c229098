// Owns the outbox in SQL: a mail is sent by whoever wins its lease.

import type { MailReport, OutboxMessage, OutboxStore } from './store.ts';
import type { Database, SqlValue } from './sql.ts';

const COLUMNS =
  'id, tenant, sealed, state, deliveries, next_attempt_at AS nextAttemptAt, expires_at AS expiresAt, ' +
  'created_at AS createdAt, lease, lease_until AS leaseUntil, fault, guest, kind, label, ' +
  'settled_at AS settledAt, delayed_at AS delayedAt, bounced_at AS bouncedAt, bounce, ' +
  'complained_at AS complainedAt';

// Each is told once: a report sent twice changes nothing, and the first time stands.
const REPORTED: Readonly<Record<MailReport['what'], string>> = {
  bounced: 'bounced_at = ?, bounce = ? WHERE bounced_at IS NULL',
  delayed: 'delayed_at = ? WHERE (delayed_at IS NULL OR delayed_at < settled_at)',
  complained: 'complained_at = ? WHERE complained_at IS NULL',
};

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
          'created_at, lease, lease_until, guest, kind, label) ' +
          'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
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
          message.guest ?? null,
          message.kind ?? null,
          message.label ?? null,
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
    settle: (id, lease, { state, fault, at, refused }) =>
      held(
        'state = ?, fault = ?, settled_at = ?, bounced_at = ?, sealed = NULL, lease = NULL, ' +
          'lease_until = NULL',
        [state, fault, at, refused ? at : null, id, lease],
      ),
    postpone: (id, lease, { nextAttemptAt, fault, at }) =>
      held(
        "state = 'queued', next_attempt_at = ?, fault = ?, " +
          'delayed_at = COALESCE(delayed_at, ?), lease = NULL, lease_until = NULL',
        [nextAttemptAt, fault, at, id, lease],
      ),
    report: async (id, { what, status, at }) => {
      // A decoy was never sent: nobody can know of it, and nothing is told of it.
      const { changes } = await database.run(
        `UPDATE outbox SET ${REPORTED[what]} AND id = ? AND state <> 'decoy' AND deliveries > 0`,
        [at, ...(what === 'bounced' ? [status] : []), id],
      );
      return changes === 1;
    },
    listOf: async (tenant, guest, limit) => {
      const rows = await database.all<OutboxMessage>(
        `SELECT ${COLUMNS} FROM outbox WHERE tenant = ? AND guest = ? ` +
          'ORDER BY created_at DESC LIMIT ?',
        [tenant, guest, limit],
      );
      return rows.map((row) => ({ ...row }));
    },
  };
}
