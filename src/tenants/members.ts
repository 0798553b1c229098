// Owns how it is known whether an address has an account: from the file's words to the contract's.

import type { Connection, Members } from '../domain/identity-provider.ts';
import { type Path, type Reading, report } from '../settings/reading.ts';
import { resolveSecretText } from '../settings/secrets.ts';
import type { AccountsFile } from './connection-schema.ts';
import { parseMembers } from './members-file.ts';
import { readNamedFile } from './named-file.ts';
import { note } from './note.ts';
import { refusePlainHttp } from './upstream.ts';

const MOST_BYTES = 10 * 1024 * 1024;

/**
 * Reads the members of a connection: those of a file, or where to ask.
 *
 * @param path where `members` stands
 * @param domains of the connection; addresses of a file must be of these
 * @returns undefined after reporting
 * @source rules R9, R46
 */
export async function resolveMembers(
  reading: Reading,
  path: Path,
  { file, lookup }: AccountsFile,
  domains: Connection['domains'],
): Promise<Members | undefined> {
  if ((file === undefined) === (lookup === undefined)) {
    const message = file === undefined ? 'neither file nor lookup' : 'both file and lookup';
    report(reading, path, message, 'write one of the two');
    return undefined;
  }
  if (lookup !== undefined) {
    const isReachable = refusePlainHttp(reading, [...path, 'lookup', 'url'], lookup.url);
    const token = await resolveSecretText(reading, [...path, 'lookup', 'token'], lookup.token);
    return isReachable && token !== undefined
      ? { by: 'lookup', url: lookup.url, token }
      : undefined;
  }
  const at = [...path, 'file'];
  const found = await readNamedFile(reading, at, file ?? '', MOST_BYTES);
  if (!found) return undefined;
  const { accounts, faults } = parseMembers(found.text, found.name, domains);
  if (faults.length > 0) {
    reading.faults.push(...faults);
    return undefined;
  }
  if (accounts.size === 0) note(reading, at, 'no account in this file', 'add one a line');
  return { by: 'accounts', accounts };
}
