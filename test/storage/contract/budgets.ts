// Owns what every BudgetStore must do.

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { BudgetKey } from '../../../src/storage/store.ts';
import type { Nodes } from '../store-contract.ts';
import { NOW, parallel, unique } from './support.ts';

const DAY = 86_400;

const keyOf = (scope = 'failure.address.day', windowSeconds = DAY): BudgetKey => ({
  scope,
  subject: unique('Subject'),
  windowSeconds,
});

export function budgetsContract(nodes: () => Nodes): void {
  describe('budgets', () => {
    it('S8 counts every use exactly when 200 come at once from two nodes', async () => {
      const { store, other } = nodes();
      const key = keyOf();
      const counts = await parallel(200, async (index) => {
        const [count] = await (index % 2 ? store : other).budgets.spend([key], NOW);
        return count;
      });
      assert.deepEqual(
        counts.toSorted((a, b) => Number(a) - Number(b)),
        Array.from({ length: 200 }, (_, index) => index + 1),
      );
    });

    it('S8 counts exactly when many keys are spent together in any order', async () => {
      const { store, other } = nodes();
      const shared = [keyOf('z'), keyOf('a'), keyOf('m')];
      const counts = await parallel(100, (index) => {
        const keys = [...shared, keyOf('own')];
        return (index % 2 ? store : other).budgets.spend(index % 3 ? keys : keys.toReversed(), NOW);
      });
      assert.ok(counts.every((row, index) => row[index % 3 ? 3 : 0] === 1));
      assert.deepEqual(await store.budgets.read(shared, NOW), [100, 100, 100]);
    });

    it('answers in the order of the keys', async () => {
      const { store } = nodes();
      const [once, twice] = [keyOf('b'), keyOf('a')];
      await store.budgets.spend([twice], NOW);
      assert.deepEqual(await store.budgets.spend([once, twice], NOW), [1, 2]);
      assert.deepEqual(await store.budgets.read([twice, keyOf(), once], NOW), [2, 0, 1]);
      assert.deepEqual(await store.budgets.spend([], NOW), []);
      assert.deepEqual(await store.budgets.read([], NOW), []);
    });

    it('S8 keeps scopes, subjects, windows and case apart', async () => {
      const { store } = nodes();
      const key = keyOf();
      await store.budgets.spend([key], NOW);
      const others = [
        { ...key, scope: 'send.address.day' },
        { ...key, subject: key.subject.toLowerCase() },
        { ...key, windowSeconds: 3600 },
      ];
      assert.deepEqual(await store.budgets.read(others, NOW), [0, 0, 0]);
    });

    it('starts anew with the next window', async () => {
      const { store } = nodes();
      const key = keyOf();
      const end = (Math.floor(NOW / DAY) + 1) * DAY;
      await store.budgets.spend([key], end - 1);
      assert.deepEqual(await store.budgets.spend([key], end - 1), [2]);
      assert.deepEqual(await store.budgets.spend([key], end), [1]);
    });

    it('S8 loses nothing of a refund, and never goes below zero', async () => {
      const { store, other } = nodes();
      const [key, unused] = [keyOf(), keyOf()];
      await parallel(20, () => store.budgets.spend([key], NOW));
      await parallel(15, (index) => (index % 2 ? store : other).budgets.refund([key], NOW));
      assert.deepEqual(await store.budgets.read([key], NOW), [5]);
      await parallel(9, () => store.budgets.refund([key, unused], NOW));
      assert.deepEqual(await store.budgets.read([key, unused], NOW), [0, 0]);
      await store.budgets.refund([], NOW);
    });

    it('S8 stands or falls with the transaction', async () => {
      const { store } = nodes();
      const key = keyOf();
      await store.budgets.spend([key], NOW);
      const failure = new Error('over the limit');
      const failing = store.transaction(async (tx) => {
        assert.deepEqual(await tx.budgets.spend([key], NOW), [2]);
        throw failure;
      });
      await assert.rejects(failing, failure);
      assert.deepEqual(await store.budgets.read([key], NOW), [1]);
    });

    it('counts consecutive uses without a window until cleared', async () => {
      const { store, other } = nodes();
      const key = { scope: 'consecutive', subject: unique('subject'), windowSeconds: 0 };
      const counts = await parallel(30, (index) =>
        (index % 2 ? store : other).budgets.spend([key], NOW + index * DAY),
      );
      assert.equal(new Set(counts.flat()).size, 30);
      assert.equal(Math.max(...counts.flat()), 30);
      await store.budgets.clear('else', key.subject);
      assert.deepEqual(await store.budgets.spend([key], NOW), [31]);
      await store.budgets.clear('consecutive', key.subject);
      assert.deepEqual(await store.budgets.spend([key], NOW), [1]);
    });

    it('reads other counters along without counting them', async () => {
      const { store } = nodes();
      const [counted, read] = [keyOf(), keyOf()];
      await store.budgets.spend([read], NOW);
      assert.deepEqual(await store.budgets.spend([counted], NOW, [read, counted]), [1, 1, 1]);
      assert.deepEqual(await store.budgets.spend([], NOW, [read]), [1]);
      assert.deepEqual(await store.budgets.read([counted, read], NOW), [1, 1]);
    });
  });
}
