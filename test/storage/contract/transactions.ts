// Owns what every Store must do as a whole: transactions, forgetting, health.

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Store } from '../../../src/storage/store.ts';
import type { Nodes } from '../store-contract.ts';
import { addressOf, guestOf, NOW, parallel, unique } from './support.ts';

const DAY = 86_400;

const keyOf = () => ({ scope: 'tx', subject: unique('subject'), windowSeconds: DAY });

export function transactionsContract(nodes: () => Nodes): void {
  describe('transaction', () => {
    it('commits everything, and returns what the work returns', async () => {
      const { store, other } = nodes();
      const [a, b] = [keyOf(), keyOf()];
      const result = await store.transaction(async (tx) => {
        await tx.budgets.spend([a], NOW);
        return tx.budgets.spend([b], NOW);
      });
      assert.deepEqual(result, [1]);
      assert.deepEqual(await other.budgets.read([a, b], NOW), [1, 1]);
    });

    it('rolls everything back on a throw, and rethrows it', async () => {
      const { store, other } = nodes();
      const key = keyOf();
      const id = unique('m');
      const failure = new Error('no');
      const failing = store.transaction(async (tx) => {
        await tx.budgets.spend([key], NOW);
        await tx.outbox.enqueue({
          id,
          tenant: 't',
          sealed: null,
          state: 'decoy',
          nextAttemptAt: NOW,
          expiresAt: NOW,
          createdAt: NOW,
        });
        throw failure;
      });
      await assert.rejects(failing, failure);
      assert.deepEqual(await other.budgets.read([key], NOW), [0]);
      assert.equal(await store.outbox.find(id), undefined);
    });

    it('joins a transaction inside a transaction', async () => {
      const { store } = nodes();
      const [outer, inner] = [keyOf(), keyOf()];
      const failing = store.transaction(async (tx) => {
        await tx.budgets.spend([outer], NOW);
        await tx.transaction((nested) => nested.budgets.spend([inner], NOW));
        throw new Error('after the nested one ended');
      });
      await assert.rejects(failing, /after the nested/);
      assert.deepEqual(await store.budgets.read([outer, inner], NOW), [0, 0]);
    });

    it('keeps statements from outside out of an open transaction', async () => {
      const { store } = nodes();
      const [inside, outside] = [keyOf(), keyOf()];
      const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const failing = store.transaction(async (tx) => {
        await tx.budgets.spend([inside], NOW);
        enter();
        await released;
        throw new Error('rolled back');
      });
      await entered;
      const spent = store.budgets.spend([outside], NOW);
      release();
      await assert.rejects(failing, /rolled back/);
      assert.deepEqual(await spent, [1]);
      assert.deepEqual(await store.budgets.read([inside, outside], NOW), [0, 1]);
    });

    it('refuses the outer store inside a transaction', async () => {
      const { store } = nodes();
      const failing = store.transaction(() => store.budgets.spend([keyOf()], NOW));
      await assert.rejects(failing, TypeError);
    });

    it('goes on with the same database after a failed transaction', async () => {
      const { store } = nodes();
      await assert.rejects(
        store.transaction(() => Promise.reject(new Error('at once'))),
        /at once/,
      );
      assert.deepEqual(await store.budgets.spend([keyOf()], NOW), [1]);
    });

    it('S8 decides a limit exactly among 60 parallel transactions of two nodes', async () => {
      const { store, other } = nodes();
      const [shared, alsoShared] = [keyOf(), keyOf()];
      const spend = (from: Store) =>
        from.transaction(async (tx) => {
          const [count = 0] = await tx.budgets.spend([shared, alsoShared, keyOf()], NOW);
          if (count > 10) throw new RangeError('spent');
          return true;
        });
      const results = await Promise.allSettled(
        Array.from({ length: 60 }, (_, index) => spend(index % 2 ? store : other)),
      );
      const refusals = results.flatMap((result): unknown[] =>
        result.status === 'rejected' ? [result.reason] : [],
      );
      assert.equal(refusals.length, 50);
      for (const reason of refusals) assert.ok(reason instanceof RangeError, String(reason));
      assert.deepEqual(await store.budgets.read([shared], NOW), [10]);
    });
  });

  describe('purge', () => {
    // Long before every other row of the suite, so that the counts are exact.
    const THEN = 1_000_000;

    it('forgets sessions and codes 15 s after they expire, in batches', async () => {
      const { store } = nodes();
      const tenant = unique('t');
      const save = (id: string, expiresAt: number | null) =>
        store.oidc.upsert({
          tenant,
          model: 'Session',
          id,
          payload: {},
          expiresAt,
          grantId: null,
          uid: null,
          userCode: null,
        });
      await parallel(25, (index) => save(`old-${index}`, THEN - 16));
      await save('recent', THEN - 15);
      await save('forever', null);
      assert.equal(await store.purge(THEN, 10), 25);
      assert.ok(await store.oidc.find(tenant, 'Session', 'recent'));
      assert.ok(await store.oidc.find(tenant, 'Session', 'forever'));
      assert.equal(await store.oidc.find(tenant, 'Session', 'old-7'), undefined);
      assert.equal(await store.purge(THEN + 1, 10), 1);
    });

    it('forgets sign-ins and their passcodes two hours after they expire', async () => {
      const { store } = nodes();
      const tenant = unique('t');
      const begin = async (uid: string, expiresAt: number) => {
        await store.signIns.chooseAddress({
          tenant,
          uid,
          browser: 'b',
          address: 'a@b.example',
          addressKey: 'a@b.example',
          decision: null,
          expiresAt,
        });
        await store.passcodes.insert({
          tenant,
          uid,
          sequence: 1,
          digest: 'd',
          linkDigest: null,
          pepperVersion: 1,
          strong: false,
          createdAt: expiresAt - 1800,
          expiresAt,
        });
      };
      await begin('old', THEN - 7201);
      await begin('recent', THEN - 7200);
      assert.equal(await store.purge(THEN, 100), 2);
      assert.equal(await store.signIns.find(tenant, 'old'), undefined);
      assert.deepEqual(await store.passcodes.list(tenant, 'old'), []);
      assert.ok(await store.signIns.find(tenant, 'recent'));
      assert.equal((await store.passcodes.list(tenant, 'recent')).length, 1);
      assert.equal(await store.purge(THEN + 1, 100), 2);
    });

    it('S8 forgets counters after their window, never those without one', async () => {
      const { store } = nodes();
      const key = { ...keyOf(), windowSeconds: 100 };
      await store.budgets.spend([key], THEN);
      const endless = { ...key, windowSeconds: 0 };
      await store.budgets.spend([endless], THEN);
      assert.equal(await store.purge(THEN + 100, 100), 0);
      assert.equal(await store.purge(THEN + 101, 100), 1);
      assert.deepEqual(await store.budgets.spend([endless], THEN), [2]);
    });

    it('S65 forgets mail two weeks after it was written, decoys and mailbox after a day', async () => {
      const { store } = nodes();
      const enqueue = async (state: 'queued' | 'decoy', createdAt: number) => {
        const id = unique('m');
        await store.outbox.enqueue({
          id,
          tenant: 't',
          sealed: null,
          state,
          createdAt,
          nextAttemptAt: THEN,
          expiresAt: THEN,
        });
        return id;
      };
      const sentAt = async (createdAt: number) => {
        const id = await enqueue('queued', createdAt);
        await store.outbox.lease(id, 'w', THEN, THEN);
        await store.outbox.settle(id, 'w', { state: 'sent', fault: null, at: THEN });
        return id;
      };
      const sent = await sentAt(THEN - 14 * DAY - 1);
      const told = await sentAt(THEN - 14 * DAY);
      const decoy = await enqueue('decoy', THEN - DAY - 1);
      const young = await enqueue('decoy', THEN - DAY);
      const waiting = await enqueue('queued', THEN - DAY - 1);
      const old = { id: unique('mail'), receivedAt: THEN - DAY - 1 };
      await store.mailbox.put({
        ...old,
        recipient: 'a@b.example',
        subject: '',
        text: '',
        html: '',
      });
      assert.equal(await store.purge(THEN, 100), 3);
      assert.equal(await store.outbox.find(sent), undefined);
      assert.equal(await store.outbox.find(decoy), undefined);
      assert.equal(await store.mailbox.find(old.id), undefined);
      assert.ok(await store.outbox.find(young));
      assert.ok(await store.outbox.find(told));
      assert.ok(await store.outbox.find(waiting));
    });
  });

  describe('purge of guests and journeys', () => {
    // Before what the purges above have left, and after what they took.
    const THEN = 990_000;

    it('R77 forgets a removed guest and their addresses after 30 days', async () => {
      const { store } = nodes();
      const tenant = unique('t');
      const removed = async (name: string, removedAt: number) => {
        const { guest } = await store.guests.invite(guestOf(tenant, `${name}@partner.example`));
        await store.guests.addAddress(tenant, guest.id, addressOf(`${name}@other.example`));
        await store.guests.remove(tenant, guest.id, removedAt);
        return guest.id;
      };
      const old = await removed('old', THEN - 30 * DAY - 1);
      const recent = await removed('recent', THEN - 30 * DAY);
      const standing = (await store.guests.invite(guestOf(tenant))).guest;
      assert.equal(await store.purge(THEN, 1), 2);
      assert.equal(await store.guests.findById(old), undefined);
      assert.deepEqual(await store.guests.listAddresses(tenant, old), []);
      assert.ok(await store.guests.find(tenant, standing.id));
      assert.equal(await store.guests.restore(tenant, recent, THEN), true);
      assert.deepEqual(await store.guests.listAddresses(tenant, recent), ['recent@other.example']);
      assert.equal(await store.purge(THEN + 1, 100), 0);
    });

    it('S52 forgets journeys that are over', async () => {
      const { store } = nodes();
      const journey = { tenant: 't', uid: 'u', browser: 'b', connection: 'c', memory: 'm' };
      for (const expiresAt of [THEN - 1, THEN]) {
        await store.journeys.insert({ ...journey, id: unique('j'), expiresAt });
      }
      assert.equal(await store.purge(THEN, 100), 1);
      assert.equal(await store.purge(THEN + 1, 100), 1);
    });
  });

  describe('health', () => {
    it('S4 tells the time of the database', async () => {
      const time = await nodes().store.databaseTime();
      assert.ok(Math.abs(time - Date.now() / 1000) < 5);
    });

    it('pings', async () => {
      await nodes().store.ping();
    });

    it('has no migration pending once it is open', async () => {
      assert.deepEqual(await nodes().store.pendingMigrations(), []);
    });
  });
}
