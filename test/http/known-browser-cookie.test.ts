import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import Koa from 'koa';
import { createKnownBrowserCookie } from '../../src/http/known-browser-cookie.ts';
import { Jar } from '../support/jar.ts';

describe('createKnownBrowserCookie', () => {
  let server: Server;
  let origin: string;
  let secure = false;

  before(async () => {
    const app = new Koa();
    app.proxy = true;
    app.use((ctx) => {
      const cookie = createKnownBrowserCookie(secure);
      const { tenant, token } = ctx.query as Record<string, string | undefined>;
      if (token !== undefined) cookie.write(ctx, tenant ?? '', token);
      ctx.body = cookie.read(ctx, tenant ?? '') ?? 'none';
    });
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address);
    origin = `http://127.0.0.1:${address.port}`;
  });
  after(() => server.close());
  beforeEach(() => {
    secure = false;
  });

  it('S10 is kept for 90 days, for each tenant by itself, out of reach of scripts', async () => {
    const jar = new Jar();
    const { headers } = await jar.get(`${origin}/?tenant=a&token=one`);
    const [line = ''] = headers['set-cookie'] ?? [];
    assert.match(line, /^known_[\w-]{12}=one; path=\/; expires=[^;]+; samesite=lax; httponly$/i);
    const days = (Date.parse(/expires=([^;]+)/i.exec(line)![1]!) - Date.now()) / 86_400_000;
    assert.ok(Math.abs(days - 90) < 0.1, String(days));
    await jar.get(`${origin}/?tenant=b&token=two`);
    assert.equal((await jar.get(`${origin}/?tenant=a`)).text, 'one');
    assert.equal((await jar.get(`${origin}/?tenant=b`)).text, 'two');
    assert.equal((await jar.get(`${origin}/?tenant=c`)).text, 'none');
  });

  it('S10 is the host’s own over https', async () => {
    secure = true;
    const answer = await new Jar().get(`${origin}/?tenant=a&token=one`, {
      'x-forwarded-proto': 'https',
    });
    const [line = ''] = answer.headers['set-cookie'] ?? [];
    assert.match(line, /^__Host-known_[\w-]{12}=one; /);
    assert.match(line, /; secure/i);
    assert.doesNotMatch(line, /; domain/i);
  });
});
