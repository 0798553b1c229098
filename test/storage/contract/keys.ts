// Owns what every KeyStore must do.

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { SigningKey } from '../../../src/storage/store.ts';
import type { Nodes } from '../store-contract.ts';
import { NOW, parallel, successes, unique } from './support.ts';

const keyOf = (tenant: string, changes: Partial<SigningKey> = {}): SigningKey => ({
  tenant,
  kid: unique('kid'),
  algorithm: 'ES256',
  generation: 1,
  sealed: 'c2VhbGVk',
  createdAt: NOW,
  activeFrom: NOW + 86_400,
  retiredAt: null,
  ...changes,
});

export function keysContract(nodes: () => Nodes): void {
  describe('keys', () => {
    it('lets one of 20 nodes make the first key', async () => {
      const { store, other } = nodes();
      const tenant = unique('t');
      const keys = Array.from({ length: 20 }, () => keyOf(tenant));
      const results = await parallel(20, (index) =>
        (index % 2 ? store : other).keys.insert(keys[index] ?? keyOf(tenant)),
      );
      assert.equal(successes(results), 1);
      assert.deepEqual(await store.keys.list(tenant), [keys[results.indexOf(true)]]);
    });

    it('S33 lists the keys of one tenant', async () => {
      const { store } = nodes();
      const tenant = unique('t');
      const keys = [
        keyOf(tenant),
        keyOf(tenant, { generation: 2, retiredAt: NOW }),
        keyOf(tenant, { algorithm: 'RS256' }),
      ];
      for (const key of [...keys, keyOf(unique('t'))]) {
        assert.equal(await store.keys.insert(key), true);
      }
      assert.deepEqual(await store.keys.list(tenant), keys);
    });

    it('S37 lets one of 20 nodes revoke a key, of one tenant alone, and never puts it off', async () => {
      const { store, other } = nodes();
      const [tenant, kid] = [unique('t'), unique('kid')];
      const key = keyOf(tenant, { kid });
      const others = [keyOf(tenant, { generation: 2 }), keyOf(unique('t'), { kid })];
      for (const each of [key, ...others]) assert.ok(await store.keys.insert(each));
      const results = await parallel(20, (index) =>
        (index % 2 ? store : other).keys.retire(tenant, kid, NOW + 10),
      );
      assert.equal(successes(results), 1);
      assert.equal(await store.keys.retire(tenant, kid, NOW + 20), false);
      assert.equal(await store.keys.retire(tenant, kid, NOW), true);
      assert.deepEqual(await other.keys.list(tenant), [{ ...key, retiredAt: NOW }, others[0]]);
      assert.deepEqual(await other.keys.list(others[1]!.tenant), [others[1]]);
    });
  });
}
