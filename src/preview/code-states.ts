// Owns the states of the page that asks for the code, and of the one for a code that came too late.

import type { MailFate } from '../domain/mail-fate.ts';
import { parseTypedPasscode } from '../domain/passcode.ts';
import {
  type Problem,
  problemOfFormat,
  problemOfIssue,
  problemOfVerify,
} from '../interaction/problem.ts';
import type { IssueOutcome } from '../passcodes/issue.ts';
import type { VerifyOutcome } from '../passcodes/verify.ts';
import { ADDRESS, LONG_ADDRESS, type Sample } from './sample.ts';
import type { SampleWalk, Turn } from './sign-in-walk.ts';
import { only, type PageStates, show } from './state.ts';

const LIVE = { live: true, superseded: false, canResend: true };

/** What came of the mail, told to whoever came by an invitation. */
const FATES: readonly (readonly [MailFate, string])[] = [
  ['waiting', 'the email is on its way'],
  ['accepted', 'a mail server took the email'],
  ['delayed', 'the email is late'],
  ['refused', 'a mail server refused the email'],
  ['no-mailbox', 'there is no such mailbox'],
  ['abandoned', 'the email was given up'],
];

/** Every state of entering a code. */
export function codeStates(
  sample: Sample,
  walk: SampleWalk,
): PageStates<'enter-code' | 'code-expired' | 'sign-in-link' | 'sign-in-link-elsewhere'> {
  const { limits, now, frame } = sample;
  const page = (turn: Turn = {}, can = LIVE, address = ADDRESS) =>
    walk.page({ step: 'enter-code', address, ...can }, { ...turn, address });
  const enter = (turn?: Turn, can?: typeof LIVE, address?: string) =>
    only('enter-code', page(turn, can, address));
  const typed = (text: string, strong = false) => {
    const expected = { digits: limits.passcodeDigits, strong };
    const read = parseTypedPasscode(text, expected);
    if (read.outcome === 'passcode') throw new TypeError(`${text} is a passcode`);
    return enter({ strong, problem: problemOfFormat(read, expected) });
  };
  const judged = (outcome: VerifyOutcome): Problem => problemOfVerify(outcome, now)!;
  const asked = (outcome: IssueOutcome): Problem => problemOfIssue(outcome, now)!;
  const wrong = (attemptsLeft: number, strong = false) =>
    enter({ strong, problem: judged({ outcome: 'mismatch', attemptsLeft }) });
  const digits = '1'.repeat(limits.passcodeDigits);

  return {
    'enter-code': [
      show('', 'asks for the code', enter()),
      show('empty', 'nothing typed', typed('')),
      show('short', 'too few numbers', typed('1234')),
      show('long', 'too many numbers', typed(`${digits}1`)),
      show('letters', 'not numbers', typed('abcdefgh')),
      show('wrong', 'a wrong code', wrong(4)),
      show('wrong-two-left', 'a wrong code, two tries left', wrong(2)),
      show('wrong-one-left', 'a wrong code, one try left', wrong(1)),
      show('resent', 'a new code was sent', enter({ notice: 'resent' })),
      show(
        'too-soon',
        'a new code was asked for too soon',
        enter({ problem: asked({ outcome: 'too_soon', retryAt: now + 21 }) }),
      ),
      show(
        'throttled',
        'too many attempts',
        enter({ problem: judged({ outcome: 'throttled', retryAt: now + 540 }) }),
      ),
      show('last', 'no further code may be sent', enter({}, { ...LIVE, canResend: false })),
      show(
        'no-more',
        'a further code was asked for',
        enter({ problem: asked({ outcome: 'exhausted' }) }, { ...LIVE, canResend: false }),
      ),
      show('strong', 'the 16-character code, after many failures', enter({ strong: true })),
      show('strong-short', 'too few characters', typed('ABCD', true)),
      show('strong-long', 'too many characters', typed('ABCD-EFGH-JKMN-PQRS-TVWX', true)),
      show('strong-letters', 'not letters and numbers', typed('ABCD-EFGH-JKMN-????', true)),
      show('strong-wrong', 'a wrong 16-character code', wrong(4, true)),
      show(
        'superseded',
        'after many failures elsewhere: the next code is longer',
        enter({ problem: judged({ outcome: 'superseded' }) }, { ...LIVE, superseded: true }),
      ),
      show(
        'exhausted',
        'five wrong codes',
        enter({ problem: judged({ outcome: 'exhausted' }) }, { ...LIVE, live: false }),
      ),
      show('dead', 'the codes are too old', enter({}, { ...LIVE, live: false })),
      show(
        'over',
        'no live code, and none may be sent',
        enter({}, { ...LIVE, live: false, canResend: false }),
      ),
      show('in-app', 'inside another app', enter({ embedded: true })),
      show('mails-wait', 'the mail relay takes no mail from anybody', enter({ mailsWait: true })),
      ...FATES.map(([fate, shows]) => show(`mail-${fate}`, shows, enter({ fate, invited: true }))),
      show('long-address', 'the longest address', enter({}, LIVE, LONG_ADDRESS)),
    ],
    'sign-in-link': [
      show('', 'the link in the mail, in the browser that asked', {
        ...frame,
        page: 'sign-in-link',
        address: ADDRESS,
        label: 'K7',
        key: 'sample-key-0123456789a',
      }),
    ],
    'sign-in-link-elsewhere': [
      show('', 'the link in the mail, in another browser', {
        page: 'sign-in-link-elsewhere',
        tenantName: frame.tenantName,
        label: 'K7',
      }),
      show('bare', 'and without its label', {
        page: 'sign-in-link-elsewhere',
        tenantName: frame.tenantName,
        label: null,
      }),
    ],
    'code-expired': [
      show(
        '',
        'the right code, too late',
        only('code-expired', page({ problem: judged({ outcome: 'expired' }) })),
      ),
    ],
  };
}
