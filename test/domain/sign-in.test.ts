import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Door, RedemptionDecision } from '../../src/domain/redemption.ts';
import { isEnd, nextStep, type SignInState, type Step } from '../../src/domain/sign-in.ts';

const LIMITS = { attemptsPerPasscode: 5, passcodesPerSignIn: 4 };
const NOW = 1000;
const ADDRESS = 'g@partner.example';
const SENT = { sends: 1, liveFrom: 1, liveUntil: 2800, attempts: 0, verifiedAt: null };
const PASSCODE: Door = {
  method: 'emailOneTimePasscode',
  connection: null,
  create: false,
  userPrincipalName: null,
};
const GOOGLE: Door = { ...PASSCODE, method: 'google', connection: 'google' };
const DECIDED = { row: '9', rule: 'R3' } as const;
const DECISIONS: readonly RedemptionDecision[] = [
  { ...DECIDED, outcome: 'use', door: PASSCODE },
  { ...DECIDED, outcome: 'use', door: GOOGLE },
  { ...DECIDED, outcome: 'choose', doors: [GOOGLE, PASSCODE] },
  { ...DECIDED, outcome: 'refuse', code: 'no_method' },
];
const FRESH: SignInState = {
  passcodeOn: true,
  hasConnections: false,
  address: ADDRESS,
  decision: { ...DECIDED, outcome: 'use', door: PASSCODE },
  door: PASSCODE,
  sent: null,
  superseded: false,
  consent: 'none',
};
const CODE: Step = {
  step: 'enter-code',
  address: ADDRESS,
  live: true,
  superseded: false,
  canResend: true,
};

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
    [
      'S9 remembers that the codes sent so far are not compared',
      { sent: SENT, superseded: true },
      { ...CODE, superseded: true },
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
      { step: 'refused', code: 'passcode_disabled', row: null },
    ],
    [
      'R41 refuses a code that was sent before they went off',
      { passcodeOn: false, hasConnections: true, sent: SENT },
      { step: 'refused', code: 'passcode_disabled', row: '9' },
    ],
    [
      'asks for the address when passcodes are off and another door may fit',
      { passcodeOn: false, hasConnections: true, address: null, decision: null, door: null },
      { step: 'address' },
    ],
    [
      'asks for the address until it is decided',
      { decision: null, door: null },
      { step: 'address' },
    ],
    [
      'refuses as it was decided, and says the row',
      { decision: { row: '13b', rule: 'R41', outcome: 'refuse', code: 'no_method' }, door: null },
      { step: 'refused', code: 'no_method', row: '13b' },
    ],
    [
      'shows the one door that was decided while none is taken',
      { decision: { ...DECIDED, outcome: 'use', door: GOOGLE }, door: null },
      { step: 'choose-method', address: ADDRESS, doors: [GOOGLE] },
    ],
    [
      'R46 lets the guest choose among several places',
      { decision: { ...DECIDED, outcome: 'choose', doors: [GOOGLE, PASSCODE] }, door: null },
      { step: 'choose-method', address: ADDRESS, doors: [GOOGLE, PASSCODE] },
    ],
    [
      'P3 sends the guest to the place that knows them, passcodes on or off',
      { passcodeOn: false, hasConnections: true, door: GOOGLE },
      { step: 'elsewhere', address: ADDRESS, door: GOOGLE },
    ],
    [
      'R70 shows the permissions first',
      { sent: { ...SENT, verifiedAt: NOW }, consent: 'review' },
      { step: 'review' },
    ],
    [
      'R70 shows the terms next',
      { sent: { ...SENT, verifiedAt: NOW }, consent: 'terms' },
      { step: 'terms' },
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
      hasConnections: fc.boolean(),
      address: fc.option(fc.constant(ADDRESS)),
      decision: fc.option(fc.constantFrom(...DECISIONS)),
      door: fc.option(fc.constantFrom(PASSCODE, GOOGLE)),
      sent: fc.option(sent),
      superseded: fc.boolean(),
      consent: fc.constantFrom('none' as const, 'review' as const, 'terms' as const),
    });
    fc.assert(
      fc.property(state, (given) => {
        const { step } = nextStep(given, LIMITS, NOW);
        const proven = given.sent !== null && given.sent.verifiedAt !== null;
        assert.equal(['continue', 'review', 'terms'].includes(step), proven);
        // By passcode nobody gets on while passcodes are off.
        if (!given.passcodeOn) assert.ok(!['send-code', 'enter-code'].includes(step));
        if (step === 'enter-code') assert.ok(given.sent && given.sent.sends > 0);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('isEnd', () => {
  it('is where nothing on the page leads on', () => {
    assert.equal(isEnd({ step: 'refused', code: 'passcode_disabled', row: null }), true);
    assert.equal(isEnd({ ...CODE, live: false, canResend: false }), true);
    assert.equal(isEnd({ ...CODE, superseded: true, canResend: false }), true);
  });

  it('is not while a code may be typed or sent', () => {
    const open: readonly Step[] = [
      CODE,
      { ...CODE, live: false },
      { ...CODE, superseded: true },
      { ...CODE, canResend: false },
      { step: 'address' },
      { step: 'send-code', address: ADDRESS },
      { step: 'continue' },
      { step: 'review' },
      { step: 'terms' },
      { step: 'elsewhere', address: ADDRESS, door: GOOGLE },
      { step: 'choose-method', address: ADDRESS, doors: [GOOGLE, PASSCODE] },
    ];
    assert.deepEqual(open.filter(isEnd), []);
  });
});
