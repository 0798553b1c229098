import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { createSealer } from '../../src/settings/sealer.ts';
import { runs } from '../support/fuzz.ts';

const sealer = createSealer(Buffer.alloc(32, 7), 'outbox');

describe('a sealed value, whatever becomes of it', () => {
  it('S3 does not open with any one character put in, taken out or changed', () => {
    const change = fc.record({
      at: fc.nat(80),
      out: fc.nat(1),
      put: fc.oneof(
        fc.stringMatching(/^[A-Za-z0-9_+/=-]?$/),
        fc.string({ unit: 'binary', maxLength: 1 }),
      ),
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), change, (plain, { at, out, put }) => {
        const sealed = sealer.seal(Buffer.from(plain), 'row');
        const changed = sealed.slice(0, at) + put + sealed.slice(at + out);
        if (changed === sealed) assert.deepEqual(sealer.open(changed, 'row'), Buffer.from(plain));
        else assert.throws(() => sealer.open(changed, 'row'), Error);
      }),
      runs(3000),
    );
  });
});
