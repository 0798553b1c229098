import assert from 'node:assert/strict';
import { hidden } from '../support/jar.ts';
import { stores } from '../support/world.ts';
import { attemptsOf, counted, isLoggedIn, wrongCodes } from './evidence.ts';
import {
  type Browser,
  buildFortress,
  type CodePage,
  type Fortress,
  tenantFile,
} from './fortress.ts';

for (const store of stores) {
  describe(`attacks on the budgets, on ${store}`, function () {
    this.timeout(180_000);
    let fortress: Fortress;
    // Lowered, as the schema allows: what is spent here must not take a thousand mails to spend.
    before(async () => {
      fortress = await buildFortress({
        store,
        atDawn: true,
        settings: {
          limits: {
            failuresPerNetworkPerDay: 20,
            failuresPerTenantPerDay: 40,
            failuresPerInstancePerDay: 90,
          },
        },
        tenants: Object.fromEntries(['one', 'two', 'three'].map((id) => [id, tenantFile(id)])),
      });
    });
    after(() => fortress.close());

    /** Sign-ins of one guest under way in browsers of their own; their codes. */
    async function doors(count: number, address: string, tenant: string, network?: string) {
      await fortress.invite(address, tenant);
      const open: { browser: Browser; door: CodePage; code: string }[] = [];
      for (let index = 0; index < count; index += 1) {
        const browser = fortress.browser(network);
        const door = await fortress.walkToCode(browser, address, await fortress.begin(tenant));
        open.push({ browser, door, code: await fortress.codeFor(address, index + 1) });
      }
      return open;
    }

    it('S8 S9 a thousand parallel guesses over five sign-ins, five networks, two processes and a restart: ten are compared, exactly', async () => {
      const address = 'rolling@partner.example';
      const open = await doors(5, address, 'one');
      const before = await counted(fortress, 'failure.tenant.day', 'one');
      const shots = open.flatMap(({ door, code }) =>
        wrongCodes(code, 100).map((wrong) => [door, wrong] as const),
      );
      // Interleaved, or the first sign-in alone would be shot at first.
      const order = shots.toSorted((left, right) => Number(left[1]) - Number(right[1]));
      const half = await Promise.all(order.map(([door, code]) => door.submit(code)));
      await fortress.restart();
      const rest = await Promise.all(order.map(([door, code]) => door.submit(code)));
      const statuses = new Set([...half, ...rest].map(({ status }) => status));
      assert.deepEqual(statuses, new Set([303]));
      assert.equal(half.length + rest.length, 1000);
      assert.equal(await counted(fortress, 'failure.tenant.day', 'one'), before + 10);
      const states = await Promise.all(open.map(({ door }) => attemptsOf(fortress, door)));
      assert.equal(
        states.reduce((sum, { attempts }) => sum + attempts, 0),
        10,
      );
      const trail = await fortress.trail({ tenant: 'one', event: 'passcode.evaluate' });
      assert.equal(trail.length, 1000);
      assert.ok(trail.filter(({ outcome }) => outcome === 'mismatch').length <= 10);
      assert.equal(trail.filter(({ outcome }) => outcome === 'verified').length, 0);
    });

    it('S8 the right code after the ten: not compared, in none of the sign-ins', async () => {
      const address = 'tenth@partner.example';
      const open = await doors(5, address, 'one');
      for (const { door, code } of open.slice(0, 2)) {
        for (const wrong of wrongCodes(code, 5)) await door.submit(wrong);
      }
      for (const [index, { browser, door, code }] of open.entries()) {
        assert.equal((await door.type(code)).location, undefined);
        const { attempts, verified_at: verifiedAt } = await attemptsOf(fortress, door);
        assert.deepEqual([attempts, verifiedAt], [index < 2 ? 5 : 0, null]);
        assert.equal(await isLoggedIn(fortress, browser, 'one'), false);
      }
      const browser = fortress.browser();
      // Five mails an hour: this sixth one of the hour is refused, for the guest as for the attacker.
      const sixth = await fortress.choose(browser, address, await fortress.begin('one'));
      const pressed = await browser.post(`${sixth.url.href}/send`, { csrf: hidden(sixth, 'csrf') });
      assert.equal(pressed.status, 429);
      assert.ok(Number(pressed.headers['retry-after']) > 0);
      assert.equal(fortress.mailsTo(address), 5);
    });

    it('T19 S9 the attacker spends what a guest has: the guest’s next mail has a longer code, which works', async () => {
      const address = 'spent@partner.example';
      const open = await doors(2, address, 'two');
      for (const { door, code } of open) {
        for (const wrong of wrongCodes(code, 5)) await door.submit(wrong);
      }
      const browser = fortress.browser();
      const begun = await fortress.begin('two');
      const location = await fortress.signIn(browser, address, begun);
      // The warning about wrong codes may come before it or after it.
      const mail = fortress.relay.messages.findLast(({ parsed }) =>
        /sign-in code/.test(parsed.subject ?? ''),
      );
      assert.match(mail?.parsed.text ?? '', /^[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}$/m);
      assert.equal((await fortress.redeem(begun, location)).claims()?.['email'], address);
    });

    it('S9 S11 one network guesses at many guests: soon strong codes for it, and for nobody else', async () => {
      const network = fortress.browser().network;
      const before = await counted(fortress, 'failure.tenant.day', 'two');
      const open: { door: CodePage; code: string }[] = [];
      for (let index = 0; index < 8; index += 1) {
        open.push(...(await doors(1, `many${index}@partner.example`, 'two', network)));
      }
      await Promise.all(
        open.flatMap(({ door, code }) => wrongCodes(code, 5).map((wrong) => door.submit(wrong))),
      );
      const compared = (await counted(fortress, 'failure.tenant.day', 'two')) - before;
      assert.equal(compared, 20);
      const [again] = await doors(1, 'again@partner.example', 'two', network);
      assert.match(again!.code, /-/);
      const [clean] = await doors(1, 'clean@partner.example', 'three');
      assert.doesNotMatch(clean!.code, /-/);
    });
  });
}
