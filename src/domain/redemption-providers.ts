// Owns the later rows of the decision table: which place lets a guest in who has not redeemed yet.

import type { FallbackProvider, PrimaryProvider } from './redemption.ts';
import {
  countsUnmanaged,
  createsUnmanaged,
  hasConsumerAccount,
  isAtHome,
  isPasscodeOffered,
  takesConsumers,
} from './redemption-conditions.ts';
import {
  doorTo,
  newAccountAt,
  type RedemptionRow,
  refuse,
  use,
  usePasscode,
} from './redemption-row.ts';
import * as words from './redemption-words.ts';

/** Rows 5 to 7, by provider; the tenant's order of primary providers arranges them (R53). */
export const primaryRows: Readonly<Record<PrimaryProvider, readonly RedemptionRow[]>> = {
  homeDirectory: [
    {
      // A method is bound for good, so an outage must not decide which one it is.
      row: '5a',
      rule: 'R46',
      says: 'the home directory could not say whether it knows the address',
      fact: words.home,
      test: ({ home }) => home?.match === 'unknown',
      outcome: refuse('directory_unavailable'),
    },
    {
      row: '5b',
      rule: 'R46',
      says: 'the home directory and a consumer account both have the name',
      fact: (facts) => `${words.home(facts)}; ${words.consumer(facts)}`,
      test: (facts, policy) => isAtHome(facts) && hasConsumerAccount(facts, policy),
      outcome: ({ home, consumer }) => ({
        outcome: 'choose',
        doors: [
          doorTo('homeDirectory', home?.connection),
          doorTo('consumerAccount', consumer.connection),
        ],
      }),
    },
    {
      row: '5c',
      rule: 'R46',
      says: 'the home directory signs an account in by the address',
      fact: words.home,
      test: isAtHome,
      outcome: ({ home }) => use(doorTo('homeDirectory', home?.connection)),
    },
    {
      row: '5d',
      rule: 'R57',
      says: 'an alias at the home directory, by the link of the invitation',
      fact: words.home,
      test: ({ home, arrival }) => home?.match === 'alias' && arrival === 'invitation',
      outcome: ({ home }) => {
        const userPrincipalName = home?.userPrincipalName ?? null;
        return use({ ...doorTo('homeDirectory', home?.connection), userPrincipalName });
      },
    },
    {
      row: '5e',
      rule: 'R57',
      says: 'an alias at the home directory, without the link of the invitation',
      fact: words.home,
      test: ({ home }) => home?.match === 'alias',
      outcome: refuse('invitation_link_needed'),
    },
    {
      row: '5f',
      rule: 'M2',
      says: 'there is an unmanaged account, and it still counts',
      fact: words.unmanaged,
      test: (facts, policy, now) =>
        facts.unmanaged.answer === 'account' && countsUnmanaged(facts, policy, now),
      outcome: ({ unmanaged }) => use(doorTo('unmanagedAccount', unmanaged.connection)),
    },
    {
      row: '5g',
      rule: 'M2',
      says: 'it could not be learnt whether there is an unmanaged account',
      fact: words.unmanaged,
      test: (facts, policy, now) =>
        facts.unmanaged.answer === 'unknown' && countsUnmanaged(facts, policy, now),
      outcome: refuse('directory_unavailable'),
    },
  ],
  externalFederation: [
    {
      row: '6',
      rule: 'R47',
      says: 'the domain is federated',
      fact: words.federation,
      test: ({ federation }) => federation !== null,
      outcome: ({ federation }) => use(doorTo('externalFederation', federation)),
    },
  ],
  socialIdentityProviders: [
    {
      row: '7',
      rule: 'R48',
      says: "the domain is Google's own, and Google is configured",
      fact: words.google,
      test: ({ google }) => google !== null,
      outcome: ({ google }) => use(doorTo('google', google)),
    },
  ],
};

/** Rows 8 and 9, by provider; the tenant's order of fallback providers arranges them (R53). */
export const fallbackRows: Readonly<Record<FallbackProvider, readonly RedemptionRow[]>> = {
  consumerAccount: [
    {
      row: '8a',
      rule: 'R3',
      says: 'there is a consumer account',
      fact: words.consumer,
      test: hasConsumerAccount,
      outcome: ({ consumer }) => use(doorTo('consumerAccount', consumer.connection)),
    },
    {
      row: '8b',
      rule: 'R3',
      says: 'it could not be learnt whether there is a consumer account',
      fact: words.consumer,
      test: (facts, policy) => facts.consumer.answer === 'unknown' && takesConsumers(facts, policy),
      outcome: refuse('directory_unavailable'),
    },
  ],
  emailOneTimePasscode: [
    {
      row: '9',
      rule: 'R3',
      says: 'no other place knows the guest, and passcodes are on',
      fact: words.passcode,
      test: (_, policy, now) => isPasscodeOffered(policy, now),
      outcome: usePasscode,
    },
  ],
};

/** The last row, which fits everybody. */
export const lastRow: RedemptionRow = {
  row: '13b',
  rule: 'R56',
  says: 'no place knows the guest, and there is none to make an account at',
  fact: words.creation,
  test: () => true,
  outcome: refuse('no_method'),
};

/** Rows 11 to 13: no place knows the guest and there is no passcode to be had. */
export const creationRows: readonly RedemptionRow[] = [
  {
    row: '11',
    rule: 'R42',
    says: 'no passcode, in the government cloud, where guests make no accounts',
    fact: words.passcode,
    test: (_, policy, now) => policy.cloud === 'gov' && !isPasscodeOffered(policy, now),
    outcome: refuse('no_method'),
  },
  {
    row: '12a',
    rule: 'M6',
    says: 'no passcode, before the change: at a consumer domain a consumer account is made',
    fact: words.creation,
    test: (facts, policy, now) =>
      createsUnmanaged(policy, now) && facts.consumerDomain && takesConsumers(facts, policy),
    outcome: ({ consumer }) => use(newAccountAt('consumerAccount', consumer.connection)),
  },
  {
    row: '12b',
    rule: 'M6',
    says: "no passcode, before the change, and the domain's owner takes no unmanaged accounts",
    fact: words.creation,
    test: (facts, policy, now) =>
      createsUnmanaged(policy, now) && !facts.consumerDomain && facts.unmanagedRefused,
    outcome: refuse('no_method'),
  },
  {
    row: '12c',
    rule: 'M6',
    says: 'no passcode, before the change: an unmanaged account is made',
    fact: words.creation,
    test: ({ consumerDomain, unmanaged }, policy, now) =>
      createsUnmanaged(policy, now) && !consumerDomain && unmanaged.connection !== null,
    outcome: ({ unmanaged }) => use(newAccountAt('unmanagedAccount', unmanaged.connection)),
  },
  {
    row: '13a',
    rule: 'M12',
    says: 'no passcode: a consumer account is made',
    fact: words.creation,
    test: (facts, policy, now) => !isPasscodeOffered(policy, now) && takesConsumers(facts, policy),
    outcome: ({ consumer }) => use(newAccountAt('consumerAccount', consumer.connection)),
  },
  lastRow,
];
