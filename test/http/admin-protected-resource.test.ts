import assert from 'node:assert/strict';
import { request } from 'node:http';
import { ADMIN_SCOPES } from '../../src/domain/admin-scope.ts';
import { type AdminWorld, opsClient, startAdminWorld } from '../support/admin-api.ts';
import { secretOf } from '../support/world.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

interface Metadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
}

describe('the protected resource metadata of the admin API', () => {
  let world: AdminWorld;
  before(async () => {
    world = await startAdminWorld();
  });
  after(() => world.close());

  it('leads a program that knows the address alone to a token that is taken', async () => {
    const refused = await fetch(`${world.adminUrl}/a/v1.0/users`);
    assert.equal(refused.status, 401);
    const challenge = refused.headers.get('www-authenticate') ?? '';
    const url = /resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? '';
    assert.equal(url, `${world.adminUrl}${WELL_KNOWN}/a/v1.0`);
    const answer = await fetch(url);
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
    const metadata = (await answer.json()) as Metadata;
    const issuer = `${world.publicUrl}/a/v2.0`;
    assert.deepEqual(metadata, {
      resource: `${issuer}/admin`,
      authorization_servers: [issuer],
      scopes_supported: [...ADMIN_SCOPES],
      bearer_methods_supported: ['header'],
    });
    const discovery = await fetch(
      `${metadata.authorization_servers[0]}/.well-known/openid-configuration`,
    );
    const { token_endpoint: endpoint } = (await discovery.json()) as { token_endpoint: string };
    const { client_id: id } = opsClient('a') as { client_id: string };
    const given = await fetch(endpoint, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${id}:${secretOf('a')}`).toString('base64')}`,
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        resource: metadata.resource,
        scope: 'guests.read',
      }),
    });
    const { access_token: token } = (await given.json()) as { access_token: string };
    assert.equal((await world.send('GET', '/users', { token })).status, 200);
  });

  it('S33 answers for a tenant that is not there as for any path that is not', async () => {
    const nothing = await fetch(`${world.adminUrl}/nothing`);
    const words = await nothing.text();
    for (const path of ['/nobody/v1.0', '/A/v1.0', '/a/v2.0', '/a/v1.0/', '/a.example/v1.0', '']) {
      const answer = await fetch(`${world.adminUrl}${WELL_KNOWN}${path}`);
      assert.equal(answer.status, 404, path);
      assert.equal(await answer.text(), words);
    }
    const posted = await fetch(`${world.adminUrl}${WELL_KNOWN}/a/v1.0`, { method: 'POST' });
    assert.equal(posted.status, 404);
  });

  it('S60 is not there on the public listener', async () => {
    const answer = await fetch(`${world.publicUrl}${WELL_KNOWN}/a/v1.0`);
    assert.notEqual(answer.status, 200);
  });

  it('takes the scheme of a proxy in front, and no words from Host', async () => {
    const proxied = { host: 'admin.guest.example', 'x-forwarded-proto': 'https' };
    const at = `https://admin.guest.example${WELL_KNOWN}/a/v1.0`;
    assert.equal(await challengeFor(world.adminUrl, proxied), `Bearer resource_metadata="${at}"`);
    for (const host of ['evil", error="x', 'a b', 'x/y', '"']) {
      assert.equal(await challengeFor(world.adminUrl, { host }), 'Bearer', host);
    }
    const badToken = { host: '"', authorization: 'Bearer nonsense' };
    assert.equal(await challengeFor(world.adminUrl, badToken), 'Bearer error="invalid_token"');
  });
});

/** What a request without a good token is told; by hand, for `fetch` sends no Host of ours. */
function challengeFor(
  adminUrl: string,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    request(`${adminUrl}/a/v1.0/users`, { headers }, (answer) => {
      answer.resume();
      resolve(answer.headers['www-authenticate'] ?? '');
    })
      .on('error', reject)
      .end();
  });
}
