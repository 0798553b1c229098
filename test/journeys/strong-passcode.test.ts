import assert from 'node:assert/strict';
import { systemClock } from '../../src/domain/clock.ts';
import { type Answer, hidden, Jar } from '../support/jar.ts';
import { travel } from '../support/time.ts';
import { startWorld, stores, type World } from '../support/world.ts';

for (const store of stores) {
  describe(`a guest whose failures are spent, on ${store}`, () => {
    let world: World;
    before(async () => {
      world = await startWorld({ store, clock: systemClock });
      await world.invite('teri@partner.example');
    });
    after(() => world.close());
    // Budgets have fixed windows: in the middle of an hour none of them ends during a test.
    beforeEach(() => travel((5400 - (systemClock() % 3600)) % 3600));

    it('T19 S9 is locked out by nobody: the next mail has a longer code, and it works', async () => {
      const attacker = new Jar();
      const early = new Jar();
      const before = await world.walkToCode(early, await world.begin(), 'teri@partner.example');
      const short = await world.passcodeFor('teri@partner.example');
      for (const flow of [1, 2]) {
        const page = await world.walkToCode(attacker, await world.begin(), 'teri@partner.example');
        const code = await world.passcodeFor('teri@partner.example', flow);
        const wrong = String((Number(code) + 1) % 1e8).padStart(8, '0');
        for (let guess = 0; guess < 5; guess += 1) await submit(attacker, page, wrong);
      }
      // A short code sent earlier is not looked at any more, right as it is; a new one can be had.
      const refused = await submit(early, before, short);
      assert.match(refused.text, /Send a new code: it will be longer\./);

      const jar = new Jar();
      const begun = await world.begin();
      const page = await world.walkToCode(jar, begun, 'teri@partner.example');
      assert.match(page.text, /16-character code/);
      const strong = await world.passcodeFor('teri@partner.example', 3);
      assert.match(strong, /^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/);
      const slip = await submit(jar, page, strong.slice(0, 10));
      assert.equal(slip.status, 400);
      const done = await submit(jar, page, strong.toLowerCase().replaceAll('-', ' '));
      assert.equal((await world.redeem(begun, done.location!)).claims()?.['email_verified'], true);
    });

    it('S11 T17 mails no more than five codes an hour, for guests and strangers alike', async () => {
      await world.invite('bombed@partner.example');
      for (const address of ['bombed@partner.example', 'nobody@partner.example']) {
        const statuses: number[] = [];
        for (let flow = 0; flow < 7; flow += 1) {
          const page = await world.walkToCode(new Jar(), await world.begin(), address);
          statuses.push(page.status);
        }
        assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429, 429], address);
      }
      await world.server.guests.parts.outbox.idle();
      const mails = world.relay.messages.flatMap(({ recipients }) => recipients);
      assert.equal(mails.filter((to) => to === 'bombed@partner.example').length, 5);
      assert.ok(!mails.includes('nobody@partner.example'));
    });
  });
}

async function submit(jar: Jar, page: Answer, code: string): Promise<Answer> {
  return jar.follow(
    await jar.post(`${page.url.href}/passcode`, { csrf: hidden(page, 'csrf'), code }),
  );
}
