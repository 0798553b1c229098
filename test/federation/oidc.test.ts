import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../src/domain/clock.ts';
import type { Connection, OidcUpstream } from '../../src/domain/identity-provider.ts';
import { createOidcUpstream } from '../../src/federation/oidc.ts';
import type {
  StartOutcome,
  FederatedIdentity,
  FinishOutcome,
  Upstream,
  UpstreamFault,
  UpstreamMemory,
  UpstreamRequest,
} from '../../src/federation/identity.ts';
import { createOutboundWebFetch, OUTBOUND_TIMEOUT_MS } from '../../src/outbound/fetch.ts';
import type { Forgery } from '../support/forged-claims.ts';
import { type ForgingOidc, startForgingOidc } from '../support/forging-oidc.ts';
import { Jar } from '../support/jar.ts';
import {
  cancelAt,
  createAccountAt,
  signInAt,
  startUpstreamOidc,
  type UpstreamMisbehaviour,
  type UpstreamOidc,
} from '../support/upstream-oidc.ts';

const CALLBACK = 'http://127.0.0.1:9999/a/federation/partner/callback';
const GUEST = 'guest@partner.example';
const REQUEST: UpstreamRequest = {
  state: 'a-state-nobody-guesses',
  callbackUrl: CALLBACK,
  loginHint: null,
  locale: 'en',
  create: false,
  selectAccount: false,
  reauthenticate: false,
};
const systemClock: Clock = () => Math.floor(Date.now() / 1000);
const fetchLocally = createOutboundWebFetch({ allowLoopback: true });

type Begun = Extract<StartOutcome, { readonly location: string }>;

function connect(
  given: Partial<OidcUpstream> & Pick<OidcUpstream, 'issuer'>,
  deps: { clock?: Clock; fetch?: typeof fetchLocally; allowInsecure?: boolean } = {},
): Upstream {
  const connection: Connection & { upstream: OidcUpstream } = {
    id: 'partner',
    method: 'externalFederation',
    displayName: 'Partner',
    domains: ['partner.example'],
    members: { by: 'domain' },
    upstream: {
      protocol: 'oidc',
      clientId: 'guestpass',
      clientSecret: 'secret-of-guestpass-at-the-upstream',
      scope: 'openid email profile',
      ...given,
    },
    inbound: 'allowed',
    automaticRedemption: { inbound: false, outbound: false },
    regionScope: undefined,
    refusedDomains: [],
    consumerDomains: [],
  };
  const settled = { clock: systemClock, fetch: fetchLocally, allowInsecure: true, ...deps };
  return createOidcUpstream(connection, settled);
}

async function begin(upstream: Upstream, more: Partial<UpstreamRequest> = {}): Promise<Begun> {
  const begun = await upstream.start({ ...REQUEST, ...more });
  assert.ok('location' in begun, 'the upstream could be reached');
  return begun;
}

function come(upstream: Upstream, back: URL | URLSearchParams, memory: UpstreamMemory) {
  const parameters = back instanceof URL ? back.searchParams : back;
  return upstream.finish({ callbackUrl: CALLBACK, parameters }, memory);
}

function identityOf(outcome: FinishOutcome): FederatedIdentity {
  assert.equal(outcome.outcome, 'identity', JSON.stringify(outcome));
  return outcome.identity;
}

function faultOf(outcome: FinishOutcome): UpstreamFault {
  assert.equal(outcome.outcome, 'fault', JSON.stringify(outcome));
  assert.ok(!/partner|eyJ|secret/.test(outcome.detail), `says too much: ${outcome.detail}`);
  return outcome.fault;
}

describe('createOidcUpstream, with a real provider', () => {
  let provider: UpstreamOidc;
  let upstream: Upstream;

  before(async () => {
    provider = await startUpstreamOidc({
      accounts: [
        { address: GUEST, name: 'Guest of Partner' },
        { address: 'other@partner.example' },
      ],
    });
    provider.addClient({
      client_id: 'guestpass',
      client_secret: 'secret-of-guestpass-at-the-upstream',
      redirect_uris: [CALLBACK],
    });
  });
  beforeEach(() => {
    upstream = connect(provider);
  });
  afterEach(() => {
    provider.misbehave(undefined);
    provider.recover();
  });
  after(() => provider.stop());

  async function signIn(more: Partial<UpstreamRequest> = {}, jar = new Jar()) {
    const begun = await begin(upstream, more);
    return come(upstream, await signInAt(jar, begun.location, GUEST), begun.memory);
  }

  it('S52 gives who signed in: issuer, subject, the verified address, the name', async () => {
    assert.deepEqual(identityOf(await signIn()), {
      issuer: provider.issuer,
      subject: provider.subjectOf(GUEST),
      address: { address: GUEST, key: GUEST, domain: 'partner.example' },
      displayName: 'Guest of Partner',
    });
  });

  it('S50 gives the issuer and the subject as the key of the account, apart from the address', async () => {
    const { issuer, subject, address } = identityOf(await signIn());
    assert.equal(issuer, provider.issuer);
    assert.equal(subject, provider.subjectOf(GUEST));
    assert.notEqual(subject, address.address);
  });

  it('S52 asks with PKCE S256, state and nonce, new ones every time', async () => {
    const [first, second] = [await begin(upstream), await begin(upstream)];
    const asked = new URL(first.location).searchParams;
    assert.equal(asked.get('response_type'), 'code');
    assert.equal(asked.get('redirect_uri'), CALLBACK);
    assert.equal(asked.get('state'), REQUEST.state);
    assert.equal(asked.get('code_challenge_method'), 'S256');
    assert.match(asked.get('code_challenge') ?? '', /^[\w-]{43}$/);
    assert.equal(asked.get('nonce'), first.memory['nonce']);
    assert.ok(!first.location.includes(first.memory['verifier'] ?? ''));
    for (const name of ['nonce', 'verifier']) {
      assert.ok((first.memory[name]?.length ?? 0) >= 43);
      assert.notEqual(first.memory[name], second.memory[name]);
    }
  });

  it('asks for openid and email whatever the configuration says, each once', async () => {
    for (const [scope, asked] of [
      ['', 'openid email'],
      ['profile  email offline_access', 'openid email profile offline_access'],
    ] as const) {
      const { location } = await begin(connect({ ...provider, scope }));
      assert.equal(new URL(location).searchParams.get('scope'), asked);
    }
  });

  it('R48 makes a guest who is signed in there pick the invited account', async () => {
    const jar = new Jar();
    await signIn({}, jar);
    const silent = await begin(upstream);
    const skipped = await jar.follow(await jar.get(silent.location));
    assert.notEqual(skipped.location, undefined, 'without it nobody is asked');
    const begun = await begin(upstream, { selectAccount: true });
    const page = await jar.follow(await jar.get(begun.location));
    assert.equal(page.location, undefined, 'the page to pick from');
    const back = await signInAt(jar, begun.location, 'other@partner.example');
    const { address } = identityOf(await come(upstream, back, begun.memory));
    assert.equal(address.address, 'other@partner.example');
  });

  it('R48 suggests the invited address there by login_hint', async () => {
    const begun = await begin(upstream, { loginHint: GUEST, selectAccount: true });
    const jar = new Jar();
    const page = await jar.follow(await jar.get(begun.location));
    assert.match(page.text, /name="account" value="guest@partner\.example"/);
    const asked = provider.authorizations().at(-1);
    assert.deepEqual([asked?.get('login_hint'), asked?.get('prompt')], [GUEST, 'select_account']);
    const plain = new URL((await begin(upstream)).location).searchParams;
    assert.deepEqual([plain.has('login_hint'), plain.has('prompt')], [false, false]);
  });

  it('asks for the language the guest reads here', async () => {
    const begun = await begin(upstream, { locale: 'pt-BR' });
    const jar = new Jar();
    await jar.follow(await jar.get(begun.location));
    assert.equal(provider.authorizations().at(-1)?.get('ui_locales'), 'pt-BR');
  });

  it('S45 makes a guest who is signed in there sign in again when that is asked', async () => {
    const jar = new Jar();
    await signIn({}, jar);
    const begun = await begin(upstream, { reauthenticate: true });
    const page = await jar.follow(await jar.get(begun.location));
    assert.equal(page.location, undefined, 'the page to sign in on');
    const both = await begin(upstream, { reauthenticate: true, selectAccount: true });
    assert.equal(new URL(both.location).searchParams.get('prompt'), 'login select_account');
  });

  it('has an account made there by prompt=create', async () => {
    const created = 'new@partner.example';
    const begun = await begin(upstream, { create: true, selectAccount: true, loginHint: created });
    assert.equal(new URL(begun.location).searchParams.get('prompt'), 'create');
    const back = await createAccountAt(new Jar(), begun.location, created);
    const { address } = identityOf(await come(upstream, back, begun.memory));
    assert.equal(address.address, created);
  });

  it('takes the address of userinfo where the ID token has none', async () => {
    provider.misbehave('address_in_userinfo');
    assert.equal(identityOf(await signIn()).address.address, GUEST);
  });

  const misbehaviours: readonly (readonly [UpstreamMisbehaviour, UpstreamFault])[] = [
    ['unverified', 'address_unverified'],
    ['verified_as_text', 'address_unverified'],
    ['verified_missing', 'address_unverified'],
    ['address_apart_from_verified', 'address_unverified'],
    ['address_missing', 'address_missing'],
    ['foreign_iss', 'untrusted'],
    ['refuses_everyone', 'refused'],
  ];
  for (const [misbehaviour, fault] of misbehaviours) {
    const rules = fault.startsWith('address') ? 'T73 S52' : 'S52';
    it(`${rules} reads ${misbehaviour} as ${fault}, and knows nobody`, async () => {
      provider.misbehave(misbehaviour);
      assert.equal(faultOf(await signIn()), fault);
    });
  }

  it('reads Cancel as cancelled', async () => {
    const begun = await begin(upstream);
    const back = await cancelAt(new Jar(), begun.location);
    assert.equal(faultOf(await come(upstream, back, begun.memory)), 'cancelled');
  });

  it('S52 takes a code once', async () => {
    const begun = await begin(upstream);
    const back = await signInAt(new Jar(), begun.location, GUEST);
    identityOf(await come(upstream, back, begun.memory));
    assert.equal(faultOf(await come(upstream, back, begun.memory)), 'untrusted');
  });

  it('S52 takes an answer only with what was remembered of its own journey', async () => {
    const [mine, other] = [await begin(upstream), await begin(upstream, { state: 'of-another' })];
    for (const memory of [
      other.memory,
      { ...mine.memory, state: 'of-another' },
      { ...mine.memory, nonce: other.memory['nonce'] ?? '' },
      { ...mine.memory, verifier: other.memory['verifier'] ?? '' },
      { state: mine.memory['state'] ?? '', nonce: mine.memory['nonce'] ?? '' },
      { state: mine.memory['state'] ?? '', verifier: mine.memory['verifier'] ?? '' },
      { nonce: mine.memory['nonce'] ?? '', verifier: mine.memory['verifier'] ?? '' },
      {},
    ]) {
      const back = await signInAt(new Jar(), mine.location, GUEST);
      assert.equal(
        faultOf(await come(upstream, back, memory)),
        'untrusted',
        JSON.stringify(memory),
      );
    }
  });

  it('S52 believes no answer without state or issuer, or with either twice', async () => {
    const { location, memory } = await begin(upstream);
    for (const name of ['state', 'iss']) {
      const [without, twice] = [
        await signInAt(new Jar(), location, GUEST),
        await signInAt(new Jar(), location, GUEST),
      ];
      without.searchParams.delete(name);
      assert.equal(faultOf(await come(upstream, without, memory)), 'untrusted', `no ${name}`);
      twice.searchParams.append(name, twice.searchParams.get(name) ?? '');
      assert.equal(faultOf(await come(upstream, twice, memory)), 'untrusted', `${name} twice`);
    }
    assert.equal(faultOf(await come(upstream, new URLSearchParams(), memory)), 'untrusted');
  });

  it('S52 believes no error whose issuer or state is another one', async () => {
    const { memory } = await begin(upstream);
    const state = memory['state'] ?? '';
    const error = 'access_denied';
    for (const parameters of [
      { error, state, iss: 'https://another.example' },
      { error, state },
      { error, iss: provider.issuer, state: 'another' },
    ]) {
      const answer = new URLSearchParams(parameters);
      assert.equal(faultOf(await come(upstream, answer, memory)), 'untrusted');
    }
  });

  const errors: readonly (readonly [string, UpstreamFault])[] = [
    ['access_denied', 'cancelled'],
    ['login_required', 'refused'],
    ['invalid_request', 'refused'],
    ['<script>guest@partner.example', 'refused'],
    ['server_error', 'unreachable'],
    ['temporarily_unavailable', 'unreachable'],
  ];
  for (const [error, fault] of errors) {
    it(`reads error=${error} as ${fault}`, async () => {
      const { memory } = await begin(upstream);
      const state = memory['state'] ?? '';
      const answer = new URLSearchParams({ error, state, iss: provider.issuer });
      assert.equal(faultOf(await come(upstream, answer, memory)), fault);
    });
  }

  describe('out of order', () => {
    it('T77 starts nothing at an upstream that is down, and starts when it is back', async () => {
      await provider.stop();
      assert.ok('unreachable' in (await upstream.start(REQUEST)));
      await provider.start();
      identityOf(await signIn());
    });

    it('T77 T76 starts nothing at an upstream that answers 500, or not within three seconds', async () => {
      provider.fail('/.well-known');
      assert.ok('unreachable' in (await upstream.start(REQUEST)));
      provider.recover();
      provider.hang('/.well-known');
      const began = performance.now();
      assert.ok('unreachable' in (await upstream.start(REQUEST)));
      assert.ok(performance.now() - began < 2 * OUTBOUND_TIMEOUT_MS);
    });

    it('T77 finishes as unreachable when the upstream goes down on the way', async () => {
      const begun = await begin(upstream);
      const back = await signInAt(new Jar(), begun.location, GUEST);
      await provider.stop();
      assert.equal(faultOf(await come(upstream, back, begun.memory)), 'unreachable');
      const restarted = connect(provider);
      assert.equal(faultOf(await come(restarted, back, begun.memory)), 'unreachable');
      await provider.start();
    });

    for (const path of ['/token', '/jwks', '/me']) {
      it(`T77 finishes as unreachable when ${path} answers 500`, async () => {
        if (path === '/me') provider.misbehave('address_in_userinfo');
        provider.fail(path);
        assert.equal(faultOf(await signIn()), 'unreachable');
      });
    }

    it('T77 T76 finishes as unreachable when the token endpoint says nothing for three seconds', async () => {
      provider.hang('/token');
      const began = performance.now();
      assert.equal(faultOf(await signIn()), 'unreachable');
      assert.ok(performance.now() - began < 2 * OUTBOUND_TIMEOUT_MS);
    });
  });

  it('asks what the upstream says of itself once in ten minutes, and a failure again', async () => {
    let now = systemClock();
    upstream = connect(provider, { clock: () => now });
    const before = provider.requests.length;
    const discoveries = () =>
      provider.requests.slice(before).filter((line) => line.includes('/.well-known')).length;
    provider.fail('/.well-known');
    await upstream.start(REQUEST);
    await upstream.start(REQUEST);
    assert.equal(discoveries(), 2);
    provider.recover();
    await Promise.all([begin(upstream), begin(upstream), signIn()]);
    assert.equal(discoveries(), 3);
    now += 599;
    await begin(upstream);
    assert.equal(discoveries(), 3);
    now += 1;
    await begin(upstream);
    assert.equal(discoveries(), 4);
  });

  it('tells who has an account to whoever has the token', async () => {
    const look = (address: string, token = provider.lookupToken) =>
      fetch(`${provider.lookupUrl}?address=${encodeURIComponent(address)}`, {
        headers: { authorization: `Bearer ${token}` },
      });
    provider.addAccount({
      address: 'alias@partner.example',
      userPrincipalName: 'upn@partner.example',
    });
    assert.equal((await look(GUEST, 'wrong')).status, 401);
    assert.deepEqual(await (await look(GUEST)).json(), { member: true });
    assert.equal((await look('nobody@partner.example')).status, 404);
    assert.deepEqual(await (await look('ALIAS@partner.example')).json(), {
      member: true,
      userPrincipalName: 'upn@partner.example',
    });
    provider.fail('/accounts');
    assert.equal((await look(GUEST)).status, 500);
  });
});

describe('createOidcUpstream, with a provider that lies', () => {
  let liar: ForgingOidc;
  let upstream: Upstream;

  before(async () => {
    liar = await startForgingOidc();
  });
  beforeEach(() => {
    upstream = connect(liar);
  });
  afterEach(() => {
    liar.forge(undefined);
    liar.advertise(['client_secret_basic']);
  });
  after(() => liar.stop());

  async function signIn(): Promise<FinishOutcome> {
    const { location, memory } = await begin(upstream);
    return come(upstream, liar.answerTo(location), memory);
  }

  it('S52 believes the truth', async () => {
    assert.equal(identityOf(await signIn()).subject, liar.subject);
  });

  const untrusted: readonly Forgery[] = [
    'signed_by_another_key',
    'unknown_key_id',
    'alg_none',
    'hs256_with_client_secret',
    'hs256_with_public_key',
    'es384',
    'foreign_audience',
    'second_audience',
    'foreign_authorized_party',
    'foreign_issuer',
    'expired',
    'not_yet_valid',
    'issued_at_missing',
    'foreign_nonce',
    'nonce_missing',
    'subject_missing',
    'subject_empty',
    'subject_too_long',
    'id_token_missing',
    'id_token_is_noise',
    'userinfo_of_another_subject',
  ];
  for (const forgery of untrusted) {
    it(`S52 believes nothing with ${forgery}`, async () => {
      liar.forge(forgery);
      assert.equal(faultOf(await signIn()), 'untrusted');
    });
  }

  const others: readonly (readonly [Forgery, UpstreamFault])[] = [
    ['address_is_none', 'address_missing'],
    ['address_is_a_number', 'address_missing'],
    ['address_is_empty', 'address_missing'],
    ['client_refused', 'refused'],
    ['token_answer_is_html', 'unreachable'],
    ['token_answer_without_end', 'unreachable'],
    ['token_redirects', 'unreachable'],
    ['userinfo_missing', 'unreachable'],
    ['keys_inside_the_network', 'unreachable'],
    ['keys_redirect', 'unreachable'],
  ];
  for (const [forgery, fault] of others) {
    it(`${fault === 'unreachable' ? 'T76' : 'S52'} reads ${forgery} as ${fault}`, async () => {
      liar.forge(forgery);
      assert.equal(faultOf(await signIn()), fault);
    });
  }

  const discoveries: readonly Forgery[] = [
    'discovery_of_another_issuer',
    'discovery_with_placeholder_issuer',
    'discovery_redirects',
    'discovery_is_html',
    'discovery_without_authorization',
  ];
  for (const forgery of discoveries) {
    it(`S52 T76 starts nothing with ${forgery}`, async () => {
      liar.forge(forgery);
      assert.ok('unreachable' in (await upstream.start(REQUEST)));
    });
  }

  it('S52 finishes nothing when the upstream has become another issuer', async () => {
    const { location, memory } = await begin(upstream);
    liar.forge('discovery_of_another_issuer');
    const restarted = connect(liar);
    assert.equal(faultOf(await come(restarted, liar.answerTo(location), memory)), 'untrusted');
  });

  it('S52 expects state and nonce even of an answer that has none, when none is remembered', async () => {
    const { location, memory } = await begin(upstream);
    const { state = '', nonce = '', verifier = '' } = memory;
    const stateless = liar.answerTo(location);
    stateless.delete('state');
    assert.equal(faultOf(await come(upstream, stateless, { nonce, verifier })), 'untrusted');
    liar.forge('nonce_missing');
    const answer = liar.answerTo(location);
    assert.equal(faultOf(await come(upstream, answer, { state, verifier })), 'untrusted');
  });

  it('S52 takes no issuer that differs by a slash or by case', async () => {
    for (const issuer of [`${liar.issuer}/`, liar.issuer.replace('http', 'HTTP')]) {
      assert.ok('unreachable' in (await connect({ ...liar, issuer }).start(REQUEST)), issuer);
    }
  });

  it('S53 starts nothing by plain http unless the installation is loopback', async () => {
    const strict = createOutboundWebFetch({ allowLoopback: false });
    assert.ok('unreachable' in (await connect(liar, { allowInsecure: false }).start(REQUEST)));
    assert.ok('unreachable' in (await connect(liar, { fetch: strict }).start(REQUEST)));
  });

  it('S53 asks nobody inside the network for its configuration', async () => {
    const inside = createServer((_request, response) => response.end('{}'));
    let connections = 0;
    inside.on('connection', () => (connections += 1)).listen(0, '127.0.0.1');
    await once(inside, 'listening');
    const { port } = inside.address() as AddressInfo;
    const fetch = createOutboundWebFetch({ allowLoopback: false });
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
      const issuer = `https://${host}:${port}`;
      assert.equal(
        'unreachable' in
          (await connect({ issuer }, { fetch, allowInsecure: false }).start(REQUEST)),
        true,
      );
    }
    assert.equal(connections, 0);
    inside.close();
  });

  it('takes new keys of the upstream at the sign-in after the one they spoiled', async () => {
    identityOf(await signIn());
    await liar.rollKeys();
    assert.equal(faultOf(await signIn()), 'untrusted');
    identityOf(await signIn());
  });

  it('judges times by the clock it is given', async () => {
    const ahead = connect(liar, { clock: () => systemClock() + 3600 });
    const { location, memory } = await begin(ahead);
    assert.equal(faultOf(await come(ahead, liar.answerTo(location), memory)), 'untrusted');
  });

  it('authenticates by basic, or by post where only that is advertised', async () => {
    for (const [methods, used] of [
      [undefined, 'basic'],
      [['client_secret_basic'], 'basic'],
      [['client_secret_post', 'client_secret_basic'], 'basic'],
      [['client_secret_post'], 'post'],
    ] as const) {
      liar.advertise(methods);
      upstream = connect(liar);
      identityOf(await signIn());
      assert.equal(liar.authenticatedBy, used);
    }
  });

  it('gives a name without control or bidi characters, of at most 200 characters', async () => {
    liar.forge('name_with_controls');
    const { displayName } = identityOf(await signIn());
    assert.equal(displayName, `Guest ${'n'.repeat(193)}…`);
  });
});
