// Owns journeys to upstream identity providers in SQL: each leads back once.

import type { JourneyStore, UpstreamJourney } from './store.ts';
import type { Database } from './sql.ts';

/** The {@link JourneyStore} of one database or transaction. */
export function createJourneyStore(database: Database): JourneyStore {
  return {
    insert: async (journey) => {
      await database.run(
        'INSERT INTO upstream_journeys (id, tenant, uid, browser, connection, memory, expires_at) ' +
          'VALUES (?, ?, ?, ?, ?, ?, ?)',
        [
          journey.id,
          journey.tenant,
          journey.uid,
          journey.browser,
          journey.connection,
          journey.memory,
          journey.expiresAt,
        ],
      );
    },
    take: async (id, now) => {
      const row = await database.get<UpstreamJourney>(
        'SELECT tenant, id, uid, browser, connection, memory, expires_at AS expiresAt ' +
          'FROM upstream_journeys WHERE id = ?',
        [id],
      );
      // Whoever deletes the row has it: two answers that both read it are told apart here.
      const { changes } = await database.run(
        'DELETE FROM upstream_journeys WHERE id = ? AND expires_at > ?',
        [id, now],
      );
      return row && changes === 1 ? { ...row } : undefined;
    },
  };
}
