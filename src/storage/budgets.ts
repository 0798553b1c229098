// Owns exact counters in SQL. Fixed windows: one row per scope, subject and window (S8).

import type { BudgetKey, BudgetStore } from './store.ts';
import type { Database, SqlValue } from './sql.ts';

const KEY = ['scope', 'subject', 'window_seconds', 'window_number'] as const;
const KEY_COLUMNS = KEY.join(', ');
const KEY_CONDITION = `(${KEY.map((column) => `${column} = ?`).join(' AND ')})`;
const COLUMNS = `${KEY_COLUMNS}, used, expires_at`;
const TAKEN = 'used = budgets.used + 1';

type Row = { readonly [column in (typeof KEY)[number]]: SqlValue } & { readonly used: number };

/** The {@link BudgetStore} of one database or transaction. */
export function createBudgetStore(database: Database): BudgetStore {
  return {
    spend: (keys, now, alsoRead = []) =>
      count(
        keys.map((key) => windowOf(key, now)),
        alsoRead.map((key) => windowOf(key, now)),
      ),
    read: (keys, now) =>
      read(
        database,
        keys.map((key) => windowOf(key, now)),
      ),
    refund: async (keys, now) => {
      if (keys.length === 0) return;
      const windows = keys.map((key) => windowOf(key, now));
      await database.run(
        `UPDATE budgets SET used = used - 1 WHERE used > 0 AND (${anyOf(windows)})`,
        windows.flatMap(({ key }) => key),
      );
    },
    clear: async (scope, subject) => {
      await database.run(`DELETE FROM budgets WHERE ${KEY_CONDITION}`, endless(scope, subject).key);
    },
  };

  async function count(
    windows: readonly Window[],
    alongside: readonly Window[],
  ): Promise<readonly number[]> {
    if (windows.length === 0) return read(database, alongside);
    // Everyone locks in the same order: two sign-ins that share an address and a network would
    // otherwise deadlock.
    const sorted = windows.toSorted((a, b) => (name(a.key) < name(b.key) ? -1 : 1));
    const rows = sorted.map(() => '(?, ?, ?, ?, 1, ?)').join(', ');
    const insert = `INSERT INTO budgets (${COLUMNS}) VALUES ${rows}`;
    const params = sorted.flatMap(({ key, expiresAt }) => [...key, expiresAt]);
    if (database.kind === 'sqlite') {
      const counted = await database.all<Row>(
        `${insert} ON CONFLICT (${KEY_COLUMNS}) DO UPDATE SET ${TAKEN} RETURNING ${KEY_COLUMNS}, used`,
        params,
      );
      return [...inOrder(windows, counted), ...(await read(database, alongside))];
    }
    // The row locks of the INSERT last until the commit, so nobody counts between the two.
    return database.transaction(async (tx) => {
      await tx.run(`${insert} ON DUPLICATE KEY UPDATE ${TAKEN}`, params);
      return read(tx, [...windows, ...alongside]);
    });
  }
}

async function read(database: Database, windows: readonly Window[]): Promise<readonly number[]> {
  if (windows.length === 0) return [];
  const rows = await database.all<Row>(
    `SELECT ${KEY_COLUMNS}, used FROM budgets WHERE ${anyOf(windows)}`,
    windows.flatMap(({ key }) => key),
  );
  return inOrder(windows, rows);
}

interface Window {
  /** Values of {@link KEY}. */
  readonly key: readonly [string, string, number, number];
  readonly expiresAt: number | null;
}

function windowOf({ scope, subject, windowSeconds }: BudgetKey, now: number): Window {
  if (windowSeconds === 0) return endless(scope, subject);
  const number = Math.floor(now / windowSeconds);
  return {
    key: [scope, subject, windowSeconds, number],
    expiresAt: (number + 1) * windowSeconds,
  };
}

/** A counter that only {@link BudgetStore.clear} ends. */
function endless(scope: string, subject: string): Window {
  return { key: [scope, subject, 0, 0], expiresAt: null };
}

function anyOf(windows: readonly Window[]): string {
  return windows.map(() => KEY_CONDITION).join(' OR ');
}

function inOrder(windows: readonly Window[], rows: readonly Row[]): readonly number[] {
  const used = new Map(rows.map((row) => [name(KEY.map((column) => row[column])), row.used]));
  return windows.map(({ key }) => used.get(name(key)) ?? 0);
}

function name(key: readonly SqlValue[]): string {
  return key.join('\0');
}
