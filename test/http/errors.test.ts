import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import Koa from 'koa';
import { errors as oidcErrors, type KoaContextWithOIDC } from 'oidc-provider';
import { type ErrorCode, errorTable, GuestError } from '../../src/domain/errors.ts';
import type { Tenant } from '../../src/domain/tenant.ts';
import { createErrorGate, createReference } from '../../src/http/errors.ts';
import { createViews, type ProblemJson } from '../../src/http/views.ts';
import { createTranslator } from '../../src/i18n.ts';
import { createLog } from '../../src/telemetry/log.ts';

const EXAMPLE = 'https://guest.example/{tenant}/v2.0';
const CODES = Object.keys(errorTable) as ErrorCode[];
const SECRET = 'SELECT * FROM guests -- at /srv/app/x.ts:1 password=hunter2';
const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

const contoso: Tenant = {
  id: 'contoso',
  displayName: 'Contoso',
  verifiedDomains: [],
  emailOneTimePasscode: 'default',
  clients: [],
};

const httpError = (status: number) => Object.assign(new Error('http'), { status });

describe('createErrorGate', () => {
  let server: Server;
  let fault: unknown;
  let engineOut: { error: string; error_description?: string } | undefined;
  let lines: string[];

  before(async () => {
    const gate = createErrorGate({
      views: createViews({ translator: createTranslator(), product: 'Guestpass' }),
      log: createLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } }),
      goodLink: () => EXAMPLE,
      tenantOf: () => contoso,
      tenantPicker: false,
    });
    const app = new Koa();
    app.silent = true;
    app.use(gate.middleware);
    app.use(async (ctx) => {
      if (!engineOut) throw fault;
      await gate.answerEngine(ctx as unknown as KoaContextWithOIDC, engineOut, fault);
    });
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => server.close());
  beforeEach(() => {
    lines = [];
    engineOut = undefined;
  });

  async function answerTo(thrown: unknown, headers: Record<string, string> = {}) {
    fault = thrown;
    const address = server.address();
    assert.ok(typeof address === 'object' && address);
    const { port } = address;
    const response = await fetch(`http://127.0.0.1:${port}/a/v2.0/x?secret=1`, { headers });
    return { response, status: response.status, text: await response.text() };
  }

  function lastLine(): Record<string, unknown> {
    const line: Record<string, unknown> = JSON.parse(lines.at(-1)!);
    return line;
  }

  it('S65 shows nothing of a fault but a reference, to programs', async () => {
    const { status, text, response } = await answerTo(new Error(SECRET));
    const body: ProblemJson = JSON.parse(text);
    assert.equal(status, 500);
    assert.equal(body.error, 'server_error');
    assert.equal(body.error_code, 'internal');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
    for (const word of ['SELECT', 'hunter2', '/srv', 'x.ts']) assert.ok(!text.includes(word), word);
    assert.equal(body.reference, lastLine()['reference']);
  });

  it('T99 S65 shows nothing of a fault but a reference, to people', async () => {
    const { status, text, response } = await answerTo(new Error(SECRET), HTML);
    assert.equal(status, 500);
    assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    for (const word of ['SELECT', 'hunter2', '/srv', 'x.ts', 'Error:</'])
      assert.ok(!text.includes(word), word);
    assert.ok(text.includes(String(lastLine()['reference'])));
  });

  it('S64 logs the fault under the reference it shows, without the query', async () => {
    await answerTo(new Error(SECRET, { cause: new Error('disk') }));
    const line = lastLine();
    assert.equal(line['level'], 'error');
    assert.equal(line['event'], 'request.failed');
    assert.equal(line['path'], '/a/v2.0/x');
    assert.ok(JSON.stringify(line).includes('disk'));
    assert.ok(!lines.join('').includes('secret=1'));
  });

  it('R19 gives every code its status, as JSON with a registered error to branch on, and as a page', async () => {
    for (const code of CODES) {
      const program = await answerTo(new GuestError(code));
      assert.equal(program.status, errorTable[code].status, code);
      const body: ProblemJson = JSON.parse(program.text);
      assert.equal(body.error_code, code);
      assert.equal(body.error, errorTable[code].oauth);
      assert.match(body.error_description, /^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/);
      assert.equal(
        (await answerTo(new GuestError(code), HTML)).status,
        errorTable[code].status,
        code,
      );
    }
  });

  it('S65 logs the detail of a refusal and never sends it', async () => {
    const thrown = new GuestError('request_forged', { detail: { origin: 'https://evil.example' } });
    for (const headers of [{}, HTML]) {
      assert.ok(!(await answerTo(thrown, headers)).text.includes('evil'));
      assert.deepEqual(lastLine()['detail'], { origin: 'https://evil.example' });
    }
  });

  it('says when to come again', async () => {
    const throttled = await answerTo(new GuestError('throttled', { retryAfterSeconds: 42 }));
    assert.equal(throttled.response.headers.get('retry-after'), '42');
    const down = await answerTo(new GuestError('unavailable'));
    assert.equal(down.status, 503);
    assert.ok(Number(down.response.headers.get('retry-after')) > 0);
  });

  it('R14 shows without a tenant what a good link looks like', async () => {
    const page = await answerTo(new GuestError('tenant_missing'), HTML);
    assert.equal(page.status, 400);
    assert.ok(page.text.includes(EXAMPLE));
    const body: ProblemJson = JSON.parse((await answerTo(new GuestError('tenant_missing'))).text);
    assert.ok(body.error_description.includes(EXAMPLE));
  });

  it('blames the caller for what the caller did', async () => {
    const rows: readonly (readonly [unknown, number])[] = [
      [httpError(404), 404],
      [httpError(405), 405],
      [httpError(413), 413],
      [httpError(415), 415],
      [httpError(400), 400],
      [new URIError('URI malformed'), 400],
      [httpError(418), 500],
      ['a string', 500],
    ];
    for (const [thrown, status] of rows) assert.equal((await answerTo(thrown)).status, status);
  });

  const type = async (accept: string) => {
    const { response } = await answerTo(new GuestError('not_found'), { accept });
    return (response.headers.get('content-type') ?? '').split(';')[0];
  };

  it('gives JSON to who accepts anything, and pages to browsers', async () => {
    assert.equal(await type('*/*'), 'application/json');
    assert.equal(await type('application/json'), 'application/json');
    assert.equal(await type('text/html'), 'text/html');
    assert.equal(await type(HTML.accept), 'text/html');
    assert.equal(await type('image/png'), 'application/json');
  });

  it("T51 shows the engine's own errors escaped, and keeps their OAuth code", async () => {
    const evil = '<script>alert(1)</script>';
    engineOut = { error: 'invalid_redirect_uri', error_description: `no ${evil} here` };
    const thrown = new oidcErrors.InvalidRedirectUri();
    const page = await answerTo(thrown, HTML);
    assert.equal(page.status, 400);
    assert.ok(!page.text.includes(evil));
    assert.equal(page.response.headers.get('location'), null);
    const body: ProblemJson = JSON.parse((await answerTo(thrown)).text);
    assert.equal(body.error, 'invalid_redirect_uri');
    assert.equal(body.error_code, 'request_refused');
  });

  it("S65 shows nothing of the engine's faults", async () => {
    engineOut = { error: 'server_error', error_description: SECRET };
    for (const headers of [{}, HTML]) {
      const { status, text } = await answerTo(new Error(SECRET), headers);
      assert.equal(status, 500);
      assert.ok(!text.includes('hunter2') && !text.includes('SELECT'));
    }
    assert.equal(lastLine()['level'], 'error');
  });

  it('tells an interaction that is over from one refused', async () => {
    engineOut = { error: 'invalid_request', error_description: 'session not found' };
    const { text, status } = await answerTo(new oidcErrors.SessionNotFound('session not found'));
    assert.equal(status, 400);
    const body: ProblemJson = JSON.parse(text);
    assert.equal(body.error_code, 'interaction_expired');
  });
});

describe('createReference', () => {
  it('is twelve characters, never the same', () => {
    const made = new Set(Array.from({ length: 1000 }, createReference));
    assert.equal(made.size, 1000);
    for (const reference of made) assert.match(reference, /^[\w-]{12}$/);
  });
});
