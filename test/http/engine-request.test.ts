import assert from 'node:assert/strict';
import { Jar } from '../support/jar.ts';
import { startWorld, type World } from '../support/world.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe('checkEngineRequest', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.close());

  const send = async (method: string, path: string, headers = {}, body?: string) => {
    const given = { accept: '*/*', ...headers };
    const answer = await new Jar().send(method, `${world.publicUrl}/a/v2.0${path}`, given, body);
    const { error, error_code: code } = JSON.parse(answer.text) as Record<string, string>;
    return [answer.status, error, code];
  };

  for (const path of ['/token', '/request', '/token/introspection', '/token/revocation', '/me']) {
    it(`S59 reads a form of at most 16 KiB at ${path}`, async () => {
      const large = `grant_type=${'x'.repeat(16_384)}`;
      assert.deepEqual(await send('POST', path, FORM, large), [
        413,
        'invalid_request',
        'body_too_large',
      ]);
      const json = { 'content-type': 'application/json' };
      assert.deepEqual(await send('POST', path, json, '{"grant_type":"x"}'), [
        415,
        'invalid_request',
        'media_type_unsupported',
      ]);
    });
  }

  const signOut = (headers = {}) =>
    send('POST', '/session/end/confirm', { ...FORM, ...headers }, 'x');

  it('S26 takes the answer to the question of signing out from its own page alone', async () => {
    const forged = [403, 'access_denied', 'request_forged'];
    assert.deepEqual(await signOut({ origin: 'https://evil.example' }), forged);
    assert.deepEqual(await signOut({ origin: 'null' }), forged);
    assert.deepEqual(await signOut({ 'sec-fetch-site': 'cross-site' }), forged);
    // The engine then wants the form's token.
    assert.equal(
      (await signOut({ origin: world.publicUrl, 'sec-fetch-site': 'same-origin' }))[0],
      400,
    );
    assert.equal((await signOut())[0], 400);
  });

  it('S59 lets a form of a usual size and an empty one through to the engine', async () => {
    const [status, error] = await send('POST', '/token', FORM, `x=${'y'.repeat(16_000)}`);
    assert.deepEqual([status, error], [400, 'invalid_request']);
    assert.equal((await send('POST', '/token'))[0], 400);
  });

  it('S59 never answers 500 to a body without a length', async () => {
    const answer = await fetch(`${world.publicUrl}/a/v2.0/token`, {
      method: 'POST',
      headers: FORM,
      body: new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('x='.padEnd(100_000, 'y')));
          controller.close();
        },
      }),
      duplex: 'half',
    } as RequestInit);
    assert.equal(answer.status, 400);
  });
});

describe('unansweredError', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.close());

  const statusOf = async (method: string, path: string): Promise<number> =>
    (await new Jar().send(method, `${world.publicUrl}/a/v2.0${path}`)).status;

  const known: readonly (readonly [string, string])[] = [
    ['POST', '/auth'],
    ['PUT', '/auth'],
    ['GET', '/token'],
    ['DELETE', '/me'],
    ['POST', '/jwks'],
    ['GET', '/request'],
    ['GET', '/token/introspection'],
    ['PUT', '/session/end'],
    ['POST', '/.well-known/openid-configuration'],
  ];
  for (const [method, path] of known) {
    it(`S59 answers 405 to ${method} ${path}`, async () => {
      assert.equal(await statusOf(method, path), 405);
    });
  }

  it('answers 404 where nothing is by any method', async () => {
    for (const path of ['/nothing', '/reg', '/device', '/token/nothing']) {
      for (const method of ['GET', 'POST']) assert.equal(await statusOf(method, path), 404, path);
    }
  });
});
