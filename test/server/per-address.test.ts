import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { type Draining, listen } from '../../src/server/listening.ts';
import { MOST_PER_ADDRESS } from '../../src/server/per-address.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe('limitPerAddress', () => {
  const sockets = new Set<Socket>();
  let listening: Draining;

  async function start(isExempt?: (address: string) => boolean): Promise<void> {
    listening = await listen(
      { host: '127.0.0.1', port: 0 },
      (_request, response) => response.end('well'),
      2000,
      isExempt,
    );
  }
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await listening.drain(0);
  });

  /** Connects, asks, and tells whether an answer came; an answered connection stays open. */
  async function ask(localAddress = '127.0.0.1'): Promise<boolean> {
    const address = listening.server.address();
    assert.ok(typeof address === 'object' && address);
    const socket = connect({ host: '127.0.0.1', port: address.port, localAddress });
    sockets.add(socket);
    // Refused, it may end by a reset: that is what is being tested.
    socket.on('error', () => {});
    const answered = await new Promise<boolean>((resolve) => {
      socket.once('data', () => resolve(true)).once('close', () => resolve(false));
      socket.write(REQUEST);
    });
    if (!answered) sockets.delete(socket);
    return answered;
  }

  /** Asks on so many connections at once; how many were answered. */
  async function askAll(count: number, from?: string): Promise<number> {
    const answers = await Promise.all(Array.from({ length: count }, () => ask(from)));
    return answers.filter(Boolean).length;
  }

  it('S59 holds a hundred connections of one address, and takes others meanwhile', async () => {
    await start(() => false);
    assert.equal(MOST_PER_ADDRESS, 100);
    assert.equal(await askAll(130), 100);
    assert.equal(await ask(), false);
    assert.equal(await ask('127.0.0.2'), true);
  });

  it('takes new ones when old ones have ended', async () => {
    await start(() => false);
    await askAll(100);
    assert.equal(await ask(), false);
    const [first] = sockets;
    const ended = new Promise<void>((resolve) => {
      listening.server.getConnections((_error, before) => {
        const look = (): void => {
          listening.server.getConnections((_fault, now) =>
            now < before ? resolve() : setImmediate(look),
          );
        };
        first!.destroy();
        look();
      });
    });
    await ended;
    assert.equal(await ask(), true);
  });

  it('S59 leaves the proxies in front as many as they need', async () => {
    await start((address) => address === '127.0.0.1');
    assert.equal(await askAll(150), 150);
  });

  it('is not asked for where nobody said who is exempt', async () => {
    await start();
    assert.equal(await askAll(130), 130);
  });
});
