import assert from 'node:assert/strict';
import {
  createRestarts,
  isSameRequest,
  RESTART_SECONDS,
  type Restartable,
  restartableOf,
  restartPath,
} from '../../src/interaction/restart.ts';
import { createSealer } from '../../src/settings/sealer.ts';

const NOW = 1_792_936_920;
const key = (byte: number): Buffer => Buffer.alloc(32, byte);
const request: Restartable = {
  clientId: 'docs',
  endpoint: '/a/v2.0/auth',
  parameters: {
    client_id: 'docs',
    redirect_uri: 'https://docs.example/cb',
    state: 'state-of-the-application',
    nonce: 'nonce-of-the-application',
    resource: ['https://one.example', 'https://two.example'],
  },
  address: 'teri@gmail.com',
};

const queryOf = (given: Restartable) => new URLSearchParams(restartPath(given)!.split('?')[1]);

describe('createRestarts', () => {
  let now = NOW;
  const restarts = createRestarts([key(1)], () => now);
  beforeEach(() => {
    now = NOW;
  });
  const sealed = (changes: Partial<Restartable> = {}): string =>
    restarts.seal('a', { ...request, ...changes })!;

  it('gives back the request it was given, with its times', () => {
    const times = { issuedAt: NOW, expiresAt: NOW + RESTART_SECONDS };
    assert.deepEqual(restarts.open('a', sealed()), { ...request, ...times });
  });

  it('shows nothing of the request, in two tokens of one request nothing alike', () => {
    const [one, other] = [sealed(), sealed()];
    assert.notEqual(one, other);
    for (const said of ['docs', 'teri', 'state-of', 'nonce-of']) {
      assert.ok(!Buffer.from(one, 'base64url').toString('latin1').includes(said), said);
    }
  });

  it('knows the application alone after a day', () => {
    const token = sealed();
    now = NOW + RESTART_SECONDS - 1;
    assert.notEqual(restarts.open('a', token)?.parameters, null);
    now = NOW + RESTART_SECONDS;
    const late = restarts.open('a', token);
    assert.deepEqual([late?.clientId, late?.parameters, late?.address], ['docs', null, null]);
  });

  it('S33 opens no token of another tenant', () => {
    assert.equal(restarts.open('b', sealed()), undefined);
    assert.equal(restarts.open('@host', sealed()), undefined);
  });

  it('opens nothing that was sealed for another purpose, and nothing else opens its tokens', () => {
    const text = JSON.stringify({ ...request, issuedAt: NOW, expiresAt: NOW + 60 });
    for (const purpose of ['outbox', 'signing-key', 'upstream-journey', '']) {
      const sealer = createSealer(key(1), purpose);
      for (const context of ['a', 'restart 1 a', '']) {
        assert.equal(restarts.open('a', sealer.seal(text, context)), undefined, purpose);
        assert.throws(() => sealer.open(sealed(), context), Error);
      }
    }
    const own = createSealer(key(1), 'restart');
    assert.notEqual(restarts.open('a', own.seal(text, 'restart 1 a')), undefined);
  });

  it('opens nothing with one bit turned, wherever it is', () => {
    const bytes = Buffer.from(sealed(), 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = changed[at]! ^ 1;
      assert.equal(restarts.open('a', changed.toString('base64url')), undefined, String(at));
    }
  });

  it('opens what an earlier key sealed, and nothing of a key that is gone', () => {
    const token = sealed();
    const renewed = createRestarts([key(2), key(1)], () => now);
    assert.deepEqual(renewed.open('a', token)?.address, 'teri@gmail.com');
    assert.equal(restarts.open('a', renewed.seal('a', request)!), undefined);
    assert.equal(createRestarts([key(2)], () => now).open('a', token), undefined);
  });

  it('leaves out what would make it too large for a cookie, and is none when that does not help', () => {
    const large = restarts.seal('a', {
      ...request,
      parameters: { ...request.parameters, claims: 'x'.repeat(2600) },
    })!;
    assert.ok(large.length < 300);
    const { clientId, parameters, address } = restarts.open('a', large)!;
    assert.deepEqual([clientId, parameters, address], ['docs', null, null]);
    const most = sealed({ parameters: { claims: 'x'.repeat(2400) } });
    assert.ok(most.length <= 3500 && restarts.open('a', most)?.parameters);
    assert.equal(restarts.seal('a', { ...request, clientId: 'x'.repeat(3000) }), undefined);
    // Larger than any of ours is not even opened.
    const times = { issuedAt: NOW, expiresAt: NOW + 60 };
    const text = JSON.stringify({ ...request, ...times, parameters: { x: 'x'.repeat(2700) } });
    const huge = createSealer(key(1), 'restart').seal(text, 'restart 1 a');
    assert.equal(restarts.open('a', huge), undefined);
  });

  it('takes no contents that lead to another origin', () => {
    const own = createSealer(key(1), 'restart');
    const at = (endpoint: unknown) => {
      const text = JSON.stringify({ ...request, endpoint, issuedAt: NOW, expiresAt: NOW + 60 });
      return restarts.open('a', own.seal(text, 'restart 1 a'));
    };
    assert.ok(at('/a/v2.0/auth'));
    assert.ok(at('/auth'));
    for (const endpoint of [
      '//evil.example/auth',
      'https://evil.example',
      '/\\evil.example',
      '/a?x',
      '/a#x',
      '',
      'a',
      null,
    ]) {
      assert.equal(at(endpoint), undefined, String(endpoint));
    }
  });
});

describe('restartableOf', () => {
  const interaction = {
    returnTo: 'https://guest.example/a/v2.0/auth/Vq3tKxW9',
    params: { client_id: 'docs', state: 's', max_age: 60, request_uri: 'urn:x', request: 'jwt' },
  };

  it('takes the endpoint from where the engine is returned to, and what the application has said', () => {
    assert.deepEqual(restartableOf(interaction, null), {
      clientId: 'docs',
      endpoint: '/a/v2.0/auth',
      parameters: { client_id: 'docs', state: 's', max_age: '60' },
      address: null,
    });
  });

  it('says nothing again of a request that was pushed', () => {
    const pushed = restartableOf({ ...interaction, parJti: 'x' }, 'teri@gmail.com');
    assert.deepEqual([pushed.clientId, pushed.parameters], ['docs', null]);
    assert.equal(restartPath(pushed), undefined);
  });
});

describe('restartPath', () => {
  it('is the same request, with the address as its hint', () => {
    const query = queryOf(request);
    assert.equal(restartPath(request)!.split('?')[0], '/a/v2.0/auth');
    assert.deepEqual(query.getAll('resource'), ['https://one.example', 'https://two.example']);
    for (const name of ['client_id', 'redirect_uri', 'state', 'nonce']) {
      assert.equal(query.get(name), request.parameters?.[name]);
    }
    assert.equal(query.get('login_hint'), 'teri@gmail.com');
  });

  it('keeps the hint of the application where no address was given', () => {
    const hinted = { ...request.parameters, login_hint: 'ana@partner.example' };
    const given = { ...request, parameters: hinted };
    assert.equal(queryOf({ ...given, address: null }).get('login_hint'), 'ana@partner.example');
    assert.deepEqual(queryOf(given).getAll('login_hint'), ['teri@gmail.com']);
  });

  it('R20 gives no hint where the application asks for a choice', () => {
    const choice = { ...request.parameters, prompt: 'select_account consent' };
    assert.equal(queryOf({ ...request, parameters: choice }).get('login_hint'), null);
  });
});

describe('isSameRequest', () => {
  it('looks at what the application asked, not at the address', () => {
    assert.equal(isSameRequest(request, { ...request, address: null }), true);
    const other = { ...request, parameters: { ...request.parameters, state: 'other' } };
    assert.equal(isSameRequest(request, other), false);
    assert.equal(isSameRequest(request, { ...request, endpoint: '/b/v2.0/auth' }), false);
  });
});
