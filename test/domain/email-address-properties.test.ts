import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import addressparser from 'nodemailer/lib/addressparser';
import { maskEmailAddress, parseEmailAddress, toDomain } from '../../src/domain/email-address.ts';
import { assertQuick, examples, runs } from '../support/fuzz.ts';

const KEPT = examples('email-addresses');
const piece = fc.oneof(
  fc.constantFrom(
    '@',
    '.',
    '..',
    'a',
    'Z',
    '0',
    '-',
    '+',
    '_',
    '=',
    '?',
    '=?utf-8?q?a=40b?=',
    '%40',
  ),
  fc.constantFrom(
    ' ',
    '\t',
    '\r\n',
    '"',
    '\\',
    '<',
    '>',
    '(',
    ')',
    ',',
    ';',
    ':',
    '[',
    ']',
    '/',
    '#',
  ),
  fc.constantFrom(
    '＠',
    '﹫',
    '。',
    '．',
    '｡',
    'ı',
    'K',
    'ſ',
    'ß',
    'İ',
    '\u2100',
    '\u202e',
    '\u200b',
  ),
  fc.constantFrom(
    'x.example',
    'evil.example',
    'xn--',
    'xn--bcher-kva',
    'bücher',
    '127.0.0.1',
    '0x7f',
  ),
  fc.constantFrom('mailto:', 'https://', '__proto__', '\u0000', '\ud800', '\ufeff', '👩‍💻'),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const text = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(''));
/** Mostly addresses, so that what is accepted is looked at as well. */
const nearly = fc
  .tuple(fc.array(piece, { maxLength: 2 }), text, fc.constantFrom('x.example', 'Bücher.example'))
  .map(([before, inside, domain]) => `${before.join('')}a${inside}@${domain}`);
const typed = fc.oneof(text, nearly, fc.emailAddress());

describe('parseEmailAddress, for whatever is typed', () => {
  it('S15 S16 never throws, and gives one ASCII address of two halves', () => {
    fc.assert(
      fc.property(typed, (input) => {
        const parsed = parseEmailAddress(input);
        if (!parsed) return;
        for (const said of [parsed.address, parsed.key]) {
          assert.match(said, /^[!-~]{1,64}@[!-~]{1,253}$/);
          assert.equal(said.split('@').length, 2);
          assert.ok(said.endsWith(`@${parsed.domain}`));
          assert.ok(said.length <= 254);
        }
        assert.equal(toDomain(parsed.domain), parsed.domain);
      }),
      { ...runs(4000), examples: KEPT },
    );
  });

  it('S16 is the same once read again, and however its ASCII letters are cased', () => {
    fc.assert(
      fc.property(typed, (input) => {
        const parsed = parseEmailAddress(input);
        if (!parsed) return;
        assert.deepEqual(parseEmailAddress(parsed.address), parsed);
        assert.equal(parseEmailAddress(parsed.key)?.key, parsed.key);
        assert.equal(parseEmailAddress(parsed.address.toUpperCase())?.key, parsed.key);
        assert.equal(parsed.key, parsed.address.toLowerCase());
      }),
      { ...runs(4000), examples: KEPT },
    );
  });

  it('S15 S20 is one recipient for the mailer, and the same one', () => {
    fc.assert(
      fc.property(typed, (input) => {
        const parsed = parseEmailAddress(input);
        if (!parsed) return;
        assert.deepEqual(addressparser(parsed.address), [{ address: parsed.address, name: '' }]);
      }),
      { ...runs(4000), examples: KEPT },
    );
  });

  it('T36 takes no longer than its length allows, whatever is repeated', () => {
    const repeated = fc
      .tuple(text, piece, fc.integer({ min: 1, max: 320 }), text)
      .map(([before, one, times, after]) => `${before}${one.repeat(times)}${after}`);
    fc.assert(
      fc.property(repeated, (input) => {
        // An expression that backtracks takes seconds for 320 bytes.
        assertQuick(() => parseEmailAddress(input));
      }),
      { ...runs(1500), examples: KEPT },
    );
  });
});

describe('maskEmailAddress, for whatever is logged', () => {
  it('S65 leaves at most two characters of a local part', () => {
    fc.assert(
      fc.property(typed, (input) => {
        const parsed = parseEmailAddress(input);
        if (!parsed) return;
        const [masked = ''] = maskEmailAddress(parsed.address).split('@');
        assert.ok(masked.replaceAll('**', '').length <= 2, masked);
      }),
      { ...runs(1000), examples: KEPT },
    );
  });
});
