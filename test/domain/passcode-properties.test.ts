import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parseTypedPasscode, STRONG_PASSCODE_ALPHABET } from '../../src/domain/passcode.ts';
import { assertQuick, examples, runs } from '../support/fuzz.ts';

const KEPT = examples('typed-passcodes');
const letter = fc.constantFrom(...STRONG_PASSCODE_ALPHABET.split(''));
const piece = fc.oneof(
  { weight: 3, arbitrary: letter },
  {
    weight: 1,
    arbitrary: fc.constantFrom('o', 'i', 'L', 'u', 'ß', 'ı', 'ﬁ', 'ﬆ', 'ſ', 'K', '１', '①'),
  },
  { weight: 1, arbitrary: fc.constantFrom(' ', '-', '.', '–', '\u00a0', '\u200b', '+', "'", '\n') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 2 }) },
);
const typed = fc.oneof(
  fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join('')),
  fc.array(letter, { minLength: 15, maxLength: 16 }).chain((letters) =>
    // A sound one with one piece put somewhere.
    fc.tuple(fc.nat(16), piece).map(([at, put]) => letters.toSpliced(at, 1, put).join('')),
  ),
);
const expected = fc.record({ strong: fc.boolean(), digits: fc.integer({ min: 8, max: 12 }) });

describe('parseTypedPasscode, for whatever is typed', () => {
  it('S13 gives a passcode of the expected shape, which reads as itself', () => {
    fc.assert(
      fc.property(typed, expected, (text, kind) => {
        const parsed = parseTypedPasscode(text, kind);
        if (parsed.outcome !== 'passcode') return;
        const shape = kind.strong ? /^[0-9A-HJKMNP-TV-Z]{16}$/ : /^[0-9]+$/;
        assert.match(parsed.passcode, shape);
        if (!kind.strong) assert.equal(parsed.passcode.length, kind.digits);
        assert.deepEqual(parseTypedPasscode(parsed.passcode, kind), parsed);
      }),
      { ...runs(4000), examples: KEPT.map(([text]) => [text, { strong: true, digits: 8 }]) },
    );
  });

  it('S13 evaluates no strong passcode that holds more than letters, digits and separators', () => {
    fc.assert(
      fc.property(typed, (text) => {
        const parsed = parseTypedPasscode(text, { strong: true, digits: 8 });
        if (parsed.outcome !== 'passcode') return;
        const left = text.normalize('NFKC').replace(/[0-9A-Za-z.\s\u2010-\u2015-]/g, '');
        assert.equal(left, '');
      }),
      { ...runs(4000), examples: KEPT },
    );
  });

  it('S13 reads a passcode the same whatever separates its characters', () => {
    const separator = fc.constantFrom('', ' ', '-', '.', '–', '\u00a0', '\t', '  ');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(letter, separator), { minLength: 16, maxLength: 16 }),
        (spread) => {
          const passcode = spread.map(([one]) => one).join('');
          const text = spread.map((both) => both.join('')).join('');
          assert.deepEqual(parseTypedPasscode(text, { strong: true, digits: 8 }), {
            outcome: 'passcode',
            passcode,
          });
        },
      ),
      runs(500),
    );
  });

  it('T36 takes no longer than its length allows', () => {
    const repeated = fc.tuple(piece, fc.integer({ min: 1, max: 200_000 }));
    fc.assert(
      fc.property(repeated, fc.boolean(), ([one, times], strong) => {
        const text = one.repeat(times);
        assertQuick(() => parseTypedPasscode(text, { strong, digits: 8 }));
      }),
      runs(300),
    );
  });
});
