import assert from 'node:assert/strict';
import { GuestError } from '../../src/domain/errors.ts';
import { createLog, type LogFields } from '../../src/telemetry/log.ts';

describe('createLog', () => {
  let lines: string[];
  const log = (level: Parameters<typeof createLog>[0]['level'] = 'debug') =>
    createLog({ level, destination: { write: (line) => void lines.push(line) } });

  beforeEach(() => {
    lines = [];
  });

  function written(fields: LogFields): Record<string, unknown> {
    log().info('thing.happened', fields);
    const line: Record<string, unknown> = JSON.parse(lines.at(-1)!);
    return line;
  }

  it('S64 writes one JSON line with level, UTC time, event and fields', () => {
    const { time, ...rest } = written({ tenant: 'contoso', count: 2 });
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(rest, { level: 'info', event: 'thing.happened', tenant: 'contoso', count: 2 });
    assert.equal(lines.length, 1);
    assert.equal(lines[0]?.indexOf('\n'), (lines[0]?.length ?? 0) - 1);
  });

  it('writes nothing below its level, and nothing at all when silent', () => {
    log('warn').info('quiet');
    log('silent').error('quiet');
    assert.deepEqual(lines, []);
  });

  for (const name of [
    'passcode',
    'code',
    'user_code',
    'userCode',
    'client_secret',
    'password',
    'cookie',
    'set-cookie',
    'Authorization',
    'access_token',
    'csrfToken',
  ]) {
    it(`S65 redacts ${name} at any depth`, () => {
      const line = JSON.stringify(written({ [name]: 's3cr3t', a: [{ b: { [name]: 's3cr3t' } }] }));
      assert.ok(!line.includes('s3cr3t'), line);
      assert.equal(line.match(/\[redacted\]/g)?.length, 2);
    });
  }

  it('S65 masks addresses in the field address and inside any text', () => {
    const error = new Error('550 <teri@gmail.example> unknown');
    const line = written({
      address: 'teri@gmail.example',
      note: 'from teri@gmail.example, megan@contoso.example',
      error,
    });
    assert.equal(line['address'], 't**i@gmail.example');
    assert.equal(line['note'], 'from t**i@gmail.example, m**n@contoso.example');
    assert.ok(!JSON.stringify(line).includes('teri@'));
  });

  it('S65 drops the query of a url', () => {
    assert.equal(
      written({ url: '/contoso/auth?login_hint=teri%40gmail.example&state=1' })['url'],
      '/contoso/auth',
    );
  });

  it('keeps what an operator needs of an error: code, detail and cause', () => {
    const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    const error = new GuestError('unavailable', { cause, detail: { host: 'db', password: 'x' } });
    const logged = JSON.stringify(written({ error }));
    assert.match(logged, /"errorCode":"unavailable"/);
    assert.match(logged, /"errorCode":"ECONNREFUSED"/);
    assert.match(logged, /"detail":\{"host":"db","password":"\[redacted\]"\}/);
    assert.match(logged, /log\.test\.ts/);
  });

  it('S64 escapes what could forge a line or repaint a terminal', () => {
    log().info('thing', { name: 'x\n{"level":"error"}\u001B[2J\u009B31m\u202Eevil\u2028' });
    assert.match(lines[0] ?? '', /^[^\p{Cc}\u2028\u202E]*\n$/u);
  });

  it('survives cycles, buffers, bigints and very long texts', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const line = written({ cycle, key: Buffer.from('s3cr3t'), big: 1n, long: 'x'.repeat(99_999) });
    assert.ok(JSON.stringify(line).length < 6_000);
    assert.ok(!JSON.stringify(line).includes('115,51'));
  });

  it('cleans a long hostile text in linear time', () => {
    const began = performance.now();
    written({ note: `${'a.'.repeat(200_000)}@` });
    // In square time it would be many minutes.
    assert.ok(performance.now() - began < 10_000);
  });
});
