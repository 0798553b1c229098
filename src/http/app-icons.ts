// Owns where the icons of a tenant's applications are served, by what is in them.

import { createHash } from 'node:crypto';
import type { BrandingFile } from '../domain/branding.ts';
import { clientPolicyOf, type Tenant } from '../domain/tenant.ts';

/** Made once per icon of a snapshot, and gone with it. */
const known = new WeakMap<BrandingFile, string>();

/**
 * The part of a path, behind the tenant's, an application's icon is served under: made of its
 * content, so that it can be kept for ever, and says nothing of the application.
 *
 * @returns null for a client without one
 */
export function iconPathOf(tenant: Tenant, clientId: string): string | null {
  const { icon } = clientPolicyOf(tenant, clientId);
  return icon ? `/branding/icon/${nameOf(icon)}` : null;
}

/** The icon of a tenant by the last part of its path. */
export function iconByName(
  { clientPolicies = {} }: Tenant,
  name: string,
): BrandingFile | undefined {
  return Object.values(clientPolicies).find(({ icon }) => icon && nameOf(icon) === name)?.icon;
}

function nameOf(icon: BrandingFile): string {
  const found = known.get(icon);
  if (found !== undefined) return found;
  const name = createHash('sha256').update(icon.bytes).digest('base64url').slice(0, 16);
  known.set(icon, name);
  return name;
}
