import assert from 'node:assert/strict';
import type { RedemptionFacts, RedemptionPolicy } from '../../src/domain/redemption.ts';
import {
  AT_HOME,
  BEFORE,
  CONSUMER,
  decided,
  HOME,
  NO_UNMANAGED,
  PENDING,
  redeemedBy,
  STAGED,
  UNMANAGED,
} from './redemption-case.ts';

const PASSCODE = 'use emailOneTimePasscode';
const OFF = { emailOneTimePasscode: 'disabled' } as const;
const NO_CONSUMERS = { consumer: { connection: null, answer: 'unconfigured' } } as const;
const ALIAS = { home: { ...HOME, match: 'alias' } } as const;
const UNKNOWN = { connection: 'consumer', answer: 'unknown' } as const;
const EVERYWHERE: Partial<RedemptionFacts> = {
  home: AT_HOME,
  federation: 'partner',
  google: 'google',
  consumer: CONSUMER,
  unmanaged: UNMANAGED,
};

type Case = readonly [
  what: string,
  facts: Partial<RedemptionFacts>,
  decision: string,
  policy?: Partial<RedemptionPolicy>,
];

describe('decideRedemption, who is let in at all', () => {
  const cases: readonly Case[] = [
    [
      'R14 refuses where no tenant was named, whatever the address',
      { ...EVERYWHERE, tenant: 'missing' },
      '0a R14 refuse tenant_missing',
    ],
    [
      'R12 refuses a name that is no tenant',
      { ...EVERYWHERE, tenant: 'unknown' },
      '0b R12 refuse tenant_unknown',
    ],
    [
      'R43 refuses partners the government cloud cannot work with',
      { home: AT_HOME, partnerCloudUnsupported: true },
      '1 R43 refuse cloud_unsupported',
      { cloud: 'gov' },
    ],
    [
      'R43 asks nothing of the kind in the public cloud',
      { home: AT_HOME, partnerCloudUnsupported: true },
      '5c R46 use homeDirectory@contoso',
    ],
    [
      'R13 refuses a direct link to those nobody invited',
      { guest: null, arrival: 'direct' },
      '2a R13 refuse not_invited',
    ],
    [
      'R13 takes a direct link from those added beforehand',
      { arrival: 'direct' },
      `9 R3 ${PASSCODE}`,
    ],
    [
      'R10 lets strangers sign up where the application allows it',
      { guest: null, selfService: true },
      `9 R3 ${PASSCODE}`,
    ],
    [
      'R10 lets them sign up with passcodes off, by any other place',
      { guest: null, selfService: true, federation: 'partner' },
      '6 R47 use externalFederation@partner',
      OFF,
    ],
    [
      'S55 refuses an invitation that has ended',
      { guest: { ...PENDING, invitation: 'expired' }, federation: 'partner' },
      '2b S55 refuse invitation_expired',
    ],
    [
      'S55 asks nothing of the invitation of those who have redeemed',
      { guest: { ...redeemedBy('emailOneTimePasscode', null), invitation: 'expired' } },
      `4c R6 ${PASSCODE}`,
    ],
    [
      'R73 refuses a guest who has not redeemed when the domain is not allowed any more',
      { domainAllowed: false, home: AT_HOME },
      '3 R73 refuse domain_not_allowed',
    ],
    [
      'R73 refuses a stranger who signs up from a domain that is not allowed',
      { domainAllowed: false, guest: null, selfService: true },
      '3 R73 refuse domain_not_allowed',
    ],
    [
      'R73 lets those in who have redeemed',
      { domainAllowed: false, guest: redeemedBy('emailOneTimePasscode', null) },
      `4c R6 ${PASSCODE}`,
    ],
  ];
  check(cases);
});

describe('decideRedemption, guests who have redeemed', () => {
  const byPasscode = redeemedBy('emailOneTimePasscode', null);
  const byFederation = redeemedBy('externalFederation', 'partner');
  const cases: readonly Case[] = [
    [
      'R6 keeps a guest on passcodes who got accounts everywhere since',
      { ...EVERYWHERE, guest: byPasscode },
      `4c R6 ${PASSCODE}`,
    ],
    [
      'R41 locks out those who redeemed by passcode when passcodes go off',
      { ...EVERYWHERE, guest: byPasscode },
      '4a R41 refuse passcode_disabled',
      OFF,
    ],
    [
      'R41 lets them redeem by another method after a reset',
      { ...EVERYWHERE, guest: { ...PENDING, wasReset: true } },
      '5b R46 choose homeDirectory@contoso consumerAccount@consumer',
      OFF,
    ],
    [
      'R6 R55 keeps a guest on passcodes when those are no fallback for new redemptions',
      { guest: byPasscode },
      `4c R6 ${PASSCODE}`,
      { fallback: ['consumerAccount'] },
    ],
    [
      'R11 refuses a passcode guest where the application takes none',
      { guest: byPasscode },
      '4b R11 refuse method_unavailable',
      { clientTakesPasscodes: false },
    ],
    [
      'R7 keeps a federated guest whose company moved to a directory',
      { ...EVERYWHERE, guest: byFederation },
      '4e R7 use externalFederation@partner',
    ],
    [
      'R7 refuses a guest whose place is not configured any more, and attaches nobody else',
      { ...EVERYWHERE, guest: { ...byFederation, connectionExists: false } },
      '4f R7 refuse method_unavailable',
    ],
    [
      'R55 keeps guests of a consumer account when those are switched off for new redemptions',
      { guest: redeemedBy('consumerAccount', 'consumer') },
      '4e R7 use consumerAccount@consumer',
      { fallback: ['emailOneTimePasscode'] },
    ],
    [
      'R55 keeps guests of any provider that left the order',
      { guest: byFederation },
      '4e R7 use externalFederation@partner',
      { order: [] },
    ],
    [
      'R7 refuses a redeemed guest of whom no method is known',
      { guest: redeemedBy(null, null) },
      '4f R7 refuse method_unavailable',
    ],
  ];
  check(cases);
});

describe('decideRedemption, home directories', () => {
  const cases: readonly Case[] = [
    [
      'R46 sends the name of a directory account to the directory',
      { home: AT_HOME },
      '5c R46 use homeDirectory@contoso',
    ],
    [
      'R46 lets a guest choose whose name a consumer account has as well',
      { home: AT_HOME, consumer: CONSUMER },
      '5b R46 choose homeDirectory@contoso consumerAccount@consumer',
    ],
    [
      'R46 R53 offers no consumer account that is switched off',
      { home: AT_HOME, consumer: CONSUMER },
      '5c R46 use homeDirectory@contoso',
      { fallback: ['emailOneTimePasscode'] },
    ],
    [
      'R46 does not wait for consumer accounts when the directory knows the guest',
      { home: AT_HOME, consumer: UNKNOWN },
      '5c R46 use homeDirectory@contoso',
    ],
    [
      'R46 binds nobody to a lesser method because the directory is down',
      { home: { ...HOME, match: 'unknown' }, federation: 'partner' },
      '5a R46 refuse directory_unavailable',
    ],
    [
      'R57 sends an alias to the directory by its sign-in name, from the emailed link',
      { ...ALIAS, arrival: 'invitation' },
      '5d R57 use homeDirectory@contoso as g@contoso.com',
    ],
    [
      'R57 asks an alias for the emailed link on a direct one',
      { ...ALIAS, arrival: 'direct', consumer: CONSUMER },
      '5e R57 refuse invitation_link_needed',
    ],
    [
      'R9 mails a passcode to whom a partly synchronised directory does not know',
      { home: { ...HOME, match: 'none', userPrincipalName: null } },
      `9 R3 ${PASSCODE}`,
    ],
    [
      'R49 prefers the directory to a federation of the same domain',
      { home: AT_HOME, federation: 'partner' },
      '5c R46 use homeDirectory@contoso',
    ],
    [
      'R49 prefers the federation where the order was changed',
      { home: AT_HOME, federation: 'partner' },
      '6 R47 use externalFederation@partner',
      { order: ['externalFederation', 'homeDirectory'] },
    ],
    [
      'M2 does not guess when unmanaged accounts cannot be asked',
      { unmanaged: { connection: 'unmanaged', answer: 'unknown' } },
      '5g M2 refuse directory_unavailable',
      STAGED,
    ],
  ];
  check(cases);
});

describe('decideRedemption, other places', () => {
  const cases: readonly Case[] = [
    [
      'R47 sends a federated domain to its federation',
      { federation: 'partner', consumer: CONSUMER },
      '6 R47 use externalFederation@partner',
    ],
    [
      'R48 sends Google mailboxes to Google where it is on',
      { google: 'google', consumer: CONSUMER },
      '7 R48 use google@google',
    ],
    [
      'R8 sends teri@gmail.com to Google where it is on, account or not',
      { google: 'google', consumer: CONSUMER },
      '7 R48 use google@google',
    ],
    ['R8 mails a passcode to teri@gmail.com without Google and account', {}, `9 R3 ${PASSCODE}`],
    [
      'R3 uses a consumer account before the passcode',
      { consumer: CONSUMER },
      '8a R3 use consumerAccount@consumer',
    ],
    [
      'R3 uses it by the emailed link and the direct one alike',
      { consumer: CONSUMER, arrival: 'invitation' },
      '8a R3 use consumerAccount@consumer',
    ],
    [
      'R3 does not guess when consumer accounts cannot be asked',
      { consumer: UNKNOWN },
      '8b R3 refuse directory_unavailable',
    ],
    ['R1 mails a passcode when no other place knows the guest', {}, `9 R3 ${PASSCODE}`],
    [
      'R1 takes any other place before the passcode',
      { ...EVERYWHERE, home: null, federation: null, google: null },
      '8a R3 use consumerAccount@consumer',
    ],
  ];
  check(cases);
});

describe('decideRedemption, the order of providers', () => {
  const all = { ...EVERYWHERE, consumer: { connection: 'consumer', answer: 'none' } } as const;
  const cases: readonly Case[] = [
    [
      'R53 follows the order given',
      all,
      '7 R48 use google@google',
      { order: ['socialIdentityProviders', 'externalFederation', 'homeDirectory'] },
    ],
    [
      'R53 leaves out what is not in the order',
      all,
      '6 R47 use externalFederation@partner',
      { order: ['externalFederation'] },
    ],
    [
      'R53 follows the order of the fallbacks: the passcode before consumer accounts',
      { consumer: CONSUMER },
      `9 R3 ${PASSCODE}`,
      { fallback: ['emailOneTimePasscode', 'consumerAccount'] },
    ],
    [
      'R53 asks nothing of consumer accounts that are no fallback',
      { consumer: UNKNOWN },
      `9 R3 ${PASSCODE}`,
      { fallback: ['emailOneTimePasscode'] },
    ],
    ['R54 falls back when every primary provider is off', all, `9 R3 ${PASSCODE}`, { order: [] }],
    [
      'R54 makes consumer accounts where the passcode is no fallback',
      all,
      '13a M12 use new consumerAccount@consumer',
      { order: [], fallback: ['consumerAccount'] },
    ],
    [
      'R55 takes no consumer account for a new redemption once those are off',
      { consumer: CONSUMER },
      `9 R3 ${PASSCODE}`,
      { fallback: ['emailOneTimePasscode'] },
    ],
  ];
  check(cases);
});

describe('decideRedemption, without a passcode', () => {
  const cases: readonly Case[] = [
    [
      'R11 mails none where the application takes no passcode guests',
      {},
      '13a M12 use new consumerAccount@consumer',
      { clientTakesPasscodes: false },
    ],
    [
      'R42 has nobody make an account in the government cloud',
      { unmanaged: NO_UNMANAGED },
      '11 R42 refuse no_method',
      { ...STAGED, cloud: 'gov' },
    ],
    [
      'R42 counts no unmanaged account there',
      { unmanaged: UNMANAGED },
      '11 R42 refuse no_method',
      { ...STAGED, cloud: 'gov' },
    ],
    [
      'R42 mails passcodes there once they are on',
      {},
      `9 R3 ${PASSCODE}`,
      { cloud: 'gov', emailOneTimePasscode: 'enabled' },
    ],
    [
      'R56 refuses a direct link with passcodes off only to those not added beforehand',
      { guest: null },
      '2a R13 refuse not_invited',
      OFF,
    ],
    [
      'R56 has those added beforehand make an account on a direct link',
      {},
      '13a M12 use new consumerAccount@consumer',
      OFF,
    ],
    [
      'R56 refuses where there is no account to make',
      NO_CONSUMERS,
      '13b R56 refuse no_method',
      OFF,
    ],
  ];
  check(cases);

  it('R37 judges by the instant of the tenant, not by the nominal date', () => {
    const made = '12c M6 use new unmanagedAccount@unmanaged';
    assert.equal(decided({ unmanaged: NO_UNMANAGED }, STAGED, BEFORE), made);
    assert.equal(decided({ unmanaged: NO_UNMANAGED }, STAGED), `9 R3 ${PASSCODE}`);
  });

  it('R40 makes no unmanaged account from the very second of the change', () => {
    const policy = { ...STAGED, ...OFF };
    const made = '12c M6 use new unmanagedAccount@unmanaged';
    assert.equal(decided({ unmanaged: NO_UNMANAGED }, policy, BEFORE), made);
    const consumer = '13a M12 use new consumerAccount@consumer';
    assert.equal(decided({ unmanaged: NO_UNMANAGED }, policy, BEFORE + 1), consumer);
  });
});

function check(cases: readonly Case[]): void {
  for (const [what, facts, decision, policy] of cases) {
    it(what, () => assert.equal(decided(facts, policy), decision));
  }
}
