// Owns what a tenant is and how a request names one. Lookup is exact; nothing is ever guessed (R14).

/** The three states of the tenant's passcode setting, named as Graph names them (R31, R36). */
export type EmailOneTimePasscode = 'default' | 'enabled' | 'disabled';

/** One inviting organisation: what every room needs to know of it. Frozen by the loader. */
export interface Tenant {
  /** Path segment and `tid` claim, `^[a-z0-9][a-z0-9-]{0,62}$`; never changes. */
  readonly id: string;
  /** At most 64 characters, no control characters, not URL-like (S22). */
  readonly displayName: string;
  /** Lower-case A-labels; each is an alias of the id. */
  readonly verifiedDomains: readonly string[];
  readonly emailOneTimePasscode: EmailOneTimePasscode;
  /** Where guests turn for help: an address or URL shown as text. */
  readonly support?: string;
  readonly privacyUrl?: string;
  readonly termsUrl?: string;
  /** Client metadata under RFC 7591 names, secrets resolved; what oidc-provider takes. */
  readonly clients: readonly ClientMetadata[];
}

/** RFC 7591 client metadata; secrets already resolved to their values. */
export interface ClientMetadata {
  readonly client_id: string;
  readonly client_name?: string;
  readonly client_secret?: string;
  readonly redirect_uris: readonly string[];
  readonly [metadata: string]: unknown;
}

/** All tenants of one configuration snapshot, found by id or by verified domain. */
export interface TenantIndex {
  readonly byId: ReadonlyMap<string, Tenant>;
  readonly byDomain: ReadonlyMap<string, Tenant>;
}

/** What a name in the place of a tenant turned out to be. */
export type TenantResolution =
  | { readonly outcome: 'tenant'; readonly tenant: Tenant; readonly alias: boolean }
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'unknown' };

/** The shape of a tenant id; a GUID is one. */
export const TENANT_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Names that are never a tenant: Entra's audiences (R15) and the paths this server owns. */
export const RESERVED_TENANT_IDS: ReadonlySet<string> = new Set([
  'common',
  'organizations',
  'consumers',
  'dev',
  'assets',
  'auth',
  'authorize',
  'oauth2',
  'admin',
]);

/**
 * Builds the lookup of one snapshot.
 *
 * @throws {TypeError} when two tenants share an id or a verified domain (a loader bug: the loader
 *   reports it with file and line first)
 */
export function createTenantIndex(tenants: Iterable<Tenant>): TenantIndex {
  const byId = new Map<string, Tenant>();
  const byDomain = new Map<string, Tenant>();
  for (const tenant of tenants) {
    if (byId.has(tenant.id)) throw new TypeError(`two tenants with id ${tenant.id}`);
    byId.set(tenant.id, tenant);
    for (const domain of tenant.verifiedDomains) {
      if (byDomain.has(domain)) throw new TypeError(`two tenants with domain ${domain}`);
      byDomain.set(domain, tenant);
    }
  }
  return { byId, byDomain };
}

/**
 * Finds the tenant a path segment or `tenantid` parameter names: its id or a verified domain,
 * compared exactly on the raw, undecoded text (only ASCII case is folded for domains).
 *
 * @param name as received; undefined or '' means nothing was said
 * @source rules R12 to R15; S35
 */
export function resolveTenant(index: TenantIndex, name: string | undefined): TenantResolution {
  if (name === undefined || name === '') return { outcome: 'missing' };
  if (RESERVED_TENANT_IDS.has(name.toLowerCase())) return { outcome: 'missing' };
  const direct = TENANT_ID.test(name) ? index.byId.get(name) : undefined;
  if (direct) return { outcome: 'tenant', tenant: direct, alias: false };
  const byDomain = /^[A-Za-z0-9.-]{3,253}$/.test(name)
    ? index.byDomain.get(name.toLowerCase())
    : undefined;
  return byDomain ? { outcome: 'tenant', tenant: byDomain, alias: true } : { outcome: 'unknown' };
}

/**
 * Tells whether passcodes are on for a tenant. `default` means on: the seed's rollout date has
 * passed for every tenant of this version.
 *
 * @source rules R31 to R33, R39
 */
export function isPasscodeOn(tenant: Tenant): boolean {
  return tenant.emailOneTimePasscode !== 'disabled';
}
