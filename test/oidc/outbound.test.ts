import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { createEngineFetch } from '../../src/oidc/outbound.ts';
import { readForm, sendJson, startLoopback } from '../support/loopback-server.ts';

describe('createEngineFetch', () => {
  let server: Server;
  let connections = 0;
  before(async () => {
    server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  });
  after(() => server.close());

  for (const secure of [true, false]) {
    it(`T76 S53 makes no connection to the inside of the network, ${secure ? 'on https' : 'even on plain http'}`, async () => {
      const { port } = server.address() as AddressInfo;
      const fetch = createEngineFetch(secure);
      const hosts = secure
        ? ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']
        : ['[::ffff:127.0.0.1]'];
      for (const host of hosts) {
        await assert.rejects(fetch(`https://${host}:${port}/keys`, {}), { name: 'OutboundError' });
      }
      assert.equal(connections, 0);
    });
  }

  it('posts a form to a relying party on this machine, where the issuer is on it too', async () => {
    const party = await startLoopback(() => async (request, response) => {
      const { 'content-type': type } = request.headers;
      sendJson(response, 200, { type, token: (await readForm(request)).get('logout_token') });
    });
    try {
      const answer = await createEngineFetch(false)(`${party.origin}/logout`, {
        method: 'POST',
        headers: new Headers({ 'user-agent': '' }),
        body: new URLSearchParams({ logout_token: 'x' }),
      });
      const type = 'application/x-www-form-urlencoded;charset=UTF-8';
      assert.deepEqual(await answer.json(), { type, token: 'x' });
    } finally {
      await party.stop();
    }
  });
});
