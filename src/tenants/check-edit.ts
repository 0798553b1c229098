// Owns judging a change to a tenant's file before anybody writes it, as the next start would.

import type { Tenant } from '../domain/tenant.ts';
import { deepFreeze } from '../settings/deep-freeze.ts';
import { type ConfigurationFault, sortFaults } from '../settings/fault.ts';
import type { Environment, Reading } from '../settings/reading.ts';
import { parseYaml } from '../settings/yaml.ts';
import type { TenantEdit } from './edit.ts';
import { type Claims, readTenant } from './tenant.ts';

/** The tenant as it would be, or every reason against it. */
export type EditCheck =
  | { readonly outcome: 'sound'; readonly tenant: Tenant; readonly notices: readonly string[] }
  | { readonly outcome: 'faulty'; readonly faults: readonly ConfigurationFault[] };

/**
 * Reads a file as it would be, all the others as they are.
 *
 * @param others every tenant but the one of the file
 * @param isLoopback whether literal secrets may stand in a file
 * @param env environment variables that references name
 * @source security requirements S35, S39, S57
 */
export async function checkTenantEdit(
  { folder, yaml, text }: TenantEdit,
  others: Iterable<Tenant>,
  isLoopback: boolean,
  env: Environment = process.env,
): Promise<EditCheck> {
  const parsed = parseYaml(text, yaml.name);
  if (parsed.outcome === 'faulty') return parsed;
  const reading: Reading = {
    yaml: parsed.yaml,
    env,
    folder,
    isLoopback,
    faults: [],
    notices: [],
  };
  const { tenant } = await readTenant(reading, claimsOf(others));
  if (!tenant || reading.faults.length > 0) {
    return { outcome: 'faulty', faults: sortFaults(reading.faults) };
  }
  return { outcome: 'sound', tenant: deepFreeze(tenant), notices: reading.notices };
}

function claimsOf(tenants: Iterable<Tenant>): Claims {
  const claims: Claims = new Map();
  for (const { id, verifiedDomains } of tenants) {
    for (const name of [id, ...verifiedDomains]) claims.set(name, () => `the tenant ${id}`);
  }
  return claims;
}
