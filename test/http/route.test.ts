import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { createTenantIndex, type Tenant } from '../../src/domain/tenant.ts';
import { type Route, routeRequest } from '../../src/http/route.ts';

const HOST = 'guest.example:8443';

function tenant(id: string, ...verifiedDomains: string[]): Tenant {
  return { id, displayName: id, verifiedDomains, emailOneTimePasscode: 'default', clients: [] };
}

const a = tenant('a', 'a.example');
const b = tenant('b', 'b.example');
const index = createTenantIndex([a, b]);

const route = (url: string): Route => routeRequest({ url, hosts: [HOST] }, index, HOST);

const query = (count: number): string =>
  Array.from({ length: count }, (_, at) => `p${at}=x`).join('&');

/** A route in one line: `engine a /v2.0/auth`, `redirect /a/`, `refusal tenant_missing`. */
function say(given: Route): string {
  switch (given.to) {
    case 'engine':
      return `engine ${given.tenant.id} ${given.url} at ${given.originalUrl}`;
    case 'redirect':
      return `redirect ${given.location}`;
    case 'refusal':
      return `refusal ${given.code}`;
    case 'server':
      return given.to;
    case 'branding':
      return `branding ${given.tenant.id} ${given.name}`;
    default:
      return 'nowhere';
  }
}

function rows(table: Readonly<Record<string, string>>): void {
  for (const [url, expected] of Object.entries(table)) {
    it(`${url} → ${expected}`, () => assert.equal(say(route(url)), expected));
  }
}

describe('routeRequest', () => {
  describe('R12 finds the tenant in the path', () => {
    rows({
      '/a/v2.0/auth?client_id=x': 'engine a /auth?client_id=x at /a/v2.0/auth?client_id=x',
      '/a/v2.0/token': 'engine a /token at /a/v2.0/token',
      '/a/signin/uid-1': 'engine a /signin/uid-1 at /a/signin/uid-1',
      '/a/': 'engine a /signin/home at /a/signin/home',
      '/a': 'redirect /a/',
      '/a/invitation?ticket=t':
        'engine a /signin/invitation?ticket=t at /a/signin/invitation?ticket=t',
      '/a/invitation/block': 'engine a /signin/invitation/block at /a/signin/invitation/block',
      '/a/invitations': 'refusal not_found',
      '/a.example/invitation?ticket=t': 'redirect /a/invitation?ticket=t',
      '/a?x=1': 'redirect /a/?x=1',
      '/a/v2.0/.well-known/openid-configuration':
        'engine a /.well-known/openid-configuration at /a/v2.0/.well-known/openid-configuration',
    });
  });

  describe('S43 serves RFC 8414 metadata of the issuer', () => {
    const at =
      'engine a /.well-known/oauth-authorization-server at /a/v2.0/.well-known/oauth-authorization-server';
    rows({
      '/.well-known/oauth-authorization-server/a/v2.0': at,
      '/.well-known/oauth-authorization-server/a/v2.0/': at,
      '/.well-known/oauth-authorization-server/a.example/v2.0': at,
      '/.well-known/openid-configuration/a/v2.0':
        'engine a /.well-known/openid-configuration at /a/v2.0/.well-known/openid-configuration',
    });
  });

  it('S59 takes 64 parameters and no more', () => {
    assert.equal(route(`/a/v2.0/auth?${query(64)}`).to, 'engine');
    for (const path of ['/a/v2.0/auth', '/auth', '/a/signin/uid', '/assets/style.css']) {
      assert.equal(say(route(`${path}?${query(65)}`)), 'refusal parameter_malformed', path);
      assert.equal(say(route(`${path}?${'&'.repeat(3000)}`)), 'refusal parameter_malformed', path);
    }
  });

  describe('R12 takes a verified domain for an alias', () => {
    rows({
      '/a.example/v2.0/auth?x=%20y': 'redirect /a/v2.0/auth?x=%20y',
      '/A.Example/v2.0/auth/resume-uid': 'redirect /a/v2.0/auth/resume-uid',
      '/a.example/v2.0/AUTH/': 'redirect /a/v2.0/AUTH/',
      '/a.example/v2.0/session/end?x=1': 'redirect /a/v2.0/session/end?x=1',
      '/a.example/v2.0/session/end/confirm': 'redirect /a/v2.0/session/end/confirm',
      '/a.example/signin/uid-1/send': 'redirect /a/signin/uid-1/send',
      '/a.example/': 'redirect /a/',
      '/a.example': 'redirect /a/',
      '/a.example/v2.0/token': 'engine a /token at /a/v2.0/token',
      '/a.example/v2.0/jwks': 'engine a /jwks at /a/v2.0/jwks',
      '/a.example/v2.0/.well-known/openid-configuration':
        'engine a /.well-known/openid-configuration at /a/v2.0/.well-known/openid-configuration',
    });
  });

  describe('finds the files of a tenant’s own look', () => {
    rows({
      '/a/theme.css?v=1': 'branding a theme.css',
      '/a.example/theme.css': 'branding a theme.css',
      '/a/branding/logo-dark': 'branding a branding/logo-dark',
      '/a/branding/logo/': 'refusal not_found',
      '/a/branding/secret': 'refusal not_found',
      '/a/branding/%6cogo': 'refusal not_found',
      '/nobody/branding/logo': 'refusal tenant_unknown',
    });
  });

  it('says whose page a refusal is, where the path names one', () => {
    const refused = route('/a/nothing');
    assert.equal(refused.to === 'refusal' && refused.tenant, a);
  });

  describe('R12 takes tenantid at the root', () => {
    rows({
      '/?tenantid=a': 'redirect /a/',
      '/?tenantid=a.example&x=1': 'redirect /a/',
      '/authorize?tenantid=a&state=%C3%A9%20': 'redirect /a/v2.0/auth?tenantid=a&state=%C3%A9%20',
      '/auth?tenant=b': 'redirect /b/v2.0/auth?tenant=b',
      '/oauth2/v2.0/authorize?tenantid=a': 'redirect /a/v2.0/auth?tenantid=a',
      '/v2.0/auth/?tenantid=a': 'redirect /a/v2.0/auth?tenantid=a',
    });
  });

  describe('R14 ends without tenant context in an error', () => {
    rows({
      '/': 'refusal tenant_missing',
      '/?': 'refusal tenant_missing',
      '/?tenantid=': 'refusal tenant_missing',
      '/auth?client_id=x': 'refusal tenant_missing',
      '/authorize': 'refusal tenant_missing',
      '/?tenantid=nobody': 'refusal tenant_unknown',
      '/auth?tenantid=%00a': 'refusal tenant_unknown',
      '/.well-known/openid-configuration': 'refusal tenant_missing',
      '/.well-known/openid-configuration/v2.0': 'refusal tenant_missing',
      '/.well-known/oauth-authorization-server/x/v2.0': 'refusal tenant_unknown',
    });
  });

  describe('R15 takes an audience for no tenant', () => {
    rows({
      '/common/v2.0/auth': 'refusal tenant_missing',
      '/organizations/v2.0/auth': 'refusal tenant_missing',
      '/Consumers/v2.0/auth': 'refusal tenant_missing',
      '/?tenantid=common': 'refusal tenant_missing',
      '/.well-known/openid-configuration/common/v2.0': 'refusal tenant_missing',
    });
  });

  describe('T41 decodes and normalises nothing', () => {
    rows({
      '//v2.0/auth': 'refusal tenant_missing',
      '/unknown/v2.0/auth': 'refusal tenant_unknown',
      '/A/v2.0/auth': 'refusal tenant_unknown',
      '/%61/v2.0/auth': 'refusal tenant_unknown',
      '/a%2f..%2fb/v2.0/auth': 'refusal tenant_unknown',
      '/a;x/v2.0/auth': 'refusal tenant_unknown',
      '/a%00/v2.0/auth': 'refusal tenant_unknown',
      '/a./v2.0/auth': 'refusal tenant_unknown',
      '/a.example./v2.0/auth': 'refusal tenant_unknown',
      '/../a/v2.0/auth': 'refusal tenant_unknown',
      '/./a/v2.0/auth': 'refusal tenant_unknown',
      '/a/../b/v2.0/auth': 'refusal not_found',
      '/a/v1.0/auth': 'refusal not_found',
      '/a/V2.0/auth': 'refusal not_found',
      '/a//v2.0/auth': 'refusal not_found',
      '/a\\v2.0/auth': 'refusal tenant_unknown',
      '/__proto__/v2.0/auth': 'refusal tenant_unknown',
      '/favicon.ico': 'refusal not_found',
      '/robots.txt': 'refusal not_found',
      '/a.example/v2.0/../v2.0/auth': 'refusal not_found',
    });
  });

  describe('S35 refuses two names that disagree', () => {
    rows({
      '/a/v2.0/auth?tenantid=b': 'refusal tenant_conflict',
      '/a/v2.0/auth?tenant=b.example': 'refusal tenant_conflict',
      '/a/v2.0/auth?tenantid=nobody': 'refusal tenant_conflict',
      '/a/v2.0/auth?tenantid=common': 'refusal tenant_conflict',
      '/a/v2.0/auth?tenantid=': 'refusal tenant_conflict',
      '/a/v2.0/auth?tenantid=a&tenantid=b': 'refusal tenant_conflict',
      '/a.example/v2.0/auth?tenantid=b': 'refusal tenant_conflict',
      '/?tenantid=a&tenant=b': 'refusal tenant_conflict',
      '/auth?tenantid=a&tenantid=b': 'refusal tenant_conflict',
      '/a/?tenant=b': 'refusal tenant_conflict',
      '/a/v2.0/auth?tenantid=a': 'engine a /auth?tenantid=a at /a/v2.0/auth?tenantid=a',
      '/a/v2.0/auth?tenantid=a.example':
        'engine a /auth?tenantid=a.example at /a/v2.0/auth?tenantid=a.example',
      '/auth?tenantid=a&tenant=a.example': 'redirect /a/v2.0/auth?tenantid=a&tenant=a.example',
    });
  });

  describe('answers for the server itself', () => {
    rows({
      '/assets/style.css?v=1': 'server',
      '/dev/mailbox': 'server',
      '/dev/mailbox/1': 'server',
      '/dev/mailboxes': 'refusal tenant_missing',
      '/assets': 'refusal tenant_missing',
    });
  });

  it('T40 S36 answers to its own host and port only, named once', () => {
    const others = [
      ['evil.example'],
      ['guest.example'],
      ['guest.example:8443.evil.example'],
      ['guest.example:8443@evil.example'],
      ['guest.example:8443, evil.example'],
      ['guest.example.:8443'],
      [HOST, HOST],
      [HOST, 'evil.example'],
      [''],
      [],
    ];
    for (const hosts of others) {
      for (const url of ['/a/v2.0/auth', '/.well-known/openid-configuration/a/v2.0', '/assets/x']) {
        assert.equal(
          say(routeRequest({ url, hosts }, index, HOST)),
          'refusal host_unknown',
          String(hosts),
        );
      }
    }
    assert.equal(
      say(routeRequest({ url: '/a/', hosts: ['GUEST.example:8443'] }, index, HOST)),
      'engine a /signin/home at /a/signin/home',
    );
  });

  it('T40 refuses the absolute form, which names a host of its own', () => {
    for (const url of [
      'http://evil.example/a/v2.0/auth',
      '*',
      '',
      'a/v2.0/auth',
      `http://${HOST}/a/`,
    ]) {
      assert.equal(say(route(url)), 'refusal request_refused', url);
    }
  });

  it('S35 T41 finds nothing behind a tenant by dot segments, or what a browser takes for a slash', () => {
    for (const path of [
      '/a.example/signin/../../b/',
      '/a.example/signin/%2e%2E/%2e./b/',
      '/a/signin/./home',
      '/a/signin/..',
      '/a.example/signin/..\\..\\b/',
      '/a/signin/home#/b',
    ]) {
      assert.equal(say(route(path)), 'refusal not_found', path);
    }
    assert.equal(route('/a/signin/...').to, 'engine');
    assert.equal(route('/a/signin/home?x=/../%5c').to, 'engine');
  });

  it('never redirects off the site, and engine URLs stay under their tenant', () => {
    const piece = fc.constantFrom(
      '/',
      '//',
      'a',
      'b',
      'A.EXAMPLE',
      'a.example',
      'v2.0',
      'auth',
      'signin',
      '..',
      '\\',
      '@evil',
      '%2f',
      '?',
      '&',
      'tenantid=',
      'tenant=a',
      'http:',
      '.well-known',
      'authorize',
      '#',
      ';',
    );
    const url = fc.array(piece, { maxLength: 10 }).map((pieces) => `/${pieces.join('')}`);
    fc.assert(
      fc.property(url, (text) => {
        const given = route(text);
        if (given.to === 'redirect') assert.match(given.location, /^\/[ab]\//);
        if (given.to === 'engine') {
          assert.match(given.originalUrl, new RegExp(`^/${given.tenant.id}/(?:v2\\.0/|signin/)`));
          assert.ok(given.originalUrl.endsWith(given.url));
        }
      }),
      { numRuns: 5000 },
    );
  });
});
