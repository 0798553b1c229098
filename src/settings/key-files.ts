// Owns the secrets an installation on one machine makes for itself on its first start, in files:
// nobody has to think of them, and no two installations share one.

import { randomBytes } from 'node:crypto';
import { link, mkdir, open, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { quote } from './fault.ts';
import { readRegularFile, systemCodeOf } from './file.ts';
import { type Reading, report } from './reading.ts';
import { decodeKey, findKeyFault, refuseWideMode } from './secrets.ts';

/** The files by what they hold. */
export const keyFileNames = {
  pepper: 'pepper',
  sealingKey: 'sealing-key',
  cookieKeys: 'cookie-key',
} as const;

/** Which of the secrets. */
export type KeyName = keyof typeof keyFileNames;

/**
 * Reads the key files beside the database, making those that are not there: 32 random bytes as
 * base64, mode 0600, whole or not at all, also when two processes start at once.
 *
 * Files made are told of in `reading.notices`.
 *
 * @param place absolute path of the folder, and of the embedded database if there is one
 * @param names which secrets are wanted
 * @returns those that could be had; the others were reported
 * @source security requirements S3, S58
 */
export async function loadKeyFiles(
  reading: Reading,
  place: { readonly folder: string; readonly databaseFile?: string },
  names: readonly KeyName[],
): Promise<Partial<Record<KeyName, Buffer>>> {
  const { folder, databaseFile } = place;
  const keys: Partial<Record<KeyName, Buffer>> = {};
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Before the keys are looked for: a process starting beside us makes its keys first, too.
    const hasData = databaseFile !== undefined && (await isFilled(databaseFile));
    for (const name of names) {
      const key = await loadKeyFile(reading, join(folder, keyFileNames[name]), name, hasData);
      if (key) keys[name] = key;
    }
  } catch (error) {
    const code = systemCodeOf(error) ?? 'unknown fault';
    report(
      reading,
      ['secrets'],
      `the secrets of this installation cannot be kept in ${quote(folder)} (${code})`,
      'let this server write there, or set pepper, sealingKey and cookieKeys here',
    );
  }
  return keys;
}

async function loadKeyFile(
  reading: Reading,
  file: string,
  name: KeyName,
  hasData: boolean,
): Promise<Buffer | undefined> {
  let found = await readRegularFile(file, 4096);
  if (found.outcome === 'missing') {
    // A new sealing key would make the old signing keys and every waiting mail unreadable.
    if (name === 'sealingKey' && hasData) {
      report(
        reading,
        ['secrets', name],
        `the database is there, but the file ${quote(file)} that opens it is not`,
        'restore it from the backup, or set secrets.sealingKey to the key used before',
      );
      return undefined;
    }
    if (await makeKeyFile(file)) reading.notices.push(`Made ${file}. Keep it with your backups.`);
    found = await readRegularFile(file, 4096);
  }
  if (found.outcome !== 'read') {
    report(reading, ['secrets', name], `the file ${quote(file)} cannot be read`, 'mend its rights');
    return undefined;
  }
  if (!refuseWideMode(reading, ['secrets', name], file, found.mode)) return undefined;
  const key = decodeKey(found.bytes);
  const fault = findKeyFault(key, found.bytes);
  if (!fault) return key;
  report(reading, ['secrets', name], `${fault}, in ${quote(file)}`, 'restore it from the backup');
  return undefined;
}

/** @returns true when this process made the file, false when another was first */
async function makeKeyFile(file: string): Promise<boolean> {
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${randomBytes(32).toString('base64')}\n`);
    // A key that survives only in the page cache is lost with the power, and its data with it.
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    // A link never replaces: of two processes one wins, and nobody ever reads half a key.
    await link(draft, file);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
    await syncFolder(dirname(file));
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function isFilled(file: string): Promise<boolean> {
  try {
    return (await stat(file)).size > 0;
  } catch {
    return false;
  }
}
