// Owns what is looked up in the tables behind an attack: how often was compared, who is signed in.

import type { CodePage, Fortress } from './fortress.ts';
import type { Jar } from '../support/jar.ts';

/** What one counter holds, over all its windows. */
export async function counted(
  { sql }: Pick<Fortress, 'sql'>,
  scope: string,
  subject?: string,
): Promise<number> {
  const rows = await sql.all<{ used: number }>(
    `SELECT used FROM budgets WHERE scope = ? ${subject === undefined ? '' : 'AND subject = ?'}`,
    subject === undefined ? [scope] : [scope, subject],
  );
  return rows.reduce((sum, { used }) => sum + used, 0);
}

/** What is remembered of a sign-in. */
export async function attemptsOf(
  { sql }: Pick<Fortress, 'sql'>,
  { page }: CodePage,
): Promise<{ attempts: number; sends: number; verified_at: number | null; address: string }> {
  const uid = page.url.pathname.split('/').at(-1) ?? '';
  const row = await sql.get<{
    attempts: number;
    sends: number;
    verified_at: number | null;
    address: string;
  }>('SELECT attempts, sends, verified_at, address FROM sign_ins WHERE uid = ?', [uid]);
  if (!row) throw new Error(`no sign-in ${uid}`);
  return row;
}

/** Whether a browser is signed in at a tenant. */
export async function isLoggedIn(
  fortress: Fortress,
  browser: Jar,
  tenant: string,
): Promise<boolean> {
  const { url } = await fortress.begin(tenant, { prompt: 'none' });
  const { location = '' } = await browser.follow(await browser.get(url));
  if (location.includes('code=')) return true;
  if (!location.includes('error=login_required')) throw new Error(`neither: ${location}`);
  return false;
}

/** Codes that are not the right one. */
export function wrongCodes(right: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    String((Number(right) + 1 + index) % 10 ** right.length).padStart(right.length, '0'),
  );
}
