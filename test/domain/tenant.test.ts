import assert from 'node:assert/strict';
import {
  clientPolicyOf,
  createTenantIndex,
  defaultClientPolicy,
  defaultInvitations,
  defaultRedemption,
  HOME_CLIENT_ID,
  isOpenTo,
  mailLanguageOf,
  ownMailOf,
  policyOf,
  RESERVED_TENANT_IDS,
  resolveTenant,
  type Tenant,
  TENANT_ID,
} from '../../src/domain/tenant.ts';

const GUID = '2f8a9c1e-0b7d-4e53-9a44-6f1f0d3c2b1a';

function tenant(id: string, ...verifiedDomains: string[]): Tenant {
  return { id, displayName: id, verifiedDomains, emailOneTimePasscode: 'default', clients: [] };
}

const a = tenant('a', 'a.example', 'xn--exmple-cua.com');
const guid = tenant(GUID);
const index = createTenantIndex([a, guid]);

describe('resolveTenant', () => {
  it('R12 finds a tenant by id, a GUID included', () => {
    assert.deepEqual(resolveTenant(index, 'a'), { outcome: 'tenant', tenant: a, alias: false });
    assert.deepEqual(resolveTenant(index, GUID), { outcome: 'tenant', tenant: guid, alias: false });
  });

  it('R12 finds a tenant by verified domain, in any case, as an alias', () => {
    for (const name of ['a.example', 'A.Example', 'xn--exmple-cua.com']) {
      assert.deepEqual(resolveTenant(index, name), { outcome: 'tenant', tenant: a, alias: true });
    }
  });

  it('R14 names nobody when nothing was said', () => {
    assert.deepEqual(resolveTenant(index, undefined), { outcome: 'missing' });
    assert.deepEqual(resolveTenant(index, ''), { outcome: 'missing' });
  });

  it('R15 takes an audience for no tenant, in any case', () => {
    for (const name of ['common', 'organizations', 'consumers', 'Common', 'CONSUMERS']) {
      assert.deepEqual(resolveTenant(index, name), { outcome: 'missing' });
    }
  });

  it('R15 takes an audience for no tenant even where one has its id', () => {
    const fooled = createTenantIndex([tenant('common')]);
    assert.deepEqual(resolveTenant(fooled, 'common'), { outcome: 'missing' });
  });

  it('S35 compares exactly and decodes nothing', () => {
    const names = ['A', 'a ', ' a', '%61', 'a%00', 'a\0', 'a;x', 'a/..', 'a.', 'a.example.', 'b'];
    for (const name of [...names, '.', '..', '*', '__proto__', 'constructor', 'а', 'exämple.com']) {
      assert.deepEqual(resolveTenant(index, name), { outcome: 'unknown' }, name);
    }
  });

  it('S35 does not take a subdomain or a longer name for the domain', () => {
    for (const name of ['sub.a.example', 'evila.example', 'a.example.evil']) {
      assert.deepEqual(resolveTenant(index, name), { outcome: 'unknown' }, name);
    }
  });
});

describe('createTenantIndex', () => {
  it('throws when two tenants share an id', () => {
    assert.throws(() => createTenantIndex([tenant('a'), tenant('a')]), TypeError);
  });

  it('throws when two tenants share a verified domain', () => {
    const both = [tenant('a', 'x.example'), tenant('b', 'x.example')];
    assert.throws(() => createTenantIndex(both), TypeError);
  });
});

describe('RESERVED_TENANT_IDS', () => {
  it('names the audiences and the paths of the server', () => {
    assert.deepEqual(
      [...RESERVED_TENANT_IDS],
      'common organizations consumers dev assets auth authorize oauth2 admin'.split(' '),
    );
  });
});

describe('TENANT_ID', () => {
  it('takes 63 lower-case letters, digits and hyphens', () => {
    for (const id of ['a', '0', GUID, 'a'.repeat(63)]) assert.match(id, TENANT_ID);
    for (const id of ['', '-a', 'A', 'a.b', 'a_b', 'a\n', 'a'.repeat(64)]) {
      assert.doesNotMatch(id, TENANT_ID);
    }
  });
});

describe('clientPolicyOf', () => {
  const clientPolicies = { docs: { selfServiceSignUp: true, emailOneTimePasscode: false } };

  it('R10 R11 is what the tenant says of the client, or the defaults', () => {
    const said = { ...a, clientPolicies };
    assert.equal(clientPolicyOf(said, 'docs'), clientPolicies.docs);
    for (const id of ['other', undefined, '__proto__', 'constructor']) {
      assert.equal(clientPolicyOf(said, id), defaultClientPolicy, id);
    }
    assert.equal(clientPolicyOf(a, 'docs'), defaultClientPolicy);
    // No client is not the client of that name.
    const undefinedClient = { ...a, clientPolicies: { undefined: clientPolicies.docs } };
    assert.equal(clientPolicyOf(undefinedClient, undefined), defaultClientPolicy);
  });
});

describe('what holds where a tenant says nothing', () => {
  it('R53 is the current era of the public cloud, with the nominal date', () => {
    const { era, cloud, rolloutAt, createdAt } = defaultRedemption;
    assert.deepEqual([era, cloud, createdAt], ['current', 'public', null]);
    assert.equal(new Date(rolloutAt * 1000).toISOString(), '2021-11-01T00:00:00.000Z');
  });

  it('R75 lets everybody invite, for 30 days', () => {
    assert.deepEqual(defaultInvitations, { whoMayInvite: 'everyone', lifetimeSeconds: 2_592_000 });
  });

  it('R10 R11 takes no sign-up by oneself, and passcodes', () => {
    assert.deepEqual(defaultClientPolicy, { selfServiceSignUp: false, emailOneTimePasscode: true });
  });
});

describe('HOME_CLIENT_ID', () => {
  it('is a name that no tenant may give: sessions of before are of it', () => {
    assert.equal(HOME_CLIENT_ID, 'guestpass-home');
  });
});

describe('mailLanguageOf', () => {
  it('R64 is that of invitations, else that of the tenant, else English', () => {
    const invitations = { ...defaultInvitations, language: 'fr' };
    assert.equal(mailLanguageOf({ ...a, language: 'de', invitations }), 'fr');
    assert.equal(mailLanguageOf({ ...a, language: 'de', invitations: defaultInvitations }), 'de');
    assert.equal(mailLanguageOf({ ...a, language: 'de' }), 'de');
    assert.equal(mailLanguageOf(a), 'en');
  });
});

describe('ownMailOf', () => {
  it('is sender and address for answers, where the tenant has its own', () => {
    const [from, replyTo] = ['in@a.example', 'help@a.example'];
    assert.deepEqual(ownMailOf({ mail: { from, replyTo } }), { from, replyTo });
    assert.deepEqual(ownMailOf({ mail: { from } }), { from });
    assert.deepEqual(ownMailOf({ mail: { replyTo } }), { replyTo });
    assert.deepEqual(ownMailOf({}), {});
  });
});

describe('isOpenTo', () => {
  const docs = { client_id: 'docs', redirect_uris: [] };
  const closed = {
    ...a,
    clientPolicies: { docs: { ...defaultClientPolicy, emailOneTimePasscode: false } },
  };

  it('R11 lets in by passcode where the client takes one, and by another place in any case', () => {
    assert.equal(isOpenTo(a, docs, 'emailOneTimePasscode'), true);
    assert.equal(isOpenTo(closed, docs, 'emailOneTimePasscode'), false);
    assert.equal(isOpenTo(closed, docs, 'google'), true);
    assert.equal(isOpenTo(closed, docs, null), true);
  });

  it('lets nobody in where guests cannot sign in at all', () => {
    const machine = { ...docs, grant_types: ['client_credentials'] };
    const both = { ...docs, grant_types: ['client_credentials', 'authorization_code'] };
    assert.equal(isOpenTo(a, machine, 'google'), false);
    assert.equal(isOpenTo(a, both, 'google'), true);
  });
});

describe('policyOf', () => {
  it('R53 tries every provider in the usual order by default, era current', () => {
    const policy = policyOf(a, undefined);
    assert.deepEqual(policy, {
      ...defaultRedemption,
      emailOneTimePasscode: 'default',
      clientTakesPasscodes: true,
    });
    assert.deepEqual(policy.order, [
      'homeDirectory',
      'externalFederation',
      'socialIdentityProviders',
    ]);
    assert.deepEqual(policy.fallback, ['consumerAccount', 'emailOneTimePasscode']);
  });

  it('R11 R31 joins what is set for the tenant with what is set for the client', () => {
    const clientPolicies = { docs: { selfServiceSignUp: false, emailOneTimePasscode: false } };
    const redemption = { ...defaultRedemption, era: 'staged', rolloutAt: 5 } as const;
    const said: Tenant = { ...a, redemption, clientPolicies, emailOneTimePasscode: 'disabled' };
    assert.deepEqual(policyOf(said, 'docs'), {
      ...redemption,
      emailOneTimePasscode: 'disabled',
      clientTakesPasscodes: false,
    });
    assert.equal(policyOf(said, 'other').clientTakesPasscodes, true);
  });
});
