import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { heading, hidden, Jar } from '../support/jar.ts';
import { startWorld, stores, type World } from '../support/world.ts';

for (const store of stores) {
  describe(`a guest signs in with a mailed passcode, on ${store}`, () => {
    let world: World;
    before(async () => {
      world = await startWorld({ store });
    });
    after(() => world.close());

    it('T1 gives the relying party a valid ID token of the mailbox that was read', async () => {
      const guest = await world.invite('teri@gmail.com');
      const jar = new Jar();
      const begun = await world.begin();
      const location = await world.signIn(jar, begun, 'teri@gmail.com');
      const before = Math.floor(Date.now() / 1000);
      const tokens = await world.redeem(begun, location);
      const claims = tokens.claims();
      assert.ok(claims);
      assert.equal(claims.iss, `${world.publicUrl}/a/v2.0`);
      assert.equal(claims.sub, guest.id);
      assert.match(claims.sub, /^[\w-]{22}$/);
      assert.equal(claims['email'], 'teri@gmail.com');
      assert.equal(claims['email_verified'], true);
      assert.equal(claims['tid'], 'a');
      assert.equal(claims['idp'], 'mail');
      assert.deepEqual(claims['amr'], ['otp']);
      assert.equal(claims['acr'], 'urn:guestpass:acr:email-otp');
      assert.ok(Math.abs(Number(claims['auth_time']) - before) < 60);
      const userinfo = await client.fetchUserInfo(
        begun.configuration,
        tokens.access_token,
        guest.id,
      );
      assert.equal(userinfo['email'], 'teri@gmail.com');
    });

    it('S43 names the issuer in the redirect back', async () => {
      await world.invite('iss@partner.example');
      const begun = await world.begin();
      const location = await world.signIn(new Jar(), begun, 'iss@partner.example');
      assert.equal(new URL(location).searchParams.get('iss'), `${world.publicUrl}/a/v2.0`);
    });

    it('R69 R6 binds the method and accepts at the first sign-in, not before', async () => {
      const guest = await world.invite('once@partner.example', 'a', 'pending');
      assert.deepEqual([guest.state, guest.method], ['PendingAcceptance', null]);
      const jar = new Jar();
      const begun = await world.begin();
      await world.walkToCode(jar, begun, 'once@partner.example');
      const { guests } = world.server.guests.parts.store;
      const pending = await guests.find('a', guest.id);
      assert.deepEqual([pending?.state, pending?.method], ['PendingAcceptance', null]);
      await world.passcodeFor('once@partner.example');
      await world.signIn(new Jar(), await world.begin(), 'once@partner.example');
      const redeemed = await guests.find('a', guest.id);
      assert.deepEqual([redeemed?.state, redeemed?.method], ['Accepted', 'emailOneTimePasscode']);
      assert.ok(redeemed?.redeemedAt);
    });

    it('keeps the subject of a guest over sign-ins, and gives another tenant another one', async () => {
      await world.invite('same@partner.example', 'a');
      await world.invite('same@partner.example', 'b');
      const subjects: unknown[] = [];
      for (const tenant of ['a', 'a', 'b']) {
        const begun = await world.begin(tenant);
        const location = await world.signIn(new Jar(), begun, 'same@partner.example');
        subjects.push((await world.redeem(begun, location)).claims()?.sub);
      }
      assert.equal(subjects[0], subjects[1]);
      assert.notEqual(subjects[0], subjects[2]);
    });

    it('R22 T24 S1 mails nothing before the button, whatever login_hint says', async () => {
      await world.invite('hint@partner.example');
      const before = world.relay.messages.length;
      const jar = new Jar();
      const begun = await world.begin('a', { login_hint: 'hint@partner.example' });
      for (const method of ['GET', 'HEAD', 'GET']) await jar.send(method, begun.url);
      const page = await jar.follow(await jar.get(begun.url));
      assert.equal(heading(page), 'We will email you a code');
      assert.match(page.text, /hint@partner\.example/);
      await world.invite('other@partner.example');
      await world.signIn(new Jar(), await world.begin(), 'other@partner.example');
      const mails = world.relay.messages.slice(before).flatMap(({ recipients }) => recipients);
      assert.deepEqual(mails, ['other@partner.example']);
    });

    it('S17 mails the invited address, whatever case was typed', async () => {
      await world.invite('Case@Partner.Example');
      const page = await world.walkToCode(new Jar(), await world.begin(), 'cASE@partner.EXAMPLE');
      assert.equal(heading(page), 'Enter the code we emailed you');
      const mail = await world.relay.nextMail('Case@partner.example');
      assert.deepEqual(mail.recipients, ['Case@partner.example']);
    });

    it('S62 walks a stranger through the same pages and mails nothing', async () => {
      await world.invite('known@partner.example');
      const walked: string[][] = [];
      for (const address of ['known@partner.example', 'unown@partner.example']) {
        const jar = new Jar();
        const page = await world.walkToCode(jar, await world.begin(), address);
        const wrong = await jar.follow(
          await jar.post(`${page.url.href}/passcode`, {
            csrf: hidden(page, 'csrf'),
            code: '00000000',
          }),
        );
        walked.push([mask(page.text, address), mask(wrong.text, address), `${wrong.status}`]);
        assert.equal(wrong.status, 400);
      }
      assert.deepEqual(walked[0], walked[1]);
      await world.server.guests.parts.outbox.idle();
      const recipients = world.relay.messages.flatMap((mail) => mail.recipients);
      assert.ok(recipients.includes('known@partner.example'));
      assert.ok(!recipients.includes('unown@partner.example'));
    });

    it('T10 S24 gives nothing to another browser that knows the address bar', async () => {
      await world.invite('bound@partner.example');
      const guest = new Jar();
      const begun = await world.begin();
      const page = await world.walkToCode(guest, begun, 'bound@partner.example');
      const code = await world.passcodeFor('bound@partner.example');
      const form = { csrf: hidden(page, 'csrf'), code };
      const thief = new Jar();
      const uid = page.url.pathname.split('/').at(-1)!;
      thief.cookies.set('forged', { name: 'interaction', value: uid, path: '/' });
      thief.cookies.set('resume', { name: 'resume', value: uid, path: '/' });
      assert.equal((await thief.post(`${page.url.href}/passcode`, form)).status, 400);
      // Even with the engine's signed cookies, without the browser's own.
      const copied = guest.clone();
      for (const [key, { name }] of copied.cookies) if (name === 'bid') copied.cookies.delete(key);
      assert.equal((await copied.post(`${page.url.href}/passcode`, form)).status, 400);
      const signIn = await world.server.guests.parts.store.signIns.find('a', uid);
      assert.equal(signIn?.attempts, 0);
      const done = await guest.post(`${page.url.href}/passcode`, form);
      assert.equal(done.status, 303);
      const resumed = await copied.follow(await copied.get(new URL(done.location!)));
      assert.equal(resumed.status, 400);
      assert.equal(resumed.location, undefined);
      const back = await guest.follow(await guest.get(done.location!));
      assert.ok(back.location?.startsWith('http://127.0.0.1:9999/cb?code='));
    });

    it('S26 T68 refuses a form another site posts', async () => {
      await world.invite('forged@partner.example');
      const jar = new Jar();
      const page = await jar.follow(await jar.get((await world.begin()).url));
      const form = { csrf: hidden(page, 'csrf'), email: 'forged@partner.example' };
      const attempts = [
        await jar.post(`${page.url.href}/address`, { email: form.email }),
        await jar.post(`${page.url.href}/address`, { ...form, csrf: 'A'.repeat(43) }),
        await jar.post(`${page.url.href}/address`, form, { origin: 'https://evil.example' }),
        await jar.post(`${page.url.href}/address`, form, { origin: 'null' }),
        await jar.post(`${page.url.href}/address`, form, { 'sec-fetch-site': 'cross-site' }),
      ];
      assert.deepEqual(
        attempts.map(({ status }) => status),
        [403, 403, 403, 403, 403],
      );
      assert.equal(heading(await jar.get(page.url)), 'Sign in to Tenant A');
    });

    it('T9 S25 keeps two sign-ins of one browser apart', async () => {
      await world.invite('tabs@partner.example');
      const jar = new Jar();
      const first = await world.walkToCode(jar, await world.begin(), 'tabs@partner.example');
      const code = await world.passcodeFor('tabs@partner.example');
      const second = await world.walkToCode(jar, await world.begin(), 'tabs@partner.example');
      const secondCode = await world.passcodeFor('tabs@partner.example', 1);
      const crossed = await jar.follow(
        await jar.post(`${second.url.href}/passcode`, { csrf: hidden(second, 'csrf'), code }),
      );
      assert.equal(crossed.location, undefined);
      assert.match(crossed.text, /That code is not right/);
      for (const [page, right] of [
        [first, code],
        [second, secondCode],
      ] as const) {
        const done = await jar.follow(
          await jar.post(`${page.url.href}/passcode`, { csrf: hidden(page, 'csrf'), code: right }),
        );
        assert.ok(done.location?.startsWith('http://127.0.0.1:9999/cb?code='));
      }
    });

    it('T22 S13 evaluates nothing but a POST', async () => {
      await world.invite('verbs@partner.example');
      const jar = new Jar();
      const page = await world.walkToCode(jar, await world.begin(), 'verbs@partner.example');
      const code = await world.passcodeFor('verbs@partner.example');
      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
        const answer = await jar.send(method, `${page.url.href}/passcode?code=${code}`);
        assert.equal(answer.status, 405, method);
      }
    });

    it('T23 logs nobody in before a passcode was sent or verified', async () => {
      await world.invite('skip@partner.example');
      const jar = new Jar();
      const begun = await world.begin();
      const page = await jar.follow(await jar.get(begun.url));
      const csrf = hidden(page, 'csrf');
      const form = { csrf, code: '12345678' };
      const tried = await jar.follow(await jar.post(`${page.url.href}/passcode`, form));
      assert.deepEqual([tried.status, heading(tried)], [400, 'Sign in to Tenant A']);
      const proceeded = await jar.follow(await jar.post(`${page.url.href}/continue`, { csrf }));
      assert.equal(heading(proceeded), 'Sign in to Tenant A');
      const uid = page.url.pathname.split('/').at(-1)!;
      const resumed = await jar.follow(await jar.get(`${world.publicUrl}/a/v2.0/auth/${uid}`));
      assert.ok(!resumed.location?.includes('code='));
    });
  });
}

function mask(text: string, address: string): string {
  return text
    .replaceAll(address, 'ADDRESS')
    .replace(/name="(?:csrf|restart)" value="[^"]*"/g, 'TOKEN')
    .replace(/data-wait="\d+"/g, 'WAIT')
    .replace(/\d\d:\d\d UTC/g, 'TIME')
    .replace(/\/signin\/[\w-]+/g, 'BASE')
    .replace(/<strong>[A-Z][2-9]<\/strong>/g, 'LABEL');
}
