import assert from 'node:assert/strict';
import { describeMail, mailValue } from '../../src/cli/mail-words.ts';
import type { SentMail } from '../../src/mail/fates.ts';

const AT = Date.UTC(2026, 9, 25, 14, 2) / 1000;
const waiting: SentMail = {
  kind: 'passcode',
  label: 'K7',
  fate: 'waiting',
  queuedAt: AT,
  acceptedAt: null,
  delayedAt: null,
  failedAt: null,
  because: null,
  complainedAt: null,
};

describe('describeMail', () => {
  const start = '2026-10-25T14:02:00Z  passcode K7  ';
  const cases: readonly (readonly [Partial<SentMail>, string])[] = [
    [{}, `${start}waiting`],
    [{ fate: 'accepted', acceptedAt: AT + 1 }, `${start}accepted 2026-10-25T14:02:01Z`],
    [
      { fate: 'delayed', delayedAt: AT + 5, because: 'smtp_451' },
      `${start}delayed 2026-10-25T14:02:05Z (smtp_451)`,
    ],
    [
      { fate: 'delayed', acceptedAt: AT + 1, delayedAt: AT + 5 },
      `${start}delayed 2026-10-25T14:02:05Z`,
    ],
    [
      { fate: 'no-mailbox', acceptedAt: AT + 1, failedAt: AT + 9, because: '5.1.1' },
      `${start}no such mailbox 2026-10-25T14:02:09Z (5.1.1)`,
    ],
    [
      { fate: 'abandoned', failedAt: AT + 9, because: 'expired' },
      `${start}given up 2026-10-25T14:02:09Z (expired)`,
    ],
    [
      { fate: 'accepted', acceptedAt: AT + 1, complainedAt: AT + 60 },
      `${start}accepted 2026-10-25T14:02:01Z  called spam 2026-10-25T14:03:00Z`,
    ],
    [{ kind: 'invitation', label: null }, '2026-10-25T14:02:00Z  invitation  waiting'],
  ];
  for (const [change, line] of cases) {
    it(`says ${line}`, () => assert.equal(describeMail({ ...waiting, ...change }), line));
  }
});

describe('mailValue', () => {
  it('tells programs the same with ISO instants', () => {
    const mail = { ...waiting, fate: 'accepted', acceptedAt: AT + 1 } as const;
    assert.deepEqual(mailValue(mail), {
      kind: 'passcode',
      label: 'K7',
      state: 'accepted',
      queuedAt: '2026-10-25T14:02:00Z',
      acceptedAt: '2026-10-25T14:02:01Z',
      delayedAt: null,
      failedAt: null,
      reason: null,
      complainedAt: null,
    });
  });
});
