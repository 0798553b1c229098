import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import type { Tenant } from '../../src/domain/tenant.ts';
import { mayLeave } from '../../src/guests/administration.ts';
import type { Guest, InvitationRenewal } from '../../src/storage/store.ts';
import {
  addressOf,
  bindingOf,
  DAY,
  INVITER,
  NOW,
  openRoom,
  PASSCODE,
  type Room,
  signIn,
  tenantOf,
} from './support.ts';

const ACTOR = 'admin@contoso.example';
const OTHER = 'teri@other.example';

const renewal: InvitationRenewal = {
  invitationId: 'second',
  expiresAt: NOW + DAY,
  details: null,
  invitedBy: INVITER,
  now: NOW,
};

describe('createAdministration', () => {
  let room: Room;
  before(async () => {
    room = await openRoom();
  });
  after(() => room.close());

  const accepted = async (tenant: Tenant, address = 'teri@partner.example'): Promise<Guest> => {
    const { guest } = await room.directory.invite({
      tenant: tenant.id,
      address: addressOf(address),
      displayName: 'Teri',
    });
    await room.directory.redeem(guest, bindingOf(`identity of ${address}`));
    return (await room.store.guests.find(tenant.id, guest.id))!;
  };
  const stored = ({ tenant, id }: Guest) => room.store.guests.find(tenant, id);
  const signedIn = ({ tenant, id, addressKey }: Guest, address = addressKey) =>
    signIn(room.store, tenant, id, address);
  const auditOf = (event: string, { id }: Guest) =>
    room.log.of(event).filter((line) => line['subject'] === id);

  it('R68 resets a guest under the same subject, to redeem by another method', async () => {
    const tenant = tenantOf();
    const guest = await accepted(tenant);
    assert.equal(await room.administration.reset(tenant, guest, { renewal }, ACTOR), 'reset');
    const reset = await room.directory.findBySubject(tenant.id, guest.id);
    assert.equal(reset?.state, 'PendingAcceptance');
    assert.deepEqual([reset.method, reset.connection, reset.idp], [null, null, null]);
    assert.deepEqual([reset.resetAt, reset.revokedAt], [NOW, NOW]);
    assert.equal(reset.displayName, 'Teri');
    assert.equal(await room.directory.redeem(reset, PASSCODE), 'redeemed');
    assert.equal((await stored(guest))?.method, 'emailOneTimePasscode');
  });

  it('R68 ends sessions, tokens and live passcodes of the guest alone', async () => {
    const tenant = tenantOf();
    const [guest, bystander] = [await accepted(tenant), await accepted(tenant, 'x@p.example')];
    await room.administration.addAddress(tenant, guest, addressOf(OTHER), ACTOR);
    const [one, two] = [await signedIn(guest), await signedIn(guest, OTHER)];
    const untouched = await signedIn(bystander);
    await room.administration.reset(tenant, guest, { renewal }, ACTOR);
    assert.deepEqual(await one.left(), []);
    assert.deepEqual([await one.isLive(), await two.isLive()], [false, false]);
    assert.equal((await untouched.left()).length, 4);
    assert.equal(await untouched.isLive(), true);
  });

  it('R68 moves a guest to an address an administrator gave them, and to no other', async () => {
    const tenant = tenantOf();
    const guest = await accepted(tenant);
    const bystander = await accepted(tenant, 'x@p.example');
    await room.administration.addAddress(tenant, bystander, addressOf('y@p.example'), ACTOR);
    const have = await signedIn(guest);
    const resetTo = (address: string) =>
      room.administration.reset(tenant, guest, { renewal, address: addressOf(address) }, ACTOR);
    for (const foreign of [OTHER, 'x@p.example', 'y@p.example']) {
      assert.equal(await resetTo(foreign), 'address_unknown');
    }
    assert.deepEqual(await stored(guest), guest);
    assert.equal((await have.left()).length, 4);
    await room.administration.addAddress(tenant, guest, addressOf(OTHER), ACTOR);
    assert.equal(await resetTo('Teri@Other.example'), 'reset');
    const moved = await room.directory.findByAddress(tenant.id, OTHER);
    assert.equal(moved?.id, guest.id);
    assert.equal(moved.address, 'Teri@other.example');
    assert.equal(await room.directory.findByAddress(tenant.id, guest.addressKey), undefined);
    assert.equal(await have.isLive(), false);
  });

  it('R68 takes the address the guest has as one of theirs', async () => {
    const tenant = tenantOf();
    const guest = await accepted(tenant);
    const address = addressOf('TERI@partner.example');
    const outcome = await room.administration.reset(tenant, guest, { renewal, address }, ACTOR);
    assert.equal(outcome, 'reset');
    assert.equal((await stored(guest))?.address, 'TERI@partner.example');
  });

  it('R68 ends nothing for a guest who is not there to be reset', async () => {
    const tenant = tenantOf();
    const guest = await accepted(tenant);
    const have = await signedIn(guest);
    await room.store.guests.remove(tenant.id, guest.id, NOW);
    const outcome = await room.administration.reset(tenant, guest, { renewal }, ACTOR);
    assert.equal(outcome, 'unknown');
    assert.equal((await have.left()).length, 4);
    assert.equal(await have.isLive(), true);
  });

  it('R68 T84 changes nothing when the last part of a change fails', async () => {
    const tenant = tenantOf({ privacyUrl: 'https://contoso.example/privacy' });
    const guest = await accepted(tenant);
    const have = await signedIn(guest);
    const database = new DatabaseSync(room.file);
    database.exec(
      `CREATE TRIGGER stone BEFORE DELETE ON oidc_records WHEN old.id = 'session-${guest.id}'
       BEGIN SELECT RAISE(ABORT, 'this row stays'); END`,
    );
    const { administration } = room;
    const changes = [
      () => administration.reset(tenant, guest, { renewal }, ACTOR),
      () => administration.block(tenant, guest, ACTOR),
      () => administration.remove(tenant, guest, ACTOR),
      () => administration.leave(tenant, guest),
    ];
    for (const change of changes) await assert.rejects(change(), /this row stays/);
    database.exec('DROP TRIGGER stone');
    database.close();
    assert.deepEqual(await stored(guest), guest);
    assert.equal((await have.left()).length, 4);
    assert.equal(await have.isLive(), true);
    assert.deepEqual(auditOf('guest.block', guest), []);
  });

  it('T84 ends everything a guest has when they are blocked', async () => {
    const tenant = tenantOf();
    const guest = await accepted(tenant);
    const have = await signedIn(guest);
    assert.equal(await room.administration.block(tenant, guest, ACTOR), true);
    assert.equal(await room.directory.findBySubject(tenant.id, guest.id), undefined);
    assert.deepEqual(await have.left(), []);
    assert.equal(await have.isLive(), false);
    assert.equal(await room.administration.unblock(tenant, guest, ACTOR), true);
    const free = await room.directory.findBySubject(tenant.id, guest.id);
    assert.equal(free?.state, 'Accepted');
    assert.equal(free.revokedAt, NOW);
    assert.deepEqual(await have.left(), []);
  });

  it('T84 ends everything a guest has when they are removed; the address gets a new sub', async () => {
    const tenant = tenantOf();
    const guest = await accepted(tenant);
    await room.administration.addAddress(tenant, guest, addressOf(OTHER), ACTOR);
    const [one, two] = [await signedIn(guest), await signedIn(guest, OTHER)];
    assert.equal(await room.administration.remove(tenant, guest, ACTOR), true);
    assert.equal(await room.administration.remove(tenant, guest, ACTOR), false);
    assert.equal(await room.directory.findBySubject(tenant.id, guest.id), undefined);
    assert.deepEqual(await one.left(), []);
    assert.deepEqual([await one.isLive(), await two.isLive()], [false, false]);
    const next = await accepted(tenant);
    assert.notEqual(next.id, guest.id);
  });

  it('R77 lets guests leave only where they may and a privacy statement is set', async () => {
    const privacyUrl = 'https://contoso.example/privacy';
    const table: readonly (readonly [Partial<Tenant>, boolean])[] = [
      [{}, false],
      [{ guestsMayLeave: true }, false],
      [{ guestsMayLeave: false, privacyUrl }, false],
      [{ privacyUrl }, true],
      [{ guestsMayLeave: true, privacyUrl }, true],
    ];
    for (const [changes, may] of table) {
      const tenant = tenantOf(changes);
      const guest = await accepted(tenant);
      const have = await signedIn(guest);
      assert.equal(mayLeave(tenant), may);
      assert.equal(await room.administration.leave(tenant, guest), may ? 'left' : 'not_allowed');
      const there = (await room.directory.findBySubject(tenant.id, guest.id)) !== undefined;
      assert.equal(there, !may);
      assert.equal((await have.left()).length, may ? 0 : 4);
      if (may) assert.equal(await room.administration.leave(tenant, guest), 'unknown');
    }
  });

  it('R77 brings a guest who left back within 30 days, signed out', async () => {
    const tenant = tenantOf({ privacyUrl: 'https://contoso.example/privacy' });
    const guest = await accepted(tenant);
    await room.administration.leave(tenant, guest);
    const [left] = await room.store.guests.listRemoved(tenant.id, guest.addressKey);
    assert.equal(left?.removedAt, NOW);
    room.time.now = NOW + 30 * DAY + 1;
    assert.equal(await room.administration.restore(tenant, left, ACTOR), false);
    room.time.now = NOW + 30 * DAY;
    assert.equal(await room.administration.restore(tenant, left, ACTOR), true);
    room.time.now = NOW;
    const back = await room.directory.findByAddress(tenant.id, guest.addressKey);
    assert.deepEqual(back, { ...guest, revokedAt: NOW });
  });

  it('R78 knows a changed address once an administrator adds it', async () => {
    const tenant = tenantOf();
    const guest = await accepted(tenant);
    const { administration, directory } = room;
    const [other, taken] = [addressOf(OTHER), addressOf('x@p.example')];
    await accepted(tenant, 'x@p.example');
    assert.equal(await directory.findByAddress(tenant.id, OTHER), undefined);
    assert.equal(await administration.addAddress(tenant, guest, other, ACTOR), true);
    assert.equal((await directory.findByAddress(tenant.id, OTHER))?.id, guest.id);
    assert.equal(await administration.addAddress(tenant, guest, other, ACTOR), false);
    assert.equal(await administration.addAddress(tenant, guest, taken, ACTOR), false);
    // Mail still goes where it went.
    assert.equal((await stored(guest))?.address, guest.address);
  });

  it('S33 finds no guest of another tenant', async () => {
    const guest = await accepted(tenantOf());
    const have = await signedIn(guest);
    const foreign = tenantOf({ privacyUrl: 'https://evil.example/privacy' });
    const { administration } = room;
    assert.equal(await administration.reset(foreign, guest, { renewal }, ACTOR), 'unknown');
    assert.equal(await administration.block(foreign, guest, ACTOR), false);
    assert.equal(await administration.unblock(foreign, guest, ACTOR), false);
    assert.equal(await administration.remove(foreign, guest, ACTOR), false);
    assert.equal(await administration.restore(foreign, guest, ACTOR), false);
    assert.equal(await administration.leave(foreign, guest), 'unknown');
    assert.equal(await administration.addAddress(foreign, guest, addressOf(OTHER), ACTOR), false);
    assert.deepEqual(await stored(guest), guest);
    assert.equal((await have.left()).length, 4);
    assert.equal(await have.isLive(), true);
  });

  it('S64 S65 leaves one line for the auditor of each change, and no address in clear', async () => {
    const tenant = tenantOf({ privacyUrl: 'https://contoso.example/privacy' });
    const guest = await accepted(tenant);
    const { administration } = room;
    await administration.addAddress(tenant, guest, addressOf(OTHER), ACTOR);
    await administration.reset(tenant, guest, { renewal, address: addressOf(OTHER) }, ACTOR);
    await administration.block(tenant, guest, ACTOR);
    await administration.unblock(tenant, guest, ACTOR);
    await administration.remove(tenant, guest, ACTOR);
    await administration.restore(tenant, guest, ACTOR);
    await administration.leave(tenant, guest);
    await administration.block(tenant, guest, ACTOR);
    const expected = {
      'guest.add-address': ['done'],
      'guest.reset': ['reset'],
      'guest.block': ['done', 'refused'],
      'guest.unblock': ['done'],
      'guest.remove': ['done'],
      'guest.restore': ['done'],
      'guest.leave': ['done'],
    };
    for (const [event, outcomes] of Object.entries(expected)) {
      const lines = auditOf(event, guest);
      assert.deepEqual(
        lines.map((line) => line['outcome']),
        outcomes,
        event,
      );
      const actor = event === 'guest.leave' ? 'guest' : 'a**n@contoso.example';
      for (const line of lines) {
        assert.deepEqual([line['audit'], line['tenant'], line['actor']], [true, tenant.id, actor]);
      }
    }
    for (const clear of [OTHER, ACTOR, guest.address]) {
      assert.equal(room.log.text().includes(clear), false, clear);
    }
  });
});
