import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import Koa from 'koa';
import { createTicketCookie } from '../../src/http/ticket-cookie.ts';
import { type Answer, Jar } from '../support/jar.ts';

const TICKET = `${'A'.repeat(22)}.${'b'.repeat(43)}`;

describe('createTicketCookie', () => {
  let server: Server;
  let origin: string;
  let secure = false;

  before(async () => {
    const app = new Koa();
    app.silent = true;
    app.proxy = true;
    app.use((ctx) => {
      const cookie = createTicketCookie('opened', { secure, lifetimeSeconds: 3600 });
      const given = ctx.query['ticket'];
      if (typeof given === 'string') cookie.write(ctx, given);
      if (ctx.path === '/clear') cookie.clear(ctx);
      ctx.body = JSON.stringify(cookie.read(ctx) ?? null);
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

  const write = (jar: Jar, ticket: string): Promise<Answer> =>
    jar.get(`${origin}/?ticket=${encodeURIComponent(ticket)}`);

  it('S55 keeps a ticket for the browser alone, out of reach of scripts and other sites', async () => {
    const jar = new Jar();
    const { headers } = await write(jar, TICKET);
    assert.match(
      String(headers['set-cookie']),
      /^opened=[\w.-]{66}; path=\/; expires=[^;]+; samesite=lax; httponly$/i,
    );
    assert.equal((await jar.get(origin)).text, JSON.stringify(TICKET));
  });

  it('S55 is a host’s own cookie over https', async () => {
    secure = true;
    const answer = await new Jar().get(`${origin}/?ticket=${TICKET}`, {
      'x-forwarded-proto': 'https',
    });
    const [cookie = ''] = answer.headers['set-cookie'] ?? [];
    assert.match(cookie, /^__Host-opened=/);
    assert.match(cookie, /; secure/i);
    assert.doesNotMatch(cookie, /; domain/i);
  });

  for (const hostile of [
    '',
    'x',
    `${TICKET}; Domain=evil.example`,
    `${TICKET}\r\nX: y`,
    'ä'.repeat(66),
    'A'.repeat(201),
  ]) {
    it(`takes ${JSON.stringify(hostile.slice(0, 30))} for no ticket, and forgets the one before`, async () => {
      const jar = new Jar();
      await write(jar, TICKET);
      assert.equal((await write(jar, hostile)).status, 200);
      assert.equal((await jar.get(origin)).text, 'null');
    });
  }

  it('reads nothing of another shape, whoever set it', async () => {
    const answer = await new Jar().get(origin, { cookie: 'opened=%00<script>' });
    assert.equal(answer.text, 'null');
  });

  it('clears what is there, and sets nothing where nothing is', async () => {
    const jar = new Jar();
    assert.equal((await jar.get(`${origin}/clear`)).headers['set-cookie'], undefined);
    await write(jar, TICKET);
    await jar.get(`${origin}/clear`);
    assert.equal((await jar.get(origin)).text, 'null');
  });
});
