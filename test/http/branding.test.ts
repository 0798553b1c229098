import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import Koa from 'koa';
import type { Tenant } from '../../src/domain/tenant.ts';
import { answerBranding, BRANDING_PATH, drawnBranding } from '../../src/http/branding.ts';
import { GuestError } from '../../src/domain/errors.ts';
import { png, svg } from '../tenants/pictures.ts';

const plain: Tenant = {
  id: 'a',
  displayName: 'A',
  verifiedDomains: [],
  emailOneTimePasscode: 'default',
  clients: [],
};
const tenant: Tenant = {
  ...plain,
  branding: {
    logo: { type: 'image/svg+xml', bytes: Buffer.from(svg()) },
    favicon: { type: 'image/png', bytes: png(9, 9) },
    accent: '#0f766e',
    background: { type: 'image/png', bytes: png(8, 8) },
  },
};

describe('answerBranding', () => {
  let server: Server;
  let origin: string;
  before(async () => {
    const app = new Koa();
    app.use((ctx) => {
      try {
        const [, name = ''] = BRANDING_PATH.exec(ctx.path.slice('/a'.length)) ?? [];
        answerBranding(ctx, ctx.query['plain'] ? plain : tenant, '/a', name);
      } catch (error) {
        assert.ok(error instanceof GuestError);
        ctx.body = error.code;
      }
    });
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address);
    origin = `http://127.0.0.1:${address.port}`;
  });
  after(() => server.close());

  const drawn = drawnBranding(tenant, '/a')!;
  const get = (path: string | null | undefined, method = 'GET') => {
    assert.ok(path);
    return fetch(`${origin}${path}`, { method });
  };

  it('serves every picture and the theme under their version, to be kept for ever', async () => {
    const served = [
      [drawn.theme, 'text/css; charset=utf-8'],
      [drawn.logo, 'image/svg+xml'],
      [drawn.favicon?.href, 'image/png'],
    ] as const;
    for (const [path, type] of served) {
      const answer = await get(path);
      assert.equal(answer.headers.get('content-type'), type);
      assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    }
    const logo = await get(drawn.logo);
    assert.equal(await logo.text(), svg());
    assert.equal((await get(drawn.logo, 'HEAD')).status, 200);
  });

  it('names in the theme the picture that is served', async () => {
    const theme = await (await get(drawn.theme)).text();
    const picture = /url\("([^"]+)"\)/.exec(theme)?.[1];
    const answer = await get(picture);
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), png(8, 8));
    assert.match(answer.headers.get('cache-control') ?? '', /immutable/);
  });

  it('answers another version with the one at hand, which nobody keeps', async () => {
    for (const path of ['/a/branding/logo?v=old', '/a/branding/logo', '/a/theme.css?v=x&v=y']) {
      const answer = await get(path);
      assert.equal(answer.status, 200);
      assert.notEqual(await answer.text(), '');
      assert.equal(answer.headers.get('cache-control'), 'no-store', path);
    }
  });

  it('lets an SVG that is opened by itself run and load nothing', async () => {
    const answer = await get(drawn.logo);
    assert.equal(
      answer.headers.get('content-security-policy'),
      "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    );
  });

  it('refuses what a tenant does not have, and every method but reading', async () => {
    assert.equal(await (await get('/a/branding/logo-dark')).text(), 'not_found');
    assert.equal(await (await get('/a/theme.css?plain=1')).text(), 'not_found');
    assert.equal(await (await get(drawn.logo, 'POST')).text(), 'method_not_allowed');
  });
});

const logoOf = (bytes: Buffer, base = '/a') =>
  drawnBranding({ ...plain, branding: { logo: { type: 'image/png', bytes } } }, base)?.logo;

describe('drawnBranding', () => {
  it('is nothing for a tenant without a look of its own', () => {
    assert.equal(drawnBranding(plain, '/a'), null);
    assert.equal(
      drawnBranding({ ...plain, branding: { logo: tenant.branding!.logo! } }, '/a')?.theme,
      null,
    );
  });

  it('versions by content: the same file is the same address, another is not', () => {
    assert.equal(logoOf(png(9, 9)), logoOf(png(9, 9)));
    assert.notEqual(logoOf(png(9, 9)), logoOf(png(9, 8)));
    assert.match(
      logoOf(png(9, 9), '/oidc/signin/assets/a') ?? '',
      /^\/oidc\/signin\/assets\/a\/br/,
    );
  });
});
