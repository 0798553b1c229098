import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { createListeners, type Listeners } from '../../src/server/listening.ts';

const GRACE_MS = 400;

describe('createListeners', () => {
  let listeners: Listeners;
  let agent: Agent;
  let held: PromiseWithResolvers<void>;

  async function start(graceMs: number): Promise<void> {
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
    held = Promise.withResolvers();
    const address = { host: '127.0.0.1', port: 0 };
    const settings = { listen: address, adminListen: address, trustedProxies: [] };
    listeners = createListeners(settings, graceMs);
    await listeners.answerBy({
      answer: (request, response) => {
        if (request.url !== '/held') return void response.end('public');
        response.write('begun ');
        void held.promise.then(() => response.end('ended'));
      },
      answerAdmin: (_request, response) => response.end('private'),
    });
  }
  afterEach(async () => {
    held.resolve();
    await listeners.close();
    agent.destroy();
  });

  const ask = async (path = '/', port = listeners.address().port) => {
    const sent = get({ host: '127.0.0.1', port, path, agent });
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return answer;
  };
  it('answers by what it was told last', async () => {
    await start(0);
    assert.equal(await read(await ask()), 'public');
    await listeners.answerBy({
      answer: (_request, response) => response.end('other'),
      answerAdmin: (_request, response) => response.end('private'),
    });
    assert.equal(await read(await ask()), 'other');
    assert.equal(await read(await ask('/', listeners.adminAddress()?.port)), 'private');
  });

  it('F19 takes connections for a while after close, and keeps none of them', async () => {
    await start(GRACE_MS);
    const { port } = listeners.address();
    const before = await ask();
    await read(before);
    assert.equal(before.headers.connection, 'keep-alive');
    const closing = listeners.close();
    // Over the connection that was kept, and over a new one.
    for (const _time of [1, 2]) {
      const answer = await ask('/', port);
      assert.equal(answer.headers.connection, 'close');
      assert.equal(await read(answer), 'public');
    }
    await closing;
    await assert.rejects(ask('/', port), { code: 'ECONNREFUSED' });
  });

  it('F19 lets a request end, and says on the private side that it lives until then', async () => {
    await start(0);
    const admin = listeners.adminAddress()?.port ?? 0;
    const answer = await ask('/held');
    const closing = listeners.close();
    assert.equal((await fetch(`http://127.0.0.1:${admin}/`)).status, 200);
    held.resolve();
    assert.equal(await read(answer), 'begun ended');
    // The connection is idle by now, and does not keep the server for its five seconds.
    const before = performance.now();
    await closing;
    assert.ok(performance.now() - before < 2_000);
  });
});

async function read(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  return text;
}
