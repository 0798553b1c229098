// Holds what many do at once to one answer, on both stores.

import assert from 'node:assert/strict';
import type { Guest } from '../../src/storage/store.ts';
import { bindingOf, openRoom, orderOf, type Room, tenantOf } from './support.ts';

const ACTOR = 'admin@contoso.example';
const MANY = 20;

const parallel = <T>(call: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: MANY }, (_, index) => call(index)));

for (const engine of ['SQLite', 'MariaDB'] as const) {
  describe(`guests at once on ${engine}`, () => {
    let room: Room;
    before(async () => {
      room = await openRoom(engine);
    });
    after(() => room.close());

    const invited = async (tenant = tenantOf()): Promise<Guest> => {
      const outcome = await room.invitations.create(tenant, orderOf({ sendMessage: false }));
      if (outcome.outcome === 'refused') throw new Error(outcome.code);
      return outcome.guest;
    };

    it('R61 makes one guest of 20 invitations of one address, and one link that works', async () => {
      const tenant = tenantOf();
      const mailsBefore = (await room.mails()).length;
      const outcomes = await parallel(() => room.invitations.create(tenant, orderOf()));
      const made = outcomes.flatMap((outcome) => (outcome.outcome === 'refused' ? [] : [outcome]));
      assert.equal(made.length, MANY);
      assert.equal(made.filter(({ outcome }) => outcome === 'invited').length, 1);
      assert.equal(made.filter(({ outcome }) => outcome === 'invited_again').length, MANY - 1);
      assert.equal(new Set(made.map(({ guest }) => guest.id)).size, 1);
      assert.equal((await room.mails()).length - mailsBefore, MANY);
      const opened = await Promise.all(
        made.map(({ redeemUrl }) => {
          const ticket = new URL(redeemUrl!).searchParams.get('ticket')!;
          return room.invitations.open(tenant.id, ticket);
        }),
      );
      assert.equal(opened.filter(Boolean).length, 1);
    });

    it('S55 R6 binds a guest once of 20 redemptions of one invitation', async () => {
      const guest = await invited();
      const outcomes = await parallel((index) =>
        room.directory.redeem(guest, bindingOf(`i${index}`)),
      );
      assert.equal(outcomes.filter((outcome) => outcome === 'redeemed').length, 1);
      assert.equal(outcomes.filter((outcome) => outcome === 'settled').length, MANY - 1);
      const bound = await room.directory.findBySubject(guest.tenant, guest.id);
      assert.equal(bound?.identity, `i${outcomes.indexOf('redeemed')}`);
    });

    it('withdraws or accepts, never both', async () => {
      for (let round = 0; round < 10; round += 1) {
        const tenant = tenantOf();
        const guest = await invited(tenant);
        const [redeemed, withdrawn] = await Promise.all([
          room.directory.redeem(guest, bindingOf('i')),
          room.invitations.withdraw(tenant, guest, ACTOR),
        ]);
        assert.equal(redeemed === 'redeemed', !withdrawn);
        const standing = await room.directory.findBySubject(tenant.id, guest.id);
        assert.equal(standing?.state, withdrawn ? undefined : 'Accepted');
      }
    });

    it('T84 leaves one removal of 20, and one restoration', async () => {
      const tenant = tenantOf();
      const guest = await invited(tenant);
      const removed = await parallel(() => room.administration.remove(tenant, guest, ACTOR));
      assert.equal(removed.filter(Boolean).length, 1);
      const restored = await parallel(() => room.administration.restore(tenant, guest, ACTOR));
      assert.equal(restored.filter(Boolean).length, 1);
      assert.ok(await room.directory.findBySubject(tenant.id, guest.id));
    });
  });
}
