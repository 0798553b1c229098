import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createCsrf, createSecurityHeaders } from '../../src/http/security.ts';

async function headersOf(options: Parameters<typeof createSecurityHeaders>[0]): Promise<Headers> {
  const protect = createSecurityHeaders(options);
  const server = createServer((request, response) => {
    protect(request, response);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  const { headers } = await fetch(`http://127.0.0.1:${address.port}/`);
  server.close();
  return headers;
}

describe('createSecurityHeaders', () => {
  it('S30 sends exactly this policy, without form-action', async () => {
    assert.equal(
      (await headersOf({ https: true })).get('content-security-policy'),
      "default-src 'none';style-src 'self';script-src 'self';img-src 'self' data:;base-uri 'none';frame-ancestors 'none'",
    );
  });

  it('S30 forbids framing and sniffing, and leaves window.opener alone', async () => {
    const headers = await headersOf({ https: true });
    assert.equal(headers.get('x-frame-options'), 'DENY');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('cross-origin-opener-policy'), null);
    assert.equal(headers.get('x-powered-by'), null);
  });

  it('S31 keeps the Origin of our own forms', async () => {
    assert.equal((await headersOf({ https: true })).get('referrer-policy'), 'same-origin');
  });

  it('S30 asks for https for one year on this host only', async () => {
    assert.equal(
      (await headersOf({ https: true })).get('strict-transport-security'),
      'max-age=31536000',
    );
    assert.equal((await headersOf({ https: false })).get('strict-transport-security'), null);
  });

  it('lets the mailbox page frame, and its mail be framed without script', async () => {
    const parent = await headersOf({ https: false, frames: 'parent' });
    assert.match(parent.get('content-security-policy') ?? '', /frame-src 'self'/);
    assert.equal(parent.get('x-frame-options'), 'DENY');
    const child = await headersOf({ https: false, frames: 'child' });
    const policy = child.get('content-security-policy') ?? '';
    assert.match(policy, /frame-ancestors 'self';sandbox$/);
    assert.doesNotMatch(policy, /script-src/);
    assert.equal(child.get('x-frame-options'), 'SAMEORIGIN');
  });
});

describe('createCsrf', () => {
  const csrf = createCsrf(Buffer.alloc(32, 1));
  const site = 'https://guest.example';
  const good = { origin: site, secFetchSite: 'same-origin', token: csrf.token('uid', 'browser') };
  const accepts = (change: Partial<Record<keyof typeof good, string | undefined>>) =>
    csrf.accepts({ ...good, ...change }, site, 'uid', 'browser');

  it('S26 accepts the form of this sign-in and browser', () => {
    assert.equal(accepts({}), true);
    assert.equal(accepts({ secFetchSite: 'none' }), true);
    assert.equal(accepts({ origin: undefined, secFetchSite: undefined }), true);
  });

  it('S26 refuses a post from another origin even with the token', () => {
    assert.equal(accepts({ origin: 'https://evil.example' }), false);
    assert.equal(accepts({ origin: 'https://guest.example.evil.example' }), false);
    assert.equal(accepts({ origin: 'null' }), false);
    assert.equal(accepts({ origin: '' }), false);
    assert.equal(accepts({ secFetchSite: 'cross-site' }), false);
    assert.equal(accepts({ secFetchSite: 'same-site' }), false);
  });

  it('S26 refuses a missing, cut, padded or foreign token', () => {
    const { token } = good;
    for (const bad of [undefined, '', token.slice(1), `${token}=`, ` ${token}`, 'é'.repeat(43)]) {
      assert.equal(accepts({ token: bad }), false);
    }
    assert.equal(accepts({ token: csrf.token('other', 'browser') }), false);
    assert.equal(accepts({ token: csrf.token('uid', 'other') }), false);
    assert.equal(
      accepts({ token: createCsrf(Buffer.alloc(32, 2)).token('uid', 'browser') }),
      false,
    );
  });

  it('S26 does not share a token between names that join alike', () => {
    assert.notEqual(csrf.token('ab', 'c'), csrf.token('a', 'bc'));
    assert.notEqual(csrf.token('a', '1:b'), csrf.token('a1:', 'b'));
  });
});
