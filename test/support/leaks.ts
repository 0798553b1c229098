// Owns watching for leaks over a whole run: what relays, jars and relying parties learn that is
// secret, and whether a log or a table has it in clear (S64, S65, T96).

import { existsSync } from 'node:fs';
import { GuestError } from '../../src/domain/errors.ts';
import type { DatabaseSettings } from '../../src/settings/settings.ts';
import { openDatabase } from '../../src/storage/open-database.ts';

/** Something that may stand nowhere, or in few columns. */
interface Secret {
  /** What it is, without saying it. */
  readonly name: string;
  readonly isAddress: boolean;
}

/** A secret where it may not be. */
export interface Leak {
  readonly secret: string;
  /** `log`, or `table.column`. */
  readonly place: string;
  /** What stands around it. */
  readonly text: string;
}

/**
 * Columns in which a whole address belongs: whom a tenant invited, who signs in, and the mailbox page
 * of an installation that sends nothing.
 */
const WITH_ADDRESSES: ReadonlySet<string> = new Set([
  'guests.address',
  'guests.address_key',
  'guests.invited_by',
  // Whoever also read the invitation.
  'guests.invitation',
  'guests.removed_key',
  'guest_addresses.address',
  'guest_addresses.address_key',
  'invitation_blocks.address_key',
  'sign_ins.address',
  'sign_ins.address_key',
  // What another place said of the account, until the guest has accepted.
  'sign_ins.proof',
  'sign_ins.decision',
  'mailbox.recipient',
  'mailbox.subject',
  'mailbox.text',
  'mailbox.html',
  // login_hint, as the application sent it, until the sign-in ends.
  'oidc_records.payload',
]);

/** The one table that is made to show codes and links: of an installation that sends no mail. */
const MAILBOX = /^mailbox\./;

const secrets = new Map<string, Secret>();
/** Lines that were written, by the folder of their installation. */
const lines = new Map<string, string[]>();
let databases = 0;

/** Notes something that must stand nowhere in clear. Short ones are left out: they stand everywhere. */
export function noteSecret(name: string, value: string | undefined): void {
  if (value !== undefined && value.length >= 8) secrets.set(value, { name, isAddress: false });
}

/** Notes an address, which may stand in a few columns, and in no log. */
export function noteAddress(address: string): void {
  secrets.set(address.toLowerCase(), { name: `address ${address}`, isAddress: true });
}

/** How many secrets are known, and how many databases were looked through. */
export function watchedSoFar(): { readonly secrets: number; readonly databases: number } {
  return { secrets: secrets.size, databases };
}

/** Notes a line that a server wrote. It is looked at when its installation goes. */
export function noteLine(folder: string, line: string): void {
  const known = lines.get(folder);
  if (known) known.push(line);
  else lines.set(folder, [line]);
}

/**
 * Looks at all that an installation leaves: what its servers wrote, and its database.
 *
 * @throws with every leak, when there is one
 */
export async function assertNoLeaks(folder: string, settings: DatabaseSettings): Promise<void> {
  const written = (lines.get(folder) ?? []).join('\n');
  lines.delete(folder);
  const leaks = [...findLeaks('log', written), ...(await findLeaksInDatabase(settings))];
  if (leaks.length === 0) return;
  const said = leaks.map(({ secret, place, text }) => `${secret} is in ${place}: ${text}`);
  throw new Error(`S65 secrets in clear:\n${said.join('\n')}`);
}

/**
 * Looks for every known secret in a text. A secret is found as a whole word alone: eight digits
 * within a longer number or digest are none.
 */
export function findLeaks(place: string, text: string): readonly Leak[] {
  const found = new Map<string, Leak>();
  for (const word of wordsOf(text)) {
    const secret = secrets.get(word) ?? secrets.get(word.toLowerCase());
    if (!secret || isAllowed(secret, place)) continue;
    const at = text.indexOf(word);
    const around = text.slice(Math.max(0, at - 80), at + word.length + 20);
    found.set(secret.name, { secret: secret.name, place, text: around });
  }
  return [...found.values()];
}

/**
 * Looks through every column of every table. A database that is gone, down, locked or broken when its
 * test ends has nothing to show.
 */
export async function findLeaksInDatabase(settings: DatabaseSettings): Promise<readonly Leak[]> {
  if (settings.kind === 'sqlite' && !existsSync(settings.file)) return [];
  const leaks: Leak[] = [];
  try {
    const database = openDatabase(settings, 1);
    try {
      for await (const found of leaksIn(database)) leaks.push(found);
    } finally {
      await database.close();
    }
    databases += 1;
  } catch (error) {
    if (!(error instanceof GuestError) || error.code !== 'unavailable') throw error;
  }
  return leaks;
}

async function* leaksIn(database: ReturnType<typeof openDatabase>): AsyncGenerator<Leak> {
  for (const table of await tablesOf(database)) {
    const rows = await database.all<Record<string, unknown>>(`SELECT * FROM ${table}`);
    for (const column of Object.keys(rows[0] ?? {})) {
      yield* findLeaks(`${table}.${column}`, rows.map((row) => textOf(row[column])).join('\n'));
    }
  }
}

function isAllowed({ isAddress }: Secret, place: string): boolean {
  return isAddress ? WITH_ADDRESSES.has(place) : MAILBOX.test(place);
}

async function tablesOf(database: ReturnType<typeof openDatabase>): Promise<readonly string[]> {
  const sql =
    database.kind === 'sqlite'
      ? "SELECT name FROM sqlite_master WHERE type = 'table'"
      : 'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()';
  const names = await database.all<{ name: string }>(sql);
  return names.map(({ name }) => name).filter((name) => !name.startsWith('sqlite_'));
}

function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  return typeof value === 'string' ? value : '';
}

/** As it stands, and as it stands with `%40` for `@`. */
function* wordsOf(text: string): Generator<string> {
  // With the stars of a masked address: `s**r@x.example` is not the address r@x.example.
  for (const [word] of text.matchAll(/[\w.*~+@-]+/g)) {
    yield word;
    // A sentence ends behind an address or a token.
    if (word.endsWith('.')) yield word.slice(0, -1);
  }
  for (const [word] of text.matchAll(/[\w.~+-]+%40[\w.-]+/gi)) yield word.replace(/%40/i, '@');
}
