// Owns what every GuestStore must do with the addresses of guests, and with guests who are removed.

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Guest } from '../../../src/storage/store.ts';
import type { Nodes } from '../store-contract.ts';
import {
  addressOf,
  atPartner,
  bindingOf,
  guestOf,
  NOW,
  parallel,
  renewalOf,
  successes,
  unique,
} from './support.ts';

const KEY = 'teri@partner.example';
const OTHER = 'teri@other.example';
const MONTH = 30 * 86_400;

export function guestAddressesContract(nodes: () => Nodes): void {
  describe('addresses of guests', () => {
    it('R58 finds a guest by another address, in the own tenant only', async () => {
      const { store, other } = nodes();
      const guest = await invited();
      const { tenant, id } = guest;
      assert.equal(await add(guest, 'Teri@Other.example'), true);
      assert.equal(await add(guest, 'teri@third.example'), true);
      assert.deepEqual(await other.guests.findByOtherAddress(tenant, OTHER), guest);
      assert.equal(await store.guests.findByOtherAddress(unique('t'), OTHER), undefined);
      assert.equal(await store.guests.findByOtherAddress(tenant, KEY), undefined);
      assert.equal(await store.guests.findByAddress(tenant, OTHER), undefined);
      const listed = await store.guests.listAddresses(tenant, id);
      assert.deepEqual(listed, ['Teri@Other.example', 'teri@third.example']);
    });

    it('R58 gives an address to no second guest, neither as first nor as other', async () => {
      const { store } = nodes();
      const tenant = unique('t');
      const [teri, mike] = [await invited(tenant), await invited(tenant, 'mike@partner.example')];
      assert.equal(await add(teri, OTHER), true);
      assert.equal(await add(teri, OTHER), false);
      assert.equal(await add(mike, OTHER), false);
      assert.equal(await add(mike, KEY), false);
      assert.equal(await add(teri, KEY), false);
      assert.deepEqual(await store.guests.listAddresses(tenant, mike.id), []);
      const again = await store.guests.invite(guestOf(tenant, OTHER));
      assert.deepEqual(again, { guest: teri, created: false });
      assert.equal(await store.guests.findByAddress(tenant, OTHER), undefined);
      assert.equal(await add(await invited(), OTHER), true);
    });

    it('R58 gives an address to one of 20 that invite it and add it at once', async () => {
      const { store, other } = nodes();
      const tenant = unique('t');
      const guests = await parallel(10, (index) => invited(tenant, `g${index}@partner.example`));
      const results = await parallel(20, async (index) => {
        const { guests: on } = index % 3 ? store : other;
        return index % 2
          ? (await on.invite(guestOf(tenant, OTHER))).created
          : on.addAddress(tenant, guests[index / 2]!.id, addressOf(OTHER));
      });
      assert.equal(successes(results), 1);
      const found = [
        await store.guests.findByAddress(tenant, OTHER),
        await store.guests.findByOtherAddress(tenant, OTHER),
      ];
      assert.equal(successes(found), 1);
    });

    it('adds no address to a guest who is not there', async () => {
      const { store } = nodes();
      const guest = await invited();
      assert.equal(await add({ ...guest, tenant: unique('t') }, OTHER), false);
      await store.guests.remove(guest.tenant, guest.id, NOW);
      assert.equal(await add(guest, OTHER), false);
    });

    it('R68 moves a guest to another address of theirs; the old one is free', async () => {
      const { store } = nodes();
      const guest = await invited();
      const { tenant, id } = guest;
      await add(guest, OTHER);
      const renewal = { ...renewalOf('second'), address: addressOf('Teri@other.example') };
      assert.equal(await store.guests.reset(tenant, id, renewal, NOW), 'reset');
      const moved = await store.guests.findByAddress(tenant, OTHER);
      assert.equal(moved?.id, id);
      assert.equal(moved.address, 'Teri@other.example');
      assert.deepEqual(await store.guests.listAddresses(tenant, id), []);
      assert.equal((await store.guests.invite(guestOf(tenant))).created, true);
    });

    it('R68 moves no guest to an address another guest has', async () => {
      const { store } = nodes();
      const tenant = unique('t');
      const [teri, mike] = [await invited(tenant), await invited(tenant, 'mike@partner.example')];
      await add(mike, OTHER);
      for (const taken of ['mike@partner.example', OTHER]) {
        const renewal = { ...renewalOf('second'), address: addressOf(taken) };
        assert.equal(await store.guests.reset(tenant, teri.id, renewal, NOW), 'address_taken');
      }
      assert.deepEqual(await stored(teri), teri);
      assert.deepEqual(await store.guests.listAddresses(tenant, mike.id), [OTHER]);
      assert.deepEqual(await store.guests.listAddresses(tenant, teri.id), []);
    });
  });

  describe('removed guests', () => {
    it('T84 frees addresses and identity at once, for a new guest with a new id', async () => {
      const { store } = nodes();
      const guest = await invited();
      const { tenant, id } = guest;
      await add(guest, OTHER);
      await store.guests.redeem(tenant, id, bindingOf('i'), NOW);
      assert.equal(await store.guests.remove(tenant, id, NOW + 5), true);
      assert.equal(await store.guests.remove(tenant, id, NOW + 6), false);
      assert.equal(await store.guests.findByAddress(tenant, KEY), undefined);
      assert.equal(await store.guests.findByOtherAddress(tenant, OTHER), undefined);
      assert.equal(await store.guests.findByIdentity(tenant, 'i'), undefined);
      const removed = await stored(guest);
      assert.equal(removed?.addressKey, KEY);
      assert.equal(removed.identity, 'i');
      assert.deepEqual([removed.removedAt, removed.revokedAt], [NOW + 5, NOW + 5]);
      const next = await store.guests.invite(guestOf(tenant));
      assert.equal(next.created, true);
      assert.notEqual(next.guest.id, id);
      assert.equal(await add(next.guest, OTHER), true);
      assert.equal(
        await store.guests.redeem(tenant, next.guest.id, bindingOf('i'), NOW),
        'redeemed',
      );
    });

    it('R77 restores a guest as they were, up to 30 days later', async () => {
      const { store, other } = nodes();
      const guest = await invited();
      const { tenant, id } = guest;
      await add(guest, OTHER);
      await store.guests.redeem(tenant, id, bindingOf('i'), NOW);
      const before = await stored(guest);
      await store.guests.remove(tenant, id, NOW);
      assert.equal(await store.guests.restore(tenant, id, NOW + MONTH + 1), false);
      const results = await parallel(10, (index) =>
        (index % 2 ? store : other).guests.restore(tenant, id, NOW + MONTH),
      );
      assert.equal(successes(results), 1);
      assert.deepEqual(await stored(guest), { ...before, revokedAt: NOW });
      assert.equal((await store.guests.findByAddress(tenant, KEY))?.id, id);
      assert.equal((await store.guests.findByOtherAddress(tenant, OTHER))?.id, id);
      assert.equal((await store.guests.findByIdentity(tenant, 'i'))?.id, id);
      assert.deepEqual(await store.guests.listRemoved(tenant, KEY), []);
    });

    it("R77 restores nobody whose address is somebody else's by now", async () => {
      const { store } = nodes();
      const tenant = unique('t');
      const teri = await invited(tenant);
      await store.guests.remove(tenant, teri.id, NOW);
      const [removed] = await store.guests.listRemoved(tenant, KEY);
      const mike = await invited(tenant, 'mike@partner.example');
      await add(mike, KEY);
      assert.equal(await store.guests.restore(tenant, teri.id, NOW), false);
      assert.deepEqual(await store.guests.listRemoved(tenant, KEY), [removed]);
      assert.equal((await store.guests.findByOtherAddress(tenant, KEY))?.id, mike.id);
      await store.guests.remove(tenant, mike.id, NOW);
      await invited(tenant);
      assert.equal(await store.guests.restore(tenant, teri.id, NOW), false);
      assert.deepEqual(await stored(teri), removed);
    });

    it("R77 restores without the other address that is somebody else's by now", async () => {
      const { store } = nodes();
      const tenant = unique('t');
      const teri = await invited(tenant);
      for (const address of [OTHER, 'teri@third.example', 'teri@fourth.example']) {
        await add(teri, address);
      }
      await store.guests.remove(tenant, teri.id, NOW);
      await invited(tenant, OTHER);
      await add(await invited(tenant, 'mike@partner.example'), 'teri@third.example');
      assert.equal(await store.guests.restore(tenant, teri.id, NOW), true);
      assert.deepEqual(await store.guests.listAddresses(tenant, teri.id), ['teri@fourth.example']);
    });

    it('R77 lists the removed guests of an address, newest first', async () => {
      const { store } = nodes();
      const tenant = unique('t');
      const ids: string[] = [];
      for (const now of [NOW, NOW + 1]) {
        const { id } = await invited(tenant);
        ids.unshift(id);
        await store.guests.remove(tenant, id, now);
      }
      await invited(tenant);
      const listed = await store.guests.listRemoved(tenant, KEY);
      assert.deepEqual(
        listed.map(({ id }) => id),
        ids,
      );
      assert.deepEqual(await store.guests.listRemoved(unique('t'), KEY), []);
      assert.deepEqual(await store.guests.listRemoved(tenant, OTHER), []);
    });

    it('R77 lists who can be restored, by id, a part at a time and by address', async () => {
      const { store, other } = nodes();
      const tenant = unique('t');
      const { guests } = store;
      for (const name of ['b', 'C', 'a', 'old', 'there']) {
        await guests.invite(guestOf(tenant, atPartner(name), `${tenant}-${name}`));
      }
      for (const name of ['b', 'C', 'a']) await guests.remove(tenant, `${tenant}-${name}`, NOW);
      await guests.remove(tenant, `${tenant}-old`, NOW - 1);
      await guests.invite(guestOf(tenant, atPartner('a'), `${tenant}-again`));
      const day30 = NOW + MONTH;
      const ids = async (query: Parameters<typeof guests.listRestorable>[1], of = tenant) =>
        (await other.guests.listRestorable(of, query, day30)).map(({ id }) =>
          id.slice(tenant.length + 1),
        );
      assert.deepEqual(await ids({ limit: 9 }), ['C', 'a', 'b']);
      assert.deepEqual(await ids({ limit: 2 }), ['C', 'a']);
      assert.deepEqual(await ids({ limit: 2, after: `${tenant}-a` }), ['b']);
      assert.deepEqual(await ids({ limit: 9, address: atPartner('a') }), ['a']);
      assert.deepEqual(await ids({ limit: 9, address: atPartner('there') }), []);
      assert.deepEqual(await ids({ limit: 9 }, unique('t')), []);
      assert.equal(await guests.restore(tenant, `${tenant}-b`, day30), true);
      assert.equal(await guests.restore(tenant, `${tenant}-old`, day30), false);
      assert.deepEqual(await ids({ limit: 9 }), ['C', 'a']);
    });

    it('T84 takes an address of 254 characters out of the way, and back', async () => {
      const { store } = nodes();
      const long = `${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(53)}.example`;
      const tenant = unique('t');
      const [first, second] = [await invited(tenant, long), await invited(tenant)];
      await add(second, long.replace('a', 'x'));
      for (const { id } of [first, second]) {
        assert.equal(await store.guests.remove(tenant, id, NOW), true);
        assert.equal(await store.guests.restore(tenant, id, NOW), true);
      }
      assert.equal((await store.guests.findByAddress(tenant, long))?.id, first.id);
      assert.deepEqual(await store.guests.listAddresses(tenant, second.id), [
        long.replace('a', 'x'),
      ]);
    });

    it('S33 removes and restores no guest of another tenant', async () => {
      const { store } = nodes();
      const guest = await invited();
      assert.equal(await store.guests.remove(unique('t'), guest.id, NOW), false);
      await store.guests.remove(guest.tenant, guest.id, NOW);
      assert.equal(await store.guests.restore(unique('t'), guest.id, NOW), false);
      assert.equal((await stored(guest))?.removedAt, NOW);
    });
  });

  async function invited(tenant = unique('t'), address?: string): Promise<Guest> {
    return (await nodes().store.guests.invite(guestOf(tenant, address))).guest;
  }

  function add({ tenant, id }: Guest, address: string): Promise<boolean> {
    return nodes().store.guests.addAddress(tenant, id, addressOf(address));
  }

  function stored({ tenant, id }: Guest): Promise<Guest | undefined> {
    return nodes().other.guests.find(tenant, id);
  }
}
