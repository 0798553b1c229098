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

const LATE = { nextAttemptAt: NOW + 20, fault: 'smtp_451', at: NOW + 1 };

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
        await outbox.settle(id, 'cleaner', { state: 'abandoned', fault: null, at: NOW });
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
      await store.outbox.settle(old, 'l', { state: 'sent', fault: null, at: NOW });
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
        guest: null,
        kind: null,
        label: null,
        settledAt: null,
        delayedAt: null,
        bouncedAt: null,
        bounce: null,
        complainedAt: null,
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
      assert.equal(
        await store.outbox.settle(id, 'dead', { state: 'sent', fault: null, at: NOW }),
        false,
      );
      assert.equal(await store.outbox.postpone(id, 'dead', LATE), false);
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
      const outcome = { state: 'abandoned', fault: 'smtp_550', at: NOW } as const;
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
      assert.equal(await store.outbox.postpone(id, 'w', LATE), true);
      const postponed = await store.outbox.find(id);
      assert.equal(postponed?.state, 'queued');
      assert.equal(postponed.fault, 'smtp_451');
      assert.equal(postponed.sealed, 'c2VhbGVk');
      assert.equal(postponed.deliveries, 1);
      assert.equal(postponed.delayedAt, NOW + 1);
      assert.equal(await store.outbox.nextDueAt(), NOW + 20);
      await store.outbox.lease(id, 'w', NOW + 20, NOW + 60);
      await store.outbox.postpone(id, 'w', { ...LATE, at: NOW + 21 });
      assert.equal((await store.outbox.find(id))?.delayedAt, NOW + 1);
    });

    it('remembers when a message was settled, and that the relay refused it', async () => {
      const { store } = nodes();
      const [taken, refused] = [await enqueue(store), await enqueue(store)];
      for (const id of [taken, refused]) await store.outbox.lease(id, 'w', NOW, NOW + 60);
      await store.outbox.settle(taken, 'w', { state: 'sent', fault: null, at: NOW + 2 });
      const no = { state: 'abandoned', fault: 'smtp_550', at: NOW + 3, refused: true } as const;
      await store.outbox.settle(refused, 'w', no);
      const times = async (id: string) => {
        const found = await store.outbox.find(id);
        return [found?.settledAt, found?.bouncedAt];
      };
      assert.deepEqual(await times(taken), [NOW + 2, null]);
      assert.deepEqual(await times(refused), [NOW + 3, NOW + 3]);
    });

    it('keeps the first report of each kind, of mails that were tried alone', async () => {
      const { store, other } = nodes();
      const sent = await enqueue(store);
      await store.outbox.lease(sent, 'w', NOW, NOW + 60);
      await store.outbox.settle(sent, 'w', { state: 'sent', fault: null, at: NOW });
      const report = (id: string, what: 'bounced' | 'delayed' | 'complained', at: number) =>
        other.outbox.report(id, { what, status: '5.1.1', at });
      assert.equal(await report(sent, 'delayed', NOW + 5), true);
      assert.equal(await report(sent, 'bounced', NOW + 6), true);
      assert.equal(await report(sent, 'complained', NOW + 7), true);
      for (const what of ['delayed', 'bounced', 'complained'] as const) {
        assert.equal(await report(sent, what, NOW + 99), false, what);
        for (const id of [await enqueue(store), await enqueue(store, { state: 'decoy' }), 'none']) {
          assert.equal(await report(id, what, NOW), false, what);
        }
      }
      const found = await store.outbox.find(sent);
      assert.equal(found?.bounce, '5.1.1');
      const times = [found.delayedAt, found.bouncedAt, found.complainedAt];
      assert.deepEqual(times, [NOW + 5, NOW + 6, NOW + 7]);
    });

    it('takes a delay behind the relay after one at the relay', async () => {
      const { store } = nodes();
      const id = await enqueue(store);
      await store.outbox.lease(id, 'w', NOW, NOW + 60);
      await store.outbox.postpone(id, 'w', LATE);
      await store.outbox.lease(id, 'w', NOW + 20, NOW + 60);
      await store.outbox.settle(id, 'w', { state: 'sent', fault: null, at: NOW + 21 });
      const late = { what: 'delayed', status: '4.4.1', at: NOW + 30 } as const;
      assert.equal(await store.outbox.report(id, late), true);
      assert.equal((await store.outbox.find(id))?.delayedAt, NOW + 30);
    });

    it('R44 lists the mails of one guest of one tenant, newest first', async () => {
      const { store, other } = nodes();
      const guest = unique('g');
      const told = { guest, kind: 'passcode', label: 'K7' };
      const old = await enqueue(store, told);
      const young = await enqueue(store, { guest, createdAt: NOW + 9 });
      await enqueue(store, { ...told, tenant: 'other' });
      await enqueue(store, { guest: unique('g') });
      const found = await other.outbox.listOf('t', guest, 10);
      assert.deepEqual(
        found.map(({ id, kind, label }) => [id, kind, label]),
        [
          [young, null, null],
          [old, 'passcode', 'K7'],
        ],
      );
      assert.equal((await other.outbox.listOf('t', guest, 1)).length, 1);
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
