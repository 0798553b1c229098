// Owns loading everything that is configured in one go: one snapshot, or every fault of every file.

import { createTenantIndex, type TenantIndex } from '../domain/tenant.ts';
import { ConfigurationError } from '../settings/fault.ts';
import { draftSettings } from '../settings/load.ts';
import type { Environment } from '../settings/reading.ts';
import type { Settings } from '../settings/settings.ts';
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
