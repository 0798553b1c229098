import assert from 'node:assert/strict';
import { errorTable } from '../../src/domain/errors.ts';
import { problemOfFormat, problemOfIssue, problemOfVerify } from '../../src/interaction/problem.ts';

const NOW = 1_800_000_000;

describe('problemOfIssue', () => {
  it('has nothing to say when a passcode was sent or none is needed any more', () => {
    assert.equal(problemOfIssue({ outcome: 'verified' }, NOW), undefined);
  });

  it('S7 says how many seconds to wait before the next, at least one', () => {
    const problem = problemOfIssue({ outcome: 'too_soon', retryAt: NOW + 12 }, NOW);
    assert.deepEqual(problem, {
      code: 'resend_too_soon',
      params: { count: 12, retryAfterSeconds: 12 },
    });
    const late = problemOfIssue({ outcome: 'too_soon', retryAt: NOW - 3 }, NOW);
    assert.deepEqual(late?.params, { count: 1, retryAfterSeconds: 1 });
  });

  it('S11 says how many minutes a budget is spent for, rounded up', () => {
    const problem = problemOfIssue({ outcome: 'throttled', retryAt: NOW + 61 }, NOW);
    assert.deepEqual(problem?.params, { count: 2, retryAfterSeconds: 61 });
  });

  it('tells the ends apart', () => {
    assert.equal(problemOfIssue({ outcome: 'exhausted' }, NOW)?.code, 'sends_exhausted');
    assert.equal(problemOfIssue({ outcome: 'gone' }, NOW)?.code, 'interaction_expired');
  });
});

describe('problemOfVerify', () => {
  it('S6 has nothing to say of a sign-in that is proven already', () => {
    assert.equal(problemOfVerify({ outcome: 'used' }, NOW), undefined);
  });

  for (const [outcome, code] of [
    [{ outcome: 'mismatch', attemptsLeft: 2 }, 'passcode_mismatch'],
    [{ outcome: 'expired' }, 'passcode_expired'],
    [{ outcome: 'exhausted' }, 'passcode_exhausted'],
    [{ outcome: 'superseded' }, 'passcode_superseded'],
    [{ outcome: 'throttled', retryAt: NOW + 60 }, 'throttled'],
    [{ outcome: 'not_sent' }, 'passcode_not_sent'],
    [{ outcome: 'gone' }, 'interaction_expired'],
  ] as const) {
    it(`tells ${outcome.outcome} as ${code}, a refusal of the caller`, () => {
      const problem = problemOfVerify(outcome, NOW);
      assert.equal(problem?.code, code);
      assert.ok(errorTable[code].status >= 400 && errorTable[code].status < 500);
    });
  }
});

describe('problemOfFormat', () => {
  it('S13 says what a code looks like, and nothing of what was typed', () => {
    assert.deepEqual(problemOfFormat({ outcome: 'too_short' }, { digits: 8, strong: false }), {
      code: 'passcode_too_short',
      params: { digits: 8, strong: false },
    });
  });
});
