import assert from 'node:assert/strict';
import type { Tenant } from '../../src/domain/tenant.ts';
import { createTenantProviders } from '../../src/server/tenant-providers.ts';
import { startWorld, type World } from '../support/world.ts';

describe('createTenantProviders', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.close());

  function tenantOf(id: string): Tenant {
    const tenant = world.server.guests.parts.tenants().byId.get(id);
    assert.ok(tenant);
    return tenant;
  }

  it('builds one Provider for one tenant object, and another for another object of the id', async () => {
    const engineOf = createTenantProviders(world.server.guests, world.publicUrl);
    const [a, b] = [tenantOf('a'), tenantOf('b')];
    const first = await engineOf(a);
    const other = await engineOf(b);
    assert.equal(engineOf(a), first);
    const changed = { ...a, displayName: 'Other' };
    const second = await engineOf(changed);
    assert.notEqual(second, first);
    assert.equal(engineOf(changed), second);
    assert.equal(engineOf(b), other);
  });

  it('keeps the newer Provider when an older one fails to be built', async () => {
    const engineOf = createTenantProviders(world.server.guests, world.publicUrl);
    const a = tenantOf('a');
    const broken = { ...a, clients: [{ client_id: 'x', redirect_uris: ['not a url'] }] };
    const failing = engineOf(broken);
    const kept = engineOf(a);
    await assert.rejects(async () => failing);
    assert.equal(engineOf(a), await kept);
  });
});
