import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { createMailReports } from '../../src/http/mail-reports.ts';
import type { TakenReport } from '../../src/mail/reports.ts';
import { createLog } from '../../src/telemetry/log.ts';

describe('createMailReports', () => {
  const key = randomBytes(32);
  let taken: TakenReport[];
  let isDown: boolean;
  let server: Server;

  async function start(known: Buffer | undefined): Promise<void> {
    const app = new Koa();
    app.use(
      createMailReports({
        key: known,
        takeReport: (report) => {
          if (isDown) return Promise.reject(new Error('away'));
          taken.push(report);
          return Promise.resolve('unknown');
        },
        log: createLog({ level: 'silent' }),
        clock: () => 0,
      }),
    );
    server = createServer(app.callback() as never);
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', () => ready()));
  }

  beforeEach(() => {
    taken = [];
    isDown = false;
  });
  afterEach(() => new Promise((done) => server.close(done)));

  function send(body: unknown, authorization?: string, method = 'POST'): Promise<Response> {
    const { port } = server.address() as AddressInfo;
    return fetch(`http://127.0.0.1:${port}/mail-reports`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(authorization !== undefined && { authorization }),
      },
      ...(method === 'POST' && { body: JSON.stringify(body) }),
    });
  }
  const REPORT = {
    id: '<AAAAAAAAAAAAAAAAAAAAAA@guest.example>',
    event: 'bounced',
    status: '5.1.1',
  };

  it('takes a report from whoever knows the key, in any spelling of it', async () => {
    await start(key);
    for (const spelling of ['base64', 'base64url', 'hex'] as const) {
      const answer = await send(REPORT, `Bearer ${key.toString(spelling)}`);
      assert.equal(answer.status, 204, spelling);
    }
    assert.deepEqual(taken[0], { id: REPORT.id, what: 'bounced', status: '5.1.1' });
    const { event, id } = REPORT;
    assert.equal((await send({ event, id }, `Bearer ${key.toString('hex')}`)).status, 204);
    assert.deepEqual(taken.at(-1), { id, what: 'bounced' });
  });

  it('S61 takes nothing without the key, and no other shape', async () => {
    await start(key);
    const right = `Bearer ${key.toString('base64')}`;
    for (const wrong of [
      undefined,
      'Bearer',
      `Bearer ${randomBytes(32).toString('hex')}`,
      right.slice(7),
    ]) {
      const answer = await send(REPORT, wrong);
      assert.equal(answer.status, 401, wrong);
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
    }
    for (const body of [
      {},
      [],
      { ...REPORT, event: 'gone' },
      { ...REPORT, to: 'x' },
      { ...REPORT, id: 1 },
    ]) {
      assert.equal((await send(body, right)).status, 400, JSON.stringify(body));
    }
    assert.equal((await send({ ...REPORT, id: 'x'.repeat(20_000) }, right)).status, 413);
    assert.equal((await send(REPORT, right, 'GET')).status, 405);
    assert.deepEqual(taken, []);
  });

  it('answers 503 when it could not be kept, so that it is sent again', async () => {
    await start(key);
    isDown = true;
    assert.equal((await send(REPORT, `Bearer ${key.toString('hex')}`)).status, 503);
  });

  it('is not there without a key', async () => {
    await start(undefined);
    assert.equal((await send(REPORT, 'Bearer x')).status, 404);
  });
});
