import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { systemClock } from '../../src/domain/clock.ts';
import { type Answer, heading, hidden, Jar } from '../support/jar.ts';
import { returnToPresent, travel } from '../support/time.ts';
import { startWorld, stores, type World } from '../support/world.ts';

const HOUR = 3600;

for (const store of stores) {
  describe(`the session of a guest, on ${store}`, () => {
    let world: World;
    before(async () => {
      world = await startWorld({ store, clock: systemClock });
      await world.invite('day@partner.example');
    });
    after(() => world.close());

    it('R25 S28 ends 24 hours after sign-in whatever the guest does', async () => {
      const jar = new Jar();
      const signedInAt = Math.floor(Date.now() / 1000);
      await world.signIn(jar, await world.begin(), 'day@partner.example');
      // Used every hour: a sliding session would live for ever.
      for (let hour = 1; hour < 24; hour += 1) {
        travel(HOUR);
        const begun = await world.begin();
        const { location } = await jar.follow(await jar.get(begun.url));
        assert.match(location ?? '', /code=/, `after ${hour} h`);
        const claims = (await world.redeem(begun, location!)).claims();
        assert.ok(Math.abs(Number(claims?.auth_time) - signedInAt) < 30);
      }
      travel(HOUR - 60);
      const last = await jar.follow(await jar.get((await world.begin()).url));
      assert.match(last.location ?? '', /code=/);
      travel(65);
      const over = await jar.follow(await jar.get((await world.begin()).url));
      assert.equal(heading(over), 'Sign in to Tenant A');
      const silent = await jar.follow(
        await jar.get((await world.begin('a', { prompt: 'none' })).url),
      );
      assert.match(silent.location ?? '', /error=login_required/);
    });

    it('R24 S4 refuses a passcode at exactly 30:00 and says that it has expired', async () => {
      const sent = world.relay.messages.length;
      const jar = new Jar();
      await world.invite('late@partner.example');
      const page = await world.walkToCode(jar, await world.begin(), 'late@partner.example');
      const code = await world.passcodeFor('late@partner.example');
      travel(1800);
      const late = await jar.follow(
        await jar.post(`${page.url.href}/passcode`, { csrf: hidden(page, 'csrf'), code }),
      );
      assert.equal(heading(late), 'That code has expired');
      const again = await jar.follow(
        await jar.post(`${page.url.href}/send`, { csrf: hidden(late, 'csrf') }),
      );
      assert.equal(heading(again), 'Enter the code we emailed you');
      const fresh = await world.passcodeFor('late@partner.example', 1);
      assert.equal(world.relay.messages.length, sent + 2);
      const done = await jar.follow(
        await jar.post(`${page.url.href}/passcode`, { csrf: hidden(again, 'csrf'), code: fresh }),
      );
      assert.match(done.location ?? '', /code=/);
    });

    it('leads back to the application when no code is left to send', async () => {
      await world.invite('over@partner.example');
      const jar = new Jar();
      const begun = await world.begin();
      let page = await world.walkToCode(jar, begun, 'over@partner.example');
      const csrf = hidden(page, 'csrf');
      for (let send = 1; send < 4; send += 1) {
        travel(31);
        page = await jar.follow(await jar.post(`${page.url.href}/send`, { csrf }));
      }
      const proceed = (): Promise<Answer> =>
        jar.post(`${begun.url.origin}${page.url.pathname}/continue`, { csrf });
      // While a code may still be typed, this leads nowhere else.
      assert.equal((await proceed()).location, page.url.pathname);
      travel(1801);
      const over = await jar.get(page.url);
      assert.match(over.text, /Go back to Docs/);
      assert.match((await jar.follow(await proceed())).location ?? '', /error=access_denied/);
    });

    it('S45 T56 asks again for prompt=login and max_age=0, in a new session', async () => {
      returnToPresent();
      const jar = new Jar();
      await world.invite('again@partner.example');
      await world.signIn(jar, await world.begin(), 'again@partner.example');
      const sid = sessionOf(jar);
      for (const parameters of [{ prompt: 'login' }, { max_age: '0' }]) {
        travel(61);
        const begun = await world.begin('a', parameters);
        const location = await world.signIn(jar, begun, 'again@partner.example');
        const { auth_time } = (await world.redeem(begun, location)).claims() ?? {};
        assert.ok(Date.now() / 1000 - Number(auth_time) < 10);
        assert.notEqual(sessionOf(jar), sid);
      }
    });

    it('R29 asks whom login_hint names, not whoever is signed in', async () => {
      const jar = new Jar();
      await world.invite('first@partner.example');
      await world.invite('second@partner.example');
      await world.signIn(jar, await world.begin(), 'first@partner.example');
      const begun = await world.begin('a', { login_hint: 'second@partner.example' });
      const page = await jar.follow(await jar.get(begun.url));
      assert.equal(heading(page), 'We will email you a code');
      assert.match(page.text, /second@partner\.example/);
      const same = await world.begin('a', { login_hint: 'FIRST@partner.example' });
      assert.match((await jar.follow(await jar.get(same.url))).location ?? '', /code=/);
    });

    it('S29 ends with the guest: no session, no userinfo, no 500', async () => {
      const jar = new Jar();
      const guest = await world.invite('gone@partner.example');
      const begun = await world.begin();
      const location = await world.signIn(jar, begun, 'gone@partner.example');
      const tokens = await world.redeem(begun, location);
      await block(world, guest.id);
      const again = await jar.follow(await jar.get((await world.begin()).url));
      assert.equal(heading(again), 'Sign in to Tenant A');
      const silent = await jar.follow(
        await jar.get((await world.begin('a', { prompt: 'none' })).url),
      );
      assert.match(silent.location ?? '', /error=login_required/);
      await assert.rejects(
        client.fetchUserInfo(begun.configuration, tokens.access_token, guest.id),
      );
    });

    it('S48 T61 P9 signs out after asking, and tells where', async () => {
      const jar = new Jar();
      await world.invite('out@partner.example');
      await world.signIn(jar, await world.begin(), 'out@partner.example');
      const end = `${world.publicUrl}/a/v2.0/session/end`;
      const asked = await jar.get(end);
      assert.equal(heading(asked), 'Sign out of Tenant A?');
      const still = await jar.follow(await jar.get((await world.begin()).url));
      assert.match(still.location ?? '', /code=/);
      const forged = await jar.post(`${end}/confirm`, { xsrf: 'x', logout: 'yes' });
      assert.equal(forged.status, 400);
      const page = await jar.get(end);
      const done = await jar.follow(
        await jar.post(`${end}/confirm`, { xsrf: hidden(page, 'xsrf'), logout: 'yes' }),
      );
      assert.equal(heading(done), 'You have signed out');
      const after = await jar.follow(await jar.get((await world.begin()).url));
      assert.equal(heading(after), 'Sign in to Tenant A');
    });

    it('T14 S32 leads Back and a second submission nowhere new', async () => {
      const jar = new Jar();
      await world.invite('back@partner.example');
      const begun = await world.begin();
      const page = await world.walkToCode(jar, begun, 'back@partner.example');
      const code = await world.passcodeFor('back@partner.example');
      const form = { csrf: hidden(page, 'csrf'), code };
      const proven = await jar.post(`${page.url.href}/passcode`, form);
      const before = await jar.get(page.url);
      assert.equal(before.status, 200);
      assert.match(before.text, /\/continue"/);
      const resubmitted = await jar.post(`${page.url.href}/passcode`, form);
      assert.equal(resubmitted.location, page.url.pathname);
      const done = await jar.follow(await jar.get(proven.location!));
      assert.match(done.location ?? '', /code=/);
      const after = await jar.get(page.url);
      assert.deepEqual([after.status, heading(after)], [400, 'You have already signed in here']);
      assert.equal((await jar.post(`${page.url.href}/passcode`, form)).status, 400);
    });

    it('R41 lets nobody on by passcode where it is switched off', async () => {
      const off = await startWorld({
        store,
        tenants: { a: { emailOneTimePasscode: 'disabled' } },
      });
      try {
        await off.invite('off@partner.example');
        const jar = new Jar();
        const page = await jar.follow(await jar.get((await off.begin()).url));
        assert.equal(page.status, 403);
        assert.match(page.text, /no longer allows sign-in with an email code/);
        const posted = await jar.post(`${page.url.href}/address`, { email: 'x@partner.example' });
        assert.equal(posted.status, 403);
        assert.equal(off.relay.messages.length, 0);
      } finally {
        await off.close();
      }
    });
  });
}

function sessionOf(jar: Jar): string | undefined {
  return [...jar.cookies.values()].find(({ name }) => /^sid_[\w-]+$/.test(name))?.value;
}

/** Blocks a guest as an administrator will: there is no command for it yet. */
async function block(world: World, id: string): Promise<void> {
  const { database } = world;
  const sql = `UPDATE guests SET blocked_at = 1 WHERE id = '${id}'`;
  if (database.startsWith('sqlite:')) {
    const { DatabaseSync } = await import('node:sqlite');
    const file = new DatabaseSync(database.slice('sqlite:'.length), { timeout: 5000 });
    file.exec(sql);
    file.close();
    return;
  }
  const { createConnection } = await import('mysql2/promise');
  const url = new URL(database);
  const connection = await createConnection({
    socketPath: url.searchParams.get('socketPath')!,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1),
  });
  await connection.query(sql);
  await connection.end();
}
