// Owns what every GuestStore must do.

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Guest } from '../../../src/storage/store.ts';
import type { Nodes } from '../store-contract.ts';
import { NOW, parallel, successes, unique } from './support.ts';

function guestOf(tenant: string, address = 'Teri@partner.example', id = unique('id')): Guest {
  return {
    tenant,
    id,
    address,
    addressKey: address.toLowerCase(),
    displayName: 'Teri Ωmega 🦊',
    invitedBy: 'host@contoso.example',
    state: 'PendingAcceptance',
    method: null,
    invitedAt: NOW,
    redeemedAt: null,
    blockedAt: null,
  };
}

export function guestsContract(nodes: () => Nodes): void {
  describe('guests', () => {
    it('finds an invited guest by id, by id alone and by address', async () => {
      const { store, other } = nodes();
      const guest = guestOf(unique('t'));
      assert.deepEqual(await store.guests.invite(guest), { guest, created: true });
      assert.deepEqual(await other.guests.find(guest.tenant, guest.id), guest);
      assert.deepEqual(await store.guests.findById(guest.id), guest);
      assert.deepEqual(await store.guests.findByAddress(guest.tenant, guest.addressKey), guest);
    });

    it('returns the guest that stands when the address is invited again', async () => {
      const { store } = nodes();
      const first = guestOf(unique('t'));
      await store.guests.invite(first);
      const again = await store.guests.invite({ ...first, id: unique('id'), displayName: 'Else' });
      assert.deepEqual(again, { guest: first, created: false });
    });

    it('creates one guest of 50 parallel invitations', async () => {
      const { store, other } = nodes();
      const tenant = unique('t');
      const results = await parallel(50, (index) =>
        (index % 2 ? store : other).guests.invite(guestOf(tenant)),
      );
      assert.equal(successes(results.map(({ created }) => created)), 1);
      assert.equal(new Set(results.map(({ guest }) => guest.id)).size, 1);
    });

    it('S33 keeps the guests of two tenants apart', async () => {
      const { store } = nodes();
      const guest = guestOf(unique('t'));
      await store.guests.invite(guest);
      assert.equal(await store.guests.find(unique('t'), guest.id), undefined);
      assert.equal(await store.guests.findByAddress(unique('t'), guest.addressKey), undefined);
    });

    it('S16 compares address keys bytewise', async () => {
      const { store } = nodes();
      const tenant = unique('t');
      await store.guests.invite(guestOf(tenant, 'mike@partner.example'));
      for (const lookalike of [
        'MIKE@partner.example',
        'm\u0131ke@partner.example',
        'mi\u212Ae@partner.example',
        'm\u00EDke@partner.example',
        'mike@p\u00E1rtner.example',
      ]) {
        assert.equal(await store.guests.findByAddress(tenant, lookalike), undefined, lookalike);
      }
      const upper = await store.guests.invite({
        ...guestOf(tenant),
        addressKey: 'MIKE@partner.example',
      });
      assert.equal(upper.created, true);
    });

    it('S16 compares ids bytewise', async () => {
      const { store } = nodes();
      const id = unique('Case');
      const guest = guestOf(unique('t'), 'a@b.example', id);
      await store.guests.invite(guest);
      assert.equal(await store.guests.findById(id.toUpperCase()), undefined);
      assert.equal(await store.guests.find(guest.tenant, id.toLowerCase()), undefined);
    });

    it('takes an address of 254 characters', async () => {
      const { store } = nodes();
      const address = `${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(53)}.example`;
      const guest = guestOf(unique('t'), address);
      assert.equal(address.length, 254);
      await store.guests.invite(guest);
      assert.deepEqual(await store.guests.findByAddress(guest.tenant, address), guest);
    });

    it('R6 redeems a guest once', async () => {
      const { store, other } = nodes();
      const guest = guestOf(unique('t'));
      await store.guests.invite(guest);
      const results = await parallel(20, (index) =>
        (index % 2 ? store : other).guests.redeem(
          guest.tenant,
          guest.id,
          'emailOneTimePasscode',
          NOW + index,
        ),
      );
      assert.equal(successes(results), 1);
      const redeemed = await store.guests.find(guest.tenant, guest.id);
      assert.equal(redeemed?.state, 'Accepted');
      assert.equal(redeemed.method, 'emailOneTimePasscode');
      assert.equal(redeemed.redeemedAt, NOW + results.indexOf(true));
    });

    it('S33 does not redeem the guest of another tenant', async () => {
      const { store } = nodes();
      const guest = guestOf(unique('t'));
      await store.guests.invite(guest);
      const redeemed = await store.guests.redeem('else', guest.id, 'emailOneTimePasscode', NOW);
      assert.equal(redeemed, false);
      assert.deepEqual(await store.guests.find(guest.tenant, guest.id), guest);
    });
  });
}
