import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { isEnd, nextStep, type SignInState, type Step } from '../../src/domain/sign-in.ts';

const LIMITS = { attemptsPerPasscode: 5, passcodesPerSignIn: 4 };
const NOW = 1000;
const ADDRESS = 'g@partner.example';
const SENT = { sends: 1, liveFrom: 1, liveUntil: 2800, attempts: 0, verifiedAt: null };
const FRESH: SignInState = { passcodeOn: true, address: ADDRESS, sent: null };
const CODE: Step = { step: 'enter-code', address: ADDRESS, live: true, canResend: true };

describe('nextStep', () => {
  const rows: readonly (readonly [what: string, state: Partial<SignInState>, step: Step])[] = [
    ['asks for the address first', { address: null }, { step: 'address' }],
    [
      'R22 waits for the button before anything is sent',
      {},
      { step: 'send-code', address: ADDRESS },
    ],
    ['asks for the code once one was sent', { sent: SENT }, CODE],
    [
      'offers a new code when all are expired',
      { sent: { ...SENT, liveUntil: NOW } },
      { ...CODE, live: false },
    ],
    [
      'offers a new code when the attempts are spent',
      { sent: { ...SENT, attempts: 5 } },
      { ...CODE, live: false },
    ],
    ['offers none after the last', { sent: { ...SENT, sends: 4 } }, { ...CODE, canResend: false }],
    [
      'starts again at the button when the address has changed',
      { sent: { ...SENT, liveFrom: 2, liveUntil: null } },
      { step: 'send-code', address: ADDRESS },
    ],
    [
      'R41 refuses when passcodes are off',
      { passcodeOn: false },
      { step: 'refused', code: 'passcode_disabled' },
    ],
    [
      'R41 refuses a code that was sent before they went off',
      { passcodeOn: false, sent: SENT },
      { step: 'refused', code: 'passcode_disabled' },
    ],
    ['S32 leads on when proven', { sent: { ...SENT, verifiedAt: NOW } }, { step: 'continue' }],
    [
      'leads on when proven, whatever was changed since',
      { passcodeOn: false, sent: { ...SENT, verifiedAt: 0, liveUntil: 0, attempts: 5 } },
      { step: 'continue' },
    ],
  ];
  for (const [what, state, step] of rows) {
    it(what, () => assert.deepEqual(nextStep({ ...FRESH, ...state }, LIMITS, NOW), step));
  }

  it('names exactly one step for every state, and continues only when proven', () => {
    const time = fc.option(fc.integer({ min: 0, max: 4000 }));
    const sent = fc.record({
      sends: fc.nat(5),
      liveFrom: fc.integer({ min: 1, max: 6 }),
      liveUntil: time,
      attempts: fc.nat(6),
      verifiedAt: time,
    });
    const state = fc.record({
      passcodeOn: fc.boolean(),
      address: fc.option(fc.constant(ADDRESS)),
      sent: fc.option(sent),
    });
    fc.assert(
      fc.property(state, (given) => {
        const { step } = nextStep(given, LIMITS, NOW);
        const proven = given.sent !== null && given.sent.verifiedAt !== null;
        assert.equal(step === 'continue', proven);
        assert.equal(step === 'refused', !proven && !given.passcodeOn);
        assert.ok(['continue', 'refused', 'address', 'send-code', 'enter-code'].includes(step));
        if (step === 'enter-code') assert.ok(given.sent && given.sent.sends > 0);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('isEnd', () => {
  it('is where nothing on the page leads on', () => {
    assert.equal(isEnd({ step: 'refused', code: 'passcode_disabled' }), true);
    assert.equal(isEnd({ ...CODE, live: false, canResend: false }), true);
  });

  it('is not while a code may be typed or sent', () => {
    const open: readonly Step[] = [
      CODE,
      { ...CODE, live: false },
      { ...CODE, canResend: false },
      { step: 'address' },
      { step: 'send-code', address: ADDRESS },
      { step: 'continue' },
    ];
    assert.deepEqual(open.filter(isEnd), []);
  });
});
