import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { createRestarts, restartPath } from '../../src/interaction/restart.ts';
import { createSealer } from '../../src/settings/sealer.ts';
import { runs } from '../support/fuzz.ts';

const KEY = Buffer.alloc(32, 7);
const restarts = createRestarts([KEY], () => 1_792_936_920);

describe('a restart token, whatever is sent as one', () => {
  it('opens no text that is none of ours, and never throws', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 5000 }),
      fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    );
    fc.assert(
      fc.property(text, (given) => assert.equal(restarts.open('a', given), undefined)),
      runs(3000),
    );
  });

  it('opens no token with any one character put in, taken out or changed', () => {
    const request = { clientId: 'docs', endpoint: '/auth', parameters: { a: 'b' }, address: null };
    const token = restarts.seal('a', request)!;
    const change = fc.record({
      at: fc.nat(token.length),
      out: fc.nat(1),
      put: fc.oneof(
        fc.stringMatching(/^[A-Za-z0-9_+/=-]?$/),
        fc.string({ unit: 'binary', maxLength: 1 }),
      ),
    });
    fc.assert(
      fc.property(change, ({ at, out, put }) => {
        const changed = token.slice(0, at) + put + token.slice(at + out);
        assert.equal(restarts.open('a', changed) === undefined, changed !== token);
      }),
      runs(3000),
    );
  });

  it('reads contents of another shape, as an older server may have sealed them, as none', () => {
    const sealer = createSealer(KEY, 'restart');
    fc.assert(
      fc.property(fc.json(), (json) => {
        assert.equal(restarts.open('a', sealer.seal(json, 'restart 1 a')), undefined);
      }),
      runs(1000),
    );
  });

  it('gives back whatever request was sealed, and a path of our own', () => {
    const value = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.webUrl());
    // The engine takes no parameter of this name, and reading JSON back drops it.
    const name = fc.string({ maxLength: 10 }).filter((said) => said !== '__proto__');
    const parameters = fc.dictionary(name, value, { maxKeys: 5 });
    const address = fc.option(fc.emailAddress());
    fc.assert(
      fc.property(parameters, address, (said, to) => {
        const given = {
          clientId: 'docs',
          endpoint: '/a/auth',
          parameters: { ...said },
          address: to,
        };
        const opened = restarts.open('a', restarts.seal('a', given)!)!;
        assert.deepEqual({ ...opened.parameters }, { ...said });
        const url = new URL(restartPath(opened)!, 'https://guest.example');
        assert.deepEqual([url.origin, url.pathname], ['https://guest.example', '/a/auth']);
      }),
      runs(1000),
    );
  });
});
