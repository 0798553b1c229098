import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import { type Answer, heading } from '../support/jar.ts';
import { stores } from '../support/world.ts';
import { isLoggedIn } from './evidence.ts';
import { CALLBACK, type Fortress, fortressOf, sendRaw, tenantFile } from './fortress.ts';

const KEYS = generateKeyPairSync('ec', { namedCurve: 'P-256' });

for (const store of stores) {
  describe(`attacks across tenants, on ${store}`, function () {
    this.timeout(120_000);
    let fortress: Fortress;
    before(async () => {
      fortress = await fortressOf(store);
    });

    const tokenCall = (tenant: string, form: Readonly<Record<string, string>>): Promise<Answer> =>
      fortress.browser().send(
        'POST',
        `${fortress.origin}/${tenant}/v2.0/token`,
        {
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
          authorization: `Basic ${Buffer.from(`docs:${fortress.env['CLIENT_SECRET']}`).toString('base64')}`,
        },
        new URLSearchParams(form).toString(),
      );

    it('T41 S35 thirty ways to name no tenant, or another: a page, no redirect, no cookie, no row', async () => {
      const query =
        'client_id=docs&response_type=code&scope=openid&redirect_uri=https%3A%2F%2Fapp.example%2Fcb' +
        '&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256';
      const paths = [
        '/auth',
        '/authorize',
        '//auth',
        '//a/v2.0/auth',
        '/unknown/v2.0/auth',
        '/A/v2.0/auth',
        '/%61/v2.0/auth',
        '/a%2f..%2fb/v2.0/auth',
        '/a;x/v2.0/auth',
        '/a%00/v2.0/auth',
        '/./a/v2.0/auth',
        '/a/../b/v2.0/auth',
        '/a/%2e%2e/b/v2.0/auth',
        '/a\\..\\b/v2.0/auth',
        '/a /v2.0/auth',
        '/a./v2.0/auth',
        '/a%20/v2.0/auth',
        '/common/v2.0/auth',
        '/organizations/v2.0/auth',
        '/consumers/v2.0/auth',
        '/__proto__/v2.0/auth',
        '/constructor/v2.0/auth',
        '/toString/v2.0/auth',
        '/a.example.evil/v2.0/auth',
        '/a,b/v2.0/auth',
        '/a@b/v2.0/auth',
      ];
      const conflicts = [
        'tenantid=b',
        'tenant=b.example',
        'tenantid=a&tenantid=b',
        'tenantid=',
        'tenant=%00a',
      ];
      const before = await rows();
      const host = new URL(fortress.origin).host;
      const targets = [
        ...paths.map((path) => `${path}?${query}`),
        ...conflicts.map((conflict) => `/a/v2.0/auth?${query}&${conflict}`),
        '/.well-known/openid-configuration',
        '/.well-known/openid-configuration/..%2fa/v2.0',
      ];
      for (const target of targets) {
        const line = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/html\r\nConnection: close\r\n\r\n`;
        const { status, text } = await sendRaw(fortress, line);
        const head = text.split('\r\n\r\n')[0] ?? '';
        assert.ok(status >= 400 && status < 500, `${target}: ${head}`);
        assert.doesNotMatch(head, /^(?:location|set-cookie):/im, target);
      }
      assert.deepEqual(await rows(), before);
    });

    /** How many sign-ins there are, and mails, sent or not: those of others may leave meanwhile. */
    async function rows() {
      return fortress.sql.get<{ signIns: number; mails: number }>(
        "SELECT (SELECT COUNT(*) FROM oidc_records WHERE model = 'Interaction') AS signIns, " +
          '(SELECT COUNT(*) FROM outbox) AS mails',
      );
    }

    it('T43 S34 one browser at two tenants: a sign-in each, none counts for the other, signing out of one leaves the other', async () => {
      const address = 'everywhere@partner.example';
      for (const tenant of ['a', 'b']) await fortress.invite(address, tenant);
      const browser = fortress.browser();
      await fortress.signIn(browser, address, await fortress.begin('a'));
      assert.equal(await isLoggedIn(fortress, browser, 'b'), false);
      assert.equal(
        heading(await fortress.arrive(browser, await fortress.begin('b'))),
        'Sign in to Tenant B',
      );
      await fortress.signIn(browser, address, await fortress.begin('b'));
      const end = `${fortress.origin}/a/v2.0/session/end`;
      const xsrf = /name="xsrf" value="([^"]*)"/.exec((await browser.get(end)).text)?.[1] ?? '';
      await browser.follow(await browser.post(`${end}/confirm`, { xsrf, logout: 'yes' }));
      assert.equal(await isLoggedIn(fortress, browser, 'a'), false);
      assert.equal(await isLoggedIn(fortress, browser, 'b'), true);
    });

    it('T43 S34 the session cookie of one tenant under the name of another’s: nobody is signed in', async () => {
      const address = 'renamed@partner.example';
      await fortress.invite(address, 'a');
      await fortress.invite(address, 'b');
      const browser = fortress.browser();
      await fortress.signIn(browser, address, await fortress.begin('a'));
      const other = fortress.browser();
      await fortress.signIn(other, address, await fortress.begin('b'));
      const nameAtB = [...other.cookies.values()].find(({ name }) => /sid_[^.]+$/.test(name))!.name;
      const forged = fortress.browser();
      for (const { name, value, path } of browser.cookies.values()) {
        const renamed = name.replace(/^__Host-sid_[^.]+/, nameAtB);
        forged.cookies.set(`${renamed} ${path}`, { name: renamed, value, path });
      }
      assert.equal(await isLoggedIn(fortress, forged, 'b'), false);
      // … and with a right signature: only the database stands between, which is keyed by tenant.
      const key = Buffer.from(fortress.env['GUESTPASS_COOKIE_KEY']!, 'hex');
      const value = [...browser.cookies.values()].find(({ name }) =>
        /sid_[^.]+$/.test(name),
      )!.value;
      const { createHmac } = await import('node:crypto');
      const signed = createHmac('sha256', key).update(`${nameAtB}=${value}`).digest('base64url');
      const exact = fortress.browser();
      exact.cookies.set('1', { name: nameAtB, value, path: '/' });
      exact.cookies.set('2', { name: `${nameAtB}.sig`, value: signed, path: '/' });
      assert.equal(await isLoggedIn(fortress, exact, 'b'), false);
    });

    it('T12 S33 S46 code, access token and logout hint of one tenant at another: worth nothing, and a stays whole', async () => {
      const address = 'carried@partner.example';
      await fortress.invite(address, 'a');
      await fortress.invite(address, 'b');
      const browser = fortress.browser();
      const begun = await fortress.begin('a');
      const location = new URL(await fortress.signIn(browser, address, begun));
      const form = {
        grant_type: 'authorization_code',
        code: location.searchParams.get('code') ?? '',
        redirect_uri: CALLBACK,
        code_verifier: begun.verifier,
      };
      const stolen = await tokenCall('b', form);
      assert.equal(stolen.status, 400);
      assert.match(stolen.text, /invalid_grant/);
      const tokens = await fortress.redeem(begun, location.href);
      const me = (tenant: string): Promise<Answer> =>
        fortress.browser().get(`${fortress.origin}/${tenant}/v2.0/me`, {
          authorization: `Bearer ${tokens.access_token}`,
        });
      assert.equal((await me('b')).status, 401);
      assert.equal((await me('a')).status, 200);
      const { url } = await fortress.begin('b', {
        prompt: 'none',
        id_token_hint: tokens.id_token!,
      });
      const hinted = await browser.follow(await browser.get(url));
      assert.doesNotMatch(hinted.location ?? '', /code=/);
      const end = await browser.get(
        `${fortress.origin}/b/v2.0/session/end?id_token_hint=${tokens.id_token}`,
      );
      assert.equal(end.status, 400);
      for (const [tenant, kind] of [
        ['b', 'introspection'],
        ['b', 'revocation'],
      ] as const) {
        const asked = await fortress.browser().send(
          'POST',
          `${fortress.origin}/${tenant}/v2.0/token/${kind}`,
          {
            'content-type': 'application/x-www-form-urlencoded',
            authorization: `Basic ${Buffer.from(`docs:${fortress.env['CLIENT_SECRET']}`).toString('base64')}`,
          },
          `token=${tokens.access_token}`,
        );
        assert.ok(!asked.text.includes('"active":true'));
      }
      assert.equal((await me('a')).status, 200);
    });

    const callAs = async (tenant: string, jwt: string): Promise<number> => {
      const { status } = await fortress.browser().send(
        'POST',
        `${fortress.origin}/${tenant}/v2.0/token`,
        { 'content-type': 'application/x-www-form-urlencoded' },
        new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: 'docs',
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: jwt,
        }).toString(),
      );
      return status;
    };

    it('T46 S37 S49 a client assertion made for one tenant at another: refused; twice at its own: refused', async () => {
      const jwk = { ...(await exportJWK(KEYS.publicKey)), alg: 'ES256', use: 'sig', kid: 'k1' };
      const clients = [
        {
          client_id: 'docs',
          jwks: { keys: [jwk] },
          redirect_uris: [CALLBACK],
          grant_types: ['authorization_code', 'client_credentials'],
        },
      ];
      for (const id of ['keys1', 'keys2'])
        await fortress.writeTenant(id, tenantFile(id, { clients }));
      await fortress.reloaded('keys2');
      const assertion = (tenant: string, changes: object = {}): Promise<string> =>
        new SignJWT({
          iss: 'docs',
          sub: 'docs',
          aud: `${fortress.origin}/${tenant}/v2.0`,
          jti: randomUUID(),
          iat: Math.floor(Date.now() / 1000),
          exp: Math.floor(Date.now() / 1000) + 60,
          ...changes,
        })
          .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
          .sign(KEYS.privateKey);
      const good = await assertion('keys1');
      const replays = await Promise.all(Array.from({ length: 20 }, () => callAs('keys1', good)));
      assert.equal(replays.filter((status) => status === 200).length, 1, replays.join());
      const now = Math.floor(Date.now() / 1000);
      const issuer = `${fortress.origin}/keys1/v2.0`;
      const wrong = [
        ['keys2', await assertion('keys1')],
        ['keys1', await assertion('keys1', { exp: now - 60 })],
        ['keys1', await assertion('keys1', { iss: 'spa', sub: 'spa' })],
        ['keys1', await assertion('keys1', { aud: 'https://evil.example' })],
        // Good at us, and at whoever else is named: that one could be us for the client.
        ['keys1', await assertion('keys1', { aud: [issuer, 'https://evil.example'] })],
        ['keys1', await assertion('keys1', { aud: `${issuer}/token` })],
        ['keys1', await assertion('keys1', { exp: now + 3600 })],
      ] as const;
      for (const [tenant, jwt] of wrong) {
        const status = await callAs(tenant, jwt);
        assert.ok(status === 400 || status === 401, String(status));
      }
    });

    it('T46 S37 no key of one tenant in the set of another, and no private part in any', async () => {
      const sets = await Promise.all(
        ['a', 'b', 'guess', 'mail'].map(async (tenant) => {
          const { text } = await fortress.browser().get(`${fortress.origin}/${tenant}/v2.0/jwks`);
          return (JSON.parse(text) as { keys: Record<string, string>[] }).keys;
        }),
      );
      const all = sets.flat();
      assert.equal(new Set(all.map(({ kid }) => kid)).size, all.length);
      assert.equal(new Set(all.map(({ n, x }) => n ?? x)).size, all.length);
      for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) {
        assert.ok(
          all.every((key) => !(part in key)),
          part,
        );
      }
    });

    it('T48 S29 a tenant is taken away while its guests are half-way: their sign-ins and tokens end, nobody else notices', async () => {
      const [address, neighbour] = ['halfway@partner.example', 'neighbour@partner.example'];
      await fortress.invite(address, 'gone');
      await fortress.invite(neighbour, 'b');
      const [browser, other] = [fortress.browser(), fortress.browser()];
      const begun = await fortress.begin('gone');
      const tokens = await fortress.redeem(begun, await fortress.signIn(browser, address, begun));
      const door = await fortress.walkToCode(
        fortress.browser(),
        address,
        await fortress.begin('gone'),
      );
      const atB = await fortress.walkToCode(other, neighbour, await fortress.begin('b'));
      const codeAtB = await fortress.codeFor(neighbour);
      await fortress.writeTenant('gone', undefined);
      await fortress.reloaded('gone');
      const dead = await door.submit('12345678');
      assert.ok(dead.status === 400 || dead.status === 404, String(dead.status));
      assert.equal(dead.location, undefined);
      const me = await browser.get(`${fortress.origin}/gone/v2.0/me`, {
        authorization: `Bearer ${tokens.access_token}`,
      });
      assert.equal(me.status, 400);
      assert.match((await atB.type(codeAtB)).location ?? '', /[?&]code=/);
    });

    it('T48 S29 a tenant is taken away and comes back: what was begun before goes on until its own end, who is blocked is out', async () => {
      const [stays, blocked] = ['stays@partner.example', 'blocked-away@partner.example'];
      const [browser, other] = [fortress.browser(), fortress.browser()];
      await fortress.invite(stays, 'away');
      await fortress.invite(blocked, 'away');
      await fortress.signIn(browser, stays, await fortress.begin('away'));
      await fortress.signIn(other, blocked, await fortress.begin('away'));
      const begun = await fortress.begin('away');
      const door = await fortress.walkToCode(fortress.browser(), stays, begun);
      const code = await fortress.codeFor(stays, 2);
      const lost = await fortress.walkToCode(
        fortress.browser(),
        blocked,
        await fortress.begin('away'),
      );
      const codeOfBlocked = await fortress.codeFor(blocked, 2);
      await fortress.writeTenant('away', undefined);
      await fortress.reloaded('away');
      assert.equal((await door.submit(code)).location, undefined);
      const gone = await browser.get(`${fortress.origin}/away/`);
      assert.equal(gone.status, 400);
      await fortress.writeTenant('away', tenantFile('away'));
      await fortress.reloaded('away', 2);
      const said = await fortress.command('guests', 'block', blocked, '--tenant', 'away');
      assert.equal(said.code, 0, said.stderr);
      assert.equal(await isLoggedIn(fortress, browser, 'away'), true);
      assert.equal(await isLoggedIn(fortress, other, 'away'), false);
      const done = await door.type(code);
      assert.equal((await fortress.redeem(begun, done.location!)).claims()?.['email'], stays);
      const refused = await lost.type(codeOfBlocked);
      assert.ok(refused.location === undefined || !refused.location.includes('code='));
    });

    it('T49 S34 a browser that was at sixty tenants: no header grows too large to be read', async () => {
      const address = 'traveller@partner.example';
      await fortress.invite(address, 'a');
      const browser = fortress.browser();
      await fortress.signIn(browser, address, await fortress.begin('a'));
      const [sid, sig] = [...browser.cookies.values()].filter(({ name }) => name.includes('sid_'));
      for (let tenant = 0; tenant < 60; tenant += 1) {
        for (const { name, value } of [sid!, sig!]) {
          const renamed = name.replace(/sid_[^.]+/, `sid_${String(tenant).padStart(12, 'x')}`);
          browser.cookies.set(`${renamed} /`, { name: renamed, value, path: '/' });
        }
      }
      assert.equal(await isLoggedIn(fortress, browser, 'a'), true);
      // The next tenant that signs somebody in drops the oldest: twenty are left, and its own is one.
      await fortress.invite(address, 'b');
      await fortress.signIn(browser, address, await fortress.begin('b'));
      const kept = [...browser.cookies.values()].filter(({ name }) => /sid_[^.]+$/.test(name));
      assert.equal(kept.length, 20);
      assert.equal(await isLoggedIn(fortress, browser, 'b'), true);
    });
  });
}
