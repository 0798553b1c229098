import assert from 'node:assert/strict';
import {
  addressFailureBudgets,
  type Budget,
  consecutiveFailureBudget,
  noticeBudget,
  scopeFailureBudgets,
  sendBudgets,
  windowEnd,
} from '../../src/domain/budget.ts';
import { defaultLimits } from '../../src/domain/limits.ts';

const SUBJECTS = { address: 'A', mailbox: 'M', network: 'N', tenant: 'T' };
const HOUR = 3600;
const DAY = 86_400;

function rows(budgets: readonly Budget[]) {
  return budgets.map(({ scope, subject, windowSeconds, limit }) => [
    scope,
    subject,
    windowSeconds,
    limit,
  ]);
}

describe('addressFailureBudgets', () => {
  it('S8 allows 10 in 24 h and 50 in 30 days', () => {
    assert.deepEqual(rows(addressFailureBudgets(SUBJECTS, defaultLimits)), [
      ['failure.address.day', 'A', DAY, 10],
      ['failure.address.month', 'A', 30 * DAY, 50],
    ]);
  });

  it('S10 allows all known browsers of an address together the same once more', () => {
    for (const knownBrowser of ['B', 'C']) {
      assert.deepEqual(rows(addressFailureBudgets({ ...SUBJECTS, knownBrowser }, defaultLimits)), [
        ['failure.known.day', 'A', DAY, 10],
        ['failure.known.month', 'A', 30 * DAY, 50],
      ]);
    }
  });
});

describe('scopeFailureBudgets', () => {
  it('S9 counts failures in a row, by network, tenant and instance', () => {
    const budgets = scopeFailureBudgets(SUBJECTS, defaultLimits);
    assert.deepEqual(
      budgets.map(({ scope, subject, limit }) => [scope, subject, limit]),
      [
        ['failure.consecutive', 'A', 100],
        ['failure.network.day', 'N', 100],
        ['failure.tenant.day', 'T', 1000],
        ['failure.instance.day', 'all', 5000],
      ],
    );
    assert.deepEqual(budgets[0], consecutiveFailureBudget(SUBJECTS, defaultLimits));
  });
});

describe('sendBudgets', () => {
  it('S11 bounds what a victim, a network and a tenant can be made to bear', () => {
    assert.deepEqual(rows(sendBudgets(SUBJECTS, defaultLimits)), [
      ['send.address.hour', 'A', HOUR, 5],
      ['send.address.day', 'A', DAY, 20],
      ['send.mailbox.hour', 'M', HOUR, 10],
      ['send.mailbox.day', 'M', DAY, 40],
      ['send.network.quarter', 'N', 900, 60],
      ['send.network.day', 'N', DAY, 300],
      ['send.tenant.hour', 'T', HOUR, 2000],
    ]);
  });

  it('S10 bounds each known browser by itself, beside its network and tenant', () => {
    const known = sendBudgets({ ...SUBJECTS, knownBrowser: 'B' }, defaultLimits);
    assert.deepEqual(rows(known.slice(0, 2)), [
      ['send.known.hour', 'B', HOUR, 5],
      ['send.known.day', 'B', DAY, 10],
    ]);
    assert.deepEqual(known.slice(2), sendBudgets(SUBJECTS, defaultLimits).slice(4));
  });

  it('keeps every name within what the store takes', () => {
    const all = [
      ...sendBudgets(SUBJECTS, defaultLimits),
      ...scopeFailureBudgets(SUBJECTS, defaultLimits),
    ];
    for (const { scope } of all) assert.match(scope, /^[a-z.]{1,40}$/);
    assert.equal(new Set(all.map(({ scope }) => scope)).size, all.length);
  });
});

describe('noticeBudget', () => {
  it('S67 allows one mail of a kind to an address and day', () => {
    const budgets = [noticeBudget('attempts', SUBJECTS), noticeBudget('sign-in', SUBJECTS)];
    assert.deepEqual(rows(budgets), [
      ['notice.attempts.day', 'A', DAY, 1],
      ['notice.sign-in.day', 'A', DAY, 1],
    ]);
  });
});

describe('windowEnd', () => {
  it('is the first second of the next window', () => {
    const window = { windowSeconds: HOUR };
    assert.equal(windowEnd(window, 0), HOUR);
    assert.equal(windowEnd(window, HOUR - 1), HOUR);
    assert.equal(windowEnd(window, HOUR), 2 * HOUR);
  });
});
