// Owns reading guestpass.yaml: from the file to settings that are whole, checked and resolved.

import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { defaultLimits, type Limits } from '../domain/limits.ts';
import { deepFreeze } from './deep-freeze.ts';
import { resolveDatabase } from './database.ts';
import { findChangedKeys } from './changed-keys.ts';
import { checkShape } from './explain.ts';
import { ConfigurationError, type ConfigurationFault, sortFaults } from './fault.ts';
import { completeSecrets, resolveConfiguredSecrets } from './installation-secrets.ts';
import { resolveLimits } from './limits.ts';
import { type Listening, resolveListening, resolveTrustedProxies } from './listen.ts';
import { resolveMail } from './mail.ts';
import { isLoopbackOrigin, parsePublicUrl } from './public-url.ts';
import { type Environment, type Reading, report, valueAt } from './reading.ts';
import { type SettingsFile, settingsSchema } from './schema.ts';
import {
  type DatabaseSettings,
  defaultAuditDays,
  type MailSettings,
  type Settings,
} from './settings.ts';
import { readYaml, type YamlFile } from './yaml.ts';

/** The name of the settings file in the configuration folder. */
export const SETTINGS_FILE = 'guestpass.yaml';

/** Settings and what to tell the person who starts the server. */
export interface LoadedSettings {
  readonly settings: Settings;
  /** Sentences such as which secret files were made. */
  readonly notices: readonly string[];
}

/** Settings read as far as that changes nothing on this machine. */
export interface SettingsDraft {
  readonly faults: readonly ConfigurationFault[];
  /** Sentences worth knowing that stand already. */
  readonly notices: readonly string[];
  /** False when the installation is known to be reached from elsewhere. */
  readonly isLoopback: boolean;
  /** undefined where the file says none that can be used. */
  readonly publicUrl: string | undefined;
  /** As publicUrl. */
  readonly database: DatabaseSettings | undefined;
  readonly listening: Listening;
  /** As publicUrl. */
  readonly mail: MailSettings | undefined;
  /** The default where the file says none that can be used. */
  readonly limits: Limits;
  readonly tenantPicker: boolean;
  /**
   * Keys of running settings that the file says otherwise by now; none when it has a fault. Secrets
   * count where they are configured: those made beside the database are not looked at.
   */
  changedSince(running: Settings): readonly string[];
  /**
   * Makes the settings whole; the embedded store's secrets are made here when they are missing.
   * @throws {ConfigurationError} with every fault of the file
   */
  complete(): Promise<LoadedSettings>;
}

/**
 * Reads and checks the settings without making any secret. Never throws for a bad file.
 *
 * @param directory the configuration folder
 * @param env environment variables that references name, and NODE_ENV
 * @source security requirements S3, S57, S58
 */
export async function draftSettings(directory: string, env: Environment): Promise<SettingsDraft> {
  const path = resolve(directory, SETTINGS_FILE);
  const read = await readYaml(path, SETTINGS_FILE);
  if (read.outcome === 'faulty') return failedDraft(read.faults);
  const { yaml } = read;
  const publicUrl = parsePublicUrl(String(sectionOf(yaml, 'publicUrl')));
  const reading: Reading = {
    yaml,
    env,
    folder: dirname(path),
    isLoopback: !('origin' in publicUrl) || isLoopbackOrigin(publicUrl.origin),
    faults: [],
    notices: [],
  };
  checkShape(reading, settingsSchema);
  if ('wrong' in publicUrl && typeof sectionOf(yaml, 'publicUrl') === 'string') {
    report(reading, ['publicUrl'], publicUrl.wrong, publicUrl.mend);
  }
  const rest = await resolveSections(reading);
  return {
    faults: sortFaults(reading.faults),
    notices: reading.notices,
    isLoopback: reading.isLoopback,
    publicUrl: 'origin' in publicUrl ? publicUrl.origin : undefined,
    database: rest.database,
    listening: { listen: rest.listen, adminListen: rest.adminListen },
    mail: rest.mail,
    limits: rest.limits,
    tenantPicker: rest.tenantPicker,
    changedSince(running) {
      if (reading.faults.length > 0 || !('origin' in publicUrl)) return [];
      return findChangedKeys(running, { ...rest, publicUrl: publicUrl.origin });
    },
    async complete() {
      const { database, mail, listen, secrets, ...plain } = rest;
      if (reading.faults.length > 0 || !database || !mail || !listen || !('origin' in publicUrl)) {
        throw new ConfigurationError(sortFaults(reading.faults));
      }
      const whole = await completeSecrets(reading, secrets, database);
      if (!whole) throw new ConfigurationError(sortFaults(reading.faults));
      const settings: Settings = {
        publicUrl: publicUrl.origin,
        loopback: reading.isLoopback && publicUrl.origin.startsWith('http:'),
        listen,
        database,
        mail,
        ...plain,
        secrets: whole,
      };
      return { settings: deepFreeze(settings), notices: reading.notices };
    },
  };
}

// Each key is judged by itself, so that a fault in one does not hide the faults of the others.
async function resolveSections(reading: Reading) {
  const { shape } = settingsSchema;
  const { yaml } = reading;
  const file = {
    listen: shape.listen.safeParse(sectionOf(yaml, 'listen')),
    adminListen: shape.adminListen.safeParse(sectionOf(yaml, 'adminListen')),
    processes: shape.processes.safeParse(sectionOf(yaml, 'processes')),
    database: shape.database.safeParse(sectionOf(yaml, 'database')),
    mail: shape.mail.safeParse(sectionOf(yaml, 'mail')),
    unsafeLimits: shape.unsafeLimits.safeParse(sectionOf(yaml, 'unsafeLimits')),
    tenantPicker: shape.tenantPicker.safeParse(sectionOf(yaml, 'tenantPicker')),
    trustedProxies: shape.trustedProxies.safeParse(sectionOf(yaml, 'trustedProxies')),
    logLevel: shape.logLevel.safeParse(sectionOf(yaml, 'logLevel')),
    auditDays: shape.auditDays.safeParse(sectionOf(yaml, 'auditDays')),
    secrets: shape.secrets.safeParse(sectionOf(yaml, 'secrets')),
  };
  const database =
    file.database.data === undefined
      ? undefined
      : await resolveDatabase(reading, file.database.data);
  return {
    ...resolveListening(reading, {
      listen: file.listen.data,
      adminListen: file.adminListen.data,
    }),
    processes: file.processes.data === 'auto' ? availableParallelism() : (file.processes.data ?? 1),
    database,
    mail: file.mail.data && (await resolveMail(reading, file.mail.data)),
    limits: resolveLimits(reading, sectionOf(yaml, 'limits'), file.unsafeLimits.data ?? false),
    tenantPicker: file.tenantPicker.data ?? false,
    trustedProxies: resolveTrustedProxies(reading, file.trustedProxies.data ?? []),
    logLevel: file.logLevel.data ?? 'info',
    auditDays: file.auditDays.data ?? defaultAuditDays,
    secrets: file.secrets.success
      ? await resolveConfiguredSecrets(reading, file.secrets.data ?? {}, database?.kind)
      : {},
  };
}

function sectionOf(yaml: YamlFile, key: keyof SettingsFile): unknown {
  return valueAt(yaml.value, [key]);
}

function failedDraft(faults: readonly ConfigurationFault[]): SettingsDraft {
  return {
    faults,
    notices: [],
    isLoopback: true,
    publicUrl: undefined,
    database: undefined,
    listening: { listen: undefined, adminListen: undefined },
    mail: undefined,
    limits: defaultLimits,
    tenantPicker: false,
    changedSince: () => [],
    complete: () => Promise.reject(new ConfigurationError(faults)),
  };
}
