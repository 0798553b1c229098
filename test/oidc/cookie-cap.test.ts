import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import Koa from 'koa';
import { capTenantCookies, MOST_TENANTS_PER_BROWSER } from '../../src/oidc/cookie-cap.ts';
import { cookieNames, knownBrowserName } from '../../src/oidc/cookies.ts';
import { Jar } from '../support/jar.ts';

const SIGNED = { signed: true };
const names = (jar: Jar): string[] => [...jar.cookies.values()].map(({ name }) => name);

describe('capTenantCookies', () => {
  let server: Server;
  let origin: string;

  before(async () => {
    const app = new Koa();
    app.keys = ['a key for tests alone'];
    app.use((ctx) => {
      const { tenant, kind, value = 'x' } = ctx.query as Record<string, string | undefined>;
      if (tenant !== undefined) {
        if (kind !== 'known') ctx.cookies.set(cookieNames(tenant, false).session, value, SIGNED);
        if (kind !== 'sid') ctx.cookies.set(knownBrowserName(tenant, false), value);
      }
      ctx.cookies.set('bid', 'b', SIGNED);
      ctx.body = '';
      capTenantCookies(ctx, false);
    });
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address);
    origin = `http://127.0.0.1:${address.port}`;
  });
  after(() => server.close());

  const visit = async (jar: Jar, from: number, to: number, query = ''): Promise<void> => {
    for (let tenant = from; tenant <= to; tenant += 1) {
      assert.equal((await jar.get(`${origin}/?tenant=t${tenant}${query}`)).status, 200);
    }
  };

  it('S34 T49 keeps the cookies of the last twenty tenants, and everything else', async () => {
    const jar = new Jar();
    await visit(jar, 1, 60);
    const kept = names(jar);
    for (let tenant = 1; tenant <= 60; tenant += 1) {
      const isKept = tenant > 60 - MOST_TENANTS_PER_BROWSER;
      const { session } = cookieNames(`t${tenant}`, false);
      for (const name of [session, `${session}.sig`, knownBrowserName(`t${tenant}`, false)]) {
        assert.equal(kept.includes(name), isKept, `${name} of t${tenant}`);
      }
    }
    assert.ok(kept.includes('bid') && kept.includes('bid.sig'));
  });

  it('drops nothing while twenty are enough, and never the one that is set', async () => {
    const jar = new Jar();
    await visit(jar, 1, 20);
    const before = names(jar);
    await visit(jar, 1, 1);
    assert.deepEqual(names(jar), before);
    await visit(jar, 21, 21, '&kind=sid');
    assert.ok(!names(jar).includes(cookieNames('t1', false).session));
    assert.ok(names(jar).includes(knownBrowserName('t1', false)), 'the other kind is not touched');
  });

  it('leaves an answer alone that sets none of them, or only clears one', async () => {
    const jar = new Jar();
    await visit(jar, 1, 20);
    const many = jar.clone();
    for (const extra of [21, 22, 23]) {
      const { session } = cookieNames(`t${extra}`, false);
      many.cookies.set(`${session} /`, { name: session, value: 'x', path: '/' });
    }
    const before = names(many);
    await many.get(origin);
    await many.get(`${origin}/?tenant=t5&kind=sid&value=`);
    assert.equal(
      names(many).length,
      before.length - 2,
      'the one that was cleared, and its signature',
    );
    await many.get(`${origin}/?tenant=t23&kind=sid`);
    const sids = names(many).filter((name) => /^sid_[\w-]{12}$/.test(name));
    assert.equal(sids.length, MOST_TENANTS_PER_BROWSER);
    assert.ok(sids.includes(cookieNames('t23', false).session));
  });
});
