// Owns how an authorization request names its tenant, and what happens when it does not.

import { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { ErrorCode } from '../domain/errors.ts';
import { resolveTenant, type Tenant, type TenantIndex } from '../domain/tenant.ts';

/** An authorization request without tenant context: answered here, never by a redirect (S35). */
export class TenantContextError extends errors.InvalidRequest {
  readonly code: ErrorCode;
  // Without a tenant there is no knowing whose redirect URI this is (RFC 9700 section 4.11).
  override allow_redirect = false;

  constructor(code: 'tenant_missing' | 'tenant_unknown' | 'tenant_conflict', description: string) {
    super(description);
    this.code = code;
  }
}

type ExtraParams = Exclude<NonNullable<Configuration['extraParams']>, string[]>;

export interface TenantContext {
  readonly tenantOf: (ctx: KoaContextWithOIDC) => Tenant;
  readonly extraParams: ExtraParams;
}

const MAX_DOMAIN_HINT = 253;

/** The context of an issuer that belongs to one tenant: naming another is a conflict. */
export function fixedTenant(tenant: Tenant, tenants: () => TenantIndex): TenantContext {
  const check = (_ctx: unknown, value: string | undefined): void => {
    if (value === undefined) return;
    const named = resolveTenant(tenants(), value);
    if (named.outcome !== 'tenant' || named.tenant.id !== tenant.id) {
      throw new TenantContextError('tenant_conflict', 'the request names two tenants');
    }
  };
  return {
    tenantOf: () => tenants().byId.get(tenant.id) ?? tenant,
    extraParams: { tenantid: check, tenant: check, domain_hint: checkDomainHint },
  };
}

/**
 * The context of one issuer that serves many tenants: the `tenantid` authorization parameter, or
 * what the host's function says.
 */
export function requestedTenant(
  tenants: () => TenantIndex,
  tenantFrom: ((ctx: KoaContextWithOIDC) => string | undefined) | undefined,
): TenantContext {
  const tenantOf = (ctx: KoaContextWithOIDC): Tenant => {
    const named = ctx.oidc.params?.['tenantid'];
    return resolve(typeof named === 'string' ? named : undefined);
  };
  const resolve = (name: string | undefined): Tenant => {
    const named = resolveTenant(tenants(), name);
    if (named.outcome === 'tenant') return named.tenant;
    throw named.outcome === 'missing'
      ? new TenantContextError('tenant_missing', 'no tenant in the request: add tenantid')
      : new TenantContextError('tenant_unknown', 'no tenant of that id or domain');
  };
  const check = (ctx: KoaContextWithOIDC, value: string | undefined): void => {
    const derived = tenantFrom?.(ctx);
    const tenant = resolve(value ?? derived);
    if (value !== undefined && derived !== undefined && resolve(derived) !== tenant) {
      throw new TenantContextError('tenant_conflict', 'the request names two tenants');
    }
    // Kept with the request, so that the pages and the resumed request see the same tenant.
    if (ctx.oidc.params) ctx.oidc.params['tenantid'] = tenant.id;
  };
  return { tenantOf, extraParams: { tenantid: check, domain_hint: checkDomainHint } };
}

function checkDomainHint(_ctx: unknown, value: string | undefined): void {
  if (value !== undefined && value.length > MAX_DOMAIN_HINT) {
    throw new errors.InvalidRequest('domain_hint is too long');
  }
}
