import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { Tenant } from '../../src/domain/tenant.ts';
import { createHomeRequests } from '../../src/http/home-request.ts';

const origin = 'https://guest.example';
const tenantOf = (id: string): Tenant => ({
  id,
  displayName: id,
  verifiedDomains: [],
  emailOneTimePasscode: 'default',
  clients: [],
});
const [a, b] = [tenantOf('a'), tenantOf('b')];

describe('createHomeRequests', () => {
  const key = randomBytes(32);
  const requests = createHomeRequests({ key, origin });
  const asked = new URL(requests.urlOf(a, 'browser', { hint: 'teri@gmail.com', silent: true }));
  const state = asked.searchParams.get('state')!;
  const answer = (changes: Record<string, string> = {}) =>
    new URLSearchParams({ code: 'c', state, iss: `${origin}/a/v2.0`, ...changes });

  it('asks for a code with PKCE, nonce and state, for the page alone', () => {
    const { client_id, redirect_uri, response_type, prompt, login_hint, nonce } =
      Object.fromEntries(asked.searchParams);
    assert.equal(`${asked.origin}${asked.pathname}`, `${origin}/a/v2.0/auth`);
    assert.deepEqual(
      [client_id, redirect_uri, response_type, prompt, login_hint],
      ['guestpass-home', `${origin}/a/signin/home/callback`, 'code', 'none', 'teri@gmail.com'],
    );
    assert.match(nonce ?? '', /^[\w-]{43}$/);
    const plain = new URL(requests.urlOf(a, 'browser'));
    assert.equal(plain.searchParams.has('prompt'), false);
    assert.equal(plain.searchParams.has('login_hint'), false);
    for (const name of ['state', 'nonce', 'code_challenge']) {
      assert.notEqual(plain.searchParams.get(name), asked.searchParams.get(name), name);
    }
  });

  it('knows its own answer, in any process and any number of times, by verifier and nonce', () => {
    const elsewhere = createHomeRequests({ key, origin });
    const read = elsewhere.read(a, 'browser', answer());
    assert.ok(read.outcome === 'code');
    const challenge = createHash('sha256').update(read.request.verifier).digest('base64url');
    assert.equal(read.code, 'c');
    assert.equal(challenge, asked.searchParams.get('code_challenge'));
    assert.equal(read.request.nonce, asked.searchParams.get('nonce'));
    assert.deepEqual(requests.read(a, 'browser', answer()), read);
  });

  it('S24 takes no answer that this browser did not ask this tenant for', () => {
    const two = new URLSearchParams(`${answer()}&state=${state}`);
    for (const [what, given] of [
      ['another browser', requests.read(a, 'other', answer())],
      ['no browser', requests.read(a, undefined, answer())],
      ['another tenant', requests.read(b, 'browser', answer({ iss: `${origin}/b/v2.0` }))],
      ['another issuer', requests.read(a, 'browser', answer({ iss: `${origin}/b/v2.0` }))],
      [
        'another installation',
        createHomeRequests({ key: randomBytes(32), origin }).read(a, 'browser', answer()),
      ],
      ['no state', requests.read(a, 'browser', answer({ state: '' }))],
      ['a state cut', requests.read(a, 'browser', answer({ state: state.slice(0, -1) }))],
      [
        'a state of its own',
        requests.read(a, 'browser', answer({ state: `${'A'.repeat(22)}.${state.slice(23)}` })),
      ],
      ['two states', requests.read(a, 'browser', two)],
    ] as const) {
      assert.deepEqual(given, { outcome: 'unasked' }, what);
    }
  });

  it('tells a refusal from a code', () => {
    for (const changes of [{ error: 'login_required' }, { error: '' }] as const) {
      assert.deepEqual(requests.read(a, 'browser', answer(changes)), { outcome: 'refused' });
    }
    const bare = answer();
    bare.delete('code');
    assert.deepEqual(requests.read(a, 'browser', bare), { outcome: 'refused' });
  });
});
