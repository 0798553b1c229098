import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { createNoticeCookie } from '../../src/http/notice-cookie.ts';
import { Jar } from '../support/jar.ts';

describe('createNoticeCookie', () => {
  let server: Server;
  let origin: string;
  before(async () => {
    const notice = createNoticeCookie(false);
    const app = new Koa().use((ctx) => {
      if (ctx.path === '/write') notice.write(ctx, 'a', 'left');
      ctx.body = notice.take(ctx, String(ctx.query['tenant'] ?? 'a')) ?? 'nothing';
    });
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  it('says a sentence on the next page, once', async () => {
    const jar = new Jar();
    await jar.get(`${origin}/write`);
    assert.equal((await jar.get(origin)).text, 'left');
    assert.equal((await jar.get(origin)).text, 'nothing');
  });

  it('says nothing of one tenant on the page of another', async () => {
    const jar = new Jar();
    await jar.get(`${origin}/write`);
    assert.equal((await jar.get(`${origin}/?tenant=b`)).text, 'nothing');
    assert.equal((await jar.get(origin)).text, 'left');
  });

  it('says nothing that is not on its list', async () => {
    for (const value of ['a.hacked', 'left', 'a.', 'b.left', 'a.left.x']) {
      const { text } = await new Jar().get(origin, { cookie: `notice=${value}` });
      assert.equal(text, 'nothing', value);
    }
  });

  it('is for the host alone, out of reach of scripts, and short-lived', async () => {
    const jar = new Jar();
    await jar.get(`${origin}/write`);
    assert.match(
      jar.lines[0] ?? '',
      /^notice=a\.left; path=\/; expires=.*; samesite=lax; httponly$/i,
    );
  });
});
