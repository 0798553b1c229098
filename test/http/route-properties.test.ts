import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { errorTable } from '../../src/domain/errors.ts';
import { createTenantIndex, type Tenant } from '../../src/domain/tenant.ts';
import { routeRequest } from '../../src/http/route.ts';
import { corpus, runs } from '../support/fuzz.ts';

const HOST = 'guest.example';
const tenant = (id: string): Tenant => ({
  id,
  displayName: id,
  verifiedDomains: [`${id}.example`],
  emailOneTimePasscode: 'default',
  clients: [],
});
const index = createTenantIndex([tenant('a'), tenant('b')]);
const NAMES = { a: ['a', 'a.example'], b: ['b', 'b.example'] };

const piece = fc.oneof(
  fc.constantFrom(
    '/',
    '/',
    '/',
    '//',
    '\\',
    '..',
    '.',
    '%2e%2e',
    '%2E.',
    '%2f',
    '%5c',
    '%00',
    '\t',
  ),
  fc.constantFrom('a', 'b', 'A', 'a.example', 'B.EXAMPLE', 'common', 'evil.example', '@evil', ':'),
  fc.constantFrom('v2.0', 'auth', 'signin', 'invitation', 'branding/logo', 'theme.css', 'home'),
  fc.constantFrom('?', '&', 'tenant=', 'tenantid=a', 'tenant=b', 'ten%61nt=a', '#', ';', ' '),
  fc.constantFrom('.well-known', 'openid-configuration', 'authorize', 'assets', 'dev/mailbox'),
  fc.string({ unit: 'binary', maxLength: 3 }),
);
const pieces = fc.array(piece, { maxLength: 12 }).map((all) => all.join(''));
const url = fc.oneof(
  pieces.map((text) => `/${text}`),
  fc
    .tuple(fc.constantFrom('/a/', '/a.example/', '/B.example/signin/', '/a/v2.0/auth?'), pieces)
    .map(([start, text]) => start + text),
  pieces,
);
const options = { ...runs(6000), examples: corpus('request-urls').map(({ input }) => [input]) };
const route = (text: string) => routeRequest({ url: text, hosts: [HOST] }, index, HOST);

describe('routeRequest, for whatever is asked', () => {
  it('R14 S35 gives a tenant nothing that does not name it exactly, in the path or the query', () => {
    fc.assert(
      fc.property(url, (text) => {
        const given = route(text);
        if (given.to === 'refusal') {
          assert.ok(Object.hasOwn(errorTable, given.code));
          return;
        }
        if (given.to === 'server') {
          assert.match(text, /^\/(?:assets\/|dev\/mailbox(?:[/?]|$))/);
          return;
        }
        const id = given.to === 'redirect' ? given.location.split('/')[1] : given.tenant.id;
        assert.ok(id === 'a' || id === 'b', JSON.stringify(given));
        const [path = '', search = ''] = text.split(/\?(.*)/s);
        const query = new URLSearchParams(search);
        const named = [
          ...path.split('/').slice(1),
          ...query.getAll('tenant'),
          ...query.getAll('tenantid'),
        ].map((name) => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
        assert.ok(
          named.some((name) => NAMES[id].includes(name)),
          `${text} named no ${id}`,
        );
      }),
      options,
    );
  });

  it('T40 redirects below the tenant that was named alone, as a browser resolves it', () => {
    fc.assert(
      fc.property(url, (text) => {
        const given = route(text);
        if (given.to !== 'redirect') return;
        const resolved = new URL(given.location, `https://${HOST}`);
        assert.equal(resolved.origin, `https://${HOST}`);
        const [, id = ''] = given.location.split('/');
        assert.ok(resolved.pathname.startsWith(`/${id}/`), `${given.location} → ${resolved.href}`);
      }),
      options,
    );
  });

  it('S35 hands the engine no path that leaves its mount when it is normalised', () => {
    fc.assert(
      fc.property(url, (text) => {
        const given = route(text);
        if (given.to === 'branding') assert.match(given.name, /^[a-z-]+[/.][a-z-]+$/);
        if (given.to !== 'engine') return;
        const { pathname } = new URL(`https://${HOST}${given.originalUrl}`);
        assert.ok(pathname.startsWith(`/${given.tenant.id}/`), given.originalUrl);
        assert.ok(given.originalUrl.endsWith(given.url));
      }),
      options,
    );
  });
});
