import assert from 'node:assert/strict';
import { type Answer, hidden } from '../support/jar.ts';
import { stores } from '../support/world.ts';
import { type CodePage, type Fortress, fortressOf } from './fortress.ts';
import { counted, isLoggedIn, attemptsOf, wrongCodes } from './evidence.ts';

const MANY = 1000;
const TENANT = 'guess';

for (const store of stores) {
  describe(`attacks on the passcode, on ${store}`, function () {
    this.timeout(120_000);
    let fortress: Fortress;
    before(async () => {
      fortress = await fortressOf(store);
    });

    /** A guest who reads the mailbox, at the page with the code field. */
    async function atTheDoor(address: string, tenant = TENANT) {
      await fortress.invite(address, tenant);
      const browser = fortress.browser();
      const begun = await fortress.begin(tenant);
      const door = await fortress.walkToCode(browser, address, begun);
      return { browser, begun, door, code: await fortress.codeFor(address) };
    }

    it('T1 S45 a whole sign-in: one mail, and a token that claims no more than the mailbox', async () => {
      const address = 'whole@partner.example';
      await fortress.invite(address, TENANT);
      const browser = fortress.browser();
      const begun = await fortress.begin(TENANT);
      const location = await fortress.signIn(browser, address, begun);
      const claims = (await fortress.redeem(begun, location)).claims();
      assert.equal(claims?.iss, `${fortress.origin}/${TENANT}/v2.0`);
      assert.equal(claims?.['email'], address);
      assert.deepEqual(claims?.['amr'], ['otp']);
      assert.equal(claims?.['acr'], 'urn:guestpass:acr:email-otp');
      assert.equal(typeof claims?.auth_time, 'number');
      assert.equal(fortress.mailsTo(address), 1);
      assert.ok([...browser.cookies.values()].some(({ name }) => name.startsWith('__Host-sid_')));
    });

    it('T2 S5 a thousand parallel wrong guesses at two processes: five are compared, then not even the right one', async () => {
      const { browser, door, code } = await atTheDoor('thousand@partner.example');
      const before = await counted(fortress, 'failure.tenant.day', TENANT);
      const answers = await guess(door, wrongCodes(code, MANY));
      assert.deepEqual(statusesOf(answers), { 303: MANY });
      assert.equal(await counted(fortress, 'failure.tenant.day', TENANT), before + 5);
      assert.equal((await attemptsOf(fortress, door)).attempts, 5);
      const last = await door.type(code);
      assert.match(last.text, /Too many wrong codes\. Send a new code\./);
      assert.equal((await attemptsOf(fortress, door)).verified_at, null);
      assert.equal(await isLoggedIn(fortress, browser, TENANT), false);
    });

    it('T3 S6 a thousand parallel right codes at two processes: one login', async () => {
      const { browser, begun, door, code } = await atTheDoor('right@partner.example');
      const sessions = await sessionsOf();
      const answers = await guess(door, Array<string>(MANY).fill(code));
      const onwards = answers.filter(({ location }) => location?.includes('/v2.0/auth/'));
      assert.equal(onwards.length, 1);
      const done = await browser.follow(onwards[0]!);
      assert.ok((await fortress.redeem(begun, done.location!)).claims());
      assert.equal(await sessionsOf(), sessions + 1);
    });

    it('T3 S6 S44 one proof resumed fifty times at once: one session, one code, one set of tokens', async () => {
      const { browser, begun, door, code } = await atTheDoor('resume@partner.example');
      const proven = await door.submit(code);
      const sessions = await sessionsOf();
      const ends = await Promise.all(
        // A jar each: the first answer takes the cookie away that the others need.
        Array.from({ length: 50 }, () =>
          browser.clone().get(new URL(proven.location!, door.page.url)),
        ),
      );
      const codes = ends.flatMap(({ location }) => (location?.includes('code=') ? [location] : []));
      assert.equal(codes.length, 1);
      assert.ok((await fortress.redeem(begun, codes[0]!)).claims());
      assert.equal(await sessionsOf(), sessions + 1);
    });

    it('T4 S5 four wrong codes and the right one: a login; five wrong ones: none', async () => {
      const four = await atTheDoor('four@partner.example');
      for (const wrong of wrongCodes(four.code, 4)) await four.door.type(wrong);
      assert.match((await four.door.type(four.code)).location ?? '', /[?&]code=/);
      const five = await atTheDoor('five@partner.example');
      for (const wrong of wrongCodes(five.code, 5)) await five.door.type(wrong);
      assert.match((await five.door.type(five.code)).text, /Send a new code/);
    });

    it('T9 S4 a code of one sign-in typed into another of the same browser and address', async () => {
      const { browser, door, code } = await atTheDoor('two@partner.example');
      const begun = await fortress.begin(TENANT);
      const second = await fortress.walkToCode(browser, 'two@partner.example', begun);
      assert.equal((await second.type(code)).location, undefined);
      assert.match((await door.type(code)).location ?? '', /[?&]code=/);
    });

    it('T9 S25 the address bar of one sign-in with the cookie of another', async () => {
      const one = await atTheDoor('bar1@partner.example');
      const other = await atTheDoor('bar2@partner.example');
      const mixed = one.browser.clone();
      // Everything of the first browser, but the cookie that names the sign-in is the other's.
      for (const [key, cookie] of other.browser.cookies) {
        if (!cookie.name.includes('interaction')) continue;
        const path = new URL(one.door.page.url).pathname;
        mixed.cookies.set(`${key} mixed`, { ...cookie, path });
        for (const [own, { name }] of mixed.cookies) {
          if (own !== `${key} mixed` && name === cookie.name) mixed.cookies.delete(own);
        }
      }
      const answer = await one.door.submit(other.code, mixed);
      assert.equal(answer.status, 400);
      assert.equal((await attemptsOf(fortress, one.door)).attempts, 0);
      assert.equal((await attemptsOf(fortress, other.door)).attempts, 0);
    });

    it('T9 S25 … also where both are of one browser, which every other check lets in', async () => {
      const { browser, door, code } = await atTheDoor('bars@partner.example');
      const second = await fortress.walkToCode(
        browser,
        'bars@partner.example',
        await fortress.begin(TENANT),
      );
      const { pathname: own } = door.page.url;
      const mixed = browser.clone();
      // Its cookie and the signature of it, which are both of the other sign-in.
      for (const { name, path, value } of browser.cookies.values()) {
        if (!name.includes('interaction') || path !== second.page.url.pathname) continue;
        const [key] = [...browser.cookies].find(
          ([, cookie]) => cookie.name === name && cookie.path === own,
        )!;
        mixed.cookies.set(key, { name, path: own, value });
      }
      assert.equal((await mixed.get(door.page.url)).status, 400);
      assert.equal((await door.submit(code, mixed)).status, 400);
      assert.equal((await attemptsOf(fortress, door)).attempts, 0);
      assert.equal((await attemptsOf(fortress, second)).attempts, 0);
      assert.match((await door.type(code)).location ?? '', /[?&]code=/);
    });

    it('T10 S24 another browser with address bar, form token, engine cookies and the right code', async () => {
      const { browser, door, code } = await atTheDoor('victim@partner.example');
      const stolen = fortress.browser();
      const all = [...browser.cookies].filter(([, { name }]) => name !== '__Host-bid');
      for (const [key, cookie] of all) stolen.cookies.set(key, cookie);
      for (const thief of [fortress.browser(), stolen]) {
        assert.equal((await door.submit(code, thief)).status, 400);
        assert.equal((await thief.get(door.page.url)).status, 400);
      }
      assert.equal((await attemptsOf(fortress, door)).attempts, 0);
      assert.match((await door.type(code)).location ?? '', /[?&]code=/);
    });

    it('T10 S24 whoever saw the address bar waits for the guest to finish and takes the end', async () => {
      const { browser, door, code } = await atTheDoor('waiting@partner.example');
      const proven = await door.submit(code);
      const resume = new URL(proven.location!, door.page.url);
      const uid = resume.pathname.split('/').at(-1)!;
      const thief = fortress.browser();
      await fortress.arrive(thief, await fortress.begin(TENANT));
      for (const [key, { name, path, value }] of browser.cookies) {
        if (name.startsWith('__Secure-resume')) thief.cookies.set(key, { name, path, value });
      }
      const caught = await thief.follow(await thief.get(resume));
      assert.equal(caught.status, 400);
      assert.equal(caught.location, undefined);
      assert.doesNotMatch(caught.text, /name="restart"/);
      assert.ok(uid.length > 15);
      assert.match((await browser.follow(await browser.get(resume))).location ?? '', /[?&]code=/);
    });

    it('T12 S4 S33 the code of one tenant typed at another, for the same guest and browser', async () => {
      const address = 'both@partner.example';
      const { browser, code, door } = await atTheDoor(address);
      await fortress.invite(address, 'b');
      const at = await fortress.walkToCode(browser, address, await fortress.begin('b'));
      assert.equal((await at.type(code)).location, undefined);
      assert.equal((await attemptsOf(fortress, at)).attempts, 1);
      assert.match((await door.type(code)).location ?? '', /[?&]code=/);
    });

    it('T14 S32 a used code again: by Back, in a second tab, after signing out', async () => {
      const { browser, begun, door, code } = await atTheDoor('used@partner.example');
      const tab = browser.clone();
      const { location } = await door.type(code);
      assert.ok((await fortress.redeem(begun, location!)).claims());
      const back = await browser.follow(await door.submit(code));
      assert.equal(back.status, 400);
      assert.equal(back.headers['cache-control'], 'no-store');
      const second = await tab.follow(await door.submit(code, tab));
      assert.ok(second.location === undefined || !second.location.includes('code='));
      await signOut(browser);
      assert.equal((await browser.follow(await door.submit(code))).status, 400);
      assert.equal(await isLoggedIn(fortress, browser, TENANT), false);
    });

    it('T8 S7 sending again too soon, between wrong codes: refused, and tries never come back', async () => {
      const { door, code } = await atTheDoor('again@partner.example');
      const wrong = wrongCodes(code, 20);
      const early = await door.send();
      assert.equal(early.status, 429);
      assert.ok(Number(early.headers['retry-after']) <= 30);
      for (let tries = 0; tries < 4; tries += 1) await door.type(wrong.pop()!);
      await door.send();
      await door.type(wrong.pop()!);
      assert.match((await door.type(code)).text, /Too many wrong codes/);
      assert.equal(fortress.mailsTo('again@partner.example'), 1);
    });

    it('T8 S7 four codes of one sign-in: the newest two live, tries are shared and never come back, a fifth is not sent', async () => {
      const address = 'four-codes@partner.example';
      const { door, code } = await atTheDoor(address);
      const codes = [code];
      const early = wrongCodes(code, 1);
      for (const wrong of early) await door.type(wrong);
      for (let sends = 2; sends <= 4; sends += 1) {
        await waitOut(door);
        assert.equal((await door.send()).status, 200);
        codes.push(await fortress.codeFor(address, sends));
        // One wrong code before the first resend, and none of them is forgiven.
        assert.equal((await attemptsOf(fortress, door)).attempts, 1, `${sends} codes`);
      }
      await waitOut(door);
      assert.equal((await door.send()).status, 429);
      assert.equal(fortress.mailsTo(address), 4);
      for (const [index, dead] of codes.slice(0, 2).entries()) {
        assert.equal((await door.type(dead)).location, undefined);
        assert.equal((await attemptsOf(fortress, door)).attempts, 2 + index);
      }
      assert.match((await door.type(codes[2]!)).location ?? '', /[?&]code=/);
      assert.equal((await attemptsOf(fortress, door)).attempts, 4);
      const back = await door.type(codes[3]!);
      assert.equal(back.location, undefined);
    });

    /** As if the 30 seconds between two codes were over. */
    async function waitOut({ page }: CodePage): Promise<void> {
      const uid = page.url.pathname.split('/').at(-1) ?? '';
      await fortress.sql.run('UPDATE sign_ins SET last_sent_at = last_sent_at - 31 WHERE uid = ?', [
        uid,
      ]);
    }

    it('T16 S7 twenty presses of Send code at once, at two processes: one mail, and its code works', async () => {
      const address = 'press@partner.example';
      await fortress.invite(address, TENANT);
      const browser = fortress.browser();
      const chosen = await fortress.choose(browser, address, await fortress.begin(TENANT));
      const csrf = hidden(chosen, 'csrf');
      const pressed = await Promise.all(
        Array.from({ length: 20 }, async () =>
          browser.follow(await browser.post(`${chosen.url.href}/send`, { csrf })),
        ),
      );
      assert.deepEqual(statusesOf(pressed), { 200: 1, 429: 19 });
      const code = await fortress.codeFor(address);
      const form = { csrf, code };
      const done = await browser.follow(await browser.post(`${chosen.url.href}/passcode`, form));
      assert.match(done.location ?? '', /[?&]code=/);
      assert.equal(fortress.mailsTo(address), 1);
    });

    const spellings: readonly (readonly [string, (code: string) => string])[] = [
      ['with a space', (code) => `${code.slice(0, 4)} ${code.slice(4)}`],
      ['with a hyphen', (code) => `${code.slice(0, 4)}-${code.slice(4)}`],
      [
        'in full-width digits',
        (code) => code.replaceAll(/\d/g, (digit) => FULL_WIDTH[Number(digit)] ?? ''),
      ],
    ];
    for (const [how, spell] of spellings) {
      it(`T21 S13 takes the right code ${how}`, async () => {
        const { door, code } = await atTheDoor(`spelled-${how.length}@partner.example`);
        assert.match((await door.type(spell(code))).location ?? '', /[?&]code=/);
      });
    }

    it('T21 S13 S61 sixty things that are no code: refused, never compared, never a fault of ours', async () => {
      const { browser, door, code } = await atTheDoor('format@partner.example');
      const at = `${door.page.url.href}/passcode`;
      const csrf = encodeURIComponent(door.csrf);
      const values = [
        '',
        ' ',
        code.slice(1),
        `${code}0`,
        '1e7',
        '-1',
        '+12345678',
        '0x12345678',
        '٣',
      ];
      const odd = [
        'true',
        '0',
        '{}',
        '[]',
        'null',
        'NaN',
        'Infinity',
        "' OR 1=1--",
        '%',
        '12345678\n1',
        '1'.repeat(8000),
      ];
      for (const value of [...values, ...odd]) {
        const { status } = await browser.follow(await door.submit(value));
        assert.ok(status >= 400 && status < 500, `${value.slice(0, 30)}: ${status}`);
      }
      const bodies = [
        `csrf=${csrf}&code=${code}&code=${code}`,
        `csrf=${csrf}&code[]=${code}`,
        `csrf=${csrf}&code[$ne]=`,
        `csrf=${csrf}&code[length]=8`,
        `csrf=${csrf}&code=${code}%00`,
        `csrf=${csrf}&code=%00${code}`,
        `csrf=${csrf}&code=${code}%1b`,
        `csrf=${csrf}&code=%ff%fe`,
        `csrf=${csrf}&__proto__[code]=${code}`,
        `csrf=${csrf}&constructor[prototype][code]=${code}`,
        `csrf=${csrf}&toString=${code}`,
        `csrf=${csrf}&CODE=${code}`,
        `csrf=${csrf}&code`,
        `csrf=${csrf};code=${code}`,
      ];
      for (const body of bodies) {
        const { status } = await browser.follow(await browser.post(at, body));
        assert.ok(status >= 400 && status < 500, `${body}: ${status}`);
      }
      for (const type of [
        'application/json',
        'text/plain',
        'multipart/form-data; boundary=x',
        '',
      ]) {
        const body = type.includes('json')
          ? JSON.stringify({ csrf: door.csrf, code })
          : `csrf=${csrf}&code=${code}`;
        const { status } = await browser.post(at, body, { 'content-type': type });
        assert.ok(status >= 400 && status < 500, `${type}: ${status}`);
      }
      assert.equal(
        (await browser.post(at, `csrf=${csrf}&code=${'1'.repeat(1_000_000)}`)).status,
        413,
      );
      assert.equal((await attemptsOf(fortress, door)).attempts, 0);
      assert.match((await door.type(code)).location ?? '', /[?&]code=/);
    });

    it('T22 S13 GET, HEAD, PUT and others with the right code in the address: not compared', async () => {
      const { browser, door, code } = await atTheDoor('verbs@partner.example');
      const at = `${door.page.url.href}/passcode?code=${code}&csrf=${door.csrf}`;
      for (const verb of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
        const { status } = await browser.send(verb, at);
        assert.ok([405, 404, 400, 200].includes(status), `${verb} ${status}`);
        assert.ok(verb === 'OPTIONS' || status >= 400, `${verb} ${status}`);
      }
      const override = await browser.post(
        at,
        { csrf: door.csrf },
        { 'x-http-method-override': 'PUT' },
      );
      assert.equal((await browser.follow(override)).status, 400);
      assert.equal((await attemptsOf(fortress, door)).attempts, 0);
      assert.ok(!fortress.output().some((line) => line.includes(code)));
    });

    it('T23 S4 the steps out of order: a code before any was sent, the end before the proof, a forged result', async () => {
      const address = 'order@partner.example';
      await fortress.invite(address, TENANT);
      const browser = fortress.browser();
      const page = await fortress.arrive(browser, await fortress.begin(TENANT));
      const csrf = hidden(page, 'csrf');
      const resume = page.url.href.replace('/signin/', '/v2.0/auth/');
      const early = ['passcode', 'send', 'accept', 'continue', 'retry', 'method', 'leave'];
      for (const step of early) {
        const form = { csrf, code: '12345678', door: '0', result: '{"login":{"accountId":"x"}}' };
        const { location = '' } = await browser.post(`${page.url.href}/${step}`, form);
        assert.ok(!location.includes('/v2.0/auth/'), step);
      }
      await browser.get(`${page.url.href}/returned`);
      const { location = '' } = await browser.follow(
        await browser.get(`${resume}?result=${encodeURIComponent('{"login":{"accountId":"x"}}')}`),
      );
      assert.ok(!location.includes('code='));
      assert.equal(fortress.mailsTo(address), 0);
      assert.equal(await isLoggedIn(fortress, browser, TENANT), false);
    });

    it('T23 S4 every button there is, with a code in the mailbox that nobody typed: no login', async () => {
      const { browser, door } = await atTheDoor('unread@partner.example');
      for (const step of ['accept', 'continue', 'returned', 'method', 'leave', 'retry', 'link']) {
        const form = { csrf: door.csrf, door: '0', key: 'A'.repeat(22), code: '' };
        const at = `${door.page.url.href}/${step}`;
        const { location = '' } = await (step === 'returned'
          ? browser.get(at)
          : browser.post(at, form));
        assert.ok(!location.includes('/v2.0/auth/'), step);
      }
      assert.equal((await attemptsOf(fortress, door)).verified_at, null);
      assert.equal(await isLoggedIn(fortress, browser, TENANT), false);
    });

    it('T24 S1 a hundred visits with a login_hint, prefetched, framed, as HEAD: no mail', async () => {
      const address = 'hinted@partner.example';
      await fortress.invite(address, TENANT);
      const { url } = await fortress.begin(TENANT, { login_hint: address });
      const kinds: Record<string, string>[] = [
        {},
        { 'sec-purpose': 'prefetch;prerender', purpose: 'prefetch' },
        { 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors', 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'cross-site' },
      ];
      const network = fortress.browser().network;
      await Promise.all(
        Array.from({ length: 100 }, async (_, index) => {
          const browser = fortress.browser(index < 25 ? network : undefined);
          const first = await browser.send(index % 5 === 4 ? 'HEAD' : 'GET', url, kinds[index % 4]);
          await browser.follow(first);
        }),
      );
      await mailSettled();
      assert.equal(fortress.mailsTo(address), 0);
    });

    it('S17 S62 the address is changed to another guest’s while the code is sent and typed: nobody is signed in as the other', async () => {
      const own = 'racer@partner.example';
      const other = 'raced@partner.example';
      await fortress.invite(own, 'race');
      await fortress.invite(other, 'race');
      const results: unknown[] = [];
      for (let round = 0; round < 5; round += 1) {
        const browser = fortress.browser();
        const begun = await fortress.begin('race');
        const door = await fortress.walkToCode(browser, own, begun);
        const code = await fortress.codeFor(own, round + 1);
        const address = new URL(`${door.page.url.href}/address`);
        const answers = await Promise.all([
          browser.post(address, { csrf: door.csrf, email: other }),
          door.submit(code),
          browser.post(address, { csrf: door.csrf, email: other }),
          door.submit(code),
          door.send(),
        ]);
        for (const { location } of answers) {
          if (!location?.includes('/v2.0/auth/')) continue;
          const { location: end } = await browser.follow(
            await browser.get(new URL(location, fortress.origin)),
          );
          const claims = (await fortress.redeem(begun, end!)).claims();
          results.push(claims?.['email']);
        }
      }
      assert.deepEqual([...new Set(results)], results.length > 0 ? [own] : []);
      await mailSettled();
    });

    async function signOut(browser: ReturnType<Fortress['browser']>): Promise<void> {
      const page = await browser.get(`${fortress.origin}/${TENANT}/v2.0/session/end`);
      const form = { xsrf: hidden(page, 'xsrf'), logout: 'yes' };
      await browser.follow(
        await browser.post(`${fortress.origin}/${TENANT}/v2.0/session/end/confirm`, form),
      );
    }

    async function sessionsOf(): Promise<number> {
      const rows = await fortress.sql.all<{ payload: string }>(
        "SELECT payload FROM oidc_records WHERE tenant = ? AND model = 'Session'",
        [TENANT],
      );
      return rows.filter(({ payload }) => payload.includes('"accountId"')).length;
    }

    /** When nothing waits to be sent, whatever was going to be mailed has been. */
    async function mailSettled(): Promise<void> {
      const marker = `marker-${Math.random().toString(36).slice(2)}@partner.example`;
      await fortress.invite(marker, 'mail');
      await fortress.walkToCode(fortress.browser(), marker, await fortress.begin('mail'));
      await fortress.codeFor(marker);
    }
  });
}

const FULL_WIDTH = '０１２３４５６７８９';

function guess(door: CodePage, codes: readonly string[]): Promise<Answer[]> {
  return Promise.all(codes.map((code) => door.submit(code)));
}

function statusesOf(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
