import assert from 'node:assert/strict';
import { createTenantIndex, type Tenant } from '../../src/domain/tenant.ts';
import { createListOrganisations } from '../../src/guests/organisations.ts';
import type { InvitationAt } from '../../src/storage/store.ts';
import { guestOf } from '../storage/contract/support.ts';

const tenantOf = (id: string, more: Partial<Tenant> = {}): Tenant => ({
  id,
  displayName: id.toUpperCase(),
  verifiedDomains: [],
  emailOneTimePasscode: 'default',
  clients: [],
  ...more,
});

describe('createListOrganisations', () => {
  it('names the others that are configured and want to be named, by name', async () => {
    const tenants = createTenantIndex([
      tenantOf('a'),
      tenantOf('z', { displayName: 'Adventure Works' }),
      tenantOf('b'),
      tenantOf('hidden', { listedElsewhere: false }),
    ]);
    const asked: unknown[] = [];
    const found: readonly InvitationAt[] = ['a', 'b', 'gone', 'hidden', 'z'].map((tenant) => ({
      tenant,
      state: tenant === 'b' ? 'PendingAcceptance' : 'Accepted',
    }));
    const list = createListOrganisations({
      guests: {
        listInvitations: (...given) => {
          asked.push(given);
          return Promise.resolve(found);
        },
      },
      tenants: () => tenants,
      clock: () => 5,
    });
    assert.deepEqual(await list(guestOf('a', 'Teri@partner.example')), [
      { id: 'z', displayName: 'Adventure Works', accepted: true },
      { id: 'b', displayName: 'B', accepted: false },
    ]);
    assert.deepEqual(asked, [['teri@partner.example', 5, 100]]);
  });
});
