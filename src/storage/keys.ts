// Owns signing keys in SQL, their private part sealed.

import type { KeyStore, SigningKey } from './store.ts';
import type { Database } from './sql.ts';

/** The {@link KeyStore} of one database or transaction. */
export function createKeyStore(database: Database): KeyStore {
  return {
    list: async (tenant) => {
      const rows = await database.all<SigningKey>(
        'SELECT tenant, kid, algorithm, generation, sealed, created_at AS createdAt, ' +
          'active_from AS activeFrom, retired_at AS retiredAt FROM signing_keys ' +
          'WHERE tenant = ? ORDER BY algorithm, generation',
        [tenant],
      );
      return rows.map((row) => ({ ...row }));
    },
    insert: (key) =>
      database.insert(
        'INSERT INTO signing_keys (tenant, kid, algorithm, generation, sealed, created_at, active_from, ' +
          'retired_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        [
          key.tenant,
          key.kid,
          key.algorithm,
          key.generation,
          key.sealed,
          key.createdAt,
          key.activeFrom,
          key.retiredAt,
        ],
      ),
    retire: async (tenant, kid, at) => {
      const { changes } = await database.run(
        'UPDATE signing_keys SET retired_at = ? ' +
          'WHERE tenant = ? AND kid = ? AND (retired_at IS NULL OR retired_at > ?)',
        [at, tenant, kid, at],
      );
      return changes === 1;
    },
  };
}
