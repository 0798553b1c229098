import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import {
  cookieNames,
  createBrowserBinding,
  createCookieSigner,
  ownCookie,
} from '../../src/oidc/cookies.ts';

describe('createCookieSigner', () => {
  const [old, current] = [randomBytes(32), randomBytes(32)];
  const signer = createCookieSigner([current, old]);
  const data = 'sid_x=abc';

  it('verifies what it signed', () => {
    const digest = signer.sign(data);
    assert.match(digest, /^[\w-]{43}$/);
    assert.equal(signer.verify(data, digest), true);
    assert.equal(signer.index(data, digest), 0);
  });

  it('verifies what an older key signed and says that it is older', () => {
    const digest = createCookieSigner([old]).sign(data);
    assert.equal(signer.verify(data, digest), true);
    assert.equal(signer.index(data, digest), 1);
    assert.notEqual(signer.sign(data), digest);
  });

  it('refuses what was changed, cut, or signed by a stranger', () => {
    const digest = signer.sign(data);
    const flipped = (digest.startsWith('A') ? 'B' : 'A') + digest.slice(1);
    const stranger = createCookieSigner([randomBytes(32)]).sign(data);
    for (const wrong of [flipped, digest.slice(0, 22), '', `${digest}AA`, stranger]) {
      assert.equal(signer.verify(data, wrong), false, wrong);
      assert.equal(signer.index(data, wrong), -1);
    }
    assert.equal(signer.verify('sid_x=abd', digest), false);
    assert.equal(signer.verify('sid_y=abc', digest), false);
  });
});

describe('cookieNames', () => {
  it('S34 gives every tenant a session cookie of its own', () => {
    const names = ['a', 'b', 'a.example', 'A'].map((tenant) => cookieNames(tenant, true).session);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name, /^__Host-sid_[\w-]{12}$/);
    assert.deepEqual(cookieNames('a', true), cookieNames('a', true));
  });

  it('T66 prefixes what may be prefixed', () => {
    const { interaction, resume } = cookieNames('a', true);
    assert.deepEqual([interaction, resume], ['__Secure-interaction', '__Secure-resume']);
  });

  it('leaves prefixes away on plain http, where browsers refuse them', () => {
    for (const name of Object.values(cookieNames('a', false))) assert.doesNotMatch(name, /^__/);
  });
});

function browser(cookie?: [name: string, value: string]) {
  const set: { name: string; value: string; options: Record<string, unknown> }[] = [];
  const cookies = {
    get: (name: string) => (cookie?.[0] === name ? cookie[1] : undefined),
    set: (name: string, value: string, options: Record<string, unknown>) =>
      set.push({ name, value, options }),
  };
  return { ctx: { cookies } as unknown as Context, set };
}
const digestOf = (value: string) => createHash('sha256').update(value).digest('base64url');

describe('ownCookie', () => {
  it('S34 is for the host alone, read by no script and sent by no form of another site', () => {
    const own = { httpOnly: true, sameSite: 'lax', signed: false };
    assert.deepEqual(ownCookie(true), { ...own, path: '/', secure: true });
    assert.deepEqual(ownCookie(false, '/a/b'), { ...own, path: '/a/b', secure: false });
  });
});

describe('createBrowserBinding', () => {
  const value = randomBytes(32).toString('base64url');

  it('S24 gives a new browser 256 random bits and remembers their digest', () => {
    const { ctx, set } = browser();
    const digest = createBrowserBinding(true).ensure(ctx);
    assert.equal(set.length, 1);
    const [cookie] = set;
    assert.ok(cookie);
    assert.equal(cookie.name, '__Host-bid');
    assert.equal(Buffer.from(cookie.value, 'base64url').length, 32);
    assert.equal(digest, digestOf(cookie.value));
    assert.notEqual(digest, cookie.value);
    const { path, httpOnly, sameSite, secure, domain, overwrite: _, ...rest } = cookie.options;
    assert.deepEqual(
      [path, httpOnly, sameSite, secure, domain],
      ['/', true, 'lax', true, undefined],
    );
    assert.deepEqual(rest, { signed: false });
  });

  it('S24 knows the browser again', () => {
    const { ctx, set } = browser(['__Host-bid', value]);
    const binding = createBrowserBinding(true);
    assert.equal(binding.read(ctx), digestOf(value));
    assert.equal(binding.ensure(ctx), digestOf(value));
    assert.deepEqual(set, []);
  });

  it('takes no cookie of another shape or name', () => {
    const binding = createBrowserBinding(true);
    assert.equal(binding.read(browser().ctx), undefined);
    assert.equal(binding.read(browser(['bid', value]).ctx), undefined);
    for (const bad of ['', 'x', `${value}x`, `${value.slice(0, 42)}\n`]) {
      assert.equal(binding.read(browser(['__Host-bid', bad]).ctx), undefined);
    }
  });

  it('leaves the prefix away on plain http', () => {
    const { ctx, set } = browser();
    createBrowserBinding(false).ensure(ctx);
    assert.equal(set[0]?.name, 'bid');
    assert.equal(set[0]?.options['secure'], false);
  });
});
