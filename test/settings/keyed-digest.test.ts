import assert from 'node:assert/strict';
import { createHmac, createSecretKey } from 'node:crypto';
import { isSameSecret, keyedDigest } from '../../src/settings/keyed-digest.ts';

const key = createSecretKey(Buffer.alloc(32, 7));

describe('keyedDigest', () => {
  it('S3 is the HMAC of the label and of each part behind its length in bytes', () => {
    const expected = createHmac('sha256', Buffer.alloc(32, 7)).update('otp12:ab3:ü1').digest();
    assert.deepEqual(keyedDigest(key, ['ab', 'ü1'], 'otp1'), expected);
  });

  it('S4 shares no digest between parts that were cut in another place', () => {
    const all = [['ab', 'c'], ['a', 'bc'], ['abc'], ['abc', ''], ['', 'abc'], ['1:a', 'bc']];
    const digests = all.map((parts) => keyedDigest(key, parts).toString('hex'));
    assert.equal(new Set(digests).size, all.length);
  });

  it('is another one under another key or label', () => {
    const other = createSecretKey(Buffer.alloc(32, 8));
    const digests = [
      keyedDigest(key, ['a']),
      keyedDigest(other, ['a']),
      keyedDigest(key, ['a'], 'x'),
    ].map((digest) => digest.toString('hex'));
    assert.equal(new Set(digests).size, 3);
  });
});

describe('isSameSecret', () => {
  const pairs: readonly (readonly [given: string, expected: string, isSame: boolean])[] = [
    ['secret', 'secret', true],
    ['', '', true],
    ['secreT', 'secret', false],
    ['secre', 'secret', false],
    ['secret ', 'secret', false],
    ['', 'secret', false],
    ['\u00e9', 'e', false],
  ];
  for (const [given, expected, isSame] of pairs) {
    it(`says ${isSame} of ${JSON.stringify(given)} and ${JSON.stringify(expected)}`, () => {
      assert.equal(isSameSecret(given, expected), isSame);
      assert.equal(isSameSecret(Buffer.from(given), expected), isSame);
    });
  }
});
