import assert from 'node:assert/strict';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { createTenantIndex, type Tenant } from '../../src/domain/tenant.ts';
import {
  fixedTenant,
  requestedTenant,
  type TenantContext,
  TenantContextError,
} from '../../src/oidc/tenant-context.ts';

function tenant(id: string, ...verifiedDomains: string[]): Tenant {
  return { id, displayName: id, verifiedDomains, emailOneTimePasscode: 'default', clients: [] };
}

const a = tenant('a', 'a.example');
const b = tenant('b', 'b.example');
const index = createTenantIndex([a, b]);

function requestOf(params: Record<string, unknown> = {}): KoaContextWithOIDC {
  return { oidc: { params } } as unknown as KoaContextWithOIDC;
}

/** Runs the check of one authorization parameter, as the engine does. */
function check(
  context: TenantContext,
  name: string,
  ctx: KoaContextWithOIDC,
  value?: string,
): void {
  const checks = context.extraParams as unknown as Record<
    string,
    ((ctx: KoaContextWithOIDC, value: string | undefined) => void) | undefined
  >;
  const found = checks[name];
  assert.ok(found, name);
  found(ctx, value);
}

const refuses = (code: string, run: () => void) =>
  assert.throws(run, (error) => {
    assert.ok(error instanceof TenantContextError);
    assert.equal(error.code, code);
    // Whose redirect URI would it be? (T51)
    assert.equal(error.allow_redirect, false);
    return true;
  });

describe('fixedTenant', () => {
  const context = fixedTenant(a, () => index);

  it('is its tenant, as the newest snapshot has it', () => {
    const renamed = { ...a, displayName: 'New' };
    const newest = fixedTenant(a, () => createTenantIndex([renamed]));
    assert.equal(newest.tenantOf(requestOf()), renamed);
    assert.equal(fixedTenant(a, () => createTenantIndex([])).tenantOf(requestOf()), a);
  });

  it('takes its own name, by id or domain, and none', () => {
    for (const name of ['tenantid', 'tenant']) {
      for (const value of ['a', 'a.example', undefined]) check(context, name, requestOf(), value);
    }
  });

  it('S35 refuses the name of another, or of nobody', () => {
    for (const name of ['tenantid', 'tenant']) {
      for (const value of ['b', 'b.example', 'nobody', 'common', '']) {
        refuses('tenant_conflict', () => check(context, name, requestOf(), value));
      }
    }
  });

  it('refuses a domain_hint longer than a domain', () => {
    check(context, 'domain_hint', requestOf(), 'x'.repeat(253));
    const tooLong = () => check(context, 'domain_hint', requestOf(), 'x'.repeat(254));
    assert.throws(tooLong, errors.InvalidRequest);
  });
});

describe('requestedTenant', () => {
  const context = requestedTenant(() => index, undefined);

  it('R12 is the tenant that tenantid names, remembered by its id', () => {
    const ctx = requestOf({ tenantid: 'A.Example' });
    check(context, 'tenantid', ctx, 'A.Example');
    assert.equal(ctx.oidc.params?.['tenantid'], 'a');
    assert.equal(context.tenantOf(ctx), a);
  });

  it('R14 refuses a request that names none', () => {
    refuses('tenant_missing', () => check(context, 'tenantid', requestOf()));
    refuses('tenant_missing', () => check(context, 'tenantid', requestOf(), ''));
    refuses('tenant_missing', () => context.tenantOf(requestOf()));
    refuses('tenant_missing', () => context.tenantOf(requestOf({ tenantid: ['a', 'b'] })));
  });

  it('R15 refuses an audience, and S35 a stranger', () => {
    refuses('tenant_missing', () => check(context, 'tenantid', requestOf(), 'common'));
    refuses('tenant_unknown', () => check(context, 'tenantid', requestOf(), 'nobody'));
  });

  it("takes the host's word where the request says nothing", () => {
    const hosted = requestedTenant(
      () => index,
      () => 'b.example',
    );
    const ctx = requestOf();
    check(hosted, 'tenantid', ctx);
    assert.equal(hosted.tenantOf(ctx), b);
    check(hosted, 'tenantid', requestOf(), 'b');
    refuses('tenant_conflict', () => check(hosted, 'tenantid', requestOf(), 'a'));
  });
});
