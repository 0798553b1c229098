// Owns what every AuditStore must do.

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { AuditQuery, Store } from '../../../src/storage/store.ts';
import type { AuditEntry } from '../../../src/telemetry/audit-entry.ts';
import type { Nodes } from '../store-contract.ts';
import { NOW, parallel, unique } from './support.ts';

function entryOf(tenant: string | null, changes: Partial<AuditEntry> = {}): AuditEntry {
  return {
    id: unique('audit'),
    at: NOW,
    tenant,
    event: 'sign-in.finish',
    actor: 'Jörg 🦊',
    subject: 'guest-1',
    client: 'docs',
    outcome: 'done',
    row: '4',
    rule: 'R24',
    errorCode: 'passcode_expired',
    reference: 'ABCD-1234',
    address: 't**i@partner.example',
    addressHash: 'hash-1',
    network: '203.0.113.x',
    detail: { method: 'emailOneTimePasscode', note: 'Grüße ✉', deep: [{ a: 1 }] },
    ...changes,
  };
}

const EMPTY = {
  actor: null,
  subject: null,
  client: null,
  outcome: null,
  row: null,
  rule: null,
  errorCode: null,
  reference: null,
  address: null,
  addressHash: null,
  network: null,
  detail: {},
};

async function idsOf(store: Store, query: Omit<AuditQuery, 'limit'>): Promise<readonly string[]> {
  return (await store.audit.list({ limit: 1000, ...query })).map(({ id }) => id);
}

export function auditContract(nodes: () => Nodes): void {
  describe('audit', () => {
    it('S64 gives back what was added, every field of it, with a rising position', async () => {
      const { store, other } = nodes();
      const tenant = unique('t');
      const entries = [entryOf(tenant), entryOf(tenant, EMPTY)];
      await store.audit.append(entries);
      const found = await other.audit.list({ tenant, limit: 9 });
      assert.deepEqual(
        found.map(({ position: _position, ...entry }) => entry),
        entries,
      );
      assert.ok(found[0]!.position < found[1]!.position);
    });

    it('keeps an entry of no tenant', async () => {
      const { store } = nodes();
      const entry = entryOf(null, { subject: unique('s') });
      await store.audit.append([entry]);
      assert.deepEqual(await idsOf(store, { subject: entry.subject! }), [entry.id]);
    });

    it('keeps the order of a batch, and lists from either end, page by page', async () => {
      const { store } = nodes();
      const tenant = unique('t');
      const entries = Array.from({ length: 100 }, () => entryOf(tenant));
      await store.audit.append(entries);
      const ids = entries.map(({ id }) => id);
      assert.deepEqual(await idsOf(store, { tenant }), ids);
      assert.deepEqual(await idsOf(store, { tenant, order: 'newest' }), ids.toReversed());
      const first = await store.audit.list({ tenant, limit: 40 });
      const second = await store.audit.list({ tenant, limit: 40, after: first.at(-1)!.position });
      assert.deepEqual(
        [...first, ...second].map(({ id }) => id),
        ids.slice(0, 80),
      );
      const newest = { tenant, order: 'newest', limit: 40 } as const;
      const last = await store.audit.list(newest);
      const before = await store.audit.list({ ...newest, after: last.at(-1)!.position });
      assert.deepEqual(
        [...last, ...before].map(({ id }) => id),
        ids.toReversed().slice(0, 80),
      );
    });

    it('S33 lists one tenant alone when asked to', async () => {
      const { store } = nodes();
      const [mine, theirs] = [entryOf(unique('t')), entryOf(unique('t'))];
      await store.audit.append([mine, theirs]);
      assert.deepEqual(await idsOf(store, { tenant: mine.tenant! }), [mine.id]);
      const shared = { subject: 'guest-1', addressHash: 'hash-1' };
      assert.deepEqual(await idsOf(store, { tenant: mine.tenant!, ...shared }), [mine.id]);
      const all = await idsOf(store, { order: 'newest' });
      assert.deepEqual(all.slice(0, 2), [theirs.id, mine.id]);
    });

    it('S64 finds entries by time, beginning of the event, address and guest', async () => {
      const { store } = nodes();
      const tenant = unique('t');
      const early = entryOf(tenant, { at: NOW - 10, event: 'sign-in.decide', subject: 'x' });
      const middle = entryOf(tenant, { event: 'sign_in', addressHash: 'y' });
      const late = entryOf(tenant, { at: NOW + 10, event: 'guest.block', addressHash: 'y' });
      await store.audit.append([early, middle, late]);
      const cases: readonly (readonly [Omit<AuditQuery, 'limit'>, readonly AuditEntry[]])[] = [
        [{ since: NOW }, [middle, late]],
        [{ until: NOW }, [early]],
        [{ since: NOW - 10, until: NOW + 10 }, [early, middle]],
        [{ event: 'sign-in.' }, [early]],
        [{ event: 'sign-in.decided' }, []],
        // No pattern: a name with an underscore or a per cent means itself.
        [{ event: 'sign_in' }, [middle]],
        [{ event: '%' }, []],
        [{ addressHash: 'y' }, [middle, late]],
        [{ addressHash: 'Y' }, []],
        [{ subject: 'x' }, [early]],
        [{ subject: 'guest-1', addressHash: 'y', since: NOW + 1 }, [late]],
      ];
      for (const [query, expected] of cases) {
        assert.deepEqual(
          await idsOf(store, { tenant, ...query }),
          expected.map(({ id }) => id),
          JSON.stringify(query),
        );
      }
    });

    it('S64 has entries that were added twice once, whoever adds them', async () => {
      const { store, other } = nodes();
      const tenant = unique('t');
      const batch = [entryOf(tenant), entryOf(tenant)];
      await parallel(4, (index) => (index % 2 ? store : other).audit.append(batch));
      assert.deepEqual(
        await idsOf(store, { tenant }),
        batch.map(({ id }) => id),
      );
      await store.audit.append([]);
    });

    it('S64 forgets what is older than it is told, batch by batch, and nothing else', async () => {
      const { store } = nodes();
      const tenant = unique('t');
      const old = Array.from({ length: 25 }, () => entryOf(tenant, { at: 1000 }));
      const kept = entryOf(tenant, { at: 1001 });
      await store.audit.append([...old, kept]);
      assert.equal(await store.audit.purge(1001, 10), 25);
      assert.equal(await store.audit.purge(1001, 10), 0);
      assert.deepEqual(await idsOf(store, { tenant }), [kept.id]);
      await store.purge(NOW, 1000);
      assert.deepEqual(await idsOf(store, { tenant }), [kept.id]);
      assert.equal(await store.audit.purge(1002, 10), 1);
    });
  });
}
