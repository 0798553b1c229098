import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GuestError } from '../../src/domain/errors.ts';
import { createAdminListener } from '../../src/http/admin-listener.ts';
import { createHealth, type Health, type HealthCheck } from '../../src/http/health.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createEar, type Ear } from '../server/followed.ts';

describe('the private listener', () => {
  let server: Server | undefined;
  let health: Health;
  let ear: Ear;
  afterEach(async () => {
    server?.close();
    server?.closeAllConnections();
    await (server && once(server, 'close'));
    server = undefined;
  });

  async function start(
    checks: readonly HealthCheck[],
    routes?: Parameters<typeof createAdminListener>[0]['routes'],
  ): Promise<void> {
    health = createHealth(checks);
    ear = createEar();
    const metrics = createMetrics();
    metrics.counter('things_total', 'Things.').add({});
    server = createServer(createAdminListener({ health, metrics, routes, log: ear.log }));
    await once(server.listen(0, '127.0.0.1'), 'listening');
  }

  async function get(path: string, method = 'GET') {
    assert.ok(server);
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  }

  it('answers 200 on livez and healthz whatever is wrong', async () => {
    await start([check('database', true, new GuestError('unavailable'))]);
    health.stop();
    for (const path of ['/livez', '/healthz']) {
      const { status, text } = await get(path);
      assert.deepEqual({ status, text }, { status: 200, text: 'ok\n' });
    }
  });

  it('is ready when nothing is wrong', async () => {
    await start([check('database', true), check('config', false)]);
    const { status, text, headers } = await get('/readyz');
    assert.deepEqual({ status, text }, { status: 200, text: 'ready\n' });
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal((await get('/readyz?verbose')).text, '[+]database ok\n[+]config ok\nready\n');
    assert.equal((await get('/readyz', 'HEAD')).status, 200);
  });

  it('is not ready when something vital is wrong, and tells no stranger what exactly', async () => {
    await start([check('database', true, new Error('password of root')), check('mail', false)]);
    const { status, text } = await get('/readyz?verbose');
    assert.equal(status, 503);
    assert.equal(text, '[-]database failed\n[+]mail ok\nnot ready\n');
  });

  it('F20 stays ready while only the files are stale, and says so', async () => {
    await start([check('database', true), check('config', false, 'stale: tenants/a.yaml:1:1  x')]);
    const { status, text } = await get('/readyz?verbose');
    assert.equal(status, 200);
    assert.match(text, /^\[-\]config stale: tenants\/a\.yaml:1:1 {2}x$/m);
    assert.match(text, /^degraded$/m);
  });

  it('is not ready any more once it is stopping', async () => {
    await start([]);
    health.stop();
    const { status, text } = await get('/readyz');
    assert.deepEqual({ status, text }, { status: 503, text: 'stopping\n' });
  });

  it('tells metrics in the format Prometheus reads', async () => {
    await start([]);
    const { status, text, headers } = await get('/metrics');
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(text, /^things_total 1$/m);
  });

  it('hands every other path to what is mounted on it', async () => {
    await start([], async (ctx, next) => {
      if (ctx.path !== '/a/v1.0/users') return next();
      ctx.body = { value: [] };
    });
    assert.equal((await get('/a/v1.0/users')).text, '{"value":[]}');
    assert.equal((await get('/a/v1.0/other')).status, 404);
    assert.equal((await get('/livez')).text, 'ok\n');
    assert.equal((await get('/metrics', 'POST')).status, 404);
  });

  it('S65 answers 500 and nothing more for a fault of it, which the log tells', async () => {
    await start([], () => Promise.reject(new Error('of the database')));
    const told = ear.next('admin.failed');
    const { status, text } = await get('/a/v1.0/users');
    assert.deepEqual({ status, text }, { status: 500, text: 'Internal Server Error' });
    assert.match(String((await told)['error']), /of the database/);
  });
});

function check(name: string, isVital: boolean, wrong?: string | Error): HealthCheck {
  return {
    name,
    isVital,
    check: () => (wrong instanceof Error ? Promise.reject(wrong) : Promise.resolve(wrong)),
  };
}
