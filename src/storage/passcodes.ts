// Owns mailed passcodes in SQL; what is stored is a keyed digest, never a passcode (S3).

import type { PasscodeRecord, PasscodeStore } from './store.ts';
import type { Database } from './sql.ts';

type Row = Omit<PasscodeRecord, 'strong'> & { readonly strong: number };

/** The {@link PasscodeStore} of one database or transaction. */
export function createPasscodeStore(database: Database): PasscodeStore {
  return {
    insert: async (record) => {
      await database.run(
        'INSERT INTO passcodes (tenant, uid, sequence, digest, link_digest, pepper_version, strong, ' +
          'created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        [
          record.tenant,
          record.uid,
          record.sequence,
          record.digest,
          record.linkDigest,
          record.pepperVersion,
          record.strong ? 1 : 0,
          record.createdAt,
          record.expiresAt,
        ],
      );
    },
    list: async (tenant, uid) => {
      const rows = await database.all<Row>(
        'SELECT tenant, uid, sequence, digest, link_digest AS linkDigest, ' +
          'pepper_version AS pepperVersion, strong, created_at AS createdAt, expires_at AS expiresAt FROM passcodes ' +
          'WHERE tenant = ? AND uid = ? ORDER BY sequence DESC',
        [tenant, uid],
      );
      return rows.map((row) => ({ ...row, strong: row.strong === 1 }));
    },
  };
}
