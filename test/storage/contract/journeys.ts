// Owns what every JourneyStore must do.

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { UpstreamJourney } from '../../../src/storage/store.ts';
import type { Nodes } from '../store-contract.ts';
import { NOW, parallel, successes, unique } from './support.ts';

function journeyOf(changes: Partial<UpstreamJourney> = {}): UpstreamJourney {
  return {
    tenant: unique('t'),
    id: unique('Journey'),
    uid: unique('uid'),
    browser: 'browser-A',
    connection: 'contoso',
    memory: 'c2VhbGVk'.repeat(500),
    expiresAt: NOW + 600,
    ...changes,
  };
}

export function journeysContract(nodes: () => Nodes): void {
  describe('journeys', () => {
    it('S52 gives a journey to one of 50 answers that come at once to two nodes', async () => {
      const { store, other } = nodes();
      const journey = journeyOf();
      await store.journeys.insert(journey);
      const results = await parallel(50, (index) =>
        (index % 2 ? store : other).journeys.take(journey.id, NOW),
      );
      assert.equal(successes(results), 1);
      assert.deepEqual(results.find(Boolean), journey);
      assert.equal(await store.journeys.take(journey.id, NOW), undefined);
    });

    it('S54 gives no journey to an answer that comes too late', async () => {
      const { store } = nodes();
      const journey = journeyOf();
      await store.journeys.insert(journey);
      assert.equal(await store.journeys.take(journey.id, NOW + 600), undefined);
      assert.deepEqual(await store.journeys.take(journey.id, NOW + 599), journey);
    });

    it('S52 compares ids bytewise, and knows no other', async () => {
      const { store } = nodes();
      const journey = journeyOf();
      await store.journeys.insert(journey);
      for (const id of [journey.id.toLowerCase(), `${journey.id}\u0131`, unique('Journey')]) {
        assert.equal(await store.journeys.take(id, NOW), undefined);
      }
      assert.ok(await store.journeys.take(journey.id, NOW));
    });

    it('S52 refuses a second journey with the same id', async () => {
      const { store } = nodes();
      const journey = journeyOf();
      await store.journeys.insert(journey);
      await assert.rejects(store.journeys.insert({ ...journey, uid: 'other' }));
    });
  });
}
