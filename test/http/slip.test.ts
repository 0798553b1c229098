import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { createSlips, isSaidAt, type Slip } from '../../src/http/slip.ts';

const PLACE = { uid: 'sign-in', browser: 'digest' };
const SLIP: Slip = { problem: { code: 'address_malformed', params: {} }, typed: 'teri@' };

describe('createSlips', () => {
  let now = 1_000_000;
  const key = randomBytes(32);
  const slips = createSlips([key], () => now);

  it('opens what it sealed: the problem, its numbers, and what was typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 254 }), fc.nat(), (typed, count) => {
        const slip = { problem: { code: 'resend_too_soon' as const, params: { count } }, typed };
        const kept = typed.slice(0, 254);
        assert.deepEqual(slips.open(PLACE, slips.seal(PLACE, slip)), { ...slip, typed: kept });
      }),
      { numRuns: 200 },
    );
  });

  it('S61 says nothing in another sign-in, another browser, or under another key', () => {
    const sealed = slips.seal(PLACE, SLIP);
    assert.equal(slips.open({ ...PLACE, uid: 'other' }, sealed), undefined);
    assert.equal(slips.open({ ...PLACE, browser: 'other' }, sealed), undefined);
    assert.equal(createSlips([randomBytes(32)], () => now).open(PLACE, sealed), undefined);
    const changed = createSlips([randomBytes(32), key], () => now);
    assert.deepEqual(changed.open(PLACE, sealed), SLIP);
  });

  it('S61 opens nothing else that stands in its place, and does not fail over it', () => {
    const sealed = slips.seal(PLACE, SLIP);
    const wrong = ['', 'x', `${sealed}A`, sealed.slice(1), 'A'.repeat(5000), [sealed], undefined];
    for (const given of wrong) assert.equal(slips.open(PLACE, given), undefined);
  });

  it('keeps what was typed out of the address', () => {
    const sealed = slips.seal(PLACE, SLIP);
    assert.match(sealed, /^[\w-]+$/);
    assert.ok(!Buffer.from(sealed, 'base64url').includes('teri'));
  });

  it('carries no more than the longest address, however much was typed', () => {
    const sealed = slips.seal(PLACE, { ...SLIP, typed: '愛'.repeat(10_000) });
    assert.ok(sealed.length <= 1600, String(sealed.length));
    assert.equal(slips.open(PLACE, sealed)?.typed, '愛'.repeat(254));
  });

  it('is stale after ten minutes, and a wait when it is over', () => {
    const params = { count: 30, retryAfterSeconds: 30 };
    const wait: Slip = { problem: { code: 'resend_too_soon', params }, typed: '' };
    const sealed = [slips.seal(PLACE, SLIP), slips.seal(PLACE, wait)] as const;
    const openAt = (seconds: number) => {
      now = 1_000_000 + seconds;
      return sealed.map((one) => slips.open(PLACE, one) !== undefined);
    };
    assert.deepEqual(openAt(29), [true, true]);
    assert.deepEqual(openAt(30), [true, false]);
    assert.deepEqual(openAt(599), [true, false]);
    assert.deepEqual(openAt(600), [false, false]);
  });

  it('refuses to work without a key', () => {
    assert.throws(() => createSlips([], () => now), TypeError);
  });
});

describe('isSaidAt', () => {
  const codes = [
    'address_missing',
    'passcode_too_short',
    'passcode_not_sent',
    'resend_too_soon',
  ] as const;
  const said = (page: string) => codes.filter((code) => isSaidAt(page, { code, params: {} }));

  it('says each problem where its form is, and a code nobody asked for wherever it led', () => {
    assert.deepEqual(said('address'), ['address_missing', 'passcode_not_sent']);
    assert.deepEqual(said('send-code'), ['passcode_not_sent', 'resend_too_soon']);
    assert.deepEqual(said('enter-code'), [
      'passcode_too_short',
      'passcode_not_sent',
      'resend_too_soon',
    ]);
    for (const page of ['review', 'terms', 'elsewhere', 'choose-method', 'refused', 'continue']) {
      assert.deepEqual(said(page), ['passcode_not_sent'], page);
    }
  });
});
