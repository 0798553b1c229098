// Owns configuration folders made for one test: written from a record, removed when mocha is done.

import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Tenant } from '../../src/domain/tenant.ts';
import { ConfigurationError, formatFault } from '../../src/settings/fault.ts';
import { draftSettings, type LoadedSettings } from '../../src/settings/load.ts';
import { isLoopbackOrigin } from '../../src/settings/public-url.ts';
import type { Environment } from '../../src/settings/reading.ts';
import type { Settings } from '../../src/settings/settings.ts';
import { readTenants } from '../../src/tenants/load.ts';

/** A guestpass.yaml without a fault; lines to add go below. */
export const soundSettings = `publicUrl: http://127.0.0.1:3000
database: sqlite:../data/guestpass.db
mail: { transport: smtp://127.0.0.1:2525, from: no-reply@guestpass.example }
`;

/** The same for a server reached from elsewhere, with the secrets named by the environment. */
export const publicSettings = `publicUrl: https://guest.example
database: sqlite:../data/guestpass.db
mail: { transport: smtp://mail.example, from: no-reply@guestpass.example }
`;

/** A tenant's file without a fault. */
export const soundTenant = `id: fabrikam
displayName: Fabrikam
verifiedDomains: [fabrikam.com]
clients:
  - client_id: docs
    client_secret: { env: DOCS_SECRET }
    redirect_uris: [http://127.0.0.1:9999/cb]
`;

/** The variables {@link soundTenant} needs. */
export const soundEnv = { DOCS_SECRET: 'mUX3zQp-9dKw7-Lr2v' };

/** Bytes or text, or text with a mode. */
export type FileContent = string | Buffer | { readonly text: string; readonly mode: number };

/** Writes files into a new folder's `config` and returns the path of `config`. */
export async function writeFolder(files: Readonly<Record<string, FileContent>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'guestpass-config-'));
  made.push(folder);
  const config = join(folder, 'config');
  await mkdir(config, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const path = join(config, name);
    await mkdir(dirname(path), { recursive: true });
    const isPlain = typeof content === 'string' || Buffer.isBuffer(content);
    await writeFile(path, isPlain ? content : content.text);
    if (!isPlain) await chmod(path, content.mode);
  }
  return config;
}

/** The settings of a folder, whole. @throws {ConfigurationError} with every fault */
export async function loadSettings(folder: string, env: Environment): Promise<LoadedSettings> {
  return (await draftSettings(folder, env)).complete();
}

/** The tenants of a folder. @throws {ConfigurationError} with every fault */
export async function loadTenants(
  folder: string,
  { publicUrl }: Settings,
  env: Environment,
): Promise<readonly Tenant[]> {
  const { tenants, faults } = await readTenants(folder, isLoopbackOrigin(publicUrl), env);
  if (faults.length > 0) throw new ConfigurationError(faults);
  return tenants;
}

/** The faults of a load, one formatted line each; fails when nothing was wrong. */
export async function faultsOf(load: Promise<unknown>): Promise<readonly string[]> {
  try {
    await load;
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults.map(formatFault);
    throw error;
  }
  throw new Error('the configuration was accepted');
}

const made: string[] = [];

after(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
});
