// Owns putting the installation's secrets together: those configured, those in the environment, and
// those an installation on one machine makes for itself.

import { dirname, resolve } from 'node:path';
import type { SecretReference } from './fields.ts';
import { type KeyName, loadKeyFiles } from './key-files.ts';
import { type Path, type Reading, report } from './reading.ts';
import type { SettingsFile } from './schema.ts';
import { resolveKey } from './secrets.ts';
import type { DatabaseSettings, Secrets } from './settings.ts';

/** The secrets as far as they are configured; what is missing is undefined. */
export type ConfiguredSecrets = { readonly [Name in KeyName]?: readonly Buffer[] };

const KEY_NAMES: readonly KeyName[] = ['pepper', 'sealingKey', 'cookieKeys'];

/** Environment variables that hold a secret which the file does not name. */
export const secretVariables = {
  pepper: 'GUESTPASS_PEPPER',
  sealingKey: 'GUESTPASS_SEALING_KEY',
  cookieKeys: 'GUESTPASS_COOKIE_KEY',
} as const satisfies Record<KeyName, string>;

/**
 * Fetches the secrets that are configured and reports those that a mysql database cannot do without.
 *
 * @param kind of the database; undefined while it is not known
 */
export async function resolveConfiguredSecrets(
  reading: Reading,
  value: NonNullable<SettingsFile['secrets']>,
  kind: DatabaseSettings['kind'] | undefined,
): Promise<ConfiguredSecrets> {
  if (value.pepper !== undefined && value.peppers !== undefined) {
    report(reading, ['secrets', 'pepper'], 'both pepper and peppers', 'keep peppers alone', 'key');
  }
  const configured: ConfiguredSecrets = {
    ...(await resolveVariables(reading)),
    ...(value.peppers && { pepper: await resolveKeys(reading, 'peppers', value.peppers) }),
    ...(value.pepper && { pepper: await resolveOne(reading, 'pepper', value.pepper) }),
    ...(value.sealingKey && {
      sealingKey: await resolveOne(reading, 'sealingKey', value.sealingKey),
    }),
    ...(value.cookieKeys && {
      cookieKeys: await resolveKeys(reading, 'cookieKeys', value.cookieKeys),
    }),
  };
  const missing = KEY_NAMES.filter((name) => !configured[name]);
  // On this machine alone the servers share a folder; elsewhere each would make keys of its own.
  if (kind === 'mysql' && !reading.isLoopback) {
    for (const name of missing) {
      const form = name === 'cookieKeys' ? '[{ env: NAME }]' : '{ env: NAME } or { file: PATH }';
      report(
        reading,
        ['secrets', name],
        'required key missing: with mysql every server needs the same secrets',
        `set it to ${form}, or ${secretVariables[name]}; make one with: openssl rand -base64 32`,
      );
    }
  }
  reportShared(reading, configured);
  return configured;
}

/**
 * Completes the secrets with those in files, which are made when they are not there: beside an
 * embedded database, or, for a mysql database on a loopback installation, in `data` beside the
 * configuration folder.
 *
 * @returns undefined after reporting
 */
export async function completeSecrets(
  reading: Reading,
  configured: ConfiguredSecrets,
  database: DatabaseSettings,
): Promise<Secrets | undefined> {
  const missing = KEY_NAMES.filter((name) => !configured[name]);
  const place =
    database.kind === 'sqlite'
      ? { folder: dirname(database.file), databaseFile: database.file }
      : { folder: resolve(reading.folder, '../data') };
  const made = missing.length > 0 ? await loadKeyFiles(reading, place, missing) : {};
  const keysOf = (name: KeyName): readonly Buffer[] | undefined =>
    configured[name] ?? (made[name] && [made[name]]);
  const peppers = keysOf('pepper');
  const sealingKey = keysOf('sealingKey')?.[0];
  const cookieKeys = keysOf('cookieKeys');
  return peppers && sealingKey && cookieKeys ? { peppers, sealingKey, cookieKeys } : undefined;
}

async function resolveVariables(reading: Reading): Promise<ConfiguredSecrets> {
  const found: Partial<Record<KeyName, readonly Buffer[]>> = {};
  for (const name of KEY_NAMES) {
    const env = secretVariables[name];
    if (reading.env[env] === undefined) continue;
    found[name] = await resolveOne(reading, name, { env });
  }
  return found;
}

async function resolveOne(
  reading: Reading,
  name: KeyName,
  reference: SecretReference,
): Promise<readonly Buffer[]> {
  const key = await resolveKey(reading, ['secrets', name], reference);
  return key ? [key] : [];
}

async function resolveKeys(
  reading: Reading,
  name: string,
  references: readonly SecretReference[],
): Promise<readonly Buffer[]> {
  const keys: Buffer[] = [];
  for (const [index, reference] of references.entries()) {
    const path: Path = ['secrets', name, index];
    const key = await resolveKey(reading, path, reference);
    if (key) keys.push(key);
  }
  return keys;
}

// One value for two purposes: whoever may check cookies could compute passcode digests.
function reportShared(reading: Reading, configured: ConfiguredSecrets): void {
  const seen = new Set<string>();
  for (const name of KEY_NAMES) {
    for (const key of configured[name] ?? []) {
      const value = key.toString('base64');
      if (seen.has(value)) {
        report(reading, ['secrets'], 'one value for two secrets', 'give each a value of its own');
        return;
      }
      seen.add(value);
    }
  }
}
