import assert from 'node:assert/strict';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Tenant } from '../../src/domain/tenant.ts';
import { createPolicy, type PolicyDeps } from '../../src/oidc/policy.ts';

const NOW = 1_800_000_000;
const DAY = 86_400;
const tenant: Tenant = {
  id: 'a',
  displayName: 'A',
  verifiedDomains: [],
  emailOneTimePasscode: 'default',
  clients: [],
};

const guest = {
  tenant: 'a',
  addressKey: 'g@partner.example',
  state: 'Accepted',
  method: 'emailOneTimePasscode',
  connection: null,
  revokedAt: null,
};

/** A request of a guest who signed in an hour ago, with changes. */
function requestOf(
  changes: {
    readonly session?: object | null;
    readonly account?: object | null;
    readonly params?: object;
    readonly result?: object;
    readonly allowsRedirect?: boolean;
    readonly prompts?: readonly string[];
  } = {},
): KoaContextWithOIDC {
  const { session = {}, account = {}, params = {}, result, allowsRedirect = true } = changes;
  const { prompts = [] } = changes;
  const oidc = {
    session: session && { accountId: 'guest-1', loginTs: NOW - 3600, amr: ['otp'], ...session },
    account: account && { guest: { ...guest, ...account } },
    prompts: new Set(prompts),
    params: { redirect_uri: 'https://app.example/cb', ...params },
    client: { clientId: 'docs', redirectUriAllowed: () => allowsRedirect },
    result,
  };
  return { oidc } as unknown as KoaContextWithOIDC;
}

function policyOf(changes: Partial<PolicyDeps> = {}) {
  return createPolicy({
    browser: { ensure: () => 'browser-A', read: () => 'browser-A' },
    admit: () => undefined,
    tenantOf: () => tenant,
    sessionSeconds: DAY,
    clock: () => NOW,
    ...changes,
  });
}

function loginCheck(reason: string, changes: Partial<PolicyDeps> = {}) {
  const check = policyOf(changes).get('login')?.checks.get(reason);
  assert.ok(check, reason);
  assert.equal(check.error, 'login_required');
  return check.check;
}

describe('createPolicy', () => {
  const nobody = requestOf({ session: null, account: null });
  const justNow = { result: { login: {} } };

  it('lets a guest who signed in an hour ago through', () => {
    for (const reason of [
      'account_unavailable',
      'session_expired',
      'tenant_changed',
      'session_revoked',
      'method_not_allowed',
      'login_hint_mismatch',
      'client_changed',
    ]) {
      assert.equal(loginCheck(reason)(requestOf()), false, reason);
      assert.equal(loginCheck(reason)(nobody), false, reason);
    }
  });

  it('S29 asks again when the account is gone or blocked', () => {
    assert.equal(loginCheck('account_unavailable')(requestOf({ account: null })), true);
  });

  it('R25 S28 asks again at exactly 24 hours, whatever happened in between', () => {
    const check = loginCheck('session_expired');
    assert.equal(check(requestOf({ session: { loginTs: NOW - DAY + 1 } })), false);
    assert.equal(check(requestOf({ session: { loginTs: NOW - DAY } })), true);
    assert.equal(check(requestOf({ session: { loginTs: undefined } })), true);
  });

  it('does not ask again for a sign-in just made', () => {
    const old = { session: { loginTs: NOW - DAY }, ...justNow };
    assert.equal(loginCheck('session_expired')(requestOf(old)), false);
    const off = loginCheck('method_not_allowed', { tenantOf: () => passcodesOff });
    assert.equal(off(requestOf(justNow)), false);
    const hint = { params: { login_hint: 'other@partner.example' }, ...justNow };
    assert.equal(loginCheck('login_hint_mismatch')(requestOf(hint)), false);
  });

  it("S34 asks again when the session is another tenant's, just made or not", () => {
    const check = loginCheck('tenant_changed');
    assert.equal(check(requestOf({ account: { tenant: 'b' } })), true);
    assert.equal(check(requestOf({ account: { tenant: 'b' }, ...justNow })), true);
  });

  const passcodesOff: Tenant = { ...tenant, emailOneTimePasscode: 'disabled' };

  it('R41 asks again when passcodes are off and the guest is bound to them', () => {
    const check = loginCheck('method_not_allowed', { tenantOf: () => passcodesOff });
    assert.equal(check(requestOf()), true);
  });

  it('R11 asks again at a client that takes no passcode guests', () => {
    const clientPolicies = { docs: { selfServiceSignUp: false, emailOneTimePasscode: false } };
    const check = loginCheck('method_not_allowed', {
      tenantOf: () => ({ ...tenant, clientPolicies }),
    });
    assert.equal(check(requestOf()), true);
  });

  it('R7 lets guests of a place in while it is configured, passcodes on or off', () => {
    const account = { method: 'externalFederation', connection: 'partner' };
    const connections = [{ id: 'partner' }] as unknown as NonNullable<Tenant['connections']>;
    const known = loginCheck('method_not_allowed', {
      tenantOf: () => ({ ...passcodesOff, connections }),
    });
    assert.equal(known(requestOf({ account })), false);
    const gone = loginCheck('method_not_allowed', { tenantOf: () => passcodesOff });
    assert.equal(gone(requestOf({ account })), true);
  });

  it('R68 asks again when the session is older than a reset, and when the guest is pending', () => {
    const check = loginCheck('session_revoked');
    assert.equal(check(requestOf({ account: { revokedAt: NOW - 3599 } })), true);
    assert.equal(check(requestOf({ account: { revokedAt: NOW - 3600 } })), false);
    assert.equal(check(requestOf({ account: { state: 'PendingAcceptance' } })), true);
    assert.equal(check(requestOf({ account: { revokedAt: NOW }, ...justNow })), false);
  });

  it('R20 takes login_hint or select_account, not both', () => {
    const check = policyOf().get('select_account')?.checks.get('hint_and_selection')?.check;
    const hinted = { params: { login_hint: 'g@partner.example' } };
    assert.equal(check?.(requestOf({ prompts: ['select_account'] })), false);
    assert.equal(check?.(requestOf(hinted)), false);
    assert.throws(
      () => check?.(requestOf({ ...hinted, prompts: ['select_account'] })),
      errors.InvalidRequest,
    );
  });

  it('R29 asks again when login_hint names somebody else', () => {
    const check = loginCheck('login_hint_mismatch');
    const hint = (login_hint: unknown) => check(requestOf({ params: { login_hint } }));
    assert.equal(hint('other@partner.example'), true);
    assert.equal(hint('G@PARTNER.example'), false);
    assert.equal(hint('no address'), false);
    assert.equal(hint(undefined), false);
    assert.equal(hint(['other@partner.example']), false);
  });

  it('S39 ends a request whose redirect URI was taken off the client meanwhile', () => {
    const check = loginCheck('client_changed');
    assert.throws(() => check(requestOf({ allowsRedirect: false })), errors.InvalidRedirectUri);
  });

  it('S24 binds every prompt to browser and tenant', async () => {
    const details = await policyOf().get('login')?.details(requestOf());
    assert.equal(details?.['browser'], 'browser-A');
    assert.equal(details?.['tenant'], 'a');
  });

  it('is fresh for every Provider', () => {
    assert.notEqual(policyOf(), policyOf());
    assert.equal(policyOf().get('login')?.checks.length, policyOf().get('login')?.checks.length);
  });
});
