import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import { type Configuration, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { defaultLimits } from '../../src/domain/limits.ts';
import { LANGUAGES } from '../../src/i18n/languages.ts';
import type { Directory } from '../../src/guests/directory.ts';
import { type ConfigurationDeps, createOidcConfiguration } from '../../src/oidc/configuration.ts';
import { createCookieSigner } from '../../src/oidc/cookies.ts';
import type { Store } from '../../src/storage/store.ts';

const NOW = 1_800_000_000;
const DAY = 86_400;
/** Stands for whatever these tests do not reach. */
const untouched: unknown = {};

const deps: ConfigurationDeps = {
  store: { oidc: {}, sessions: {} } as Store,
  directory: untouched as Directory,
  browser: { ensure: () => 'browser-A', read: () => 'browser-A' },
  signer: createCookieSigner([randomBytes(32)]),
  pages: {
    error: () => Promise.resolve(),
    signOut: () => Promise.resolve(),
    signedOut: () => Promise.resolve(),
  },
  guestSessions: { end: () => Promise.resolve(false) },
  limits: defaultLimits,
  clock: () => NOW,
  secure: true,
  gathered: { of: () => undefined, around: () => Promise.resolve() },
  admit: () => undefined,
  dpopSecret: randomBytes(32),
  pairwiseKey: createSecretKey(randomBytes(32)),
};
const tenant = {
  id: 'a',
  displayName: 'A',
  verifiedDomains: [],
  emailOneTimePasscode: 'default',
  clients: [],
} as const;

function configure(yours: Configuration = {}, namespace = 'a'): Configuration {
  const issuer = {
    namespace,
    tenantId: 'a',
    tenantOf: () => tenant,
    pagesPath: (_ctx: KoaContextWithOIDC, uid: string) => `/a/signin/${uid}`,
    extraParams: {},
  };
  return createOidcConfiguration(deps, issuer, yours);
}

/** Calls one of the life spans as the engine does. */
function ttl(of: Configuration, model: string, entity: object = {}): unknown {
  const spans: Record<string, unknown> = { ...of.ttl };
  const span = spans[model];
  return typeof span === 'function' ? span(untouched, entity, untouched) : span;
}

const subject = (namespace: string, sectorIdentifier: string, account: string): unknown =>
  Reflect.apply(configure({}, namespace).pairwiseIdentifier ?? assert.fail, undefined, [
    untouched,
    account,
    { sectorIdentifier },
  ]);

const supported = (of: Configuration) => of.discovery?.['ui_locales_supported'];

describe('createOidcConfiguration', () => {
  it('is taken by the engine', async () => {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const jwks = { keys: [await exportJWK(privateKey)] };
    const provider = new Provider('https://guest.example/a/v2.0', configure({ jwks }));
    assert.equal(provider.issuer, 'https://guest.example/a/v2.0');
  });

  it('names the languages of the pages, those of the tenant where it says so', () => {
    assert.deepEqual(supported(configure()), Object.keys(LANGUAGES));
    assert.deepEqual(supported(configure({ discovery: { ui_locales_supported: ['en'] } })), ['en']);
    const issuer = {
      namespace: 'a',
      tenantId: 'a',
      tenantOf: () => tenant,
      pagesPath: () => '',
      extraParams: {},
      languages: ['de', 'en'],
    };
    assert.deepEqual(supported(createOidcConfiguration(deps, issuer, {})), ['de', 'en']);
  });

  it('R25 S28 gives a session what is left of its 24 hours, and no more at each use', () => {
    const of = configure();
    assert.equal(ttl(of, 'Session', { loginTs: NOW }), DAY);
    assert.equal(ttl(of, 'Session', { loginTs: NOW - 23 * 3600 }), 3600);
    assert.equal(ttl(of, 'Session', { loginTs: NOW - DAY }), 1);
    assert.equal(ttl(of, 'Session', { loginTs: NOW - 2 * DAY }), 1);
    assert.ok(Number(ttl(of, 'Session')) < 3600, 'nobody has signed in yet');
  });

  it('S47 ends a refresh token 24 hours after the sign-in', () => {
    const of = configure();
    assert.equal(ttl(of, 'RefreshToken', { authTime: NOW - 3600 }), DAY - 3600);
    assert.equal(ttl(of, 'RefreshToken', { authTime: NOW - 2 * DAY }), 1);
    assert.equal(of.rotateRefreshToken, true);
  });

  it('S28 lets no host lengthen a session, a grant or a sign-in', () => {
    const long = 10 * DAY;
    const of = configure({
      ttl: { Session: long, Grant: long, Interaction: long, RefreshToken: long },
    });
    assert.equal(ttl(of, 'Session', { loginTs: NOW }), DAY);
    assert.equal(ttl(of, 'Grant'), DAY);
    assert.equal(ttl(of, 'Interaction'), 3600);
    assert.equal(ttl(of, 'RefreshToken', { authTime: NOW }), DAY);
  });

  it('S41 answers with codes only, and never with the development pages', () => {
    const of = configure({ features: { devInteractions: { enabled: true } } });
    assert.deepEqual(of.responseTypes, ['code']);
    assert.deepEqual(of.features?.devInteractions, { enabled: false });
  });

  it('S40 demands PKCE of every client', () => {
    const required = configure().pkce?.required;
    assert.equal(required?.(...([] as unknown as Parameters<typeof required>)), true);
  });

  it('S34 T66 sends cookies that script and other sites do not see', () => {
    const { cookies } = configure();
    for (const options of [cookies?.long, cookies?.short]) {
      assert.deepEqual(
        [options?.httpOnly, options?.sameSite, options?.secure, options?.signed, options?.domain],
        [true, 'lax', true, true, undefined],
      );
    }
    assert.equal(cookies?.long?.path, '/', '__Host- demands it');
    assert.match(cookies?.names?.session ?? '', /^__Host-sid_/);
    assert.notEqual(configure({}, 'b').cookies?.names?.session, cookies?.names?.session);
  });

  it('S46 lets a client look into its own tokens only', () => {
    const introspection = configure().features?.introspection;
    assert.ok(introspection && 'allowedPolicy' in introspection);
    const allows = (own: string): unknown =>
      Reflect.apply(introspection.allowedPolicy ?? assert.fail, undefined, [
        untouched,
        { clientId: own },
        { clientId: 'docs' },
      ]);
    assert.deepEqual([allows('docs'), allows('other')], [true, false]);
  });

  it('S37 gives pairwise subjects that differ by issuer, sector and guest', () => {
    const all = [
      subject('a', 'x.example', 'g1'),
      subject('b', 'x.example', 'g1'),
      subject('a', 'y.example', 'g1'),
      subject('a', 'x.example', 'g2'),
    ];
    assert.equal(new Set(all).size, all.length);
    assert.equal(subject('a', 'x.example', 'g1'), all[0]);
  });

  it('S45 adds its acrs to those of the host', () => {
    const { acrValues } = configure({ acrValues: ['urn:host'] });
    const ours = ['urn:guestpass:acr:email-otp', 'urn:guestpass:acr:federated'];
    assert.deepEqual([...(acrValues ?? [])], ['urn:host', ...ours]);
  });
});
