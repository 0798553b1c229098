import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import Koa from 'koa';
import { createRestartCookie } from '../../src/http/restart-cookie.ts';
import { Jar } from '../support/jar.ts';

describe('createRestartCookie', () => {
  let server: Server;
  let origin: string;
  let secure = false;

  before(async () => {
    const app = new Koa();
    app.proxy = true;
    app.use((ctx) => {
      const cookie = createRestartCookie(secure);
      const { token } = ctx.query;
      if (typeof token === 'string') cookie.write(ctx, ctx.path, token);
      ctx.body = cookie.read(ctx) ?? 'none';
    });
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address);
    origin = `http://127.0.0.1:${address.port}`;
  });
  after(() => server.close());

  it('S34 is kept for a day, for the pages of one sign-in, out of reach of scripts', async () => {
    const jar = new Jar();
    const { headers } = await jar.get(`${origin}/a/signin/one?token=first`);
    const [line = ''] = headers['set-cookie'] ?? [];
    assert.match(
      line,
      /^restart=first; path=\/a\/signin\/one; expires=[^;]+; samesite=lax; httponly$/i,
    );
    const hours = (Date.parse(/expires=([^;]+)/i.exec(line)![1]!) - Date.now()) / 3_600_000;
    assert.ok(Math.abs(hours - 24) < 0.1, String(hours));
    await jar.get(`${origin}/a/signin/two?token=second`);
    const read = async (path: string) => (await jar.get(origin + path)).text;
    assert.equal(await read('/a/signin/one/address'), 'first');
    assert.equal(await read('/a/signin/two'), 'second');
    assert.equal(await read('/a/signin/three'), 'none');
  });

  it('S34 is sent by https alone where the pages are', async () => {
    secure = true;
    const answer = await new Jar().get(`${origin}/?token=x`, { 'x-forwarded-proto': 'https' });
    const [line = ''] = answer.headers['set-cookie'] ?? [];
    assert.match(line, /^__Secure-restart=x;.*; secure;/i);
  });
});
