import assert from 'node:assert/strict';
import type { Connection } from '../../src/domain/identity-provider.ts';
import { createTenantIndex, type Tenant } from '../../src/domain/tenant.ts';
import { succeed } from '../../src/tenants/succession.ts';

function tenant(id: string, changes: Partial<Tenant> = {}): Tenant {
  return {
    id,
    displayName: id,
    verifiedDomains: [],
    emailOneTimePasscode: 'default',
    clients: [],
    ...changes,
  };
}

function connection(
  id: string,
  domains: readonly string[],
  accounts: readonly string[],
): Connection {
  return {
    id,
    method: 'externalFederation',
    displayName: id,
    domains,
    upstream: {
      protocol: 'oidc',
      issuer: 'https://x',
      clientId: 'c',
      clientSecret: 's',
      scope: '',
    },
    members: { by: 'accounts', accounts: new Map(accounts.map((name) => [name, {}])) },
  } as unknown as Connection;
}

describe('succeed', () => {
  it('keeps the very object of whoever did not change', () => {
    const before = createTenantIndex([tenant('a'), tenant('b')]);
    const { tenants, ...news } = succeed(before, createTenantIndex([tenant('b'), tenant('a')]));
    assert.equal(tenants.byId.get('a'), before.byId.get('a'));
    assert.equal(tenants.byId.get('b'), before.byId.get('b'));
    assert.deepEqual(news, { added: [], changed: [], removed: [] });
  });

  it('names who came, changed and went', () => {
    const before = createTenantIndex([tenant('a'), tenant('b'), tenant('c')]);
    const changed = tenant('b', { displayName: 'B', verifiedDomains: ['b.example'] });
    const next = createTenantIndex([tenant('a'), changed, tenant('d')]);
    const { tenants, ...news } = succeed(before, next);
    assert.deepEqual(news, { added: ['d'], changed: ['b'], removed: ['c'] });
    assert.equal(tenants.byId.get('b')?.displayName, 'B');
    assert.equal(tenants.byDomain.get('b.example')?.id, 'b');
    assert.equal(tenants.byId.has('c'), false);
  });

  it('keeps connections that did not change in a tenant that did', () => {
    const [x, y] = [connection('x', ['x.example'], ['p']), connection('y', ['y.example'], ['p'])];
    const before = createTenantIndex([tenant('a', { connections: [x, y] })]);
    const again = connection('x', ['x.example'], ['p']);
    const other = connection('y', ['y.example'], ['p', 'q']);
    const next = createTenantIndex([tenant('a', { connections: [other, again] })]);
    const { tenants, changed } = succeed(before, next);
    assert.deepEqual(changed, ['a']);
    const kept = tenants.byId.get('a')?.connections ?? [];
    assert.equal(kept[0], other);
    assert.equal(kept[1], x);
    assert.ok(Object.isFrozen(tenants.byId.get('a')));
  });
});
