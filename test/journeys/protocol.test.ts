import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, decodeProtectedHeader, generateKeyPair } from 'jose';
import * as client from 'openid-client';
import { systemClock } from '../../src/domain/clock.ts';
import { Jar } from '../support/jar.ts';
import { travel } from '../support/time.ts';
import { beginAt, CALLBACK, discover, secretOf, startWorld, type World } from '../support/world.ts';

describe('the protocol', () => {
  let world: World;
  let logoutTokens: string[];
  let logoutListener: ReturnType<typeof createServer>;
  let logoutArrived: (() => void) | undefined;

  before(async () => {
    logoutTokens = [];
    logoutListener = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        logoutTokens.push(new URLSearchParams(body).get('logout_token') ?? '');
        response.end();
        logoutArrived?.();
      });
    });
    await new Promise<void>((ready) => logoutListener.listen(0, '127.0.0.1', ready));
    const { port } = logoutListener.address() as AddressInfo;
    world = await startWorld({
      clock: systemClock,
      tenants: {
        a: {
          clients: [
            {
              client_id: 'docs',
              client_name: 'Docs',
              client_secret: secretOf('a'),
              redirect_uris: [CALLBACK],
              grant_types: ['authorization_code', 'refresh_token'],
              backchannel_logout_uri: `http://127.0.0.1:${port}/logout`,
              post_logout_redirect_uris: ['http://127.0.0.1:9999/out'],
            },
            {
              client_id: 'spa',
              token_endpoint_auth_method: 'none',
              redirect_uris: [CALLBACK],
              id_token_signed_response_alg: 'ES256',
            },
            {
              client_id: 'other',
              client_secret: 'secret-of-another-client-of-tenant-a',
              redirect_uris: [CALLBACK],
              grant_types: ['authorization_code', 'client_credentials'],
            },
          ],
        },
      },
    });
  });
  after(async () => {
    await world.close();
    logoutListener.close();
  });

  let mails = 0;
  async function signedIn(parameters: Record<string, string> = {}, jar = new Jar()) {
    const begun = await world.begin('a', parameters);
    // A guest of their own for each: nobody is mailed more than the budget allows.
    mails += 1;
    const address = `guest${mails}@partner.example`;
    await world.invite(address);
    const location = await world.signIn(jar, begun, address);
    return { begun, location, jar, address };
  }

  async function isSignedIn(jar: Jar): Promise<boolean> {
    const { url } = await world.begin('a', { prompt: 'none' });
    return /[?&]code=/.test((await jar.get(url)).location ?? '');
  }

  const discoverOther = (): Promise<client.Configuration> =>
    client.discovery(
      new URL(`${world.publicUrl}/a/v2.0`),
      'other',
      undefined,
      client.ClientSecretBasic('secret-of-another-client-of-tenant-a'),
      { execute: [client.allowInsecureRequests] },
    );

  it('S40 T52 demands PKCE with S256 of every client', async () => {
    const base = `${world.publicUrl}/a/v2.0/auth?client_id=docs&response_type=code&scope=openid&redirect_uri=${encodeURIComponent(CALLBACK)}`;
    const challenge = 'a'.repeat(43);
    for (const wrong of [
      '',
      `&code_challenge=${challenge}&code_challenge_method=plain`,
      `&code_challenge=${'a'.repeat(42)}&code_challenge_method=S256`,
      `&code_challenge=${'a'.repeat(129)}&code_challenge_method=S256`,
    ]) {
      const { location } = await new Jar().get(base + wrong);
      assert.match(location ?? '', /error=invalid_request/, wrong);
    }
    const { begun, location } = await signedIn();
    await assert.rejects(world.redeem({ ...begun, verifier: 'b'.repeat(43) }, location), {
      error: 'invalid_grant',
    });
  });

  it('S39 T51 takes a redirect URI only as it is registered', async () => {
    const { url } = await world.begin();
    for (const uri of [
      `${CALLBACK}/`,
      `${CALLBACK}?x=1`,
      `${CALLBACK}#f`,
      'http://127.0.0.1:9999/CB',
      'http://127.0.0.1:9999/a/../cb',
      'http://127.0.0.1:9999/%63b',
      'http://user@127.0.0.1:9999/cb',
      'http://127.0.0.1:9999\\@evil.example/cb',
      'https://127.0.0.1:9999/cb',
      '',
    ]) {
      const changed = new URL(url);
      changed.searchParams.set('redirect_uri', uri);
      const answer = await new Jar().get(changed);
      assert.deepEqual([answer.status, answer.location], [400, undefined], uri);
    }
    const twice = await new Jar().get(`${url.href}&redirect_uri=${encodeURIComponent(CALLBACK)}`);
    assert.deepEqual([twice.status, twice.location], [400, undefined]);
  });

  it('S41 T55 refuses every other flow', async () => {
    const { url } = await world.begin();
    for (const type of ['token', 'id_token', 'code id_token', 'none']) {
      const changed = new URL(url);
      changed.searchParams.set('response_type', type);
      const { location } = await new Jar().get(changed);
      assert.match(location ?? '', /error=(unsupported_response_type|invalid_request)/, type);
    }
    for (const mode of ['fragment', 'web_message', 'jwt']) {
      const changed = new URL(url);
      changed.searchParams.set('response_mode', mode);
      const { location } = await new Jar().get(changed);
      assert.match(location ?? '', /[?#]error=(unsupported_response_mode|invalid_request)/, mode);
    }
    for (const [name, value] of [
      ['request', 'e30.e30.'],
      ['request_uri', 'http://169.254.169.254/'],
    ] as const) {
      const changed = new URL(url);
      changed.searchParams.set(name, value);
      assert.doesNotMatch((await new Jar().get(changed)).location ?? '', /signin/, name);
    }
    const metadata = await new Jar().get(
      `${world.publicUrl}/a/v2.0/.well-known/openid-configuration`,
    );
    const { response_modes_supported: modes } = JSON.parse(metadata.text) as Record<
      string,
      string[]
    >;
    assert.deepEqual(modes, ['query', 'form_post']);
    const reg = await new Jar().send('POST', `${world.publicUrl}/a/v2.0/reg`, {}, '{}');
    assert.equal(reg.status, 404);
  });

  it('takes a pushed authorization request, once', async () => {
    const begun = await world.begin();
    const pushed = await client.buildAuthorizationUrlWithPAR(
      begun.configuration,
      Object.fromEntries(begun.url.searchParams),
    );
    assert.match(
      pushed.searchParams.get('request_uri') ?? '',
      /^urn:ietf:params:oauth:request_uri:/,
    );
    await world.invite('par@partner.example');
    const location = await world.signIn(
      new Jar(),
      { ...begun, url: pushed },
      'par@partner.example',
    );
    assert.equal((await world.redeem(begun, location)).claims()?.['email'], 'par@partner.example');
    const again = await new Jar().get(pushed);
    assert.equal(again.status, 400);
  });

  it('S35 refuses a pushed request that names another tenant', async () => {
    const begun = await world.begin('a');
    await assert.rejects(
      client.buildAuthorizationUrlWithPAR(begun.configuration, {
        ...Object.fromEntries(begun.url.searchParams),
        tenantid: 'b',
      }),
      { error: 'invalid_request' },
    );
  });

  it('S44 binds tokens by DPoP and refuses a replayed proof', async () => {
    const { begun, location } = await signedIn();
    const keyPair = await generateKeyPair('ES256', { extractable: true });
    const handle = client.getDPoPHandle(begun.configuration, keyPair);
    const proofs: string[] = [];
    const configuration = await discover(world.publicUrl, 'a');
    configuration[client.customFetch] = (url, options) => {
      const headers = options.headers;
      if (headers['dpop']) proofs.push(headers['dpop']);
      return fetch(url, options as RequestInit);
    };
    const tokens = await client.authorizationCodeGrant(
      configuration,
      new URL(location),
      {
        pkceCodeVerifier: begun.verifier,
        expectedState: begun.state,
        expectedNonce: begun.nonce,
      },
      undefined,
      { DPoP: handle },
    );
    assert.equal(tokens.token_type, 'dpop');
    await client.fetchUserInfo(configuration, tokens.access_token, client.skipSubjectCheck, {
      DPoP: handle,
    });
    const proof = proofs.at(-1) ?? '';
    const replayed = await fetch(`${world.publicUrl}/a/v2.0/me`, {
      headers: { authorization: `DPoP ${tokens.access_token}`, dpop: proof },
    });
    assert.equal(replayed.status, 401);
    const bearer = await fetch(`${world.publicUrl}/a/v2.0/me`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    assert.equal(bearer.status, 401);
  });

  it('S47 rotates refresh tokens, revokes the family on reuse, and ends them after 24 hours', async () => {
    const { begun, location } = await signedIn();
    const first = await world.redeem(begun, location);
    assert.ok(first.refresh_token);
    const second = await client.refreshTokenGrant(begun.configuration, first.refresh_token);
    assert.notEqual(second.refresh_token, first.refresh_token);
    await assert.rejects(client.refreshTokenGrant(begun.configuration, first.refresh_token), {
      error: 'invalid_grant',
    });
    await assert.rejects(
      client.refreshTokenGrant(begun.configuration, second.refresh_token ?? ''),
      { error: 'invalid_grant' },
    );
    const fresh = await signedIn();
    let current = (await world.redeem(fresh.begun, fresh.location)).refresh_token ?? '';
    for (let times = 0; times < 4; times += 1) {
      travel(6 * 3600 - 600);
      const next = await client.refreshTokenGrant(fresh.begun.configuration, current);
      current = next.refresh_token ?? '';
    }
    travel(3600);
    await assert.rejects(client.refreshTokenGrant(fresh.begun.configuration, current), {
      error: 'invalid_grant',
    });
  });

  it('S46 introspects and revokes for the token’s own client alone', async () => {
    const { begun, location } = await signedIn();
    const { access_token } = await world.redeem(begun, location);
    const mine = await client.tokenIntrospection(begun.configuration, access_token);
    assert.equal(mine.active, true);
    const other = await discoverOther();
    assert.equal((await client.tokenIntrospection(other, access_token)).active, false);
    await client.tokenRevocation(begun.configuration, access_token);
    assert.equal(
      (await client.tokenIntrospection(begun.configuration, access_token)).active,
      false,
    );
  });

  it('gives a program a token of its own by client_credentials, where it is registered', async () => {
    const other = await discoverOther();
    const { access_token } = await client.clientCredentialsGrant(other);
    assert.equal((await client.tokenIntrospection(other, access_token)).active, true);
    const { configuration } = await world.begin();
    await assert.rejects(client.clientCredentialsGrant(configuration), {
      error: 'invalid_request',
    });
  });

  it('T71 answers a page’s token request from the origin of its redirect URI alone', async () => {
    const { verifier } = await world.begin();
    const ask = (clientId: string, origin: string) =>
      new Jar().send(
        'POST',
        `${world.publicUrl}/a/v2.0/token`,
        { accept: '*/*', origin, 'content-type': 'application/x-www-form-urlencoded' },
        new URLSearchParams({
          client_id: clientId,
          grant_type: 'authorization_code',
          code: 'none',
          redirect_uri: CALLBACK,
          code_verifier: verifier,
        }).toString(),
      );
    const own = await ask('spa', new URL(CALLBACK).origin);
    assert.equal(own.headers['access-control-allow-origin'], new URL(CALLBACK).origin);
    for (const origin of ['https://evil.example', 'null']) {
      const foreign = await ask('spa', origin);
      assert.equal(foreign.headers['access-control-allow-origin'], undefined);
      assert.match(foreign.text, /invalid_request/);
    }
  });

  it('signs ID tokens with RS256, or ES256 where the client asks', async () => {
    const { begun, location } = await signedIn();
    const tokens = await world.redeem(begun, location);
    assert.equal(decodeProtectedHeader(tokens.id_token ?? '').alg, 'RS256');
    const spa = await client.discovery(
      new URL(`${world.publicUrl}/a/v2.0`),
      'spa',
      { id_token_signed_response_alg: 'ES256' },
      client.None(),
      { execute: [client.allowInsecureRequests] },
    );
    const spaBegun = await beginAt(spa);
    await world.invite('spa@partner.example');
    const back = await world.signIn(new Jar(), spaBegun, 'spa@partner.example');
    const spaTokens = await world.redeem(spaBegun, back);
    assert.equal(decodeProtectedHeader(spaTokens.id_token ?? '').alg, 'ES256');
  });

  it('S48 signs out by id_token_hint without a question, tells the client by back channel, and ends its tokens', async () => {
    const { begun, location, jar } = await signedIn();
    const tokens = await world.redeem(begun, location);
    const arrived = new Promise<void>((resolve) => (logoutArrived = resolve));
    const end = client.buildEndSessionUrl(begun.configuration, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: 'http://127.0.0.1:9999/out',
      state: 'bye',
    });
    const done = await jar.get(end);
    assert.equal(done.status, 303);
    assert.equal(done.location, 'http://127.0.0.1:9999/out?state=bye');
    await arrived;
    const logout = decodeJwt(logoutTokens.at(-1) ?? '');
    assert.equal(logout.iss, `${world.publicUrl}/a/v2.0`);
    assert.equal(logout.sub, tokens.claims()?.sub);
    assert.ok(logout['events']);
    await assert.rejects(
      client.fetchUserInfo(begun.configuration, tokens.access_token, client.skipSubjectCheck),
    );
  });

  it('S48 asks whoever has no ID token of this very sign-in, and signs nobody out by a link', async () => {
    const { begun, location, jar, address } = await signedIn();
    const { id_token: earlier = '' } = await world.redeem(begun, location);
    const end = (hint: string): Promise<{ status: number; text: string }> =>
      jar.get(client.buildEndSessionUrl(begun.configuration, { id_token_hint: hint }));
    const other = await signedIn();
    const { id_token: foreign = '' } = await world.redeem(other.begun, other.location);

    const again = await world.begin('a', { prompt: 'login' });
    // Two sign-ins of one second could not be told apart.
    travel(2);
    const back = await world.signIn(jar, again, address);
    const { id_token: own = '' } = await world.redeem(again, back);
    for (const hint of [earlier, foreign]) {
      const asked = await end(hint);
      assert.equal(asked.status, 200);
      assert.match(asked.text, /Sign out of Tenant A\?/);
    }
    assert.equal(await isSignedIn(jar), true);
    const stolen = jar.clone();
    assert.equal((await end(own)).status, 303);
    assert.equal(await isSignedIn(jar), false);
    assert.equal(await isSignedIn(stolen), false, 'not only the cookie is gone');
  });

  it('S45 T59 ends with an error where a stronger context is demanded, and never claims one', async () => {
    const claims = JSON.stringify({ id_token: { acr: { essential: true, value: 'urn:mfa' } } });
    const { url } = await world.begin('a', { claims });
    const jar = new Jar();
    const answer = await jar.follow(await jar.get(url));
    assert.match(answer.location ?? '', /error=unmet_authentication_requirements/);
    const wished = await signedIn({ acr_values: 'urn:mfa' });
    const tokens = await world.redeem(wished.begun, wished.location);
    assert.equal(tokens.claims()?.acr, 'urn:guestpass:acr:email-otp');
  });

  it('echoes state byte for byte, and keeps params with JavaScript in them inert', async () => {
    const state = `ünï ${'x'.repeat(1500)} <b>&"'`;
    const { url } = await world.begin('a', { prompt: 'none', state });
    const { location } = await new Jar().get(url);
    assert.equal(new URL(location ?? '').searchParams.get('state'), state);
    assert.equal(new URL(location ?? '').searchParams.get('error'), 'login_required');
  });
});
