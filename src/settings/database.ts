// Owns reading where everything is remembered.

import { resolve } from 'node:path';
import type { SecretReference } from './fields.ts';
import { joinMysqlHosts, splitMysqlHosts } from './mysql-hosts.ts';
import { type Path, type Reading, report } from './reading.ts';
import { refuseLiteral, resolveSecretText } from './secrets.ts';
import type { SettingsFile } from './schema.ts';
import type { DatabaseSettings } from './settings.ts';

const PATH: Path = ['database'];
const MEND = 'write sqlite:FILE or mysql://USER@HOST:3306/NAME';

/**
 * Reads the `database` key.
 *
 * @returns an absolute file, or a whole mysql:// URL; undefined after reporting
 * @source security requirement S58
 */
export async function resolveDatabase(
  reading: Reading,
  value: SettingsFile['database'],
): Promise<DatabaseSettings | undefined> {
  const isParted = typeof value === 'object' && 'url' in value;
  const path = isParted ? [...PATH, 'url'] : PATH;
  const url = isParted ? value.url : value;
  const text = typeof url === 'string' ? url : await resolveSecretText(reading, path, url);
  if (text === undefined) return undefined;
  const password = isParted ? value.password : undefined;
  if (text.startsWith('sqlite:')) return resolveFile(reading, path, text, password);
  return resolveServer(reading, path, text, password, typeof url === 'string');
}

function resolveFile(
  reading: Reading,
  path: Path,
  text: string,
  password: SecretReference | undefined,
): DatabaseSettings | undefined {
  const file = text.slice('sqlite:'.length);
  if (password !== undefined) {
    report(reading, [...PATH, 'password'], 'an sqlite database has no password', 'delete the line');
  }
  // A database in memory would forget every guest and key at each restart, without a word.
  if (file === '' || file.startsWith(':') || /[\0?]/.test(file)) {
    report(
      reading,
      path,
      'sqlite: without the name of a file',
      'write sqlite:../data/guestpass.db',
    );
    return undefined;
  }
  return { kind: 'sqlite', file: resolve(reading.folder, file.replace(/^\/\/\//, '/')) };
}

async function resolveServer(
  reading: Reading,
  path: Path,
  text: string,
  password: SecretReference | undefined,
  isLiteral: boolean,
): Promise<DatabaseSettings | undefined> {
  const parts = splitMysqlHosts(text);
  const url = parts?.url;
  if (!url || url.hostname === '') {
    report(reading, path, 'not the address of a database', MEND);
    return undefined;
  }
  if (!/^\/[^/]+$/.test(url.pathname) || url.username === '' || url.hash !== '') {
    report(reading, path, 'a mysql address without user or database name', MEND);
    return undefined;
  }
  if (url.password !== '') {
    if (password !== undefined) {
      report(reading, path, 'the password stands twice', 'take it out of the address');
      return undefined;
    }
    if (isLiteral && !refuseLiteral(reading, path)) return undefined;
  }
  if (password !== undefined) {
    const secret = await resolveSecretText(reading, [...PATH, 'password'], password);
    if (secret === undefined) return undefined;
    // The setter escapes ':', '/', '@' but leaves '%' alone, which would then be decoded again.
    url.password = encodeURIComponent(secret);
  }
  return { kind: 'mysql', url: joinMysqlHosts(parts) };
}
