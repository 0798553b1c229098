import assert from 'node:assert/strict';
import type { Guest } from '../../src/storage/store.ts';
import { addressOf, bindingOf, NOW, openRoom, PASSCODE, type Room, tenantOf } from './support.ts';

const newTenant = () => tenantOf().id;

describe('createDirectory', () => {
  let room: Room;
  before(async () => {
    room = await openRoom();
  });
  after(() => room.close());
  beforeEach(() => {
    room.time.now = NOW;
  });

  const invite = (tenant: string, address: string, more: object = {}) =>
    room.directory.invite({ tenant, address: addressOf(address), ...more });
  const invited = async (tenant = newTenant()) => (await invite(tenant, 'g@partner.example')).guest;
  const found = async ({ tenant, id }: Guest) => room.directory.findBySubject(tenant, id);

  it('R69 makes a guest who has not accepted yet', async () => {
    const tenant = newTenant();
    const { guest, created } = await invite(tenant, 'Teri@gmail.com', { displayName: 'Teri' });
    assert.equal(created, true);
    assert.match(guest.id, /^[\w-]{22}$/);
    assert.deepEqual(guest, {
      tenant,
      id: guest.id,
      address: 'Teri@gmail.com',
      addressKey: 'teri@gmail.com',
      displayName: 'Teri',
      invitedBy: null,
      state: 'PendingAcceptance',
      kind: 'invited',
      method: null,
      connection: null,
      identity: null,
      idp: null,
      invitationId: null,
      invitationExpiresAt: null,
      invitation: null,
      invitedAt: NOW,
      redeemedAt: null,
      blockedAt: null,
      resetAt: null,
      revokedAt: null,
      removedAt: null,
    });
  });

  it('R4 says nothing of a method before redemption', async () => {
    const { method, connection, idp } = await invited();
    assert.deepEqual([method, connection, idp], [null, null, null]);
  });

  it('R10 makes a guest of somebody who came by themselves, pending until they consent', async () => {
    const tenant = newTenant();
    const newcomer = { tenant, address: addressOf('g@partner.example'), displayName: 'G' };
    const guest = await room.directory.signUp(newcomer);
    assert.equal(guest?.kind, 'selfService');
    assert.equal(guest.state, 'PendingAcceptance');
    assert.equal(guest.displayName, 'G');
    assert.deepEqual(await room.directory.signUp(newcomer), guest);
    assert.equal((await invite(tenant, 'g@partner.example')).created, false);
  });

  it('R10 signs nobody up again who is blocked', async () => {
    const { tenant, id } = await invited();
    await room.store.guests.setBlocked(tenant, id, NOW, true);
    const again = { tenant, address: addressOf('g@partner.example') };
    assert.equal(await room.directory.signUp(again), undefined);
  });

  it('invites an address once, in whatever case it is written', async () => {
    const tenant = newTenant();
    const first = await invite(tenant, 'g@partner.example');
    const second = await invite(tenant, 'G@PARTNER.example', { displayName: 'Other' });
    assert.deepEqual(second, { guest: first.guest, created: false });
  });

  it('S18 gives the same address another subject in another tenant', async () => {
    assert.notEqual((await invited()).id, (await invited()).id);
  });

  it('S18 T84 gives an address another subject after its guest was removed', async () => {
    const gone = await invited();
    await room.store.guests.remove(gone.tenant, gone.id, NOW);
    assert.equal(await found(gone), undefined);
    assert.equal(await room.directory.findBySubject(undefined, gone.id), undefined);
    assert.equal(await room.directory.findByAddress(gone.tenant, gone.addressKey), undefined);
    const next = await invited(gone.tenant);
    assert.notEqual(next.id, gone.id);
    assert.equal(await found(gone), undefined);
  });

  it('finds a guest by address and by subject, in the own tenant only', async () => {
    const [tenant, other] = [newTenant(), newTenant()];
    const guest = await invited(tenant);
    assert.deepEqual(await room.directory.findByAddress(tenant, 'g@partner.example'), guest);
    assert.deepEqual(await room.directory.findBySubject(tenant, guest.id), guest);
    assert.deepEqual(await room.directory.findBySubject(undefined, guest.id), guest);
    assert.equal(await room.directory.findByAddress(other, 'g@partner.example'), undefined);
    assert.equal(await room.directory.findBySubject(other, guest.id), undefined);
    assert.equal(await room.directory.findByAddress(tenant, 'x@partner.example'), undefined);
  });

  it('R58 finds a guest by another address of theirs', async () => {
    const guest = await invited();
    const other = { address: 'g@other.example', addressKey: 'g@other.example' };
    await room.store.guests.addAddress(guest.tenant, guest.id, other);
    const { directory, store } = room;
    assert.deepEqual(await directory.findByAddress(guest.tenant, 'g@other.example'), guest);
    assert.deepEqual(await invite(guest.tenant, 'g@other.example'), { guest, created: false });
    await store.guests.setBlocked(guest.tenant, guest.id, NOW, true);
    assert.equal(await directory.findByAddress(guest.tenant, 'g@other.example'), undefined);
  });

  it('R6 binds the method once', async () => {
    const guest = await invited();
    assert.equal(await room.directory.redeem(guest, PASSCODE), 'redeemed');
    const redeemed = await found(guest);
    assert.deepEqual(redeemed, { ...guest, ...PASSCODE, state: 'Accepted', redeemedAt: NOW });
    room.time.now += 60;
    // Both by what is known and by what a second tab still believes.
    assert.equal(await room.directory.redeem(redeemed, bindingOf('i')), 'settled');
    assert.equal(await room.directory.redeem(guest, bindingOf('i')), 'settled');
    assert.deepEqual(await found(guest), redeemed);
  });

  it('S50 binds no upstream identity to a second guest', async () => {
    const first = await invited();
    const { guest } = await invite(first.tenant, 'h@partner.example');
    assert.equal(await room.directory.redeem(first, bindingOf('i')), 'redeemed');
    assert.equal(await room.directory.redeem(guest, bindingOf('i')), 'identity_taken');
    assert.deepEqual(await found(guest), guest);
  });

  it('S29 knows a blocked guest no more, by address or by subject', async () => {
    const guest = await invited();
    const { tenant, id } = guest;
    await room.store.guests.setBlocked(tenant, id, NOW, true);
    assert.equal(await room.directory.findByAddress(tenant, 'g@partner.example'), undefined);
    assert.equal(await found(guest), undefined);
    assert.equal(await room.directory.findBySubject(undefined, id), undefined);
    assert.equal(await room.directory.redeem(guest, PASSCODE), 'settled');
    // Inviting again does not let them in by the back door.
    assert.equal((await invite(tenant, 'g@partner.example')).created, false);
    assert.equal(await room.directory.findByAddress(tenant, 'g@partner.example'), undefined);
  });
});
