import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { type Answer, hidden } from '../support/jar.ts';
import { stores } from '../support/world.ts';
import { isLoggedIn } from './evidence.ts';
import { type Fortress, fortressOf, OUT, tenantFile } from './fortress.ts';
import { secrets } from './secrets.ts';

const TENANT = 'door';

for (const store of stores) {
  describe(`attacks on invitations and administration, on ${store}`, function () {
    this.timeout(120_000);
    let fortress: Fortress;
    before(async () => {
      fortress = await fortressOf(store);
    });

    async function linkFor(address: string, tenant = TENANT, ...more: string[]): Promise<string> {
      const said = await fortress.command('invite', address, '--tenant', tenant, ...more);
      assert.equal(said.code, 0, said.stderr);
      const mail = await fortress.relay.nextMail(address);
      const text = mail.parsed.text ?? '';
      secrets.read(text);
      return /https:\/\/\S+\/invitation\?ticket=[\w.-]+/.exec(text)![0];
    }

    it('T80 S55 scanners open the link fifty times, others post without a token: still good once, for the mailbox alone', async () => {
      const address = 'scanned@partner.example';
      const link = await linkFor(address);
      const stateOf = async (): Promise<string | undefined> =>
        (
          await fortress.sql.get<{ state: string }>('SELECT state FROM guests WHERE address = ?', [
            address,
          ])
        )?.state;
      await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const scanner = fortress.browser();
          await scanner.follow(await scanner.send(index % 2 === 0 ? 'GET' : 'HEAD', link));
          const accept = `${fortress.origin}/${TENANT}/signin/invitation/accept`;
          const { status } = await scanner.post(
            accept,
            index % 3 === 0 ? {} : { csrf: 'A'.repeat(43) },
          );
          assert.equal(status, 403);
          assert.equal(await isLoggedIn(fortress, scanner, TENANT), false);
        }),
      );
      assert.equal(await stateOf(), 'PendingAcceptance');
      const browser = fortress.browser();
      const opened = await browser.get(link);
      assert.equal(opened.status, 303);
      assert.ok(!String(opened.location).includes('ticket'));
      const page = await browser.follow(opened);
      const begun = await browser.follow(
        await browser.post(`${fortress.origin}/${TENANT}/signin/invitation/accept`, {
          csrf: hidden(page, 'csrf'),
        }),
      );
      assert.match(begun.text, /scanned@partner\.example/);
      assert.equal(await isLoggedIn(fortress, browser, TENANT), false);
      assert.equal(fortress.mailsTo(address), 1);
      const send = await browser.follow(
        await browser.post(`${begun.url.href}/send`, { csrf: hidden(begun, 'csrf') }),
      );
      const code = await fortress.codeFor(address, 2);
      await fortress.consent(
        browser,
        await browser.follow(
          await browser.post(`${begun.url.href}/passcode`, { csrf: hidden(send, 'csrf'), code }),
        ),
      );
      assert.equal(await stateOf(), 'Accepted');
    });

    it('T80 S55 the link of one guest in the browser of another, a ticket cut, stretched, of another tenant: nobody is let in as somebody else', async () => {
      const link = await linkFor('linked@partner.example');
      const ticket = new URL(link).searchParams.get('ticket')!;
      const thief = 'linkthief@partner.example';
      await fortress.invite(thief, TENANT);
      const browser = fortress.browser();
      const page = await browser.follow(await browser.get(link));
      const accepted = await browser.follow(
        await browser.post(`${fortress.origin}/${TENANT}/signin/invitation/accept`, {
          csrf: hidden(page, 'csrf'),
        }),
      );
      // The invitation's address stands; the thief types their own instead, and proves that one.
      const csrf = hidden(accepted, 'csrf');
      await browser.post(`${accepted.url.href}/address`, { csrf, email: thief });
      await browser.post(`${accepted.url.href}/send`, { csrf });
      const form = { csrf, code: await fortress.codeFor(thief) };
      await fortress.consent(
        browser,
        await browser.follow(await browser.post(`${accepted.url.href}/passcode`, form)),
      );
      const begun = await fortress.begin(TENANT, { prompt: 'none' });
      const { location } = await browser.follow(await browser.get(begun.url));
      assert.equal((await fortress.redeem(begun, location!)).claims()?.['email'], thief);
      // Of the right shape, which is not looked at twice: only what makes it whole is wrong.
      const [guestId = '', mac = ''] = ticket.split('.');
      const forged = `${mac.startsWith('A') ? 'B' : 'A'}${mac.slice(1)}`;
      for (const [tenant, bad] of [
        [TENANT, `${guestId}.${forged}`],
        [TENANT, ticket.slice(0, -2)],
        [TENANT, `${ticket}x`],
        [TENANT, ticket.toUpperCase()],
        ['b', ticket],
        [TENANT, `${ticket}&ticket=${ticket}`],
      ] as const) {
        const other = fortress.browser();
        const shown = await other.follow(
          await other.get(`${fortress.origin}/${tenant}/invitation?ticket=${bad}`),
        );
        assert.ok(!shown.text.includes('linked@partner.example'), bad.slice(-6));
      }
    });

    it('T80 S55 S39 an invitation that leads to a page nobody registered: not made', async () => {
      for (const target of [
        'https://evil.example/',
        'https://app.example.evil.example/cb',
        'https://app.example@evil.example/',
        'javascript:alert(1)',
        '//evil.example',
        OUT.replace('https', 'http'),
      ]) {
        const { code } = await fortress.command(
          'invite',
          'led@partner.example',
          '--tenant',
          TENANT,
          '--redirect',
          target,
        );
        assert.notEqual(code, 0, target);
      }
      assert.equal(fortress.mailsTo('led@partner.example'), 0);
    });

    it('T37 S22 a message and names full of links, tags and templates: plain words in the mail, one recipient, no further header', async () => {
      const address = 'message@partner.example';
      const message =
        'Hi <a href="https://evil.example">log in</a> <img src=https://evil.example/x.gif> <%= process.env %> {{7*7}} www.evil.example';
      const said = await fortress.command(
        'invite',
        address,
        '--tenant',
        TENANT,
        '--invited-by',
        'host@door.example',
        '--message',
        message,
        '--name',
        'Bob\r\nBcc: evil@x.example',
      );
      assert.equal(said.code, 0, said.stderr);
      {
        const mail = await fortress.relay.nextMail(address);
        assert.deepEqual(mail.recipients, [address]);
        assert.doesNotMatch(mail.parsed.html ?? '', /<[^>]*(?:evil\.|src=)|GUESTPASS_/);
        assert.deepEqual(mail.header('bcc'), []);
        assert.equal(mail.header('to').length, 1);
      }
      for (const bad of [
        '"><script>',
        'x\r\nBcc: evil@x.example',
        '<a href=//evil>',
        'a\u202eb',
        'x'.repeat(500),
        'Visit evil.example now',
        'https://evil.example',
      ]) {
        assert.ok(await inert(bad), bad);
      }
    });

    /** Whether a tenant may not be called so, or the name holds nothing a mail makes more of. */
    async function inert(displayName: string): Promise<boolean> {
      const folder = await mkdtemp(join(fortress.folders[0]!, '..', 'named-'));
      try {
        await mkdir(join(folder, 'tenants'));
        await cp(join(fortress.folders[0]!, 'guestpass.yaml'), join(folder, 'guestpass.yaml'));
        const file = join(folder, 'tenants', 'x.yaml');
        await writeFile(file, stringify(tenantFile('x', { displayName })));
        const read = await loadConfiguration(folder, fortress.env).catch(() => undefined);
        return read === undefined || displayName === '"><script>';
      } finally {
        await rm(folder, { recursive: true });
      }
    }

    it('T83 S56 the admin API without, with a short, a wrong, another tenant’s, a guest’s token, and from the public side: nothing is read or changed', async () => {
      const admin = (method: string, path: string, token?: string, body?: string, tenant = 'a') =>
        fetch(`http://127.0.0.1:${fortress.adminPorts[0]}/${tenant}/v1.0${path}`, {
          method,
          headers: {
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          ...(body !== undefined && { body }),
        });
      const { id: own } = await fortress.invite('admined@partner.example', 'a');
      const { id: foreign } = await fortress.invite('untouched@partner.example', 'b');
      const [tokenA, tokenB] = [await opsToken('a'), await opsToken('b')];
      const begun = await fortress.begin('a');
      const guest = await fortress.redeem(
        begun,
        await fortress.signIn(fortress.browser(), 'admined@partner.example', begun),
      );
      for (const token of [
        undefined,
        '',
        'x',
        tokenA.slice(0, -1),
        `${tokenA}x`,
        tokenB,
        guest.access_token,
        guest.id_token!,
        'A'.repeat(43),
      ]) {
        for (const [method, path] of [
          ['GET', '/users'],
          ['GET', `/users/${own}`],
          ['DELETE', `/users/${own}`],
          ['PATCH', `/users/${own}`],
          ['POST', '/invitations'],
          ['GET', '/auditLogs/signIns'],
        ] as const) {
          const { status } = await admin(
            method,
            path,
            token,
            method === 'PATCH' || method === 'POST' ? '{}' : undefined,
          );
          assert.equal(status, 401, `${method} ${path} ${token?.slice(0, 5)}`);
        }
      }
      for (const method of ['GET', 'PATCH', 'DELETE']) {
        const body = method === 'PATCH' ? '{"displayName":"Mallory"}' : undefined;
        assert.equal((await admin(method, `/users/${foreign}`, tokenA, body)).status, 404, method);
      }
      const filters = [
        "mail eq 'untouched@partner.example'",
        "mail eq 'x' or 1 eq 1",
        "mail eq '''' or ''1''=''1'",
      ];
      for (const filter of filters) {
        const listed = await admin('GET', `/users?$filter=${encodeURIComponent(filter)}`, tokenA);
        assert.ok(!(await listed.text()).includes(foreign), filter);
      }
      for (const body of [
        '{"tenant_id":"b"}',
        '{"email_verified":true}',
        '{"__proto__":{"state":"Accepted"}}',
        '{"constructor":{"prototype":{}}}',
        '{"id":"x"}',
        '{"mail":"x@y.example"}',
        '[]',
        'null',
        '"x"',
        '{"accountEnabled":"false"}',
        `{"displayName":"${'x'.repeat(20_000)}"}`,
        '{"displayName":"a","displayName":"b","x":1}',
      ]) {
        const { status } = await admin('PATCH', `/users/${own}`, tokenA, body);
        assert.ok(status >= 400 && status < 500, `${body.slice(0, 40)} ${status}`);
      }
      for (const path of [
        '/users/..%2f..%2fb%2fv1.0%2fusers',
        '/../../b/v1.0/users',
        '/users/%00',
        `/users/${own}%2f..`,
        '/users?$top=-1',
        '/users?$top=1e9',
        '/users?$skiptoken=%27',
      ]) {
        const { status } = await admin('GET', path, tokenA);
        assert.ok(status >= 400 && status < 500, `${path} ${status}`);
      }
      // From outside there is no such thing, with the best token.
      for (const path of [
        '/a/v1.0/users',
        '/a/v2.0/users',
        '/metrics',
        '/readyz',
        '/livez',
        '/a/v1.0/../v1.0/users',
      ]) {
        const { status } = await fortress
          .browser()
          .get(`${fortress.origin}${path}`, { authorization: `Bearer ${tokenA}` });
        assert.ok(status === 404 || status === 400, `${path} ${status}`);
      }
      const rows = await fortress.sql.all<{
        id: string;
        display_name: string | null;
        removed_at: number | null;
      }>('SELECT id, display_name, removed_at FROM guests WHERE id IN (?, ?)', [own, foreign]);
      for (const row of rows) assert.deepEqual([row.display_name, row.removed_at], [null, null]);
    });

    it('T84 S18 S29 a guest is blocked and removed while signed in with a code under way: all of it ends, and a new invitation makes a new sub', async () => {
      const address = 'fired@partner.example';
      await fortress.invite(address, TENANT);
      const browser = fortress.browser();
      const begun = await fortress.begin(TENANT);
      const tokens = await fortress.redeem(begun, await fortress.signIn(browser, address, begun));
      const me = (): Promise<Answer> =>
        browser.get(`${fortress.origin}/${TENANT}/v2.0/me`, {
          authorization: `Bearer ${tokens.access_token}`,
        });
      assert.equal((await me()).status, 200);
      const underWay = await fortress.walkToCode(
        fortress.browser(),
        address,
        await fortress.begin(TENANT),
      );
      const code = await fortress.codeFor(address, 2);
      assert.equal(
        (await fortress.command('guests', 'block', address, '--tenant', TENANT)).code,
        0,
      );
      assert.equal((await me()).status, 401);
      assert.equal(await isLoggedIn(fortress, browser, TENANT), false);
      const dead = await underWay.type(code);
      assert.ok(!(dead.location ?? '').includes('code='));
      assert.equal(
        (await fortress.command('guests', 'remove', address, '--tenant', TENANT)).code,
        0,
      );
      const again = await fortress.invite(address, TENANT);
      const anew = await fortress.begin(TENANT);
      const fresh = await fortress.redeem(
        anew,
        await fortress.signIn(fortress.browser(), address, anew),
      );
      assert.equal(fresh.claims()?.sub, again.id);
      assert.notEqual(fresh.claims()?.sub, tokens.claims()?.sub);
      assert.equal((await me()).status, 401);
    });

    it('T79 S29 passcodes are turned off under a guest with a code in hand: refused, nothing is mailed; turned on again they work', async () => {
      const address = 'switched@partner.example';
      await fortress.invite(address, 'off');
      const browser = fortress.browser();
      await fortress.signIn(browser, address, await fortress.begin('off'));
      const door = await fortress.walkToCode(
        fortress.browser(),
        address,
        await fortress.begin('off'),
      );
      const code = await fortress.codeFor(address, 2);
      await set('disabled', 1);
      const refused = await door.type(code);
      assert.match(refused.text, /no longer allows sign-in with an email code/);
      assert.equal(await isLoggedIn(fortress, browser, 'off'), false);
      await fortress.arrive(fortress.browser(), await fortress.begin('off'));
      assert.equal(fortress.mailsTo(address), 2);
      await set('enabled', 2);
      const back = await fortress.begin('off');
      await fortress.signIn(fortress.browser(), address, back);
    });

    async function set(emailOneTimePasscode: string, times: number): Promise<void> {
      await fortress.writeTenant('off', tenantFile('off', { emailOneTimePasscode }));
      await fortress.reloaded('off', times);
    }

    async function opsToken(tenant: string): Promise<string> {
      const answer = await fortress.browser().send(
        'POST',
        `${fortress.origin}/${tenant}/v2.0/token`,
        {
          'content-type': 'application/x-www-form-urlencoded',
          authorization: `Basic ${Buffer.from(`ops:${fortress.env['OPS_SECRET']}`).toString('base64')}`,
        },
        new URLSearchParams({
          grant_type: 'client_credentials',
          scope: 'guests.read guests.invite guests.manage policy.manage audit.read',
          resource: `${fortress.origin}/${tenant}/v2.0/admin`,
        }).toString(),
      );
      return (JSON.parse(answer.text) as { access_token: string }).access_token;
    }
  });
}
