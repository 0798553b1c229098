// Owns sign-ins in SQL: every step that must happen at most so often is one conditional UPDATE, so
// that a thousand parallel requests are judged one after the other by the database (S5, S6, S7).

import type { SignIn, SignInStore } from './store.ts';
import type { Database, SqlValue } from './sql.ts';

const COLUMNS =
  'tenant, uid, browser, address, address_key AS addressKey, label, message_id AS messageId, sends, ' +
  'last_sent_at AS lastSentAt, attempts, live_from AS liveFrom, live_until AS liveUntil, strong, ' +
  'verified_at AS verifiedAt, decision, proof, accepted, notice, expires_at AS expiresAt';

// MySQL sees the new value of a column in the assignments after it: what others are decided by is
// assigned after them.
const TAKE_SEND = `UPDATE sign_ins SET
  live_from = CASE WHEN live_until > ? AND attempts < ? THEN live_from ELSE sends + 1 END,
  attempts = CASE WHEN live_until > ? AND attempts < ? THEN attempts ELSE 0 END,
  live_until = ?, strong = ?, label = ?, message_id = ?, last_sent_at = ?, sends = sends + 1
  WHERE tenant = ? AND uid = ? AND browser = ? AND verified_at IS NULL AND sends < ?
  AND (last_sent_at IS NULL OR last_sent_at <= ?)`;

const TAKE_ATTEMPT = `UPDATE sign_ins SET attempts = attempts + 1
  WHERE tenant = ? AND uid = ? AND browser = ? AND verified_at IS NULL
  AND live_until IS NOT NULL AND attempts < ?`;

const CHANGE_ADDRESS = `UPDATE sign_ins SET
  live_from = CASE WHEN address_key = ? THEN live_from ELSE sends + 1 END,
  live_until = CASE WHEN address_key = ? THEN live_until ELSE NULL END,
  address = ?, address_key = ?, decision = ?
  WHERE tenant = ? AND uid = ? AND browser = ? AND verified_at IS NULL`;

type Row = Omit<SignIn, 'strong'> & { readonly strong: number };

/** The {@link SignInStore} of one database or transaction. */
export function createSignInStore(database: Database): SignInStore {
  const find: SignInStore['find'] = async (tenant, uid) =>
    toSignIn(
      await database.get<Row>(`SELECT ${COLUMNS} FROM sign_ins WHERE tenant = ? AND uid = ?`, [
        tenant,
        uid,
      ]),
    );

  return {
    find,
    chooseAddress: async ({ tenant, uid, browser, address, addressKey, decision, expiresAt }) => {
      const isNew = await database.insert(
        'INSERT INTO sign_ins (tenant, uid, browser, address, address_key, sends, attempts, ' +
          'live_from, strong, decision, accepted, expires_at) ' +
          'VALUES (?, ?, ?, ?, ?, 0, 0, 1, 0, ?, 0, ?)',
        [tenant, uid, browser, address, addressKey, decision, expiresAt],
      );
      if (isNew) return true;
      const { changes } = await database.run(CHANGE_ADDRESS, [
        addressKey,
        addressKey,
        address,
        addressKey,
        decision,
        tenant,
        uid,
        browser,
      ]);
      return changes === 1;
    },
    setDecision: (tenant, uid, browser, decision) =>
      whileUnproven('decision = ?', [decision, tenant, uid, browser]),
    takeSend: (request) =>
      change(
        TAKE_SEND,
        [
          request.now,
          request.maxAttempts,
          request.now,
          request.maxAttempts,
          request.liveUntil,
          request.strong ? 1 : 0,
          request.label,
          request.messageId,
          request.now,
          request.tenant,
          request.uid,
          request.browser,
          request.maxSends,
          request.now - request.cooldownSeconds,
        ],
        request,
      ),
    takeAttempt: (request) =>
      change(
        TAKE_ATTEMPT,
        [request.tenant, request.uid, request.browser, request.maxAttempts],
        request,
      ),
    markVerified: (tenant, uid, browser, now) =>
      whileUnproven('verified_at = ?', [now, tenant, uid, browser]),
    markProven: async ({ tenant, uid, browser, addressKey }, proof, now) => {
      const { changes } = await database.run(
        'UPDATE sign_ins SET verified_at = ?, proof = ? WHERE tenant = ? AND uid = ? ' +
          'AND browser = ? AND address_key = ? AND verified_at IS NULL',
        [now, proof, tenant, uid, browser, addressKey],
      );
      return changes === 1;
    },
    accept: async (tenant, uid, browser, accepted) => {
      await database.run(
        'UPDATE sign_ins SET accepted = ? WHERE tenant = ? AND uid = ? AND browser = ? ' +
          'AND verified_at IS NOT NULL AND accepted < ?',
        [accepted, tenant, uid, browser, accepted],
      );
    },
    endPasscodes: async (tenant, addressKey) => {
      // Looked up without a lock, then ended by key: an UPDATE by address would lock the sign-ins of
      // the whole tenant, and an index on it would be paid by every sign-in.
      const live = await database.all<{ readonly uid: string }>(
        'SELECT uid FROM sign_ins WHERE tenant = ? AND address_key = ? AND verified_at IS NULL ' +
          'AND live_until IS NOT NULL',
        [tenant, addressKey],
      );
      for (const { uid } of live) {
        await database.run(
          'UPDATE sign_ins SET live_from = sends + 1, live_until = NULL ' +
            'WHERE tenant = ? AND uid = ? AND address_key = ? AND verified_at IS NULL',
          [tenant, uid, addressKey],
        );
      }
    },
    setNotice: async (tenant, uid, notice) => {
      await database.run('UPDATE sign_ins SET notice = ? WHERE tenant = ? AND uid = ?', [
        notice,
        tenant,
        uid,
      ]);
    },
  };

  async function whileUnproven(set: string, params: readonly SqlValue[]): Promise<boolean> {
    const { changes } = await database.run(
      `UPDATE sign_ins SET ${set} WHERE tenant = ? AND uid = ? AND browser = ? AND verified_at IS NULL`,
      params,
    );
    return changes === 1;
  }

  async function change(
    update: string,
    params: readonly SqlValue[],
    key: Pick<SignIn, 'tenant' | 'uid'>,
  ): Promise<SignIn | undefined> {
    if (database.kind === 'sqlite') {
      return toSignIn(await database.get<Row>(`${update} RETURNING ${COLUMNS}`, params));
    }
    const { changes } = await database.run(update, params);
    return changes === 1 ? find(key.tenant, key.uid) : undefined;
  }
}

function toSignIn(row: Row | undefined): SignIn | undefined {
  return row && { ...row, strong: row.strong === 1 };
}
