import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { decodeProtectedHeader, exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import * as client from 'openid-client';
import { type Answer, heading, hidden } from '../support/jar.ts';
import { stores } from '../support/world.ts';
import { isLoggedIn } from './evidence.ts';
import { type Browser, CALLBACK, type Fortress, fortressOf, nextNetwork, OUT } from './fortress.ts';
import { startTrap, type Trap } from './trap.ts';

for (const store of stores) {
  describe(`attacks on the protocol, on ${store}`, function () {
    this.timeout(120_000);
    let fortress: Fortress;
    let trap: Trap;
    before(async () => {
      fortress = await fortressOf(store);
      trap = await startTrap();
    });
    after(async () => {
      assert.equal(trap.connections, 0, 'somebody was made to call inside the network');
      await trap.stop();
    });

    const issuer = (): string => `${fortress.origin}/a/v2.0`;

    async function signedIn(parameters: Record<string, string> = {}, clientId = 'docs') {
      const address = `proto${nextNetwork().replaceAll('.', '-')}@partner.example`;
      await fortress.invite(address);
      const browser = fortress.browser();
      const begun = await fortress.begin('a', parameters, clientId);
      return { address, browser, begun, location: await fortress.signIn(browser, address, begun) };
    }

    /** One authorization request with parameters written exactly so. */
    async function ask(
      changes: Readonly<Record<string, string | undefined>>,
      suffix = '',
    ): Promise<Answer> {
      const { url } = await fortress.begin();
      for (const [name, value] of Object.entries(changes)) {
        if (value === undefined) url.searchParams.delete(name);
        else url.searchParams.set(name, value);
      }
      return fortress.browser().get(`${url.href}${suffix}`);
    }

    function post(
      path: string,
      form: Readonly<Record<string, string>> | string,
      headers = {},
    ): Promise<Answer> {
      const body = typeof form === 'string' ? form : new URLSearchParams(form).toString();
      return fortress.browser().send(
        'POST',
        `${issuer()}${path}`,
        {
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
          ...headers,
        },
        body,
      );
    }

    const basic = (): object => ({
      authorization: `Basic ${Buffer.from(`docs:${fortress.env['CLIENT_SECRET']}`).toString('base64')}`,
    });

    it('T51 S39 S42 twenty-five redirect addresses that are nearly the registered one: a page, never a redirect', async () => {
      const uris = [
        `${CALLBACK}/`,
        `${CALLBACK}?x`,
        `${CALLBACK}?`,
        `${CALLBACK}#f`,
        `${CALLBACK}#`,
        `${CALLBACK}%00`,
        `${CALLBACK} `,
        `${CALLBACK}%20`,
        'https://app.example/CB',
        'https://APP.example/cb',
        'https://app.example:443/cb',
        'https://app.example:8443/cb',
        'https://app.example/x/../cb',
        'https://app.example/%2e%2e/cb',
        'https://app.example//cb',
        'https://app.example\\@evil.example/cb',
        'https://app.example@evil.example/cb',
        'https://user:pw@app.example/cb',
        'https://evil.example/cb',
        'https://app.example.evil.example/cb',
        'http://app.example/cb',
        '//app.example/cb',
        'javascript:alert(1)',
        'data:text/html,x',
        '"><script>alert(1)</script>',
        'https://аpp.example/cb',
        '',
      ];
      for (const uri of uris) {
        const answer = await ask({ redirect_uri: uri });
        assert.deepEqual([answer.status, answer.location], [400, undefined], uri);
        assert.ok(!answer.text.includes('<script>alert'), uri);
      }
      const twice = await ask({}, `&redirect_uri=${encodeURIComponent(CALLBACK)}`);
      assert.deepEqual([twice.status, twice.location], [400, undefined]);
      const missing = await ask({ redirect_uri: undefined });
      assert.deepEqual([missing.status, missing.location], [400, undefined]);
      for (const unknown of [{ client_id: 'nobody' }, { client_id: undefined }]) {
        const answer = await ask({ ...unknown, redirect_uri: 'https://evil.example/' });
        assert.deepEqual([answer.status, answer.location], [400, undefined]);
      }
    });

    for (const clientId of ['docs', 'spa']) {
      it(`T52 S40 no challenge, plain, too short, too long, another verifier, none: refused for ${clientId}`, async () => {
        const challenges: Record<string, string | undefined>[] = [
          { code_challenge: undefined, code_challenge_method: undefined },
          { code_challenge: undefined },
          { code_challenge_method: undefined },
          { code_challenge_method: 'plain' },
          { code_challenge_method: 's256' },
          { code_challenge: 'a'.repeat(42) },
          { code_challenge: 'a'.repeat(129) },
          { code_challenge: `${'a'.repeat(42)}=` },
        ];
        for (const challenge of challenges) {
          const { location = '' } = await ask({ client_id: clientId, ...challenge });
          assert.match(
            location,
            /^https:\/\/app\.example\/cb\?.*error=invalid_request/,
            JSON.stringify(challenge),
          );
        }
        const { begun, location } = await signedIn({}, clientId);
        const form = {
          grant_type: 'authorization_code',
          code: new URL(location).searchParams.get('code') ?? '',
          redirect_uri: CALLBACK,
          ...(clientId === 'spa' && { client_id: 'spa' }),
        };
        const headers = clientId === 'spa' ? {} : basic();
        for (const verifier of [
          undefined,
          '',
          'b'.repeat(43),
          begun.url.searchParams.get('code_challenge')!,
        ]) {
          const { status, text } = await post(
            '/token',
            { ...form, ...(verifier !== undefined && { code_verifier: verifier }) },
            headers,
          );
          assert.equal(status, 400, text);
          assert.match(text, /invalid_(?:grant|request)/);
        }
      });
    }

    it('T53 S44 fifty token requests with one code at two processes: one set of tokens, and a replay ends that one', async () => {
      const { begun, location } = await signedIn();
      const form = {
        grant_type: 'authorization_code',
        code: new URL(location).searchParams.get('code') ?? '',
        redirect_uri: CALLBACK,
        code_verifier: begun.verifier,
      };
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => post('/token', form, basic())),
      );
      const good = answers.filter(({ status }) => status === 200);
      assert.equal(good.length, 1);
      assert.ok(answers.every(({ status }) => status === 200 || status === 400));
      const { access_token: token } = JSON.parse(good[0]!.text) as { access_token: string };
      const me = await fortress
        .browser()
        .get(`${issuer()}/me`, { authorization: `Bearer ${token}` });
      assert.equal(me.status, 401);

      const fresh = await signedIn();
      const tokens = await fortress.redeem(fresh.begun, fresh.location);
      const again = {
        ...form,
        code: new URL(fresh.location).searchParams.get('code')!,
        code_verifier: fresh.begun.verifier,
      };
      const before = await fortress
        .browser()
        .get(`${issuer()}/me`, { authorization: `Bearer ${tokens.access_token}` });
      assert.equal(before.status, 200);
      assert.match((await post('/token', again, basic())).text, /invalid_grant/);
      const after = await fortress
        .browser()
        .get(`${issuer()}/me`, { authorization: `Bearer ${tokens.access_token}` });
      assert.equal(after.status, 401);
    });

    it('T53 S39 a code with another redirect address, another client, no client: no tokens', async () => {
      const { begun, location } = await signedIn();
      const form = {
        grant_type: 'authorization_code',
        code: new URL(location).searchParams.get('code') ?? '',
        redirect_uri: CALLBACK,
        code_verifier: begun.verifier,
      };
      const wrong = [
        await post('/token', { ...form, redirect_uri: OUT }, basic()),
        await post('/token', { ...form, redirect_uri: '' }, basic()),
        await post('/token', { ...form, client_id: 'spa' }),
        await post('/token', { ...form, client_id: 'docs' }),
        await post('/token', { ...form, client_id: 'docs', client_secret: 'x'.repeat(43) }),
        await post('/token', form, {
          authorization: `Basic ${Buffer.from('docs:').toString('base64')}`,
        }),
        await post('/token', form),
      ];
      for (const { status, text } of wrong) {
        assert.ok(status === 400 || status === 401, text);
        assert.ok(!text.includes('access_token'));
      }
    });

    it('T55 S41 every other flow, request objects by value and by address, other grants, registration: refused, and nobody is called', async () => {
      const inside = `http://127.0.0.1:${trap.port}/`;
      for (const type of [
        'token',
        'id_token',
        'id_token token',
        'code id_token',
        'code token',
        'none',
        '',
      ]) {
        const { location = '', status } = await ask({ response_type: type });
        assert.ok(!location.includes('signin'), type);
        assert.ok(
          status === 400 ||
            /error=(?:unsupported_response_type|invalid_request|unauthorized_client)/.test(
              location,
            ),
          `${type} ${location}`,
        );
      }
      for (const mode of ['fragment', 'web_message', 'jwt', 'query.jwt', 'form_post.jwt']) {
        const { location = '', status } = await ask({ response_mode: mode });
        assert.ok(!location.includes('signin'), mode);
        assert.ok(status === 400 || location.includes('error='), mode);
      }
      for (const [name, value] of [
        ['request', 'e30.e30.'],
        ['request_uri', inside],
        ['request_uri', 'https://169.254.169.254/'],
        ['request_uri', 'urn:ietf:params:oauth:request_uri:nothing'],
        ['registration', '{}'],
      ] as const) {
        const { location = '' } = await ask({ [name]: value });
        assert.ok(!location.includes('signin') || name === 'registration', `${name} ${location}`);
      }
      for (const grant of [
        'password',
        'urn:ietf:params:oauth:grant-type:device_code',
        'urn:openid:params:grant-type:ciba',
        'urn:ietf:params:oauth:grant-type:jwt-bearer',
        'urn:ietf:params:oauth:grant-type:token-exchange',
        'client_credentials',
        'implicit',
        '',
      ]) {
        const { status, text } = await post(
          '/token',
          { grant_type: grant, username: 'whole@partner.example', password: 'x' },
          basic(),
        );
        assert.equal(status, 400, grant);
        assert.ok(!text.includes('access_token'), grant);
      }
      for (const path of [
        '/reg',
        '/register',
        '/device',
        '/device/auth',
        '/backchannel',
        '/ciba',
        '/challenge',
      ]) {
        const { status } = await post(path, { client_name: 'x' });
        assert.equal(status, 404, path);
      }
    });

    it('T56 S45 prompt=none, login, max_age=0: no page and no mail, or a new code and a new session', async () => {
      const { address, browser } = await signedIn();
      const sid = (): string =>
        [...browser.cookies.values()].find(({ name }) => /sid_[^.]+$/.test(name))!.value;
      const stranger = fortress.browser();
      assert.equal(await isLoggedIn(fortress, stranger, 'a'), false);
      assert.equal(fortress.mailsTo(address), 1);
      let mails = 1;
      for (const parameters of [{ prompt: 'login' }, { max_age: '0' }] as Record<
        string,
        string
      >[]) {
        const old = sid();
        const begun = await fortress.begin('a', parameters);
        await fortress.signIn(browser, address, begun);
        mails += 1;
        assert.equal(fortress.mailsTo(address), mails);
        assert.notEqual(sid(), old);
      }
      for (const prompt of ['none login', 'none consent', 'nonsense']) {
        const { location = '' } = await ask({ prompt });
        assert.ok(!location.includes('code='), prompt);
      }
    });

    it('T59 S45 a stronger context is demanded: an error, never a claim; an amr of one’s own changes nothing', async () => {
      for (const claims of [
        { id_token: { acr: { essential: true, value: 'urn:mfa' } } },
        { id_token: { acr: { essential: true, values: ['urn:mfa', 'urn:aal2'] } } },
      ]) {
        const browser = fortress.browser();
        const { url } = await fortress.begin('a', { claims: JSON.stringify(claims) });
        const { location = '' } = await browser.follow(await browser.get(url));
        assert.match(location, /error=unmet_authentication_requirements/);
      }
      const forged = {
        acr_values: 'urn:mfa',
        amr: 'mfa',
        acr: 'urn:mfa',
        auth_time: '0',
        sub: 'admin',
        email: 'ceo@partner.example',
      };
      const { begun, location } = await signedIn(forged);
      const claims = (await fortress.redeem(begun, location)).claims();
      assert.equal(claims?.acr, 'urn:guestpass:acr:email-otp');
      assert.deepEqual(claims?.['amr'], ['otp']);
      assert.notEqual(claims?.sub, 'admin');
    });

    it('T60 S43 the answer names its issuer, as discovery does, and gives state back byte for byte', async () => {
      const state = `ünï ✓ "<&'>${'x'.repeat(2000)}`;
      const { location, begun } = await signedIn({ state });
      const answer = new URL(location).searchParams;
      assert.equal(answer.get('state'), state);
      const { text } = await fortress.browser().get(`${issuer()}/.well-known/openid-configuration`);
      const metadata = JSON.parse(text) as Record<string, unknown>;
      assert.equal(answer.get('iss'), metadata['issuer']);
      assert.equal(metadata['issuer'], begun.configuration.serverMetadata().issuer);
      for (const value of Object.values(metadata)) {
        if (typeof value === 'string' && value.startsWith('http'))
          assert.ok(value.startsWith(issuer()));
      }
    });

    it('T61 S48 signing out: asks first; a foreign or forged hint, an unregistered page, no form token: nothing', async () => {
      const { browser, begun, location } = await signedIn();
      const tokens = await fortress.redeem(begun, location);
      const end = `${issuer()}/session/end`;
      const other = await signedIn();
      const foreign = await fortress.redeem(other.begun, other.location);
      const asked = await browser.get(end);
      assert.equal(heading(asked), 'Sign out of Tenant A?');
      for (const query of [
        `?post_logout_redirect_uri=${encodeURIComponent('https://evil.example/')}&client_id=docs`,
        `?post_logout_redirect_uri=${encodeURIComponent(`${OUT}/`)}&id_token_hint=${tokens.id_token}`,
        `?id_token_hint=${tokens.id_token?.slice(0, -8)}AAAAAAAA`,
        `?id_token_hint=${new UnsecuredJWT({ sub: 'x' }).setIssuer(issuer()).encode()}`,
      ]) {
        const answer = await browser.get(end + query);
        assert.equal(answer.status, 400, query);
        assert.equal(answer.location, undefined);
      }
      await browser.get(`${end}?id_token_hint=${foreign.id_token}`);
      for (const form of [
        { logout: 'yes' },
        { xsrf: 'x', logout: 'yes' },
        { xsrf: hidden(asked, 'xsrf'), logout: 'yes' },
      ] as Record<string, string>[]) {
        await browser.post(`${end}/confirm`, form, {
          origin: 'https://evil.example',
          'sec-fetch-site': 'cross-site',
        });
      }
      assert.equal(await isLoggedIn(fortress, browser, 'a'), true);
      const stolen = browser.clone();
      const page = await browser.get(end);
      const done = await browser.follow(
        await browser.post(`${end}/confirm`, { xsrf: hidden(page, 'xsrf'), logout: 'yes' }),
      );
      assert.equal(heading(done), 'You have signed out');
      assert.equal(await isLoggedIn(fortress, stolen, 'a'), false);
      const me = await browser.get(`${issuer()}/me`, {
        authorization: `Bearer ${tokens.access_token}`,
      });
      assert.equal(me.status, 401);
    });

    it('T64 S49 hints and assertions signed by nobody, by a public key, by keys they bring along: refused, and nothing is fetched', async () => {
      const { begun, location } = await signedIn();
      const tokens = await fortress.redeem(begun, location);
      const { kid } = decodeProtectedHeader(tokens.id_token!);
      const { text } = await fortress.browser().get(`${issuer()}/jwks`);
      const mine = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const jwk = await exportJWK(mine.publicKey);
      const inside = `https://127.0.0.1:${trap.port}/keys`;
      const claims = { ...tokens.claims(), aud: 'docs', sid: 'x' };
      const signed = (header: object, key: Parameters<SignJWT['sign']>[0]): Promise<string> =>
        new SignJWT(claims as object as Record<string, unknown>)
          .setProtectedHeader(header as { alg: string })
          .sign(key);
      const forged = [
        new UnsecuredJWT(claims as object as Record<string, unknown>).encode(),
        await signed({ alg: 'HS256', kid }, new TextEncoder().encode(text)),
        await signed(
          { alg: 'HS256', kid },
          new TextEncoder().encode(fortress.env['CLIENT_SECRET']),
        ),
        await signed({ alg: 'ES256', kid }, mine.privateKey),
        await signed({ alg: 'ES256', kid: '../../../../dev/null' }, mine.privateKey),
        await signed({ alg: 'ES256', kid: "x' UNION SELECT 'k" }, mine.privateKey),
        await signed({ alg: 'ES256', jwk }, mine.privateKey),
        await signed({ alg: 'ES256', jku: inside, kid }, mine.privateKey),
        await signed({ alg: 'ES256', x5u: inside, kid }, mine.privateKey),
        `${tokens.id_token!.split('.').slice(0, 2).join('.')}.`,
      ];
      for (const hint of forged) {
        const browser: Browser = fortress.browser();
        const { url } = await fortress.begin('a', { prompt: 'none', id_token_hint: hint });
        const asked = await browser.follow(await browser.get(url));
        assert.doesNotMatch(asked.location ?? '', /code=/);
        const end = await browser.get(
          `${issuer()}/session/end?id_token_hint=${encodeURIComponent(hint)}`,
        );
        assert.equal(end.status, 400);
        const { status } = await post('/token', {
          grant_type: 'authorization_code',
          code: 'x',
          redirect_uri: CALLBACK,
          client_id: 'docs',
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: hint,
        });
        assert.ok(status === 400 || status === 401, String(status));
      }
    });

    it('T71 S46 other origins read nothing: no CORS at authorization and pages, tokens for the page’s own origin alone', async () => {
      const own = new URL(CALLBACK).origin;
      const form = {
        grant_type: 'authorization_code',
        code: 'x',
        redirect_uri: CALLBACK,
        client_id: 'spa',
        code_verifier: 'v'.repeat(43),
      };
      assert.equal(
        (await post('/token', form, { origin: own })).headers['access-control-allow-origin'],
        own,
      );
      for (const origin of [
        'https://evil.example',
        'null',
        'https://app.example.evil.example',
        'http://app.example',
        `${own}:444`,
      ]) {
        const answer = await post('/token', form, { origin });
        assert.equal(answer.headers['access-control-allow-origin'], undefined, origin);
      }
      const { url } = await fortress.begin();
      for (const at of [
        url.href,
        `${fortress.origin}/a/`,
        `${fortress.origin}/a/signin/x`,
        `${issuer()}/session/end`,
      ]) {
        const answer = await fortress.browser().get(at, { origin: own });
        assert.equal(answer.headers['access-control-allow-origin'], undefined, at);
        assert.equal(answer.headers['access-control-allow-credentials'], undefined, at);
      }
      const { begun, location } = await signedIn();
      const { access_token } = await fortress.redeem(begun, location);
      for (const origin of ['https://evil.example', 'null']) {
        const me = await fortress
          .browser()
          .get(`${issuer()}/me`, { origin, authorization: `Bearer ${access_token}` });
        assert.equal(me.headers['access-control-allow-origin'], undefined, origin);
      }
      const inUrl = await fortress.browser().get(`${issuer()}/me?access_token=${access_token}`);
      assert.ok(inUrl.status >= 400 && inUrl.status < 500);
    });

    it('S46 a token of one client is nothing to another: no look into it, no end of it', async () => {
      const { begun, location } = await signedIn({}, 'spa');
      const { access_token } = await fortress.redeem(begun, location);
      const { configuration } = await fortress.begin();
      assert.equal((await client.tokenIntrospection(configuration, access_token)).active, false);
      await client.tokenRevocation(configuration, access_token).catch(() => undefined);
      const me = await fortress
        .browser()
        .get(`${issuer()}/me`, { authorization: `Bearer ${access_token}` });
      assert.equal(me.status, 200);
    });
  });
}
