// Owns reading the tenants' files: from a folder to frozen tenants, each checked by itself and all
// of them against each other.

import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { toDomain } from '../domain/email-address.ts';
import type { ClientMetadata, Tenant } from '../domain/tenant.ts';
import { deepFreeze } from '../settings/deep-freeze.ts';
import { checkShape } from '../settings/explain.ts';
import { type ConfigurationFault, quote, sortFaults } from '../settings/fault.ts';
import { systemCodeOf } from '../settings/file.ts';
import { type Environment, type Path, type Reading, report, valueAt } from '../settings/reading.ts';
import { readYaml } from '../settings/yaml.ts';
import { resolveClient } from './client.ts';
import { clientSchema } from './client-schema.ts';
import { tenantSchema } from './tenant-schema.ts';

const TENANTS_FOLDER = 'tenants';

/** Tenants read, with everything that was found wrong on the way. */
export interface TenantsReading {
  /** Those without a fault of their own. */
  readonly tenants: readonly Tenant[];
  readonly faults: readonly ConfigurationFault[];
  readonly notices: readonly string[];
}

/**
 * Reads all tenants of one installation, ordered by file name. Never throws for a bad file.
 *
 * @param directory the configuration folder; the files are in its folder `tenants`
 * @param isLoopback whether literal secrets may stand in a file
 * @param env environment variables that references name
 * @source rules R12 to R15; security requirements S35, S39, S57, S58
 */
export async function readTenants(
  directory: string,
  isLoopback: boolean,
  env: Environment,
): Promise<TenantsReading> {
  const folder = join(resolve(directory), TENANTS_FOLDER);
  const found = await listFiles(folder);
  if (!Array.isArray(found)) return { tenants: [], faults: [found], notices: [] };
  const claims: Claims = new Map();
  const faults: ConfigurationFault[] = [];
  const notices: string[] = [];
  const tenants: Tenant[] = [];
  for (const file of found) {
    const read = await readYaml(join(folder, file), `${TENANTS_FOLDER}/${file}`);
    if (read.outcome === 'faulty') {
      faults.push(...read.faults);
      continue;
    }
    const reading: Reading = { yaml: read.yaml, env, folder, isLoopback, faults: [], notices };
    const tenant = await readTenant(reading, claims);
    if (reading.faults.length === 0 && tenant) tenants.push(deepFreeze(tenant));
    faults.push(...sortFaults(reading.faults));
  }
  return { tenants, faults, notices };
}

/** Ids and domains taken so far, and where. Neither looks like the other: domains have dots. */
type Claims = Map<string, string>;

async function readTenant(reading: Reading, claims: Claims): Promise<Tenant | undefined> {
  checkShape(reading, tenantSchema);
  const { value } = reading.yaml;
  // Judged in parts, so that a fault in one key does not hide a clash or a fault in another.
  const id = tenantSchema.shape.id.safeParse(valueAt(value, ['id']));
  if (id.success) claim(reading, claims, ['id'], id.data, 'tenant id');
  const domains = tenantSchema.shape.verifiedDomains.safeParse(valueAt(value, ['verifiedDomains']));
  const verifiedDomains = (domains.data ?? []).map((domain) => toDomain(domain) ?? domain);
  for (const [index, domain] of verifiedDomains.entries()) {
    claim(reading, claims, ['verifiedDomains', index], domain, 'verified domain');
  }
  const clients = await readClients(reading, valueAt(value, ['clients']));
  const whole = tenantSchema.safeParse(value);
  if (!whole.success) return undefined;
  const { emailOneTimePasscode = 'default', support, privacyUrl, termsUrl } = whole.data;
  return {
    id: whole.data.id,
    displayName: whole.data.displayName,
    verifiedDomains,
    emailOneTimePasscode,
    ...(support !== undefined && { support }),
    ...(privacyUrl !== undefined && { privacyUrl }),
    ...(termsUrl !== undefined && { termsUrl }),
    clients,
  };
}

async function readClients(reading: Reading, value: unknown): Promise<ClientMetadata[]> {
  const entries = z.array(z.unknown()).safeParse(value).data ?? [];
  const ids = new Set<string>();
  const clients: ClientMetadata[] = [];
  for (const [index, entry] of entries.entries()) {
    const path: Path = ['clients', index];
    const client = clientSchema.safeParse(entry);
    if (!client.success) continue;
    const { client_id: id } = client.data;
    if (ids.has(id)) {
      const message = `a second client with the id ${quote(id)}`;
      report(reading, [...path, 'client_id'], message, 'give it another id, or remove it');
    }
    ids.add(id);
    const metadata = await resolveClient(reading, path, client.data);
    if (metadata) clients.push(metadata);
  }
  return clients;
}

function claim(reading: Reading, claims: Claims, path: Path, name: string, kind: string): void {
  const owner = claims.get(name);
  if (owner === undefined) {
    const { line } = reading.yaml.position(path);
    claims.set(name, `${reading.yaml.name}:${line}`);
    return;
  }
  const message = `the ${kind} ${quote(name)} is taken by ${owner}`;
  report(reading, path, message, 'remove it from one of the two');
}

async function listFiles(folder: string): Promise<string[] | ConfigurationFault> {
  const fault = { file: TENANTS_FOLDER, line: 0, column: 0, path: '' };
  const mend = 'put a file per tenant there, such as tenants/fabrikam.yaml';
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const isMissing = systemCodeOf(error) === 'ENOENT';
    return { ...fault, message: isMissing ? 'no such folder' : 'not a readable folder', mend };
  }
  // Names with a dot in front are an editor's or Kubernetes' own.
  const files = names.filter((name) => /^[^.].*\.(?:ya?ml|json)$/.test(name)).toSorted();
  // A folder emptied for a moment must not sign every guest of every tenant out.
  return files.length > 0 ? files : { ...fault, message: 'no tenant', mend };
}
