// Owns loading everything that is configured in one go: one snapshot, or every fault of every file.

import type { Limits } from '../domain/limits.ts';
import { createTenantIndex, type Tenant, type TenantIndex } from '../domain/tenant.ts';
import { ConfigurationError, type ConfigurationFault } from '../settings/fault.ts';
import { draftSettings } from '../settings/load.ts';
import type { Environment } from '../settings/reading.ts';
import type { DatabaseSettings, MailSettings, Settings } from '../settings/settings.ts';
import type { KnownFiles } from '../settings/yaml.ts';
import type { DomainPlace } from './connections.ts';
import { readTenants } from './load.ts';

/** One snapshot of all that is configured; never changes. */
export interface Configuration {
  readonly settings: Settings;
  readonly tenants: TenantIndex;
  /** Sentences to tell the person who starts the server. */
  readonly notices: readonly string[];
}

/**
 * Loads `guestpass.yaml` and `tenants/*` of one folder. Secrets are made only when nothing is wrong.
 *
 * @param directory the configuration folder
 * @param env environment variables that references name, and NODE_ENV
 * @throws {ConfigurationError} with every fault of every file
 * @source security requirements S57, S58
 */
export async function loadConfiguration(
  directory: string,
  env: Environment = process.env,
): Promise<Configuration> {
  const draft = await draftSettings(directory, env);
  const reading = await readTenants(directory, draft.isLoopback, env);
  const faults = [...draft.faults, ...reading.faults];
  if (faults.length > 0) throw new ConfigurationError(faults);
  const { settings, notices } = await draft.complete();
  return {
    settings,
    tenants: createTenantIndex(reading.tenants),
    notices: [...notices, ...reading.notices],
  };
}

/** What the files say now, beside what a server runs with. */
export interface ReadAgain {
  readonly tenants: TenantIndex;
  readonly notices: readonly string[];
  /** Keys of guestpass.yaml that say otherwise and count from the next start. */
  readonly restartKeys: readonly string[];
}

/**
 * Reads everything again for a server that runs: whole or not at all. Makes no secret, so that a key
 * file lost meanwhile is not replaced by another key.
 *
 * @param known tenants' files as they were read last; kept up to date
 * @throws {ConfigurationError} with every fault of every file
 * @source security requirements S57
 */
export async function readAgain(
  directory: string,
  running: Settings,
  env: Environment = process.env,
  known: KnownFiles = new Map(),
): Promise<ReadAgain> {
  const draft = await draftSettings(directory, env);
  const reading = await readTenants(directory, draft.isLoopback, env, known);
  const faults = [...draft.faults, ...reading.faults];
  if (faults.length > 0) throw new ConfigurationError(faults);
  return {
    tenants: createTenantIndex(reading.tenants),
    notices: [...draft.notices, ...reading.notices],
    restartKeys: draft.changedSince(running),
  };
}

/** Everything found wrong or worth knowing, and what could be read. */
export interface ConfigurationCheck {
  /** Of all files, in the order of the files. */
  readonly faults: readonly ConfigurationFault[];
  readonly notices: readonly string[];
  /** Those without a fault. */
  readonly tenants: readonly Tenant[];
  /** Where the domains of their connections stand. */
  readonly places: readonly DomainPlace[];
  /** undefined only beside a fault. */
  readonly publicUrl: string | undefined;
  /** As publicUrl. */
  readonly database: DatabaseSettings | undefined;
  /** As publicUrl. */
  readonly mail: MailSettings | undefined;
  readonly limits: Limits;
  readonly tenantPicker: boolean;
}

/**
 * Reads and checks everything without changing anything on this machine: no secret is made, no
 * database opened. Never throws for a bad file.
 *
 * @param directory the configuration folder
 * @param env environment variables that references name, and NODE_ENV
 * @source security requirements S57
 */
export async function checkConfiguration(
  directory: string,
  env: Environment = process.env,
): Promise<ConfigurationCheck> {
  const draft = await draftSettings(directory, env);
  const reading = await readTenants(directory, draft.isLoopback, env);
  return {
    ...reading,
    faults: [...draft.faults, ...reading.faults],
    notices: [...draft.notices, ...reading.notices],
    publicUrl: draft.publicUrl,
    database: draft.database,
    mail: draft.mail,
    limits: draft.limits,
    tenantPicker: draft.tenantPicker,
  };
}
