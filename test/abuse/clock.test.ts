import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { faketime } from '../support/faketime.ts';
import { stores } from '../support/world.ts';
import { isLoggedIn, wrongCodes } from './evidence.ts';
import { buildFortress, CALLBACK, type Fortress, tenantFile } from './fortress.ts';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

for (const store of stores) {
  describe(`attacks on the clock, on ${store}`, function () {
    this.timeout(240_000);
    let fortress: Fortress;
    before(async () => {
      fortress = await buildFortress({
        store,
        servers: 1,
        movable: true,
        settings: { limits: { failuresPerAddressPerDay: 5, consecutiveFailuresPerAddress: 10 } },
        tenants: {
          a: tenantFile('a', {
            clients: [
              {
                client_id: 'docs',
                client_secret: { env: 'CLIENT_SECRET' },
                redirect_uris: [CALLBACK],
                grant_types: ['authorization_code', 'refresh_token'],
              },
            ],
          }),
        },
      });
    });
    after(() => fortress.close());

    it('T15 S4 S28 a code at 29 minutes and at 30:01, a session at 23 and at 24 hours, and the clock set back', async () => {
      const [early, late] = ['early@partner.example', 'late@partner.example'];
      for (const address of [early, late]) await fortress.invite(address);
      const [browser, other] = [fortress.browser(), fortress.browser()];
      const begun = await fortress.begin();
      const first = await fortress.walkToCode(browser, early, begun);
      const second = await fortress.walkToCode(other, late);
      const [earlyCode, lateCode] = [await fortress.codeFor(early), await fortress.codeFor(late)];

      const sent = await fortress.sql.get<{ first: number; last: number }>(
        'SELECT MIN(created_at) AS first, MAX(created_at) AS last FROM passcodes',
      );
      await fortress.travel(until(Number(sent?.first) + 29 * MINUTE));
      const done = await first.type(earlyCode);
      const end = await fortress.consent(browser, done);
      assert.match(end.location ?? '', /[?&]code=/);
      const signedInAt = fortress.now();
      const tokens = await fortress.redeem(begun, end.location!);

      await fortress.travel(until(Number(sent?.last) + 30 * MINUTE + 1));
      const expired = await second.type(lateCode);
      assert.match(expired.text, /expired/i);
      assert.equal(await isLoggedIn(fortress, other, 'a'), false);
      const fresh = await second.send();
      assert.equal(fresh.status, 200);
      const again = await second.type(await fortress.codeFor(late, 2));
      assert.match(again.location ?? '', /[?&]code=/);

      await fortress.travel(until(signedInAt + 23 * HOUR));
      assert.equal(await isLoggedIn(fortress, browser, 'a'), true);
      const refreshed = await client.refreshTokenGrant(begun.configuration, tokens.refresh_token!);
      await fortress.travel(until(signedInAt + 24 * HOUR + 2));
      assert.equal(await isLoggedIn(fortress, browser, 'a'), false);
      await assert.rejects(
        client.refreshTokenGrant(begun.configuration, refreshed.refresh_token!),
        { error: 'invalid_grant' },
      );

      // Somebody sets the clock back: what was used stays used, what was over stays over.
      await fortress.travel(0);
      assert.equal((await first.type(earlyCode)).location, undefined);
      const { location } = await second.type(lateCode);
      assert.equal(location?.includes('code=') ?? false, false);
    });

    it('T28 S9 ten failures in a row over three days: short codes end, until a long one was right', async () => {
      const address = 'inarow@partner.example';
      const noon = Math.ceil(Date.now() / 1000 / DAY) * DAY + DAY / 2;
      await fortress.invite(address);
      let mails = 0;
      const next = async () => {
        const browser = fortress.browser();
        const begun = await fortress.begin();
        const door = await fortress.walkToCode(browser, address, begun);
        mails += 1;
        return { door, begun, code: await fortress.codeFor(address, mails) };
      };
      for (const day of [0, 1]) {
        await fortress.travel(until(noon + day * DAY));
        const { door, code } = await next();
        assert.match(code, /^\d{8}$/);
        for (const wrong of wrongCodes(code, 5)) await door.submit(wrong);
      }
      await fortress.travel(until(noon + 2 * DAY));
      const long = await next();
      assert.match(long.code, /^[0-9A-Z-]{19}$/);
      assert.match((await long.door.type(long.code)).location ?? '', /[?&]code=/);
      assert.match((await next()).code, /^\d{8}$/);
    });

    if (store === 'mariadb') {
      // By the server's clock the first code were over and the second were not: 35 and 11 minutes old.
      for (const { minutes, age, ends } of [
        { minutes: 20, age: 15 * MINUTE, ends: /[?&]code=/ },
        { minutes: -20, age: 31 * MINUTE, ends: /expired/i },
      ]) {
        it(`S4 a server whose clock is ${minutes} minutes off: the database’s counts`, async () => {
          await fortress.travel(0);
          const address = `skewed${Math.sign(minutes)}@partner.example`;
          await fortress.invite(address);
          const browser = fortress.browser();
          const begun = await fortress.begin();
          const door = await fortress.walkToCode(browser, address, begun);
          const code = await fortress.codeFor(address);
          await fortress.travel(age);
          await fortress.restart(faketime(age + minutes * MINUTE));
          const { location, text } = await door.type(code);
          assert.match(location ?? text, ends);
          const health = await fetch(`http://127.0.0.1:${fortress.adminPorts[0]}/readyz?verbose`);
          assert.match(await health.text(), /\[-\]clock -?\d+ s apart/);
        });
      }
    }
  });
}

/** Seconds from now. */
function until(at: number): number {
  return at - Math.floor(Date.now() / 1000);
}
