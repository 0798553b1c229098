// Owns what every GuestStore must do.

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
  PASSCODE,
  renewalOf,
  successes,
  unique,
} from './support.ts';

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

    it('R6 binds a guest to one of 20 parallel redemptions of two nodes', async () => {
      const { store, other } = nodes();
      const guest = guestOf(unique('t'));
      await store.guests.invite(guest);
      const results = await parallel(20, (index) =>
        (index % 2 ? store : other).guests.redeem(
          guest.tenant,
          guest.id,
          bindingOf(`identity-${index}`),
          NOW + index,
        ),
      );
      assert.deepEqual(results.toSorted(), ['redeemed', ...Array<string>(19).fill('settled')]);
      const winner = results.indexOf('redeemed');
      assert.deepEqual(await store.guests.find(guest.tenant, guest.id), {
        ...guest,
        ...bindingOf(`identity-${winner}`),
        state: 'Accepted',
        redeemedAt: NOW + winner,
      });
    });

    it('R6 lets no redemption replace the method of a guest', async () => {
      const { store } = nodes();
      const guest = await invited();
      assert.equal(await store.guests.redeem(guest.tenant, guest.id, PASSCODE, NOW), 'redeemed');
      const again = await store.guests.redeem(guest.tenant, guest.id, bindingOf('i'), NOW + 1);
      assert.equal(again, 'settled');
      assert.equal((await stored(guest))?.method, 'emailOneTimePasscode');
      assert.equal(await store.guests.findByIdentity(guest.tenant, 'i'), undefined);
    });

    it('S50 binds an upstream identity to one of 20 guests that redeem at once', async () => {
      const { store, other } = nodes();
      const tenant = unique('t');
      const guests = await parallel(20, (index) => invited(tenant, `g${index}@partner.example`));
      const results = await parallel(20, (index) =>
        (index % 2 ? store : other).guests.redeem(tenant, guests[index]!.id, bindingOf('one'), NOW),
      );
      assert.deepEqual(results.toSorted(), [
        ...Array<string>(19).fill('identity_taken'),
        'redeemed',
      ]);
      const bound = await store.guests.findByIdentity(tenant, 'one');
      assert.equal(bound?.id, guests[results.indexOf('redeemed')]?.id);
      const loser = guests[results.indexOf('identity_taken')]!;
      assert.deepEqual(await stored(loser), loser);
    });

    it('S50 lets the same upstream identity be a guest of another tenant', async () => {
      const { store } = nodes();
      for (const guest of [await invited(), await invited()]) {
        const redeemed = await store.guests.redeem(guest.tenant, guest.id, bindingOf('i'), NOW);
        assert.equal(redeemed, 'redeemed');
        assert.equal((await store.guests.findByIdentity(guest.tenant, 'i'))?.id, guest.id);
      }
      assert.equal(await store.guests.findByIdentity(unique('t'), 'i'), undefined);
    });

    it('S29 redeems neither a blocked nor a removed guest', async () => {
      const { store } = nodes();
      const [blocked, removed] = [await invited(), await invited()];
      await store.guests.setBlocked(blocked.tenant, blocked.id, NOW, true);
      await store.guests.remove(removed.tenant, removed.id, NOW);
      for (const { tenant, id } of [blocked, removed]) {
        assert.equal(await store.guests.redeem(tenant, id, PASSCODE, NOW), 'settled');
        assert.equal((await store.guests.find(tenant, id))?.state, 'PendingAcceptance');
      }
    });

    it('S33 does not redeem the guest of another tenant', async () => {
      const { store } = nodes();
      const guest = await invited();
      assert.equal(await store.guests.redeem('else', guest.id, PASSCODE, NOW), 'settled');
      assert.deepEqual(await stored(guest), guest);
    });

    it('R69 gives a guest who has not accepted a new invitation, and nobody else', async () => {
      const { store } = nodes();
      const [guest, accepted, removed] = [await invited(), await invited(), await invited()];
      await store.guests.redeem(accepted.tenant, accepted.id, PASSCODE, NOW);
      await store.guests.remove(removed.tenant, removed.id, NOW);
      const renewal = renewalOf('second');
      assert.equal(await store.guests.renewInvitation(guest.tenant, guest.id, renewal), true);
      assert.deepEqual(await stored(guest), {
        ...guest,
        invitationId: 'second',
        invitationExpiresAt: renewal.expiresAt,
        invitation: renewal.details,
        invitedBy: renewal.invitedBy,
        invitedAt: renewal.now,
      });
      for (const { tenant, id } of [accepted, removed, { ...guest, tenant: unique('t') }]) {
        assert.equal(await store.guests.renewInvitation(tenant, id, renewal), false);
      }
    });

    it('R68 resets to PendingAcceptance and keeps everything else', async () => {
      const { store } = nodes();
      const guest = await invited();
      await store.guests.redeem(guest.tenant, guest.id, bindingOf('i'), NOW);
      const renewal = renewalOf('second');
      assert.equal(await store.guests.reset(guest.tenant, guest.id, renewal, NOW + 9), 'reset');
      assert.deepEqual(await stored(guest), {
        ...guest,
        invitationId: 'second',
        invitationExpiresAt: renewal.expiresAt,
        invitation: renewal.details,
        invitedBy: renewal.invitedBy,
        invitedAt: renewal.now,
        resetAt: NOW + 9,
        revokedAt: NOW + 9,
      });
      // The upstream identity is nobody's now.
      assert.equal(await store.guests.findByIdentity(guest.tenant, 'i'), undefined);
    });

    it('R68 resets no guest who is removed or of another tenant', async () => {
      const { store } = nodes();
      const guest = await invited();
      const renewal = renewalOf('second');
      assert.equal(await store.guests.reset(unique('t'), guest.id, renewal, NOW), 'unknown');
      await store.guests.remove(guest.tenant, guest.id, NOW);
      assert.equal(await store.guests.reset(guest.tenant, guest.id, renewal, NOW), 'unknown');
      const moved = { ...renewal, address: addressOf('new@partner.example') };
      assert.equal(await store.guests.reset(guest.tenant, guest.id, moved, NOW), 'unknown');
      const there = await store.guests.invite(guestOf(guest.tenant, 'new@partner.example'));
      assert.equal(there.created, true);
    });

    it('S29 blocks, revokes with it, and lifts the block alone', async () => {
      const { store } = nodes();
      const guest = await invited();
      const { tenant, id } = guest;
      assert.equal(await store.guests.setBlocked(tenant, id, NOW + 1, true), true);
      assert.equal(await store.guests.setBlocked(tenant, id, NOW + 2, true), true);
      const blocked = { ...guest, blockedAt: NOW + 1, revokedAt: NOW + 2 };
      assert.deepEqual(await stored(guest), blocked);
      assert.equal(await store.guests.setBlocked(tenant, id, NOW + 3, false), true);
      assert.deepEqual(await stored(guest), { ...blocked, blockedAt: null });
      assert.equal(await store.guests.setBlocked(unique('t'), id, NOW, true), false);
    });

    it('T84 revokes what was given out, and nothing else', async () => {
      const { store } = nodes();
      const guest = await invited();
      assert.equal(await store.guests.revoke(guest.tenant, guest.id, NOW + 5), true);
      assert.deepEqual(await stored(guest), { ...guest, revokedAt: NOW + 5 });
      assert.equal(await store.guests.revoke(unique('t'), guest.id, NOW), false);
    });

    it('lists the guests of a tenant by id, a part at a time, by state and by address', async () => {
      const { store, other } = nodes();
      const tenant = unique('t');
      for (const name of ['b', 'C', 'a', 'gone']) {
        await store.guests.invite(guestOf(tenant, atPartner(name), `${tenant}-${name}`));
      }
      await store.guests.redeem(tenant, `${tenant}-a`, PASSCODE, NOW);
      await store.guests.remove(tenant, `${tenant}-gone`, NOW);
      const ids = async (query: Parameters<typeof store.guests.list>[1], of = tenant) =>
        (await other.guests.list(of, query)).map(({ id }) => id.slice(tenant.length + 1));
      assert.deepEqual(await ids({ limit: 9 }), ['C', 'a', 'b']);
      assert.deepEqual(await ids({ limit: 2 }), ['C', 'a']);
      assert.deepEqual(await ids({ limit: 2, after: `${tenant}-a` }), ['b']);
      assert.deepEqual(await ids({ limit: 9, state: 'Accepted' }), ['a']);
      assert.deepEqual(await ids({ limit: 9, state: 'PendingAcceptance' }), ['C', 'b']);
      assert.deepEqual(await ids({ limit: 9, address: atPartner('b') }), ['b']);
      assert.deepEqual(await ids({ limit: 9, address: atPartner('gone') }), []);
      assert.deepEqual(await ids({ limit: 9 }, unique('t')), []);
      const [first] = await other.guests.list(tenant, { limit: 1 });
      assert.deepEqual(first, guestOf(tenant, atPartner('C'), `${tenant}-C`));
    });

    it('R58 lists the guest who has an address as another one, of its own tenant alone', async () => {
      const { store, other } = nodes();
      const tenant = unique('t');
      const guest = await invited(tenant);
      await invited(tenant, 'mike@partner.example');
      await store.guests.addAddress(tenant, guest.id, addressOf('Teri@second.example'));
      const list = (query: object, of = tenant) => other.guests.list(of, { limit: 9, ...query });
      const otherAddress = 'teri@second.example';
      assert.deepEqual(await list({ otherAddress }), [guest]);
      assert.deepEqual(await list({ otherAddress, state: 'Accepted' }), []);
      assert.deepEqual(await list({ otherAddress, address: 'mike@partner.example' }), []);
      assert.deepEqual(await list({ otherAddress: guest.addressKey }), []);
      assert.deepEqual(await list({ otherAddress }, unique('t')), []);
      await store.guests.remove(tenant, guest.id, NOW);
      assert.deepEqual(await list({ otherAddress }), []);
    });

    it('R60 lists who has an invitation, which whoever signed up has not', async () => {
      const { store, other } = nodes();
      const tenant = unique('t');
      const guest = await invited(tenant);
      const signedUp = { ...guestOf(tenant, 'mike@partner.example'), invitationId: null };
      await store.guests.invite(signedUp);
      const list = () => other.guests.list(tenant, { isInvited: true, limit: 9 });
      assert.deepEqual(await list(), [guest]);
      await store.guests.reset(tenant, signedUp.id, renewalOf('second'), NOW);
      assert.equal((await list()).length, 2);
    });

    it('renames a guest, of its own tenant alone', async () => {
      const { store } = nodes();
      const guest = await invited();
      const { tenant, id } = guest;
      assert.equal(await store.guests.rename(tenant, id, 'Anna'), true);
      assert.equal(await store.guests.rename(tenant, id, 'Anna'), true);
      assert.equal((await stored(guest))?.displayName, 'Anna');
      assert.equal(await store.guests.rename(tenant, id, null), true);
      assert.deepEqual(await stored(guest), { ...guest, displayName: null });
      assert.equal(await store.guests.rename(unique('t'), id, 'Else'), false);
    });

    it('counts guests who are alike, of one tenant, without the removed', async () => {
      const { store, other } = nodes();
      const tenant = unique('t');
      const { guests } = store;
      const names = ['a@x.example', 'b@x.example', 'c@y.example', 'd@y.example', 'gone@x.example'];
      for (const name of names) await guests.invite(guestOf(tenant, name, `${tenant}-${name[0]}`));
      await guests.redeem(tenant, `${tenant}-a`, PASSCODE, NOW);
      await guests.redeem(tenant, `${tenant}-b`, PASSCODE, NOW);
      const google = { method: 'google', connection: 'google' } as const;
      await guests.redeem(tenant, `${tenant}-c`, { ...bindingOf('c'), ...google }, NOW);
      await guests.setBlocked(tenant, `${tenant}-d`, NOW, true);
      await guests.remove(tenant, `${tenant}-g`, NOW);
      const counts = await other.guests.countBy(tenant);
      const none = { method: null, connection: null };
      assert.deepEqual(
        counts.toSorted((a, b) => String(a.method).localeCompare(String(b.method))),
        [
          {
            state: 'Accepted',
            method: 'emailOneTimePasscode',
            connection: null,
            domain: 'x.example',
            blocked: false,
            count: 2,
          },
          { state: 'Accepted', ...google, domain: 'y.example', blocked: false, count: 1 },
          { state: 'PendingAcceptance', ...none, domain: 'y.example', blocked: true, count: 1 },
        ],
      );
      assert.deepEqual(await other.guests.countBy(unique('t')), []);
      const tenants = await other.guests.listTenants();
      assert.equal(tenants.filter((id) => id === tenant).length, 1);
      assert.deepEqual(tenants, tenants.toSorted());
    });

    it('R67 remembers who takes no invitations, for each tenant', async () => {
      const { store, other } = nodes();
      const [tenant, key] = [unique('t'), 'teri@partner.example'];
      const isBlocked = () => other.guests.hasBlockedInvitations(tenant, key);
      assert.equal(await isBlocked(), false);
      await parallel(10, () => store.guests.setInvitationsBlocked(tenant, key, NOW, true));
      assert.equal(await isBlocked(), true);
      assert.equal(await store.guests.hasBlockedInvitations(unique('t'), key), false);
      assert.equal(await store.guests.hasBlockedInvitations(tenant, 'x@partner.example'), false);
      await store.guests.setInvitationsBlocked(tenant, key, NOW, false);
      assert.equal(await isBlocked(), false);
    });

    it('finds over all tenants who invited an address, and tells nothing of the guest', async () => {
      const { store, other } = nodes();
      const address = atPartner(unique('everywhere'));
      const list = (limit = 9, now = NOW) =>
        other.guests.listInvitations(address.toLowerCase(), now, limit);
      const guests: Guest[] = [];
      for (const name of ['la', 'lb', 'lc', 'ld', 'le', 'lf']) {
        guests.push(await invited(unique(name), address));
      }
      const [accepted, pending, blocked, removed, alias, endless] = guests.map(
        ({ tenant, id }) => ({ tenant, id }),
      );
      const moved = { address: addressOf(atPartner('moved')) };
      await store.guests.redeem(accepted!.tenant, accepted!.id, PASSCODE, NOW);
      await store.guests.setBlocked(blocked!.tenant, blocked!.id, NOW, true);
      await store.guests.remove(removed!.tenant, removed!.id, NOW);
      // Another address of somebody is not an invitation of that address.
      await store.guests.reset(alias!.tenant, alias!.id, { ...renewalOf('n'), ...moved }, NOW);
      await store.guests.addAddress(alias!.tenant, alias!.id, addressOf(address));
      const never = { ...renewalOf('n'), expiresAt: null };
      await store.guests.renewInvitation(endless!.tenant, endless!.id, never);
      const all = [
        { tenant: accepted!.tenant, state: 'Accepted' },
        { tenant: pending!.tenant, state: 'PendingAcceptance' },
        { tenant: endless!.tenant, state: 'PendingAcceptance' },
      ] as const;
      assert.deepEqual(await list(), all);
      assert.deepEqual(await list(2), all.slice(0, 2));
      // A day later the invitation that had an end is worth nothing.
      assert.deepEqual(await list(9, NOW + 86_400), [all[0], all[2]]);
    });
  });

  async function invited(tenant = unique('t'), address?: string): Promise<Guest> {
    return (await nodes().store.guests.invite(guestOf(tenant, address))).guest;
  }

  function stored({ tenant, id }: Guest): Promise<Guest | undefined> {
    return nodes().other.guests.find(tenant, id);
  }
}
