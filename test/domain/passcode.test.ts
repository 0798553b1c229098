import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  isLive,
  isSetLive,
  type LiveSet,
  parseTypedPasscode,
  STRONG_PASSCODE_ALPHABET,
} from '../../src/domain/passcode.ts';

const SHORT = { strong: false, digits: 8 };
const STRONG = { strong: true, digits: 8 };
const RIGHT = { outcome: 'passcode', passcode: '12345678' };

describe('parseTypedPasscode', () => {
  const right = [
    '12345678',
    '1234 5678',
    '1234-5678',
    '1234–5678',
    '1234.5678',
    ' 12345678\r\n',
    '１２３４５６７８',
    '1234\u00A05678',
    'Your code is 12345678.',
    '您的代码 12345678',
  ];
  for (const typed of right) {
    it(`T21 reads ${JSON.stringify(typed)}`, () => {
      assert.deepEqual(parseTypedPasscode(typed, SHORT), RIGHT);
    });
  }

  const wrong: readonly (readonly [typed: string, outcome: string])[] = [
    ['', 'missing'],
    [' - . ', 'missing'],
    ['1234567', 'too_short'],
    ['123456789', 'too_long'],
    ['12345678\n1', 'too_long'],
    ['-1', 'too_short'],
    ['1e7', 'malformed'],
    ['+12345678', 'malformed'],
    ['0x123456', 'malformed'],
    ['12345678\u0000', 'malformed'],
    ["12345678' OR 1=1--", 'malformed'],
    ['code 12345678 or 87654321', 'malformed'],
    ['1'.repeat(1_000_000), 'too_long'],
    ['٠١٢٣٤٥٦٧', 'malformed'],
  ];
  for (const [typed, outcome] of wrong) {
    it(`T21 calls ${JSON.stringify(typed.slice(0, 30))} ${outcome}`, () => {
      assert.deepEqual(parseTypedPasscode(typed, SHORT), { outcome });
    });
  }

  it('keeps leading zeros', () => {
    assert.deepEqual(parseTypedPasscode('0000 0001', SHORT), {
      outcome: 'passcode',
      passcode: '00000001',
    });
  });

  it('reads as many digits as the installation draws', () => {
    assert.equal(
      parseTypedPasscode('1234567890', { strong: false, digits: 10 }).outcome,
      'passcode',
    );
    assert.equal(
      parseTypedPasscode('12345678', { strong: false, digits: 10 }).outcome,
      'too_short',
    );
  });

  it('S9 reads strong passcodes in lower case, in groups and with look-alikes', () => {
    const passcode = '0123456789ABCDEF';
    const typed = [
      '0123456789ABCDEF',
      '0123-4567-89ab-cdef',
      'oi23 4567 89AB CDEF',
      'OL23456789ABCDEF',
    ];
    for (const text of typed) {
      assert.deepEqual(parseTypedPasscode(text, STRONG), { outcome: 'passcode', passcode }, text);
    }
  });

  it('S9 tells what is wrong with a strong passcode', () => {
    assert.equal(parseTypedPasscode('12345678', STRONG).outcome, 'too_short');
    assert.equal(parseTypedPasscode('0'.repeat(17), STRONG).outcome, 'too_long');
    assert.equal(parseTypedPasscode('U123456789ABCDEF', STRONG).outcome, 'malformed');
    assert.equal(parseTypedPasscode('', STRONG).outcome, 'missing');
  });

  it('S13 looks at 200 characters and at no more', () => {
    assert.equal(parseTypedPasscode('12345678'.padEnd(200), SHORT).outcome, 'passcode');
    assert.equal(parseTypedPasscode('12345678'.padEnd(201), SHORT).outcome, 'too_long');
  });

  it('S13 searches a sentence, and one letter is none', () => {
    assert.equal(parseTypedPasscode('x12345678', SHORT).outcome, 'malformed');
    assert.equal(parseTypedPasscode('is 12345678', SHORT).outcome, 'passcode');
  });

  it("S13 takes no letter for another alphabet's capital of it", () => {
    for (const text of ['ıBCDEFGHJKMNPQRS', 'ßABCDEFGHJKMNPQ']) {
      assert.equal(text.toUpperCase().length, 16);
      assert.deepEqual(parseTypedPasscode(text, STRONG), { outcome: 'malformed' }, text);
    }
  });

  it('reads back every strong passcode, however it is grouped and cased', () => {
    const letter = fc.constantFrom(...STRONG_PASSCODE_ALPHABET.split(''));
    fc.assert(
      fc.property(
        fc.array(letter, { minLength: 16, maxLength: 16 }),
        fc.boolean(),
        (drawn, lower) => {
          const passcode = drawn.join('');
          const grouped = passcode.replace(/(.{4})(?=.)/g, '$1-');
          const typed = lower ? grouped.toLowerCase() : grouped;
          assert.deepEqual(parseTypedPasscode(typed, STRONG), { outcome: 'passcode', passcode });
        },
      ),
    );
  });

  it('never throws and never passes on anything but a passcode', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.boolean(), (typed, strong) => {
        const parsed = parseTypedPasscode(typed, { strong, digits: 8 });
        if (parsed.outcome !== 'passcode') return;
        assert.match(parsed.passcode, strong ? /^[0-9A-HJKMNP-TV-Z]{16}$/ : /^[0-9]{8}$/);
      }),
      { numRuns: 2000 },
    );
  });
});

const SET: LiveSet = { sends: 3, liveFrom: 1, liveUntil: 3000, attempts: 0 };

describe('isLive', () => {
  it('R24 lives at 29:59 and is dead at 30:00', () => {
    const passcode = { sequence: 3, expiresAt: 1800 };
    assert.equal(isLive(passcode, SET, 1799), true);
    assert.equal(isLive(passcode, SET, 1800), false);
    assert.equal(isLive(passcode, SET, 1801), false);
  });

  it('S7 lets the two newest live and no third', () => {
    const live = [1, 2, 3].map((sequence) => isLive({ sequence, expiresAt: 1800 }, SET, 0));
    assert.deepEqual(live, [false, true, true]);
  });

  it('S7 lets nothing live from before the set', () => {
    const set = { ...SET, liveFrom: 3 };
    assert.equal(isLive({ sequence: 2, expiresAt: 1800 }, set, 0), false);
    assert.equal(isLive({ sequence: 3, expiresAt: 1800 }, set, 0), true);
  });

  it('S7 never has more than two live, whatever the state', () => {
    const set = fc.record({ sends: fc.nat(9), liveFrom: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(set, ({ sends, liveFrom }) => {
        const sent = Array.from({ length: sends }, (_, index) => ({
          sequence: index + 1,
          expiresAt: 1,
        }));
        const live = sent.filter((one) => isLive(one, { ...SET, sends, liveFrom }, 0));
        assert.ok(live.length <= 2);
      }),
    );
  });
});

describe('isSetLive', () => {
  const rows: readonly (readonly [what: string, set: LiveSet, now: number, live: boolean])[] = [
    ['lives with attempts and time left', { ...SET, attempts: 4 }, 2999, true],
    ['is dead after the last attempt', { ...SET, attempts: 5 }, 0, false],
    ['R24 is dead when the newest passcode is', SET, 3000, false],
    ['is dead before anything was sent', { ...SET, sends: 0, liveUntil: null }, 0, false],
    ['is dead when all that was sent is from before', { ...SET, liveFrom: 4 }, 0, false],
    ['lives by its first passcode', { ...SET, liveFrom: 3 }, 0, true],
    ['is dead when the address has changed', { ...SET, liveFrom: 4, liveUntil: null }, 0, false],
  ];
  for (const [what, set, now, live] of rows) {
    it(what, () => assert.equal(isSetLive(set, 5, now), live));
  }
});
