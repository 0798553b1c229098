import assert from 'node:assert/strict';
import { systemClock } from '../../src/domain/clock.ts';
import { type Answer, heading, hidden, Jar } from '../support/jar.ts';
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
        await guess(attacker, page, code);
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

    it('S9 shows the same way on after a reload, until another code is sent', async () => {
      const address = 'again@partner.example';
      await world.invite(address);
      const jar = new Jar();
      const begun = await world.begin();
      const page = await world.walkToCode(jar, begun, address);
      const short = await world.passcodeFor(address);
      for (const flow of [1, 2]) {
        const attacker = new Jar();
        const attacked = await world.walkToCode(attacker, await world.begin(), address);
        await guess(attacker, attacked, await world.passcodeFor(address, flow));
      }
      const first = await submit(jar, page, short);
      const send = async () =>
        jar.follow(await jar.post(`${page.url.href}/send`, { csrf: hidden(page, 'csrf') }));
      assert.equal(heading(first), 'Ask for a new code');
      for (let reload = 0; reload < 2; reload += 1) {
        const shown = await jar.get(page.url);
        assert.match(shown.text, /Send a new code: it will be longer\./);
        assert.doesNotMatch(shown.text, /name="code"/);
      }
      const tooSoon = await send();
      assert.match(tooSoon.text, /Wait \d+ seconds?, then ask again/);
      assert.doesNotMatch(tooSoon.text, /name="code"/);
      travel(31);
      const sent = await send();
      assert.match(sent.text, /16-character code/);
      const done = await submit(jar, page, await world.passcodeFor(address, 3));
      assert.equal((await world.redeem(begun, done.location!)).claims()?.['email'], address);
    });

    it('S9 says so for the address it was said of alone', async () => {
      const [one, other] = ['first@partner.example', 'other@partner.example'];
      for (const address of [one, other]) await world.invite(address);
      const jar = new Jar();
      const page = await world.walkToCode(jar, await world.begin(), one);
      const short = await world.passcodeFor(one);
      for (const flow of [1, 2]) {
        const attacker = new Jar();
        const attacked = await world.walkToCode(attacker, await world.begin(), one);
        await guess(attacker, attacked, await world.passcodeFor(one, flow));
      }
      assert.match((await submit(jar, page, short)).text, /it will be longer/);
      const form = { csrf: hidden(page, 'csrf'), email: other };
      const changed = await jar.follow(await jar.post(`${page.url.href}/address`, form));
      assert.equal(heading(changed), 'We will email you a code');
      assert.doesNotMatch(changed.text, /it will be longer/);
    });

    it('S9 leads back to the application where no other code may be sent', async () => {
      const address = 'end@partner.example';
      await world.invite(address);
      const attacks = [new Jar(), new Jar()];
      const attacked: Answer[] = [];
      for (const jar of attacks) {
        attacked.push(await world.walkToCode(jar, await world.begin(), address));
      }
      // Into the next hour, for mails are counted by it; what is guessed too late counts as well.
      travel(1850);
      const jar = new Jar();
      const page = await world.walkToCode(jar, await world.begin(), address);
      const csrf = hidden(page, 'csrf');
      for (let sends = 1; sends < 4; sends += 1) {
        travel(31);
        await jar.follow(await jar.post(`${page.url.href}/send`, { csrf }));
      }
      const newest = await world.passcodeFor(address, 5);
      for (const [index, attacker] of attacks.entries()) {
        await guess(attacker, attacked[index]!, await world.passcodeFor(address, index));
      }
      await submit(jar, page, newest);
      const shown = await jar.get(page.url);
      assert.equal(heading(shown), 'No more codes in this sign-in');
      const back = await jar.follow(await jar.post(`${page.url.href}/continue`, { csrf }));
      assert.match(back.location ?? back.text, /error=access_denied/);
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

/** Five wrong codes. */
async function guess(jar: Jar, page: Answer, right: string): Promise<void> {
  const wrong = String((Number(right) + 1) % 1e8).padStart(8, '0');
  for (let time = 0; time < 5; time += 1) await submit(jar, page, wrong);
}

async function submit(jar: Jar, page: Answer, code: string): Promise<Answer> {
  return jar.follow(
    await jar.post(`${page.url.href}/passcode`, { csrf: hidden(page, 'csrf'), code }),
  );
}
