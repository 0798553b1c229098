import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import Koa, { type Context } from 'koa';
import { errorTable, GuestError } from '../../src/domain/errors.ts';
import { field, readForm, readLargeForm } from '../../src/http/form.ts';
import { examples, runs } from '../support/fuzz.ts';

const KEPT = examples('forms');
const app = new Koa();

/** A context with a body to read, without a socket below it. */
function posted(body: string): Context {
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(Buffer.byteLength(body)),
  };
  const request = Object.assign(Readable.from([Buffer.from(body)]), {
    headers,
    method: 'POST',
    url: '/',
    socket: {},
  });
  const response = { setHeader() {}, getHeader() {}, removeHeader() {} };
  return app.createContext(request as never, response as never);
}

/** The context behind the reader, or the code it refused with. */
async function read(body: string): Promise<Context | string> {
  const ctx = posted(body);
  let passed = false;
  try {
    await readForm(ctx, async () => {
      passed = true;
    });
  } catch (error) {
    assert.ok(error instanceof GuestError, String(error));
    assert.ok(Object.hasOwn(errorTable, error.code));
    assert.equal(passed, false, 'nothing behind it ran');
    return error.code;
  }
  assert.ok(passed);
  return ctx;
}

const name = fc.oneof(
  fc.constantFrom('code', 'csrf', 'email', '__proto__', 'constructor', 'toString', 'c%6fde', ''),
  fc.constantFrom('code[]', 'code[a]', 'code%5b%5d', '[code]', 'code.a', 'code[__proto__][x]'),
  fc.constantFrom('%', '%00', '\ud83d\ude00'),
);
const value = fc.oneof(
  fc.constantFrom('', '1', '12+34', '%00', '%ff', '%', '%zz', 'a=b', 'a;b', '%0d%0a', '%E2%80%AE'),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const body = fc.oneof(
  fc
    .array(fc.tuple(name, fc.constantFrom('=', '=', '', '=='), value), { maxLength: 20 })
    .map((all) => all.map((one) => one.join('')).join('&')),
  fc.string({ unit: 'binary', maxLength: 60 }),
);

describe('readForm, for whatever is posted', () => {
  it('S61 gives flat strings, or refuses and runs nothing behind it', async () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const ctx = await read(text);
        if (typeof ctx === 'string') return;
        const fields = ctx.request.body as Record<string, unknown>;
        assert.ok(Object.values(fields).every((one) => typeof one === 'string'));
        assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
        for (const inherited of ['toString', 'constructor', '__proto__', 'hasOwnProperty']) {
          const found = field(ctx, inherited);
          assert.ok(found === '' || Object.hasOwn(fields, inherited), inherited);
          assert.equal(typeof found, 'string');
        }
      }),
      { ...runs(1500), examples: KEPT },
    );
  });

  it('S61 reads what the platform reads, where that is one value', async () => {
    const sound = fc.array(
      fc.tuple(
        fc.constantFrom('code', 'csrf', 'email'),
        fc.string({ unit: 'binary', maxLength: 9 }),
      ),
      { maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(sound, async (fields) => {
        const query = new URLSearchParams(fields);
        const ctx = await read(query.toString());
        const names = fields.map(([one]) => one);
        if (new Set(names).size < names.length) assert.equal(ctx, 'parameter_malformed');
        if (typeof ctx === 'string') return;
        for (const one of ['code', 'csrf', 'email']) {
          assert.equal(field(ctx, one), query.get(one) ?? '');
        }
      }),
      runs(1000),
    );
  });
});

describe('readLargeForm, for whatever is posted', () => {
  it('S61 gives each field once, or refuses', async () => {
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        try {
          const fields = await readLargeForm(posted(text));
          const names = [...fields.keys()];
          assert.equal(new Set(names).size, names.length);
          assert.ok(names.length <= 16);
        } catch (error) {
          assert.ok(error instanceof GuestError, String(error));
        }
      }),
      { ...runs(1000), examples: KEPT },
    );
  });
});
