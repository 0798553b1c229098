// Owns what every OidcStore must do.

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { OidcRecord } from '../../../src/storage/store.ts';
import type { Nodes } from '../store-contract.ts';
import { NOW, parallel, successes, unique } from './support.ts';

type Written = Omit<OidcRecord, 'consumedAt'>;

const recordOf = (changes: Partial<Written> = {}): Written => ({
  tenant: unique('t'),
  model: 'AuthorizationCode',
  id: unique('Id'),
  payload: { scope: 'openid', nested: { list: [1, null, 'ü🦊'] } },
  grantId: null,
  uid: null,
  userCode: null,
  expiresAt: NOW,
  ...changes,
});

export function oidcContract(nodes: () => Nodes): void {
  describe('oidc', () => {
    it('finds what was saved, the payload as it was', async () => {
      const { store, other } = nodes();
      const record = recordOf({ grantId: 'g', uid: 'u', userCode: 'C', expiresAt: null });
      const { tenant, model, id } = record;
      await store.oidc.upsert(record);
      const found = { ...record, consumedAt: null };
      assert.deepEqual(await other.oidc.find(tenant, model, id), found);
      assert.deepEqual(await store.oidc.findByUid(tenant, model, 'u'), found);
      assert.deepEqual(await store.oidc.findByUserCode(tenant, model, 'C'), found);
    });

    it('replaces the record with the same id', async () => {
      const { store } = nodes();
      const record = recordOf();
      await store.oidc.upsert(record);
      const later = { ...record, payload: { b: 2 }, grantId: 'g2', expiresAt: NOW + 9 };
      await store.oidc.upsert(later);
      assert.deepEqual(await store.oidc.find(record.tenant, record.model, record.id), {
        ...later,
        consumedAt: null,
      });
    });

    it('S33 tells tenants, models and case apart', async () => {
      const { store } = nodes();
      const { tenant, model, id, ...rest } = recordOf({ uid: 'Uid', userCode: 'Code' });
      await store.oidc.upsert({ tenant, model, id, ...rest });
      assert.equal(await store.oidc.find(unique('t'), model, id), undefined);
      assert.equal(await store.oidc.find(tenant, 'AccessToken', id), undefined);
      assert.equal(await store.oidc.find(tenant, model, id.toUpperCase()), undefined);
      assert.equal(await store.oidc.find(tenant, model, `${id}\u0131`), undefined);
      assert.equal(await store.oidc.findByUid(unique('t'), model, 'Uid'), undefined);
      assert.equal(await store.oidc.findByUid(tenant, 'Session', 'Uid'), undefined);
      assert.equal(await store.oidc.findByUid(tenant, model, 'uid'), undefined);
      assert.equal(await store.oidc.findByUserCode(unique('t'), model, 'Code'), undefined);
      assert.equal(await store.oidc.findByUserCode(tenant, model, 'code'), undefined);
      assert.equal(await store.oidc.consume(unique('t'), model, id, NOW), false);
      await store.oidc.destroy(unique('t'), model, id);
      assert.ok(await store.oidc.find(tenant, model, id));
    });

    it('S44 consumes a record for one of 50 parallel calls', async () => {
      const { store, other } = nodes();
      const record = recordOf();
      const { tenant, model, id } = record;
      await store.oidc.upsert(record);
      const results = await parallel(50, (index) =>
        (index % 2 ? store : other).oidc.consume(tenant, model, id, NOW + index),
      );
      assert.equal(successes(results), 1);
      const consumed = await store.oidc.find(tenant, model, id);
      assert.equal(consumed?.consumedAt, NOW + results.indexOf(true));
    });

    it('S44 leaves a used record used when it is saved again', async () => {
      const { store } = nodes();
      const record = recordOf();
      const { tenant, model, id } = record;
      await store.oidc.upsert(record);
      await store.oidc.consume(tenant, model, id, NOW);
      await store.oidc.upsert(record);
      assert.equal(await store.oidc.consume(tenant, model, id, NOW), false);
    });

    it('S6 removes a record for one of 50 parallel calls', async () => {
      const { store, other } = nodes();
      const record = recordOf();
      const { tenant, model, id } = record;
      await store.oidc.upsert(record);
      const results = await parallel(50, (index) =>
        (index % 2 ? store : other).oidc.destroy(tenant, model, id),
      );
      assert.equal(successes(results), 1);
      assert.equal(await store.oidc.find(tenant, model, id), undefined);
    });

    it('S44 consumes nothing that is not there', async () => {
      assert.equal(await nodes().store.oidc.consume('t', 'AccessToken', 'none', NOW), false);
    });

    it('S44 inserts an id for one of 50 parallel calls: the rest are replays', async () => {
      const { store, other } = nodes();
      const record = recordOf({ model: 'ReplayDetection' });
      const results = await parallel(50, (index) =>
        (index % 2 ? store : other).oidc.insert({ ...record, payload: { index } }),
      );
      assert.equal(successes(results), 1);
      const stored = await store.oidc.find(record.tenant, record.model, record.id);
      assert.deepEqual(stored?.payload, { index: results.indexOf(true) });
    });

    it('lets the last session with a uid replace the one before', async () => {
      const { store } = nodes();
      const before = recordOf({ model: 'Session', uid: unique('uid') });
      const { tenant, model } = before;
      const after = { ...before, id: unique('Id'), payload: { new: true } };
      await store.oidc.upsert(before);
      await store.oidc.upsert(after);
      assert.equal((await store.oidc.findByUid(tenant, model, String(before.uid)))?.id, after.id);
      assert.equal(await store.oidc.find(tenant, model, before.id), undefined);
    });

    it('leaves one session of 50 that save the same uid at once', async () => {
      const { store, other } = nodes();
      const shared = recordOf({ model: 'Session', uid: unique('uid') });
      const ids = await parallel(50, async (index) => {
        const id = unique('Id');
        await (index % 2 ? store : other).oidc.upsert({ ...shared, id });
        return id;
      });
      const found = await parallel(50, (index) =>
        store.oidc.find(shared.tenant, shared.model, String(ids[index])),
      );
      assert.equal(successes(found), 1);
    });

    it('writes all that one request leaves behind: what is destroyed, saved and noted', async () => {
      const { store, other } = nodes();
      const [tenant, uid, guest] = [unique('t'), unique('uid'), unique('guest')];
      const of = { tenant, expiresAt: NOW + 60 };
      const before = recordOf({ ...of, model: 'Session', uid });
      const interaction = recordOf({ ...of, model: 'Interaction' });
      const code = recordOf({ ...of, grantId: 'g' });
      const grant = recordOf({ ...of, model: 'Grant' });
      const session = recordOf({ ...before, id: unique('Id'), payload: { accountId: guest } });
      await store.oidc.upsert(before);
      await store.oidc.upsert(interaction);
      const noted = { tenant, uid, guest, browser: { browser: 'B', system: null }, byMail: true };
      const signedIn = { ...noted, signedInAt: NOW, expiresAt: NOW + 60 };
      await store.oidc.writeAll({
        tenant,
        destroyed: [interaction, before],
        saved: [code, grant, session],
        noted: signedIn,
      });
      const find = ({ model, id }: Written) => other.oidc.find(tenant, model, id);
      for (const record of [code, grant, session]) {
        assert.deepEqual(await find(record), { ...record, consumedAt: null });
      }
      for (const record of [interaction, before]) assert.equal(await find(record), undefined);
      const listed = await other.sessions.list(tenant, guest, NOW, 9);
      assert.deepEqual(listed, [{ ...signedIn, payload: session.payload }]);
    });

    it('writes nothing of it when one thing cannot be written, and what others write at once', async () => {
      const { store, other } = nodes();
      const tenant = unique('t');
      const [gone, saved, others] = [recordOf({ tenant }), recordOf({ tenant }), recordOf()];
      const impossible = { ...recordOf({ tenant }), model: null as never };
      await store.oidc.upsert(gone);
      const changes = { tenant, destroyed: [gone], saved: [saved, impossible], noted: null };
      const [failed] = await Promise.allSettled([
        store.oidc.writeAll(changes),
        store.oidc.upsert(others),
      ]);
      assert.equal(failed.status, 'rejected');
      const find = ({ tenant: of, model, id }: Written) => other.oidc.find(of, model, id);
      assert.ok(await find(gone), 'still there');
      assert.equal(await find(saved), undefined);
      assert.ok(await find(others));
      await assert.rejects(store.oidc.writeAll(changes));
      assert.ok(await find(gone), 'still there, alone in its commit');
    });

    it('leaves one session of 50 that write the same uid with a grant each at once', async () => {
      const { store, other } = nodes();
      const shared = recordOf({ model: 'Session', uid: unique('uid') });
      const { tenant } = shared;
      const made = await parallel(50, async (index) => {
        const grant = recordOf({ tenant, model: 'Grant' });
        const session = { ...shared, id: unique('Id') };
        const saved = [grant, session];
        const { oidc } = index % 2 ? store : other;
        await oidc.writeAll({ tenant, destroyed: [], saved, noted: null });
        return saved;
      });
      const find = ({ model, id }: Written) => store.oidc.find(tenant, model, id);
      const grants = await parallel(50, (index) => find(made[index]![0]!));
      const sessions = await parallel(50, (index) => find(made[index]![1]!));
      assert.equal(successes(grants), 50);
      assert.equal(successes(sessions), 1);
    });

    it('saves many records at once from two nodes', async () => {
      const { store, other } = nodes();
      const shared = recordOf();
      await parallel(200, (index) =>
        (index % 2 ? store : other).oidc.upsert({ ...shared, id: `id-${index % 40}` }),
      );
      const found = await parallel(40, (index) =>
        store.oidc.find(shared.tenant, shared.model, `id-${index}`),
      );
      assert.equal(successes(found), 40);
    });

    it('destroys one record', async () => {
      const { store } = nodes();
      const record = recordOf();
      await store.oidc.upsert(record);
      await store.oidc.destroy(record.tenant, record.model, record.id);
      assert.equal(await store.oidc.find(record.tenant, record.model, record.id), undefined);
    });

    it('S44 destroys what belongs to a grant, of one model or of all', async () => {
      const { store } = nodes();
      const tenant = unique('t');
      const code = recordOf({ tenant, grantId: 'G1' });
      const access = recordOf({ tenant, grantId: 'G1', model: 'AccessToken' });
      const refresh = recordOf({ tenant, grantId: 'G1', model: 'RefreshToken' });
      const kept = [
        recordOf({ tenant, grantId: 'g1' }),
        recordOf({ grantId: 'G1' }),
        recordOf({ tenant }),
      ];
      const isThere = async (record: Written) =>
        (await store.oidc.find(record.tenant, record.model, record.id)) !== undefined;
      for (const record of [code, access, refresh, ...kept]) await store.oidc.upsert(record);
      await store.oidc.destroyByGrant(tenant, 'G1', 'AccessToken');
      assert.deepEqual(
        [await isThere(code), await isThere(access), await isThere(refresh)],
        [true, false, true],
      );
      await store.oidc.destroyByGrant(tenant, 'G1');
      assert.deepEqual([await isThere(code), await isThere(refresh)], [false, false]);
      for (const record of kept) assert.equal(await isThere(record), true);
    });

    it('R68 destroys what belongs to a guest, in every namespace, and nothing else', async () => {
      const { store, other } = nodes();
      const [accountId, tenant] = [unique('Account_'), unique('t')];
      const gone = [
        recordOf({ tenant, model: 'Session', payload: { accountId, uid: 'ü' } }),
        recordOf({ tenant, model: 'Grant', payload: { clientId: 'docs', accountId } }),
        recordOf({ tenant, model: 'RefreshToken', payload: { accountId }, grantId: 'G' }),
        recordOf({ model: 'AccessToken', payload: { accountId } }),
        recordOf({ model: 'Interaction', payload: { result: { login: { accountId } } } }),
        recordOf({ model: 'Interaction', payload: { session: { uid: 'u', accountId } } }),
      ];
      const kept = [
        recordOf({ tenant, payload: { accountId: `${accountId}0` } }),
        recordOf({ tenant, payload: { accountId: accountId.toUpperCase() } }),
        recordOf({ tenant, payload: { accountId: accountId.replace('_', 'x') } }),
        recordOf({ tenant, payload: { clientId: accountId } }),
        recordOf({ tenant, payload: { state: `"accountId":"${accountId}"` } }),
        recordOf({ tenant, payload: { claims: [{ notAccountId: accountId }] } }),
      ];
      for (const record of [...gone, ...kept]) await store.oidc.upsert(record);
      await other.oidc.destroyByAccount(accountId);
      const find = ({ tenant, model, id }: Written) => store.oidc.find(tenant, model, id);
      for (const record of gone) assert.equal(await find(record), undefined, record.model);
      for (const record of kept) assert.ok(await find(record), JSON.stringify(record.payload));
    });

    it("S37 destroys what a tenant's guests were given, by batches, and nothing else", async () => {
      const { store, other } = nodes();
      const tenant = unique('t');
      const given = ['Session', 'Grant', 'AuthorizationCode', 'AccessToken', 'RefreshToken'];
      const gone = given.map((model) => recordOf({ tenant, model }));
      const kept = [
        recordOf({ tenant, model: 'Interaction' }),
        recordOf({ tenant, model: 'ClientCredentials' }),
        // Without it an assertion or proof that was used could be used again.
        recordOf({ tenant, model: 'ReplayDetection' }),
        recordOf({ model: 'Session' }),
      ];
      for (const record of [...gone, ...kept]) await store.oidc.upsert(record);
      const counts = [
        await other.oidc.destroySessions(tenant, 3),
        await other.oidc.destroySessions(tenant, 3),
        await other.oidc.destroySessions(tenant, 3),
      ];
      assert.deepEqual(counts, [3, 2, 0]);
      const find = ({ tenant: of, model, id }: Written) => store.oidc.find(of, model, id);
      for (const record of gone) assert.equal(await find(record), undefined, record.model);
      for (const record of kept) assert.ok(await find(record), record.model);
    });

    it('keeps a payload of 200 kB', async () => {
      const { store } = nodes();
      const record = recordOf({ payload: { state: 'ä'.repeat(100_000) } });
      await store.oidc.upsert(record);
      const found = await store.oidc.find(record.tenant, record.model, record.id);
      assert.deepEqual(found?.payload, record.payload);
    });
  });
}
