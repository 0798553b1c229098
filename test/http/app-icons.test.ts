import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { GuestError } from '../../src/domain/errors.ts';
import { defaultClientPolicy, type Tenant } from '../../src/domain/tenant.ts';
import { iconByName, iconPathOf } from '../../src/http/app-icons.ts';
import { answerBranding, BRANDING_PATH } from '../../src/http/branding.ts';
import { png, svg } from '../tenants/pictures.ts';

const tenant: Tenant = {
  id: 'a',
  displayName: 'A',
  verifiedDomains: [],
  emailOneTimePasscode: 'default',
  clients: [],
  clientPolicies: {
    docs: {
      ...defaultClientPolicy,
      icon: { type: 'image/svg+xml', bytes: Buffer.from(svg('<!-- docs -->')) },
    },
    'a/../b?': { ...defaultClientPolicy, icon: { type: 'image/png', bytes: png(40, 40) } },
    plain: defaultClientPolicy,
  },
};

describe('iconPathOf', () => {
  it('names an icon by what is in it, and says nothing of the application', () => {
    const path = iconPathOf(tenant, 'a/../b?');
    assert.match(path ?? '', /^\/branding\/icon\/[\w-]{16}$/);
    assert.match(path ?? '', BRANDING_PATH);
    assert.equal(path, iconPathOf(tenant, 'a/../b?'));
    assert.notEqual(path, iconPathOf(tenant, 'docs'));
    for (const id of ['plain', 'nobody', '__proto__', 'constructor']) {
      assert.equal(iconPathOf(tenant, id), null, id);
    }
  });
});

describe('iconByName', () => {
  let server: Server;
  let origin: string;
  before(async () => {
    const app = new Koa().use((ctx) => {
      const [, name] = BRANDING_PATH.exec(ctx.path) ?? [];
      try {
        answerBranding(ctx, tenant, '/a', name ?? 'none');
      } catch (error) {
        assert.ok(error instanceof GuestError);
        ctx.status = 404;
        ctx.body = error.code;
      }
    });
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  it('finds the icon of its tenant, and no other', () => {
    const name = iconPathOf(tenant, 'docs')!.split('/').at(-1)!;
    assert.equal(iconByName(tenant, name), tenant.clientPolicies?.['docs']?.icon);
    assert.equal(iconByName({ ...tenant, clientPolicies: {} }, name), undefined);
    assert.equal(iconByName(tenant, 'A'.repeat(16)), undefined);
  });

  it('S31 serves it for ever, in a sandbox, of a tenant without a look of its own too', async () => {
    const answer = await fetch(`${origin}${iconPathOf(tenant, 'docs')}`);
    assert.equal(answer.headers.get('content-type'), 'image/svg+xml');
    assert.match(answer.headers.get('cache-control') ?? '', /immutable/);
    assert.match(
      answer.headers.get('content-security-policy') ?? '',
      /^sandbox; default-src 'none'/,
    );
    assert.equal(await answer.text(), svg('<!-- docs -->'));
    const none = await fetch(`${origin}/branding/icon/${'A'.repeat(16)}`);
    assert.deepEqual([none.status, await none.text()], [404, 'not_found']);
    const posted = await fetch(`${origin}${iconPathOf(tenant, 'docs')}`, { method: 'POST' });
    assert.equal(await posted.text(), 'method_not_allowed');
  });
});
