// Owns reading the tenants' files: from a folder to frozen tenants, each checked by itself and all
// of them against each other.

import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Tenant } from '../domain/tenant.ts';
import { deepFreeze } from '../settings/deep-freeze.ts';
import { type ConfigurationFault, sortFaults } from '../settings/fault.ts';
import { readRegularFile, readRegularFileAtOnce, systemCodeOf } from '../settings/file.ts';
import type { Environment, Reading } from '../settings/reading.ts';
import { type KnownFiles, readYaml, type YamlReading } from '../settings/yaml.ts';
import type { DomainPlace } from './connections.ts';
import { type Claims, readTenant } from './tenant.ts';

const TENANTS_FOLDER = 'tenants';
/** File descriptors are few on some machines. */
const FILES_AHEAD = 16;

/** Tenants read, with everything that was found wrong on the way. */
export interface TenantsReading {
  /** Those without a fault of their own. */
  readonly tenants: readonly Tenant[];
  readonly faults: readonly ConfigurationFault[];
  readonly notices: readonly string[];
  /** Where the domains of their connections stand. */
  readonly places: readonly DomainPlace[];
}

/**
 * Reads all tenants of one installation, ordered by file name. Never throws for a bad file.
 *
 * @param directory the configuration folder; the files are in its folder `tenants`
 * @param isLoopback whether literal secrets may stand in a file
 * @param env environment variables that references name
 * @param known files read before; what is not there any more is taken out of it. Without it this is a
 *   start, or a command: nothing else of the process is waited for
 * @source rules R12 to R15; security requirements S35, S39, S57, S58
 */
export async function readTenants(
  directory: string,
  isLoopback: boolean,
  env: Environment,
  known?: KnownFiles,
): Promise<TenantsReading> {
  const folder = join(resolve(directory), TENANTS_FOLDER);
  const found = await listFiles(folder);
  if (!Array.isArray(found)) return { tenants: [], faults: [found], notices: [], places: [] };
  const claims: Claims = new Map();
  const faults: ConfigurationFault[] = [];
  const notices: string[] = [];
  const tenants: Tenant[] = [];
  const places: DomainPlace[] = [];
  const paths = new Set(found.map((file) => join(folder, file)));
  for (const path of known?.keys() ?? []) if (!paths.has(path)) known?.delete(path);
  for await (const read of readAhead(folder, found, known)) {
    if (read.outcome === 'faulty') {
      faults.push(...read.faults);
      continue;
    }
    const reading: Reading = { yaml: read.yaml, env, folder, isLoopback, faults: [], notices };
    const { tenant, places: found } = await readTenant(reading, claims);
    if (reading.faults.length === 0 && tenant) {
      tenants.push(deepFreeze(tenant));
      places.push(...found);
    }
    faults.push(...sortByFile(read.yaml.name, reading.faults));
  }
  return { tenants, faults, notices, places };
}

/** Reads files in their order, the next ones while one is being judged: thousands wait for the disk. */
async function* readAhead(
  folder: string,
  files: readonly string[],
  known: KnownFiles | undefined,
): AsyncGenerator<YamlReading> {
  const reading: Promise<YamlReading>[] = [];
  // At a start nobody is served yet: there is nobody to give way to.
  const read = known ? readRegularFile : readRegularFileAtOnce;
  for (const [index] of files.entries()) {
    for (const file of files.slice(index + reading.length, index + FILES_AHEAD)) {
      reading.push(readYaml(join(folder, file), `${TENANTS_FOLDER}/${file}`, known, read));
    }
    yield await reading.shift()!;
  }
}

// A members file has lines of its own: its faults follow those of the file that names it.
function sortByFile(
  own: string,
  faults: readonly ConfigurationFault[],
): readonly ConfigurationFault[] {
  const files = [own, ...new Set(faults.map(({ file }) => file).filter((file) => file !== own))];
  return files.flatMap((name) => sortFaults(faults.filter(({ file }) => file === name)));
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
