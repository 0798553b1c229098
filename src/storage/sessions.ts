// Owns in SQL in which browsers guests are signed in. The engine's record decides whether one still
// is: what is signed out, revoked or over is found no more, whoever ended it.

import { readBrowserName, writeBrowserName } from '../domain/browser-name.ts';
import type { GuestSession, LiveSession, SessionStore } from './store.ts';
import { type Database, type SqlKind, upsertSql, type Write } from './sql.ts';

const WRITTEN = [
  'tenant',
  'uid',
  'guest_id',
  'browser',
  'by_mail',
  'signed_in_at',
  'expires_at',
] as const;

type Row = Omit<LiveSession, 'browser' | 'byMail' | 'payload'> & {
  readonly browser: string;
  readonly byMail: number;
  readonly payload: string;
};

/** Notes a sign-in, to be written with what else it leaves behind. */
export function noteWrite(kind: SqlKind, session: GuestSession): Write {
  const { tenant, uid, guest, browser, byMail, signedInAt, expiresAt } = session;
  const named = writeBrowserName(browser);
  return {
    sql: upsertSql(kind, 'guest_sessions', WRITTEN, ['tenant', 'uid'], WRITTEN.slice(2)),
    params: [tenant, uid, guest, named, byMail ? 1 : 0, signedInAt, expiresAt],
  };
}

/** The {@link SessionStore} of one database or transaction. */
export function createSessionStore(database: Database): SessionStore {
  // Without ANALYZE SQLite would read every record of the tenant by the primary key's prefix.
  const by = (index: string): string => (database.kind === 'sqlite' ? ` INDEXED BY ${index}` : '');
  const live =
    'SELECT s.tenant, s.uid, s.guest_id AS guest, s.browser, s.by_mail AS byMail, ' +
    's.signed_in_at AS signedInAt, s.expires_at AS expiresAt, r.payload ' +
    `FROM guest_sessions AS s${by('guest_sessions_guest')} ` +
    `JOIN oidc_records AS r${by('oidc_records_uid')} ` +
    "ON r.tenant = s.tenant AND r.model = 'Session' AND r.uid = s.uid " +
    'WHERE s.tenant = ? AND s.guest_id = ? AND s.ended_at IS NULL AND s.expires_at > ? ' +
    'AND r.expires_at > ? ORDER BY s.signed_in_at DESC, s.uid LIMIT ?';

  return {
    note: (session) => database.writeAll([noteWrite(database.kind, session)]),
    list: async (tenant, guest, now, limit) => {
      const rows = await database.all<Row>(live, [tenant, guest, now, now, limit]);
      return rows.map(toSession);
    },
    end: async (tenant, guest, uid, now) => {
      const { changes } = await database.run(
        'UPDATE guest_sessions SET ended_at = ? ' +
          'WHERE tenant = ? AND uid = ? AND guest_id = ? AND ended_at IS NULL',
        [now, tenant, uid, guest],
      );
      return changes === 1;
    },
    isEnded: async (tenant, uid) => {
      const row = await database.get<Pick<GuestSession, 'uid'>>(
        'SELECT uid FROM guest_sessions WHERE tenant = ? AND uid = ? AND ended_at IS NOT NULL',
        [tenant, uid],
      );
      return row !== undefined;
    },
  };
}

function toSession({ browser, byMail, payload, ...row }: Row): LiveSession {
  const parsed: LiveSession['payload'] = JSON.parse(payload);
  return { ...row, browser: readBrowserName(browser), byMail: byMail === 1, payload: parsed };
}
