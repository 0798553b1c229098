import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { createSealer, createSealerRing } from '../../src/settings/sealer.ts';

describe('createSealer', () => {
  const key = randomBytes(32);
  const sealer = createSealer(key, 'outbox');

  it('opens what it sealed, text and bytes alike', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (bytes, context) => {
        const plain = Buffer.from(bytes);
        assert.deepEqual(sealer.open(sealer.seal(plain, context), context), plain);
      }),
      { numRuns: 100 },
    );
    assert.equal(sealer.open(sealer.seal('Grüße', 'id'), 'id').toString(), 'Grüße');
  });

  it('S3 refuses a value with any one bit changed', () => {
    const bytes = Buffer.from(sealer.seal('passcode 1234 5678', 'id'), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      assert.throws(() => sealer.open(changed.toString('base64url'), 'id'));
    }
  });

  it('refuses a value cut short, down to a guessable tag', () => {
    const bytes = Buffer.from(sealer.seal('x', 'id'), 'base64url');
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => sealer.open(bytes.subarray(0, length).toString('base64url'), 'id'));
    }
  });

  it('S3 refuses a value written otherwise, though its bytes are the same', () => {
    // 31 bytes: written in base64 they end in `==`, whatever they are.
    const sealed = sealer.seal('xyz', 'id');
    const bytes = Buffer.from(sealed, 'base64url');
    for (const other of [`${sealed}=`, `${sealed}\n`, ` ${sealed}`, bytes.toString('base64')]) {
      assert.deepEqual(Buffer.from(other, 'base64url'), bytes);
      assert.throws(() => sealer.open(other, 'id'), /not base64url/);
    }
  });

  it('refuses a value moved to another row, purpose or installation', () => {
    const sealed = sealer.seal('x', 'row 1');
    assert.throws(() => sealer.open(sealed, 'row 2'));
    assert.throws(() => createSealer(key, 'signing-key').open(sealed, 'row 1'));
    assert.throws(() => createSealer(randomBytes(32), 'outbox').open(sealed, 'row 1'));
    assert.equal(createSealer(key, 'outbox').open(sealed, 'row 1').toString(), 'x');
  });

  it('seals the same text differently every time', () => {
    assert.notEqual(sealer.seal('x', 'id'), sealer.seal('x', 'id'));
  });

  it('refuses a short key', () => {
    assert.throws(() => createSealer(randomBytes(31), 'outbox'), TypeError);
  });
});

describe('createSealerRing', () => {
  const [old, young] = [randomBytes(32), randomBytes(32)];

  it('seals under the newest key and opens what any of them sealed', () => {
    const before = createSealerRing([old], 'slip').seal('x', 'here');
    const ring = createSealerRing([young, old], 'slip');
    assert.equal(ring.open(before, 'here')?.toString(), 'x');
    assert.equal(createSealer(young, 'slip').open(ring.seal('y', 'here'), 'here').toString(), 'y');
  });

  it('S3 opens nothing of another context, purpose or key, and does not throw', () => {
    const ring = createSealerRing([young, old], 'slip');
    const sealed = ring.seal('x', 'here');
    assert.equal(ring.open(sealed, 'there'), undefined);
    assert.equal(createSealerRing([young, old], 'restart').open(sealed, 'here'), undefined);
    assert.equal(createSealerRing([old], 'slip').open(sealed, 'here'), undefined);
    assert.equal(ring.open('none of ours', 'here'), undefined);
  });

  it('refuses to be made without a key', () => {
    assert.throws(() => createSealerRing([], 'slip'), TypeError);
  });
});
