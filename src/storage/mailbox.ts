// Owns the development mailbox in SQL.

import type { MailboxMessage, MailboxStore } from './store.ts';
import type { Database } from './sql.ts';

const COLUMNS = 'id, received_at AS receivedAt, recipient, subject, text, html';

/** The {@link MailboxStore} of one database or transaction. */
export function createMailboxStore(database: Database): MailboxStore {
  return {
    put: async (message) => {
      // A mail sent twice after a crash keeps its id: the later copy stands.
      await database.run(
        'REPLACE INTO mailbox (id, received_at, recipient, subject, text, html) VALUES (?, ?, ?, ?, ?, ?)',
        [
          message.id,
          message.receivedAt,
          message.recipient,
          message.subject,
          message.text,
          message.html,
        ],
      );
    },
    list: async (limit) => {
      const rows = await database.all<MailboxMessage>(
        `SELECT ${COLUMNS} FROM mailbox ORDER BY position DESC LIMIT ?`,
        [limit],
      );
      return rows.map((row) => ({ ...row }));
    },
    find: async (id) => {
      const row = await database.get<MailboxMessage>(
        `SELECT ${COLUMNS} FROM mailbox WHERE id = ?`,
        [id],
      );
      return row && { ...row };
    },
  };
}
