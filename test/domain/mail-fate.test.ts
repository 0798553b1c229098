import assert from 'node:assert/strict';
import { fateOf, isNoMailbox, MAIL_STATUS, type MailRecord } from '../../src/domain/mail-fate.ts';

const queued: MailRecord = {
  state: 'queued',
  settledAt: null,
  delayedAt: null,
  bouncedAt: null,
  bounce: null,
};
const sent: MailRecord = { ...queued, state: 'sent', settledAt: 100 };

describe('fateOf', () => {
  const cases: readonly (readonly [string, Partial<MailRecord>, string])[] = [
    ['waits before it was tried', {}, 'waiting'],
    ['waits while it is tried', { state: 'sending' }, 'waiting'],
    ['waits for ever as a decoy', { state: 'decoy' }, 'waiting'],
    ['is late once the relay said later', { delayedAt: 90 }, 'delayed'],
    ['is late while it is tried again', { state: 'sending', delayedAt: 90 }, 'delayed'],
    ['is accepted when the relay took it', sent, 'accepted'],
    ['is accepted though it was late before', { ...sent, delayedAt: 90 }, 'accepted'],
    ['is late when a server behind the relay says so', { ...sent, delayedAt: 100 }, 'delayed'],
    ['is abandoned for reasons of ours', { state: 'abandoned', settledAt: 100 }, 'abandoned'],
    [
      'is refused by the last word of the relay',
      { state: 'abandoned', settledAt: 100, bouncedAt: 100 },
      'refused',
    ],
    ['has no mailbox', { ...sent, bouncedAt: 160, bounce: '5.1.1' }, 'no-mailbox'],
    ['is refused for a full mailbox', { ...sent, bouncedAt: 160, bounce: '5.2.2' }, 'refused'],
    ['is refused after a delay', { ...sent, delayedAt: 130, bouncedAt: 160 }, 'refused'],
  ];
  for (const [title, change, fate] of cases) {
    it(title, () => assert.equal(fateOf({ ...queued, ...change }), fate));
  }
});

describe('isNoMailbox', () => {
  it('believes statuses about the address alone', () => {
    for (const status of ['5.1.1', '5.1.2', '5.1.3', '5.1.6', '5.1.10', '5.2.1']) {
      assert.equal(isNoMailbox(status), true, status);
    }
    const others = [
      '4.1.1',
      '2.1.5',
      '5.0.0',
      '5.1.0',
      '5.1.7',
      '5.1.8',
      '5.2.2',
      '5.7.1',
      '5.1.11',
    ];
    for (const status of [...others, '', null])
      assert.equal(isNoMailbox(status), false, String(status));
  });
});

describe('MAIL_STATUS', () => {
  it('is three numbers, the first of them 2, 4 or 5', () => {
    for (const status of ['5.1.1', '4.4.7', '2.0.0']) assert.match(status, MAIL_STATUS);
    for (const status of ['3.1.1', '550', '5.1', '5.1.1 x', '']) {
      assert.doesNotMatch(status, MAIL_STATUS);
    }
  });
});
