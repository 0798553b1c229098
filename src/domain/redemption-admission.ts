// Owns the first rows of the decision table: who is let in at all, and who stays where they are.

import * as words from './redemption-words.ts';
import { isAccepted, isBoundPlaceThere, isBoundTo } from './redemption-conditions.ts';
import { isPasscodeOn } from './passcode-setting.ts';
import { doorTo, type RedemptionRow, refuse, use, usePasscode } from './redemption-row.ts';

/** Rows 0 to 4, in order; they are the same for every tenant. */
export const admissionRows: readonly RedemptionRow[] = [
  {
    row: '0a',
    rule: 'R14',
    says: 'no tenant was named',
    fact: words.tenant,
    test: ({ tenant }) => tenant === 'missing',
    outcome: refuse('tenant_missing'),
  },
  {
    row: '0b',
    rule: 'R12',
    says: 'what was named is no tenant',
    fact: words.tenant,
    test: ({ tenant }) => tenant === 'unknown',
    outcome: refuse('tenant_unknown'),
  },
  {
    row: '1',
    rule: 'R43',
    says: 'the partner is in a cloud the government cloud cannot work with',
    fact: words.cloud,
    test: (facts, { cloud }) => cloud === 'gov' && facts.partnerCloudUnsupported,
    outcome: refuse('cloud_unsupported'),
  },
  {
    // Row 10 of the rules asks the same where passcodes are off. Whoever gets that far was added
    // beforehand or may sign up, so nothing is left for it to refuse: it is no row here.
    row: '2a',
    rule: 'R13',
    says: 'nobody invited the address, and strangers may not sign up',
    fact: words.guest,
    test: ({ guest, selfService }) => guest === null && !selfService,
    outcome: refuse('not_invited'),
  },
  {
    row: '2b',
    rule: 'S55',
    says: 'the invitation has ended',
    fact: words.guest,
    test: ({ guest }) => guest?.state === 'PendingAcceptance' && guest.invitation === 'expired',
    outcome: refuse('invitation_expired'),
  },
  {
    row: '3',
    rule: 'R73',
    says: 'not redeemed yet, and the domain is not allowed',
    fact: words.domain,
    test: (facts) => !isAccepted(facts) && !facts.domainAllowed,
    outcome: refuse('domain_not_allowed'),
  },
  {
    row: '4a',
    rule: 'R41',
    says: 'redeemed by passcode, and passcodes are off',
    fact: words.passcode,
    test: (facts, policy, now) =>
      isBoundTo(facts, 'emailOneTimePasscode') && !isPasscodeOn(policy, now),
    outcome: refuse('passcode_disabled'),
  },
  {
    row: '4b',
    rule: 'R11',
    says: 'redeemed by passcode, and the application takes no passcode guests',
    fact: words.passcode,
    test: (facts, policy) =>
      isBoundTo(facts, 'emailOneTimePasscode') && !policy.clientTakesPasscodes,
    outcome: refuse('method_unavailable'),
  },
  {
    row: '4c',
    rule: 'R6',
    says: 'redeemed by passcode: stays with it until a reset',
    fact: words.guest,
    test: (facts) => isBoundTo(facts, 'emailOneTimePasscode'),
    outcome: usePasscode,
  },
  {
    row: '4d',
    rule: 'R40',
    says: 'redeemed by an unmanaged account, which nobody can use any more',
    fact: words.guest,
    test: (facts, { era }) => isBoundTo(facts, 'unmanagedAccount') && era === 'current',
    outcome: refuse('method_unavailable'),
  },
  {
    // The order of providers is not asked: switching one off is for new redemptions (R55).
    row: '4e',
    rule: 'R7',
    says: 'redeemed elsewhere: stays there until a reset',
    fact: words.guest,
    test: isBoundPlaceThere,
    outcome: ({ guest }) =>
      guest?.method && guest.method !== 'emailOneTimePasscode'
        ? use(doorTo(guest.method, guest.connection))
        : { outcome: 'refuse', code: 'method_unavailable' },
  },
  {
    row: '4f',
    rule: 'R7',
    says: 'redeemed at a place that is not configured any more',
    fact: words.guest,
    test: isAccepted,
    outcome: refuse('method_unavailable'),
  },
];
