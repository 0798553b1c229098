import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { createPasscodeDigests, type PasscodeBinding } from '../../src/passcodes/digest.ts';

const binding: PasscodeBinding = {
  tenant: 'a',
  uid: 'u',
  addressKey: 'g@partner.example',
  sequence: 1,
};
const PASSCODE = '01234567';

describe('createPasscodeDigests', () => {
  const pepper = randomBytes(32);
  const digests = createPasscodeDigests([pepper]);
  const stored = { digest: digests.digest(binding, PASSCODE), pepperVersion: 0 };

  const split = (tenant: string, uid: string) =>
    digests.digest({ ...binding, tenant, uid }, PASSCODE);

  it('S3 makes 32 bytes that match the passcode alone', () => {
    assert.equal(Buffer.from(stored.digest, 'base64url').length, 32);
    assert.equal(digests.matches(binding, PASSCODE, stored), true);
    assert.equal(digests.matches(binding, '01234568', stored), false);
    assert.equal(digests.matches(binding, '1234567', stored), false);
  });

  const others: readonly PasscodeBinding[] = [
    { ...binding, tenant: 'b' },
    { ...binding, uid: 'v' },
    { ...binding, addressKey: 'h@partner.example' },
    { ...binding, sequence: 2 },
  ];
  for (const [index, part] of ['tenant', 'uid', 'address', 'sequence'].entries()) {
    it(`S4 binds the passcode to its ${part}`, () => {
      assert.equal(digests.matches(others[index]!, PASSCODE, stored), false);
    });
  }

  it('S3 gives different parts different digests, wherever one ends and the next begins', () => {
    const seen = new Map<string, string>();
    const text = fc.string({ unit: fc.constantFrom('a', '1', ':', 'é'), maxLength: 3 });
    fc.assert(
      fc.property(text, text, text, fc.nat(20), text, (tenant, uid, addressKey, sequence, code) => {
        const digest = digests.digest({ tenant, uid, addressKey, sequence }, code);
        const said = JSON.stringify([tenant, uid, addressKey, sequence, code]);
        assert.equal(seen.get(digest) ?? said, said);
        seen.set(digest, said);
      }),
      { numRuns: 3000 },
    );
    assert.notEqual(split('ab', 'c'), split('a', 'bc'));
  });

  it('S3 depends on the pepper', () => {
    const other = createPasscodeDigests([randomBytes(32)]);
    assert.equal(other.matches(binding, PASSCODE, stored), false);
  });

  it('S3 digests with the newest pepper and still knows the older ones', () => {
    const rotated = createPasscodeDigests([pepper, randomBytes(32)]);
    assert.equal(rotated.currentVersion, 1);
    assert.equal(rotated.matches(binding, PASSCODE, stored), true);
    const fresh = { digest: rotated.digest(binding, PASSCODE), pepperVersion: 1 };
    assert.notEqual(fresh.digest, stored.digest);
    assert.equal(rotated.matches(binding, PASSCODE, fresh), true);
  });

  it('matches nothing when the pepper is gone or the digest cut', () => {
    assert.equal(digests.matches(binding, PASSCODE, { ...stored, pepperVersion: 7 }), false);
    assert.equal(digests.matches(binding, PASSCODE, { ...stored, pepperVersion: -1 }), false);
    for (const digest of ['', stored.digest.slice(0, 22)]) {
      assert.equal(digests.matches(binding, PASSCODE, { ...stored, digest }), false);
    }
  });
});
