import assert from 'node:assert/strict';
import { type StoreKind, stores } from '../support/world.ts';
import { type Fortress, fortressOf } from './fortress.ts';

/** How many sign in at once; `CROWD=2000 npm run test:abuse` is what nights are for. */
const CROWD = Number(process.env['CROWD'] ?? 200);
const TENANTS = ['crowd0', 'crowd1', 'crowd2', 'crowd3'];
/** Sign-ins under way at a time: what a busy evening has, not what a kernel has sockets for. */
const AT_A_TIME = 100;

for (const store of stores) {
  describe(`a crowd, on ${store}`, function () {
    this.timeout(60_000 + CROWD * 1000);
    let fortress: Fortress;
    before(async () => {
      fortress = await fortressOf(store);
    });

    it(`S4 S24 S33 ${CROWD} guests of four tenants sign in at once: every application is told the mailbox that was read, and no other`, async () => {
      const guests = await Promise.all(
        Array.from({ length: CROWD }, (_, index) => inviteOf(index, store)),
      );
      const waiting = [...guests];
      const told: string[] = [];
      const subjects = new Set<string>();
      const walk = async (): Promise<void> => {
        for (let guest = waiting.pop(); guest !== undefined; guest = waiting.pop()) {
          const begun = await fortress.begin(guest.tenant);
          const location = await fortress.signIn(fortress.browser(), guest.address, begun);
          const claims = (await fortress.redeem(begun, location)).claims();
          assert.equal(claims?.['email'], guest.address);
          assert.equal(claims?.sub, guest.id);
          assert.equal(claims?.['tid'], guest.tenant);
          told.push(guest.address);
          subjects.add(guest.id);
        }
      };
      await Promise.all(Array.from({ length: Math.min(AT_A_TIME, CROWD) }, walk));
      assert.equal(told.length, CROWD);
      assert.equal(subjects.size, CROWD);
      for (const { address } of guests) assert.equal(fortress.mailsTo(address), 1, address);
    });

    async function inviteOf(index: number, name: StoreKind) {
      const tenant = TENANTS[index % TENANTS.length]!;
      const address = `crowd-${name}-${index}@partner.example`;
      const { id } = await fortress.invite(address, tenant);
      return { id, address, tenant };
    }
  });
}
