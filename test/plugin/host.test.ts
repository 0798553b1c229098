import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import Koa from 'koa';
import { Provider } from 'oidc-provider';
import * as client from 'openid-client';
import { createGuests, type Guests } from '../../src/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { heading, hidden, Jar } from '../support/jar.ts';
import { freePort, passcodeIn } from '../support/world.ts';
import { png } from '../tenants/pictures.ts';
import { startSmtp, type TestRelay } from '../support/smtp.ts';

const CALLBACK = 'http://127.0.0.1:9998/cb';
const tenant = { verifiedDomains: [], emailOneTimePasscode: 'default', clients: [] } as const;

const branding = {
  logo: { type: 'image/png', bytes: png(40, 10) },
  accent: '#0f766e',
  background: { type: 'image/png', bytes: png(8, 8) },
} as const;

describe('createGuests in a host of one issuer', () => {
  let folder: string;
  let relay: TestRelay;
  let server: Server;
  let guests: Guests;
  let issuer: string;
  let relyingParty: client.Configuration;
  const hostLog: string[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'guestpass-host-'));
    relay = await startSmtp();
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    issuer = `${origin}/oidc`;
    guests = await createGuests({
      publicUrl: origin,
      tenants: [
        { ...tenant, id: 'fabrikam', displayName: 'Fabrikam', verifiedDomains: ['fabrikam.com'] },
        { ...tenant, id: 'contoso', displayName: 'Contoso', branding },
      ],
      database: { kind: 'sqlite', file: join(folder, 'host.db') },
      mail: {
        from: 'no-reply@host.example',
        transport: {
          kind: 'smtp',
          host: '127.0.0.1',
          port: relay.port,
          implicitTls: false,
          requireTls: false,
        },
      },
      secrets: {
        peppers: [randomBytes(32)],
        sealingKey: randomBytes(32),
        cookieKeys: [randomBytes(32)],
      },
      log: createLog({ level: 'silent' }),
    });
    const provider = new Provider(
      issuer,
      guests.configuration({
        clients: [
          {
            client_id: 'app',
            client_name: 'Host App',
            client_secret: 'a-secret-of-the-host-for-tests-only',
            redirect_uris: [CALLBACK],
          },
        ],
        jwks: await guests.parts.signingKeys.jwksFor('host'),
      }),
    );
    guests.attach(provider);
    // A plain host: an application of its own that mounts the Provider below a path.
    const app = new Koa();
    app.use(async (ctx, next) => {
      hostLog.push(ctx.path);
      if (ctx.path === '/hello') ctx.body = 'hello from the host';
      else await next();
    });
    const callback = provider.callback();
    const hostCallback = app.callback();
    server = createServer((request, response) => {
      const url = request.url ?? '';
      if (!url.startsWith('/oidc/')) return void hostCallback(request, response);
      (request as { originalUrl?: string }).originalUrl = url;
      request.url = url.slice('/oidc'.length);
      void callback(request, response);
    });
    await new Promise<void>((ready) => server.listen(port, '127.0.0.1', ready));
    assert.ok((server.address() as AddressInfo).port);
    relyingParty = await client.discovery(
      new URL(issuer),
      'app',
      undefined,
      client.ClientSecretBasic('a-secret-of-the-host-for-tests-only'),
      { execute: [client.allowInsecureRequests] },
    );
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    await relay.stop();
    await guests.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function begin(parameters: Record<string, string>) {
    const verifier = client.randomPKCECodeVerifier();
    const url = client.buildAuthorizationUrl(relyingParty, {
      redirect_uri: CALLBACK,
      scope: 'openid email',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...parameters,
    });
    return { url, verifier };
  }

  it('draws a tenant’s own look from below the mount', async () => {
    const { url } = await begin({ tenantid: 'contoso' });
    const jar = new Jar();
    const page = await jar.follow(await jar.get(url));
    const at = (pattern: RegExp) => pattern.exec(page.text)?.[1] ?? '';
    const theme = at(/href="([^"]+theme\.css[^"]*)"/);
    assert.match(theme, /^\/oidc\/signin\/assets\/contoso\/theme\.css\?v=/);
    const sheet = await jar.get(new URL(theme, issuer));
    assert.match(String(sheet.headers['cache-control']), /immutable/);
    const picture = /url\("([^"]+)"\)/.exec(sheet.text)?.[1] ?? '';
    for (const path of [picture, at(/<img src="([^"]+)"/)]) {
      const answer = await jar.get(new URL(path, issuer));
      assert.equal(answer.status, 200, path);
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      assert.equal(answer.headers['content-type'], 'image/png');
    }
    for (const path of ['fabrikam/theme.css', 'nobody/theme.css', 'contoso/secrets']) {
      const answer = await jar.get(new URL(`/oidc/signin/assets/${path}`, issuer));
      assert.equal(answer.status, 404, path);
    }
  });

  it('signs a guest in under the host’s issuer, with the tenant as a claim', async () => {
    const invited = await guests.invite({ tenant: 'fabrikam', address: 'teri@gmail.com' });
    assert.equal(invited.outcome, 'invited');
    const guest = invited.outcome === 'invited' ? invited.guest : undefined;
    const { url, verifier } = await begin({ tenantid: 'fabrikam.com' });
    const jar = new Jar();
    const page = await jar.follow(await jar.get(url));
    assert.equal(heading(page), 'Sign in to Fabrikam');
    assert.match(page.text, /Host App/);
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'/);
    const sheet = /href="([^"]+style\.css[^"]*)"/.exec(page.text)?.[1];
    assert.match(sheet ?? '', /^\/oidc\/signin\/assets\//);
    assert.equal((await jar.get(new URL(sheet!, issuer))).status, 200);
    const csrf = hidden(page, 'csrf');
    await jar.post(`${page.url.href}/address`, { csrf, email: 'teri@gmail.com' });
    await jar.post(`${page.url.href}/send`, { csrf });
    const mail = await relay.nextMail('teri@gmail.com');
    const code = passcodeIn(mail.parsed.text ?? '');
    const review = await jar.follow(await jar.post(`${page.url.href}/passcode`, { csrf, code }));
    assert.equal(heading(review), 'Review permissions');
    const done = await jar.follow(await jar.post(`${page.url.href}/accept`, { csrf }));
    const tokens = await client.authorizationCodeGrant(relyingParty, new URL(done.location!), {
      pkceCodeVerifier: verifier,
      expectedState: client.skipStateCheck,
    });
    const claims = tokens.claims();
    assert.equal(claims?.iss, issuer);
    assert.equal(claims?.sub, guest?.id);
    assert.equal(claims?.['tid'], 'fabrikam');
    assert.equal(claims?.['email'], 'teri@gmail.com');

    const same = await jar.follow(await jar.get((await begin({ tenantid: 'fabrikam' })).url));
    assert.match(same.location ?? '', /code=/);
    const other = await jar.follow(await jar.get((await begin({ tenantid: 'contoso' })).url));
    assert.equal(heading(other), 'Sign in to Contoso');
  });

  it('P10 begins a sign-in that is gone anew, below the mount and for the same tenant', async () => {
    const { url } = await begin({ tenantid: 'contoso', state: 'kept' });
    const jar = new Jar();
    const page = await jar.follow(await jar.get(url));
    for (const [key, { name }] of jar.cookies) {
      if (name === 'interaction' || name === 'resume') jar.cookies.delete(key);
    }
    const gone = await jar.get(page.url);
    assert.deepEqual([gone.status, heading(gone)], [400, 'This page has expired']);
    assert.match(gone.text, /Host App/);
    assert.match(gone.text, /<form method="post" action="\/oidc\/signin\/restart">/);
    assert.match(gone.text, /signin\/assets\/contoso\/theme\.css/);
    const restart = hidden(gone, 'restart');
    const again = await jar.post(`${issuer}/signin/restart`, { restart });
    const asked = new URL(again.location!);
    assert.equal(asked.origin + asked.pathname, `${issuer}/auth`);
    assert.deepEqual(
      ['tenantid', 'state'].map((name) => asked.searchParams.get(name)),
      ['contoso', 'kept'],
    );
    assert.equal(heading(await jar.follow(again)), 'Sign in to Contoso');
    const over = await jar.get(`${issuer}/auth/${page.url.pathname.split('/').at(-1)}`);
    assert.equal(over.status, 303);
    assert.match(over.location ?? '', /^\/oidc\/signin\/[\w-]+\/over$/);
  });

  it('R18 50196 stops an application that always sends the guest back, below the mount', async () => {
    const jar = new Jar();
    const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const silent = { tenantid: 'contoso', prompt: 'none' };
    for (let round = 0; round < 4; round += 1) {
      const { location } = await jar.get((await begin(silent)).url, navigation);
      assert.match(location ?? '', /error=login_required/);
    }
    const page = await jar.get((await begin(silent)).url, navigation);
    assert.equal(heading(page), 'Host App sends you back again and again');
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'/);
    assert.match(page.text, /<a class="button" href="\/oidc\/auth\?/);
  });

  for (const [what, parameters, code] of [
    ['no tenantid', {}, 'tenant_missing'],
    ['an unknown tenantid', { tenantid: 'nobody' }, 'tenant_unknown'],
    ['an audience for a tenant', { tenantid: 'common' }, 'tenant_missing'],
  ] as const) {
    it(`R12 S35 rejects a request with ${what} by itself, without a redirect`, async () => {
      const { url } = await begin(parameters);
      const answer = await new Jar().send('GET', url, { accept: '*/*' });
      assert.equal(answer.status, 400);
      assert.equal(answer.location, undefined);
      assert.equal((JSON.parse(answer.text) as Record<string, string>)['error_code'], code);
      const page = await new Jar().get(url);
      assert.equal(heading(page), 'Use the link from your organisation');
    });
  }

  it('leaves the host’s own pages alone', async () => {
    const answer = await new Jar().get(`${new URL(issuer).origin}/hello`);
    assert.equal(answer.text, 'hello from the host');
    assert.ok(hostLog.includes('/hello'));
  });
});
