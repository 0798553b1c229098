import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import Koa from 'koa';
import { field, readForm } from '../../src/http/form.ts';
import { GuestError } from '../../src/domain/errors.ts';

const FORM = 'application/x-www-form-urlencoded';

const fields = (count: number) =>
  Array.from({ length: count }, (_, index) => `f${index}=`).join('&');

describe('readForm', () => {
  let server: Server;
  let evaluated: string[];

  before(async () => {
    const app = new Koa();
    app.use(async (ctx, next) => {
      try {
        await next();
      } catch (error) {
        ctx.status = error instanceof GuestError ? error.status : 500;
        ctx.body = error instanceof GuestError ? error.code : String(error);
      }
    });
    app.use(readForm);
    app.use((ctx) => {
      evaluated.push(field(ctx, 'code'));
      ctx.body = JSON.stringify([field(ctx, 'code'), field(ctx, 'csrf')]);
    });
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => server.close());
  beforeEach(() => {
    evaluated = [];
  });

  function post(
    body: string | Buffer,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; text: string }> {
    const address = server.address();
    assert.ok(typeof address === 'object' && address);
    const { port } = address;
    const chunked = headers['transfer-encoding'] === 'chunked';
    return new Promise((resolve, reject) => {
      const sent = httpRequest({
        port,
        host: '127.0.0.1',
        method: 'POST',
        headers: {
          'content-type': FORM,
          ...(chunked ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
          ...headers,
        },
      });
      sent.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
        response.once('error', reject);
      });
      sent.once('error', reject);
      sent.end(body);
    });
  }

  async function refuses(code: string, body: string | Buffer, headers?: Record<string, string>) {
    const { text, status } = await post(body, headers);
    assert.equal(text, code, String(body).slice(0, 40));
    assert.ok(status >= 400 && status < 500);
    assert.deepEqual(evaluated, [], 'nothing behind it ran');
  }

  it('reads flat strings', async () => {
    assert.equal((await post('code=1234+5678&csrf=%C3%A9')).text, '["1234 5678","é"]');
    assert.equal((await post('')).text, '["",""]');
  });

  it('T21 refuses repeated and nested fields', async () => {
    for (const body of [
      'code=a&code=b',
      'code[]=1',
      'code[0]=1',
      'code[$ne]=',
      'code[a][b]=1',
      'x[]=1&code=1',
    ]) {
      await refuses('parameter_malformed', body);
    }
    await refuses('parameter_malformed', 'settings[view options][outputFunctionName]=x');
  });

  it('T21 refuses NUL and control characters', async () => {
    for (const body of ['code=1%00', 'code=%1B[2J', 'csrf=%08', 'code=%0B']) {
      await refuses('parameter_malformed', body);
    }
    assert.equal((await post('code=1%0D%0A2%09')).status, 200);
  });

  it('T21 refuses every other kind of body', async () => {
    for (const type of [
      'application/json',
      'text/plain',
      'multipart/form-data; boundary=x',
      'application/xml',
    ]) {
      await refuses('media_type_unsupported', '{"code":"12345678"}', { 'content-type': type });
    }
    for (const body of ['true', '0', '{}', '12345678']) {
      await refuses('media_type_unsupported', body, { 'content-type': 'application/json' });
    }
  });

  it('T89 refuses 17 KiB, told in advance or not', async () => {
    const body = `code=${'1'.repeat(17 * 1024)}`;
    await refuses('body_too_large', body);
    await refuses('body_too_large', body, { 'transfer-encoding': 'chunked' });
    assert.equal((await post(`code=${'1'.repeat(15 * 1024)}`)).status, 200);
  });

  it('T89 refuses what a compressed body would grow to', async () => {
    const bomb = gzipSync(`code=${'1'.repeat(10_000_000)}`);
    assert.ok(bomb.length < 16 * 1024);
    await refuses('body_too_large', bomb, { 'content-encoding': 'gzip' });
    await refuses('parameter_malformed', 'code=1', { 'content-encoding': 'nonsense' });
    await refuses('parameter_malformed', 'code=1', { 'content-encoding': 'gzip' });
  });

  it('T89 refuses many fields', async () => {
    await refuses('parameter_malformed', fields(17));
    await refuses('parameter_malformed', fields(1500));
    assert.equal((await post(fields(16))).status, 200);
  });

  it('takes names of Object for names like any other', async () => {
    for (const body of ['__proto__=1&code=2', 'constructor=1&code=2', 'toString=1&code=2']) {
      const { status, text } = await post(body);
      assert.ok(status === 400 || text === '["2",""]', `${body}: ${text}`);
    }
    assert.equal(Object.hasOwn(Object.prototype, 'code'), false);
  });

  it('survives bytes that are no UTF-8 and bad percent signs', async () => {
    for (const body of [
      Buffer.from('code=\xff\xfe', 'latin1'),
      'code=%ff%fe',
      'code=%',
      'code=%zz',
    ]) {
      const { status } = await post(body);
      assert.ok(status < 500, String(status));
    }
  });
});

const ctx = (body: unknown) => ({ request: { body } }) as unknown as Koa.Context;

describe('field', () => {
  it('is empty for a field that is not there', () => {
    assert.equal(field(ctx({ code: 'x' }), 'csrf'), '');
    assert.equal(field(ctx(undefined), 'code'), '');
    assert.equal(field(ctx({}), 'toString'), '');
  });
});
