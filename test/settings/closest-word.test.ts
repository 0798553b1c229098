import assert from 'node:assert/strict';
import { closestWord } from '../../src/settings/closest-word.ts';

describe('closestWord', () => {
  const rows: readonly [word: string, known: readonly string[], meant: string | undefined][] = [
    ['lenght', ['length', 'lifetime'], 'length'],
    ['of', ['off', 'on'], 'off'],
    ['inof', ['debug', 'info'], 'info'],
    ['redirectUris', ['redirect_uris', 'jwks_uri'], 'redirect_uris'],
    ['publicURL', ['publicUrl'], 'publicUrl'],
    ['verifiedDomain', ['verifiedDomains', 'displayName'], 'verifiedDomains'],
    ['potato', ['length', 'lifetime'], undefined],
    ['', ['a'], undefined],
    ['x'.repeat(1000), ['length'], undefined],
  ];
  for (const [word, known, meant] of rows) {
    it(`reads ${word.slice(0, 20) || 'nothing'} as ${meant ?? 'nothing known'}`, () => {
      assert.equal(closestWord(word, known), meant);
    });
  }
});
