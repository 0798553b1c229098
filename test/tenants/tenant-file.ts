// Owns loading one tenant's file in a test: the text below its head, and files beside it.

import type { Connection } from '../../src/domain/identity-provider.ts';
import type { Tenant } from '../../src/domain/tenant.ts';
import { checkConfiguration, type ConfigurationCheck } from '../../src/tenants/configuration.ts';
import { formatFault } from '../../src/settings/fault.ts';
import {
  type FileContent,
  publicSettings,
  soundSettings,
  writeFolder,
} from '../settings/config-folder.ts';

/** What the tests below name as { env: … }. */
export const env = { UP: 'mUX3zQp-9dKw7-Lr2v' };

/** An OpenID Provider without a fault. */
export const oidc =
  'oidc: { issuer: https://login.contoso.com, clientId: x, clientSecret: { env: UP } }';

export interface CheckOptions {
  /** By path in the configuration folder. */
  readonly files?: Readonly<Record<string, FileContent>>;
  /** Reached from elsewhere: no literal secrets, no http. */
  readonly isPublic?: boolean;
}

/** Checks an installation with one tenant: `id` and `displayName` on lines 1 and 2, then the text. */
export async function check(text: string, options: CheckOptions = {}): Promise<ConfigurationCheck> {
  const folder = await writeFolder({
    'guestpass.yaml': options.isPublic ? publicSettings : soundSettings,
    'tenants/a.yaml': `id: a\ndisplayName: A\n${text}\n`,
    ...options.files,
  });
  return checkConfiguration(folder, env);
}

/** The tenant of a text without a fault. */
export async function tenantOf(text: string, options?: CheckOptions): Promise<Tenant> {
  const { tenants, faults } = await check(text, options);
  if (faults.length > 0) throw new Error(faults.map(formatFault).join('\n'));
  return tenants[0]!;
}

/** Its connections. */
export async function connectionsOf(
  text: string,
  options?: CheckOptions,
): Promise<readonly Connection[]> {
  return (await tenantOf(text, options)).connections ?? [];
}

/** The faults of a text, a line each, without `tenants/`. */
export async function faultsIn(text: string, options?: CheckOptions): Promise<readonly string[]> {
  const { faults } = await check(text, options);
  return faults.map(formatFault).map((line) => line.replace(/^tenants\//, ''));
}

/** A home directory; `more` is put among its keys. */
export function home(id: string, domain: string, more = oidc): string {
  return `  - { id: ${id}, displayName: Home, domains: [${domain}], ${more} }`;
}
