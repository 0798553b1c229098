// Owns what every OutboxStore and MailboxStore must do.

import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { MailboxMessage, Store } from '../../../src/storage/store.ts';
import type { Nodes } from '../store-contract.ts';
import { NOW, parallel, successes, unique } from './support.ts';

async function enqueue(store: Store, changes: object = {}): Promise<string> {
  const id = unique('m');
  await store.outbox.enqueue({
    id,
    tenant: 't',
    sealed: 'c2VhbGVk',
    state: 'queued',
    nextAttemptAt: NOW,
    expiresAt: NOW + 1800,
    createdAt: NOW,
    ...changes,
  });
  return id;
}

const messageOf = (subject: string, receivedAt = NOW): MailboxMessage => ({
  id: unique('mail'),
  receivedAt,
  recipient: 'teri@partner.example',
  subject,
  text: 'Ihr Code: 1234 5678 ✉',
  html: '<p>' + 'ä'.repeat(100_000),
});

export function mailContract(nodes: () => Nodes): void {
  describe('outbox', () => {
    afterEach(async () => {
      const { outbox } = nodes().store;
      for (const id of await outbox.due(NOW * 2, 1000)) {
        await outbox.lease(id, 'cleaner', NOW * 2, NOW * 2);
        await outbox.settle(id, 'cleaner', { state: 'abandoned', fault: null });
      }
    });

    it('has nothing due while it is empty', async () => {
      const { outbox } = nodes().store;
      assert.deepEqual(await outbox.due(NOW, 10), []);
      assert.equal(await outbox.nextDueAt(), undefined);
    });

    it('counts what waits and what is being sent, and tells when the oldest was written', async () => {
      const { store } = nodes();
      assert.deepEqual(await store.outbox.waiting(), { queued: 0, sending: 0, oldestAt: null });
      const old = await enqueue(store, { createdAt: NOW - 9 });
      await enqueue(store, { createdAt: NOW - 2 });
      await enqueue(store, { createdAt: NOW - 20, state: 'decoy' });
      await store.outbox.lease(old, 'l', NOW, NOW + 15);
      const waiting = { queued: 1, sending: 1, oldestAt: NOW - 9 };
      assert.deepEqual(await store.outbox.waiting(), waiting);
      await store.outbox.settle(old, 'l', { state: 'sent', fault: null });
      const left = { queued: 1, sending: 0, oldestAt: NOW - 2 };
      assert.deepEqual(await store.outbox.waiting(), left);
    });

    it('lists what is due, oldest first, up to the limit', async () => {
      const { store } = nodes();
      const young = await enqueue(store, { createdAt: NOW + 2 });
      const old = await enqueue(store, { createdAt: NOW - 2, nextAttemptAt: NOW + 1 });
      const later = await enqueue(store, { nextAttemptAt: NOW + 60 });
      await enqueue(store, { state: 'decoy' });
      assert.deepEqual(await store.outbox.due(NOW + 2, 10), [old, young]);
      assert.deepEqual(await store.outbox.due(NOW + 2, 1), [old]);
      assert.deepEqual(await store.outbox.due(NOW, 10), [young]);
      assert.deepEqual(await store.outbox.due(NOW + 60, 10), [old, later, young]);
      assert.equal(await store.outbox.nextDueAt(), NOW);
    });

    it('gives a message to one of 20 workers, and counts the delivery', async () => {
      const { store, other } = nodes();
      const id = await enqueue(store);
      const results = await parallel(20, (index) =>
        (index % 2 ? store : other).outbox.lease(id, `worker-${index}`, NOW, NOW + 60),
      );
      assert.equal(successes(results), 1);
      const winner = results.findIndex(Boolean);
      const leased = {
        id,
        tenant: 't',
        sealed: 'c2VhbGVk',
        state: 'sending',
        deliveries: 1,
        nextAttemptAt: NOW,
        expiresAt: NOW + 1800,
        createdAt: NOW,
        lease: `worker-${winner}`,
        leaseUntil: NOW + 60,
        fault: null,
      };
      assert.deepEqual(results[winner], leased);
      assert.deepEqual(await other.outbox.find(id), leased);
    });

    it('leases nothing before it is due, and no decoy', async () => {
      const { store } = nodes();
      const later = await enqueue(store, { nextAttemptAt: NOW + 1 });
      const decoy = await enqueue(store, { state: 'decoy' });
      assert.equal(await store.outbox.lease(later, 'w', NOW, NOW + 60), undefined);
      assert.equal(await store.outbox.lease(decoy, 'w', NOW, NOW + 60), undefined);
    });

    it('makes a message due again when its lease runs out', async () => {
      const { store } = nodes();
      const id = await enqueue(store);
      await store.outbox.lease(id, 'dead', NOW, NOW + 60);
      assert.deepEqual(await store.outbox.due(NOW + 59, 10), []);
      assert.equal(await store.outbox.nextDueAt(), NOW + 60);
      assert.deepEqual(await store.outbox.due(NOW + 60, 10), [id]);
      const again = await store.outbox.lease(id, 'living', NOW + 60, NOW + 120);
      assert.equal(again?.deliveries, 2);
      assert.equal(await store.outbox.renew(id, 'dead', NOW + 999), false);
      assert.equal(await store.outbox.settle(id, 'dead', { state: 'sent', fault: null }), false);
      assert.equal(await store.outbox.postpone(id, 'dead', NOW, 'smtp_451'), false);
      assert.deepEqual(await store.outbox.find(id), again);
    });

    it('extends a lease, also to the time it has', async () => {
      const { store } = nodes();
      const id = await enqueue(store);
      await store.outbox.lease(id, 'w', NOW, NOW + 60);
      assert.equal(await store.outbox.renew(id, 'w', NOW + 90), true);
      assert.equal(await store.outbox.renew(id, 'w', NOW + 90), true);
      assert.deepEqual(await store.outbox.due(NOW + 89, 10), []);
    });

    it('wipes the content when a message is final', async () => {
      const { store } = nodes();
      const id = await enqueue(store);
      await store.outbox.lease(id, 'w', NOW, NOW + 60);
      const outcome = { state: 'abandoned', fault: 'smtp_550' } as const;
      assert.equal(await store.outbox.settle(id, 'w', outcome), true);
      assert.equal(await store.outbox.settle(id, 'w', outcome), false);
      const final = await store.outbox.find(id);
      assert.equal(final?.state, 'abandoned');
      assert.equal(final.fault, 'smtp_550');
      assert.equal(final.sealed, null);
      assert.equal(final.lease, null);
      assert.deepEqual(await store.outbox.due(NOW + 9999, 10), []);
      assert.equal(await store.outbox.nextDueAt(), undefined);
    });

    it('postpones a message', async () => {
      const { store } = nodes();
      const id = await enqueue(store);
      await store.outbox.lease(id, 'w', NOW, NOW + 60);
      assert.equal(await store.outbox.postpone(id, 'w', NOW + 20, 'smtp_451'), true);
      const postponed = await store.outbox.find(id);
      assert.equal(postponed?.state, 'queued');
      assert.equal(postponed.fault, 'smtp_451');
      assert.equal(postponed.sealed, 'c2VhbGVk');
      assert.equal(postponed.deliveries, 1);
      assert.equal(await store.outbox.nextDueAt(), NOW + 20);
    });
  });

  describe('mailbox', () => {
    it('keeps mail, newest first, also within one second', async () => {
      const { store, other } = nodes();
      const [first, second, third] = [messageOf('1'), messageOf('2'), messageOf('3')];
      for (const message of [first, second, third]) await store.mailbox.put(message);
      assert.deepEqual(await other.mailbox.list(2), [third, second]);
      assert.deepEqual(await store.mailbox.find(first.id), first);
      assert.equal(await store.mailbox.find('none'), undefined);
    });

    it('keeps one copy of a mail that comes twice', async () => {
      const { store } = nodes();
      const message = messageOf('once');
      await store.mailbox.put(message);
      await store.mailbox.put({ ...message, subject: 'twice' });
      const copies = (await store.mailbox.list(100)).filter(({ id }) => id === message.id);
      assert.deepEqual(copies, [{ ...message, subject: 'twice' }]);
    });
  });
}
