import assert from 'node:assert/strict';
import { STRONG_PASSCODE_ALPHABET } from '../../src/domain/passcode.ts';
import {
  generateLabel,
  generateShortPasscode,
  generateStrongPasscode,
} from '../../src/passcodes/generate.ts';

/**
 * Chi-square of how often each symbol stands at each position, divided by its degrees of freedom:
 * near 1 for chance. The bounds below are seven standard deviations away.
 */
function unevenness(drawn: readonly string[], alphabet: string): number {
  const length = drawn[0]!.length;
  const expected = drawn.length / alphabet.length;
  let sum = 0;
  for (let position = 0; position < length; position += 1) {
    const counts = new Map<string, number>();
    for (const text of drawn) counts.set(text[position]!, (counts.get(text[position]!) ?? 0) + 1);
    for (const symbol of alphabet) sum += ((counts.get(symbol) ?? 0) - expected) ** 2 / expected;
  }
  return sum / (length * (alphabet.length - 1));
}

const draw = (make: () => string) => Array.from({ length: 20_000 }, make);

describe('generateShortPasscode', () => {
  const drawn = draw(() => generateShortPasscode(8));

  it('S2 draws every digit at every place equally often, the first included', () => {
    assert.ok(drawn.every((passcode) => /^[0-9]{8}$/.test(passcode)));
    const measured = unevenness(drawn, '0123456789');
    assert.ok(measured < 2.2, String(measured));
  });

  it('S2 keeps leading zeros', () => {
    assert.ok(drawn.some((passcode) => passcode.startsWith('00')));
  });

  it('S2 does not repeat itself', () => {
    // 20,000 out of a hundred million meet about twice.
    assert.ok(new Set(drawn).size > 19_970);
  });

  it('draws as many digits as asked', () => {
    for (const digits of [8, 10, 12]) assert.equal(generateShortPasscode(digits).length, digits);
  });
});

describe('generateStrongPasscode', () => {
  it('S9 draws 16 characters of the alphabet, each equally often', () => {
    const drawn = draw(generateStrongPasscode);
    assert.ok(drawn.every((passcode) => /^[0-9A-HJKMNP-TV-Z]{16}$/.test(passcode)));
    const measured = unevenness(drawn, STRONG_PASSCODE_ALPHABET);
    assert.ok(measured < 1.5, String(measured));
    assert.equal(new Set(drawn).size, drawn.length);
  });
});

describe('generateLabel', () => {
  it('draws a letter and a digit that cannot be misread', () => {
    for (const label of draw(generateLabel)) assert.match(label, /^[A-HJKMNP-Z][2-9]$/);
  });
});
