import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { discover, startWorld, type World } from '../support/world.ts';
import { heading, Jar } from '../support/jar.ts';

describe('tenant context', () => {
  let world: World;
  let jar: Jar;
  before(async () => {
    world = await startWorld();
  });
  beforeEach(() => {
    jar = new Jar();
  });
  after(() => world.close());

  const query =
    'client_id=docs&response_type=code&scope=openid&redirect_uri=http%3A%2F%2F127.0.0.1%3A9999%2Fcb' +
    '&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256';

  const refused: readonly (readonly [string, string])[] = [
    [`/authorize?${query}`, 'tenant_missing'],
    [`/auth?${query}`, 'tenant_missing'],
    [`/oauth2/v2.0/authorize?${query}`, 'tenant_missing'],
    [`/common/v2.0/auth?${query}`, 'tenant_missing'],
    [`/common/oauth2/v2.0/authorize?${query}`, 'tenant_missing'],
    [`/organizations/oauth2/v2.0/authorize?${query}`, 'tenant_missing'],
    [`/consumers/v2.0/auth?${query}`, 'tenant_missing'],
    ['/.well-known/openid-configuration', 'tenant_missing'],
    ['/.well-known/oauth-authorization-server', 'tenant_missing'],
    ['/common/v2.0/.well-known/openid-configuration', 'tenant_missing'],
    [`/nobody/v2.0/auth?${query}`, 'tenant_unknown'],
    [`/A/v2.0/auth?${query}`, 'tenant_unknown'],
    [`/%61/v2.0/auth?${query}`, 'tenant_unknown'],
    [`/a%2f..%2fb/v2.0/auth?${query}`, 'tenant_unknown'],
    [`/a;x/v2.0/auth?${query}`, 'tenant_unknown'],
    [`/a%00/v2.0/auth?${query}`, 'tenant_unknown'],
    [`/a/../b/v2.0/auth?${query}`, 'not_found'],
    [`/a/v2.0/auth?${query}&tenantid=b`, 'tenant_conflict'],
    [`/a/v2.0/auth?${query}&tenant=b.example`, 'tenant_conflict'],
    [`/a/v2.0/auth?${query}&tenantid=a&tenantid=b`, 'tenant_conflict'],
    [`/authorize?${query}&tenantid=nobody`, 'tenant_unknown'],
    [`/?tenantid=common`, 'tenant_missing'],
  ];
  for (const [path, code] of refused) {
    it(`R12 R14 S35 T41 answers ${path.split('?')[0]} (${code}) without redirect or cookie`, async () => {
      const page = await raw(world, path, 'text/html,*/*;q=0.8');
      const json = await raw(world, path, '*/*');
      assert.equal(page.status, code === 'not_found' ? 404 : 400);
      assert.equal(json.status, page.status);
      for (const answer of [page, json]) {
        assert.equal(answer.headers['location'], undefined);
        assert.equal(answer.headers['set-cookie'], undefined);
      }
      assert.match(page.text, /^<!doctype html>/);
      const body = JSON.parse(json.text) as Record<string, string>;
      assert.equal(body['error_code'], code);
      assert.equal(body['error'], 'invalid_request');
      assert.match(body['reference']!, /^[\w-]{12}$/);
    });
  }

  it('S35 leaves no row and no mail behind a refusal', async () => {
    const { store } = world.server.guests.parts;
    for (const [path] of refused) await raw(world, path, 'text/html');
    assert.equal(await store.purge(Number.MAX_SAFE_INTEGER, 1000), 0);
    assert.equal(world.relay.messages.length, 0);
  });

  it('speaks to people by their choice, the request and the browser where no tenant is known', async () => {
    const asked = `${world.publicUrl}/authorize?${query}`;
    for (const [url, headers, locale] of [
      [asked, {}, 'en'],
      [asked, { 'accept-language': 'sv, de-AT' }, 'de'],
      [`${asked}&ui_locales=ja`, { 'accept-language': 'de' }, 'ja'],
      [`${asked}&ui_locales=ja&lang=fr`, { 'accept-language': 'de' }, 'fr'],
      [asked, { 'accept-language': 'de', cookie: 'lang=he' }, 'he'],
      [`${world.publicUrl}/nobody/v2.0/auth`, { 'accept-language': 'ar' }, 'ar'],
      [`${world.publicUrl}/a/nothing`, { 'accept-language': 'pl' }, 'pl'],
    ] as const) {
      const answer = await fetch(url, { headers: { accept: 'text/html', ...headers } });
      assert.equal(answer.headers.get('content-language'), locale, url);
      assert.match(await answer.text(), new RegExp(`<html lang="${locale}"`));
    }
  });

  it('shows people where they are and what a good link looks like', async () => {
    const page = await jar.get(`${world.publicUrl}/authorize?${query}`);
    assert.equal(heading(page), 'Use the link from your organisation');
  });

  it('R12 leads ?tenantid= at the root to the tenant, by id and by verified domain', async () => {
    for (const name of ['a', 'a.example']) {
      const home = await jar.get(`${world.publicUrl}/?tenantid=${name}`);
      assert.deepEqual([home.status, home.location], [307, '/a/']);
      const start = await jar.get(`${world.publicUrl}/authorize?${query}&tenantid=${name}`);
      assert.equal(start.location, `/a/v2.0/auth?${query}&tenantid=${name}`);
      const page = await jar.follow(start);
      assert.equal(heading(page), 'Sign in to Tenant A');
    }
    assert.equal(heading(await jar.get(`${world.publicUrl}/a/`)), 'Sign in to Tenant A as a guest');
  });

  it('R15 serves a verified domain as an alias with the canonical issuer and URLs', async () => {
    const canonical = await jar.get(`${world.publicUrl}/a/v2.0/.well-known/openid-configuration`);
    const alias = await jar.get(
      `${world.publicUrl}/a.example/v2.0/.well-known/openid-configuration`,
    );
    assert.deepEqual(JSON.parse(alias.text), JSON.parse(canonical.text));
    const rfc8414 = await jar.get(
      `${world.publicUrl}/.well-known/oauth-authorization-server/a/v2.0`,
    );
    assert.deepEqual(JSON.parse(rfc8414.text), JSON.parse(canonical.text));
    const browser = await jar.get(`${world.publicUrl}/a.example/v2.0/auth?${query}`);
    assert.deepEqual([browser.status, browser.location], [307, `/a/v2.0/auth?${query}`]);
    assert.equal(browser.headers['set-cookie'], undefined);
  });

  it('S33 S37 T46 shares no key between tenants and publishes no private one', async () => {
    const sets = await Promise.all(
      ['a', 'b'].map(async (tenant) => {
        const { text } = await jar.get(`${world.publicUrl}/${tenant}/v2.0/jwks`);
        return (JSON.parse(text) as { keys: Record<string, string>[] }).keys;
      }),
    );
    const [a = [], b = []] = sets;
    assert.deepEqual(new Set(a.map(({ alg }) => alg)), new Set(['ES256', 'RS256']));
    for (const key of [...a, ...b]) {
      for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.equal(key[part], undefined);
    }
    assert.equal(new Set([...a, ...b].map(({ kid }) => kid)).size, 4);
    assert.equal(new Set([...a, ...b].map(({ n, x }) => n ?? x)).size, 4);
  });

  it('T43 asks for a sign-in of its own at every tenant', async () => {
    await world.invite('both@partner.example', 'a');
    await world.invite('both@partner.example', 'b');
    await world.signIn(jar, await world.begin('a'), 'both@partner.example');
    const atB = await jar.follow(await jar.get((await world.begin('b')).url));
    assert.equal(heading(atB), 'Sign in to Tenant B');
    const silent = await jar.follow(
      await jar.get((await world.begin('b', { prompt: 'none' })).url),
    );
    assert.match(silent.location ?? '', /error=login_required/);
    await world.passcodeFor('both@partner.example');
    await world.signIn(jar, await world.begin('b'), 'both@partner.example');
    for (const tenant of ['a', 'b']) {
      const again = await jar.follow(await jar.get((await world.begin(tenant)).url));
      assert.match(again.location ?? '', /code=/, tenant);
    }
  });

  it("T12 refuses tenant a's authorization code and access token at tenant b", async () => {
    await world.invite('cross@partner.example', 'a');
    const begun = await world.begin('a');
    const location = await world.signIn(jar, begun, 'cross@partner.example');
    const atB = { ...begun, configuration: await discover(world.publicUrl, 'b') };
    const elsewhere = location.replace('%2Fa%2Fv2.0', '%2Fb%2Fv2.0');
    await assert.rejects(world.redeem(atB, elsewhere), { error: 'invalid_grant' });
    const tokens = await world.redeem(begun, location);
    const userinfo = await new Jar().get(`${world.publicUrl}/b/v2.0/me`, {
      authorization: `Bearer ${tokens.access_token}`,
    });
    assert.equal(userinfo.status, 401);
  });

  it('S36 T40 answers no other host, and lets none into discovery', async () => {
    const path = '/a/v2.0/.well-known/openid-configuration';
    for (const hosts of [['evil.example'], [`127.0.0.1:1`], [`${hostOf(world)}:fake@evil`]]) {
      assert.equal((await raw(world, path, '*/*', { host: hosts[0]! })).status, 421);
    }
    const forwarded = await raw(world, path, '*/*', {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example',
    });
    assert.equal(forwarded.status, 200);
    assert.doesNotMatch(forwarded.text, /evil|https:/);
    const absolute = await overSocket(
      world,
      `GET http://evil${path} HTTP/1.1\r\nHost: ${hostOf(world)}\r\nConnection: close\r\n\r\n`,
    );
    assert.match(absolute, /^HTTP\/1\.1 400 /);
    const twoHosts = await overSocket(
      world,
      `GET ${path} HTTP/1.1\r\nHost: ${hostOf(world)}\r\nHost: evil\r\nConnection: close\r\n\r\n`,
    );
    assert.match(twoHosts, /^HTTP\/1\.1 4(00|21) /);
  });

  it('T67 S30 S31 sends its headers with pages, JSON, and every kind of refusal', async () => {
    const paths = [
      '/a/',
      '/a/v2.0/jwks',
      '/nobody/',
      '/a/v2.0/nothing',
      '/a/signin/x',
      '/assets/x',
    ];
    for (const path of paths) {
      const { headers } = await raw(world, path, 'text/html');
      assert.match(String(headers['content-security-policy']), /default-src 'none'/, path);
      assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/, path);
      assert.equal(headers['referrer-policy'], 'same-origin', path);
      assert.equal(headers['x-content-type-options'], 'nosniff', path);
      assert.equal(headers['x-frame-options'], 'DENY', path);
      assert.equal(headers['x-powered-by'], undefined, path);
      assert.equal(headers['strict-transport-security'], undefined, path);
    }
  });

  it('refuses the development mailbox where mail leaves by SMTP', async () => {
    assert.equal((await raw(world, '/dev/mailbox', 'text/html')).status, 404);
  });
});

describe('many tenants in few Providers', () => {
  it('goes on with a sign-in whose Provider was forgotten in between', async () => {
    const world = await startWorld({ mostProviders: 1 });
    try {
      await world.invite('lru@partner.example');
      const jar = new Jar();
      const begun = await world.begin('a');
      await jar.follow(await jar.get(begun.url));
      await world.begin('b');
      const location = await world.signIn(jar, begun, 'lru@partner.example');
      await world.begin('b');
      assert.equal((await world.redeem(begun, location)).claims()?.['tid'], 'a');
    } finally {
      await world.close();
    }
  });
});

describe('an installation that lets people name the organisation', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ settings: { tenantPicker: true } });
  });
  after(() => world.close());

  it('R16 asks for it where the request names none, and goes on with the same request', async () => {
    const jar = new Jar();
    const begun = await world.begin('a');
    const bare = new URL(`/authorize${begun.url.search}`, world.publicUrl);
    const asked = await jar.get(bare);
    assert.equal(asked.status, 400);
    assert.match(asked.text, /<form method="get" action="\/authorize">/);
    const fields = [...asked.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
    const named = new URLSearchParams(fields.map(([, name = '', value = '']) => [name, value]));
    assert.equal(named.get('state'), begun.state);
    named.set('tenantid', 'a.example');
    const page = await jar.follow(await jar.get(`${world.publicUrl}/authorize?${named}`));
    assert.equal(heading(page), 'Sign in to Tenant A');
  });

  it('R16 suggests nothing, and asks again after a name it does not know', async () => {
    const again = await new Jar().get(`${world.publicUrl}/?tenantid=nobody.example`);
    assert.equal(again.status, 400);
    assert.match(again.text, /We do not know that organisation/);
    assert.match(again.text, /name="tenantid"/);
    assert.doesNotMatch(again.text, /Tenant A|a\.example/);
  });

  it('R14 R16 gives programs the error all the same, and never asks below a tenant', async () => {
    const program = await raw(world, '/authorize?client_id=docs', 'application/json');
    assert.match(program.text, /"error_code":"tenant_missing"/);
    assert.doesNotMatch(
      (await new Jar().get(`${world.publicUrl}/nobody/`)).text,
      /name="tenantid"/,
    );
  });
});

interface Raw {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

function hostOf(world: World): string {
  return new URL(world.publicUrl).host;
}

/** Sends a path exactly as written: URL would normalise what is being tested. */
function raw(
  world: World,
  path: string,
  accept: string,
  headers: Record<string, string> = {},
): Promise<Raw> {
  const { hostname, port } = new URL(world.publicUrl);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, headers: { accept, ...headers } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    sent.on('error', reject).end();
  });
}

function overSocket(world: World, text: string): Promise<string> {
  const { hostname, port } = new URL(world.publicUrl);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.on('error', reject).on('close', () => resolve(answer));
  });
}
