import assert from 'node:assert/strict';
import { hidden } from '../support/jar.ts';
import { stores } from '../support/world.ts';
import { asRelayed, type Fortress, fortressOf, sendRaw } from './fortress.ts';

const TENANT = 'mail';

for (const store of stores) {
  describe(`attacks by address, on ${store}`, function () {
    this.timeout(120_000);
    let fortress: Fortress;
    before(async () => {
      fortress = await fortressOf(store);
    });

    /** Types an address and presses Send code, whatever the pages say. */
    async function press(typed: string, tenant = TENANT): Promise<number[]> {
      const browser = fortress.browser();
      const page = await fortress.arrive(browser, await fortress.begin(tenant));
      const csrf = hidden(page, 'csrf');
      const chosen = await browser.post(`${page.url.href}/address`, { csrf, email: typed });
      const sent = await browser.post(`${page.url.href}/send`, { csrf });
      return [chosen.status, sent.status];
    }

    /** Whom this tenant wrote to. */
    function mailedSince(before: number): string[] {
      return fortress.relay.messages
        .slice(before)
        .filter(({ raw }) => raw.includes('Tenant MAIL'))
        .flatMap(({ recipients }) => recipients);
    }

    it('T33 S15 S20 thirty ways to write two addresses into one: mail to the stored address alone, and no fault of ours', async () => {
      const stored = 'gee@partner.example';
      await fortress.invite(stored, TENANT);
      const { length: before } = fortress.relay.messages;
      const ways = [
        `${stored},evil@x.example`,
        `${stored};evil@x.example`,
        `${stored} evil@x.example`,
        `${stored}\nevil@x.example`,
        `gee:evil@x.example;`,
        `<evil@x.example>${stored}`,
        `evil@x.example <${stored}>`,
        `<${stored}><evil@x.example>`,
        `"evil@x.example y"@partner.example`,
        `"gee"@partner.example`,
        `gee@partner.example(evil@x.example)`,
        `(evil@x.example)gee@partner.example`,
        `evil@x.example\r\nBcc: ${stored}`,
        `${stored}\r\nBcc: evil@x.example`,
        `${stored}%0d%0aBcc:evil@x.example`,
        `gee%evil.example@partner.example`,
        `gee!evil.example@partner.example`,
        `@evil.example:${stored}`,
        `gee@[127.0.0.1]`,
        `gee@[IPv6:::1]`,
        `gee@127.0.0.1`,
        `gee@2130706433`,
        `gee@partner.example.`,
        `gee@partner..example`,
        `gee @partner.example`,
        `g\u200bee@partner.example`,
        `gee@part\u202ener.example`,
        `gee\u0000@partner.example`,
        `gee@partner.example\u0000.evil.example`,
        `gee@partner.example\\.evil.example`,
        `gee@partner.example#evil.example`,
        `gee@partner.example?to=evil@x.example`,
        `gee@evil.example@partner.example`,
        `mailto:evil@x.example,${stored}`,
        `=?utf-8?q?evil=40x.example?=@partner.example`,
        '('.repeat(50_000),
        'a@'.repeat(5_000),
        `${'a'.repeat(65)}@partner.example`,
        `gee@${'a'.repeat(250)}.example`,
      ];
      for (const typed of ways) {
        for (const status of await press(typed)) {
          assert.ok(status < 500, `${JSON.stringify(typed.slice(0, 40))}: ${status}`);
        }
      }
      await fortress.walkToCode(fortress.browser(), stored, await fortress.begin(TENANT));
      await fortress.codeFor(stored);
      await fortress.mailsAtRest(TENANT);
      assert.deepEqual(new Set(mailedSince(before)), new Set([stored]));
    });

    it('T34 S16 S17 look-alikes of a guest, some of them guests elsewhere: none is that guest', async () => {
      const guests = [
        'mike@partner.example',
        'k@partner.example',
        'ss@partner.example',
        'jose@partner.example',
      ];
      for (const guest of guests) await fortress.invite(guest, TENANT);
      await fortress.invite('mike@pártner.example', 'b');
      await fortress.invite('mike@pártner.example', TENANT);
      const { length: before } = fortress.relay.messages;
      const alikes = [
        'mıke@partner.example',
        'mİke@partner.example',
        'mìke@partner.example',
        'mike\u0301@partner.example',
        'ｍike@partner.example',
        '\u212a@partner.example',
        'ß@partner.example',
        'ſs@partner.example',
        'josé@partner.example',
        'jose\u0301@partner.example',
        'mike@partner.exаmple',
        'mike＠partner.example',
        'mike@partner。example',
        'mike@partner．example',
        'mike@ｐartner.example',
        'mike@partner.example ',
        'mike @partner.example',
        'mike+x@partner.example',
        'm.ike@partner.example',
        'mike@sub.partner.example',
        'mike@partner.example.evil.example',
        'mike@notpartner.example',
      ];
      for (const typed of alikes) {
        // Trailing spaces are typed by accident and mean the same address: not a look-alike.
        if (typed.endsWith(' ')) continue;
        for (const status of await press(typed)) assert.ok(status < 500, `${typed} ${status}`);
      }
      const browser = fortress.browser();
      const begun = await fortress.begin(TENANT);
      const accented = await fortress.choose(browser, 'mike@pártner.example', begun);
      const csrf = hidden(accented, 'csrf');
      await browser.post(`${accented.url.href}/send`, { csrf });
      await fortress.codeFor('mike@pártner.example');
      await fortress.mailsAtRest(TENANT);
      // Full-width letters of a domain are that domain to everybody who resolves names: one mail.
      assert.deepEqual(mailedSince(before).toSorted(), [
        'mike@partner.example',
        asRelayed('mike@pártner.example'),
      ]);
    });

    it('S16 S17 case alone makes no other guest: mail goes to the address as it was invited', async () => {
      await fortress.invite('Erika.Guest@partner.example', TENANT);
      const browser = fortress.browser();
      const begun = await fortress.begin(TENANT);
      const door = await fortress.walkToCode(browser, 'eRIKA.gUEST@PARTNER.EXAMPLE', begun);
      const mail = await fortress.relay.nextMail('Erika.Guest@partner.example');
      assert.deepEqual(mail.recipients, ['Erika.Guest@partner.example']);
      const { location } = await door.type(await fortress.codeFor('Erika.Guest@partner.example'));
      const claims = (await fortress.redeem(begun, location!)).claims();
      assert.equal(claims?.['email'], 'Erika.Guest@partner.example');
    });

    it('T34 S16 two guests who differ by an accent of the domain, a case-blind database: each gets a sub of their own', async () => {
      const subjects: string[] = [];
      for (const address of ['own@example.example', 'own@exámple.example', 'own@èxample.example']) {
        const guest = await fortress.invite(address, TENANT);
        const begun = await fortress.begin(TENANT);
        const location = await fortress.signIn(fortress.browser(), guest.address, begun);
        subjects.push(String((await fortress.redeem(begun, location)).claims()?.sub));
        assert.equal(subjects.at(-1), guest.id);
      }
      assert.equal(new Set(subjects).size, 3);
    });

    it('T95 S61 SQL, EJS and prototype probes in every field: inert, and nothing of the server shows', async () => {
      const probes = [
        `' OR 1=1--`,
        `x'; DROP TABLE guests; --`,
        `\\'; SELECT SLEEP(5); --`,
        '{{1337*7331}}',
        '${1337*7331}',
        '<%= process.env %>',
        '<%- 1337*7331 %>',
        '#{1337*7331}',
        '<script>alert(1)</script>',
        '"><img src=x onerror=alert(1)>',
        'javascript:alert(1)',
      ];
      const { id } = await fortress.invite('still-there@partner.example', TENANT);
      const shown: string[] = [];
      for (const probe of probes) {
        const browser = fortress.browser();
        const { url } = await fortress.begin(TENANT, {
          state: probe,
          login_hint: probe,
          domain_hint: probe,
          ui_locales: probe,
          acr_values: probe,
        });
        const page = await browser.follow(
          await browser.get(url, {
            'user-agent': probe,
            'accept-language': probe.replaceAll(/[^ -~]/g, ''),
          }),
        );
        shown.push(page.text);
        const csrf = /name="csrf" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
        for (const [path, form] of [
          ['address', { csrf, email: `${probe}@partner.example` }],
          ['address', { csrf, email: `a@${probe}.example` }],
          ['passcode', { csrf, code: probe }],
          ['method', { csrf, door: probe }],
          ['leave', { csrf, anyway: probe, again: probe }],
          ['address', { csrf: probe, email: 'a@partner.example' }],
        ] as const) {
          const answer = await browser.post(`${page.url.href}/${path}`, form);
          assert.ok(answer.status < 500, `${path} ${probe}: ${answer.status}`);
          shown.push(answer.text);
        }
        for (const path of ['auth', 'session/end', 'token', 'me', `auth/${probe}`]) {
          const at = `${fortress.origin}/${TENANT}/v2.0/${path}?client_id=${encodeURIComponent(probe)}&id_token_hint=${encodeURIComponent(probe)}`;
          const answer = await browser.get(at);
          assert.ok(answer.status < 500, `${path} ${probe}: ${answer.status}`);
          shown.push(answer.text);
        }
      }
      const polluted = [
        'settings[view options][outputFunctionName]=x;process.exit(1);s',
        '__proto__[outputFunctionName]=x',
        'constructor[prototype][isAdmin]=1',
        '_locals[settings]=1',
      ];
      for (const text of polluted) {
        const browser = fortress.browser();
        const page = await fortress.arrive(browser, await fortress.begin(TENANT));
        const csrf = hidden(page, 'csrf');
        const body = `csrf=${csrf}&email=a@partner.example&${text}`;
        const answer = await browser.post(`${page.url.href}/address`, body);
        assert.ok(answer.status < 500, `${text}: ${answer.status}`);
        shown.push(answer.text, (await browser.get(`${page.url.href}?${text}`)).text);
      }
      const all = shown.join('\n');
      for (const raw of [
        '9801547',
        '<script>alert',
        '<img src=x',
        'GUESTPASS_',
        'node_modules',
        'SQLITE',
        'You have an error in your SQL',
      ]) {
        assert.ok(!all.includes(raw), raw);
      }
      assert.ok(await fortress.sql.get('SELECT id FROM guests WHERE id = ?', [id]));
    });

    it('T40 S23 S36 Host, X-Forwarded-Host, absolute form, two Hosts: refused, and no answer or mail ever names the other', async () => {
      const path = `/${TENANT}/v2.0/.well-known/openid-configuration`;
      const host = new URL(fortress.origin).host;
      const get = (line: string, ...headers: string[]) =>
        sendRaw(
          fortress,
          `${line} HTTP/1.1\r\n${headers.join('\r\n')}\r\nConnection: close\r\n\r\n`,
        );
      for (const wrong of [
        'evil.example',
        `${host}:fake@evil.example`,
        `${host}.evil.example`,
        `evil.example#${host}`,
        `${host}:8443`,
        '',
      ]) {
        const answer = await get(`GET ${path}`, `Host: ${wrong}`);
        assert.ok([400, 421].includes(answer.status), `${wrong}: ${answer.status}`);
        assert.ok(!answer.text.includes('evil'), wrong);
      }
      const forms = [
        await get(`GET http://evil.example${path}`, `Host: ${host}`),
        await get(`GET ${path}`, `Host: ${host}`, 'Host: evil.example'),
        await get(`GET //evil.example${path}`, `Host: ${host}`),
      ];
      for (const answer of forms) {
        assert.ok(answer.status >= 400 && answer.status < 500, answer.text);
        assert.ok(!answer.text.includes('evil'));
      }
      const lies = {
        'x-forwarded-host': 'evil.example',
        forwarded: 'host=evil.example',
        'x-original-host': 'evil.example',
        'x-forwarded-prefix': '/evil.example',
        'x-original-url': '/evil.example',
      };
      const address = 'poisoned@partner.example';
      await fortress.invite(address, TENANT);
      const browser = fortress.browser();
      const seen = [await browser.get(`${fortress.origin}${path}`, lies)];
      const { url } = await fortress.begin(TENANT);
      const started = await browser.get(url, lies);
      seen.push(started);
      const page = await browser.follow(started);
      const csrf = hidden(page, 'csrf');
      seen.push(await browser.post(`${page.url.href}/address`, { csrf, email: address }, lies));
      seen.push(await browser.post(`${page.url.href}/send`, { csrf }, lies));
      // The whole name: four letters alone also come up in tokens.
      for (const answer of seen) {
        assert.ok(answer.status < 400);
        assert.ok(!JSON.stringify(answer).includes('evil.example'));
      }
      const mail = await fortress.relay.nextMail(address);
      assert.ok(!mail.raw.includes('evil.example'));
    });
  });
}
