import assert from 'node:assert/strict';
import {
  decideRedemption,
  type RedemptionFacts,
  type RedemptionPolicy,
} from '../../src/domain/redemption.ts';
import { explainRedemption, whatWouldChange } from '../../src/domain/redemption-explain.ts';
import {
  AFTER,
  AT_HOME,
  BEFORE,
  CONSUMER,
  CURRENT,
  FACTS,
  HOME,
  PENDING,
  redeemedBy,
  STAGED,
  UNMANAGED,
} from './redemption-case.ts';

describe('explainRedemption', () => {
  it('asks the rows after the one that decides as well', () => {
    const facts = { ...FACTS, home: AT_HOME, federation: 'partner' };
    const { rows, decision } = explainRedemption(facts, CURRENT, AFTER);
    const fitting = rows.filter(({ fits }) => fits).map(({ row }) => row);
    assert.deepEqual(fitting, ['5c', '6', '9', '13b']);
    assert.equal(decision.row, '5c');
  });

  it('shows the rows in the order they are asked', () => {
    const order = ['socialIdentityProviders', 'homeDirectory'] as const;
    const fallback = ['emailOneTimePasscode'] as const;
    const { rows } = explainRedemption(FACTS, { ...CURRENT, order, fallback }, AFTER);
    assert.equal(
      rows.map(({ row }) => row).join(' '),
      '0a 0b 1 2a 2b 3 4a 4b 4c 4d 4e 4f 7 5a 5b 5c 5d 5e 5f 5g 9 11 12a 12b 12c 13a 13b 6 8a 8b',
    );
  });

  it('says of every row a sentence of its own, and what is known', () => {
    const { rows } = explainRedemption(FACTS, CURRENT, AFTER);
    for (const { row, says, fact } of rows) {
      assert.match(says, /^[a-z].*[a-z]{2}/, row);
      assert.match(fact, /[a-z]{2}/, row);
    }
    assert.equal(new Set(rows.map(({ says }) => says)).size, rows.length);
  });

  it('says of a provider that is off that it is off, and never that it fits', () => {
    const facts = { ...FACTS, google: 'google' };
    const { rows } = explainRedemption(facts, { ...CURRENT, order: [] }, AFTER);
    const google = rows.find(({ row }) => row === '7');
    assert.equal(google?.fits, false);
    assert.equal(google?.fact, 'socialIdentityProviders is switched off');
  });

  const facts: readonly (readonly [
    row: string,
    fact: string,
    facts: Partial<RedemptionFacts>,
    policy?: Partial<RedemptionPolicy>,
    now?: number,
  ])[] = [
    ['0a', 'the tenant was found', {}],
    ['0a', 'nothing names a tenant', { tenant: 'missing' }],
    ['0b', 'no tenant has that name', { tenant: 'unknown' }],
    [
      '1',
      'this cloud is gov; the partner works with only the public one',
      { partnerCloudUnsupported: true },
      { cloud: 'gov' },
    ],
    ['2a', 'nobody invited the address', { guest: null }],
    ['2a', 'nobody invited the address; strangers may sign up', { guest: null, selfService: true }],
    ['2b', 'invited, not redeemed yet; the invitation is open', {}],
    [
      '2b',
      'invited, not redeemed yet, reset before; the invitation is expired',
      { guest: { ...PENDING, wasReset: true, invitation: 'expired' } },
    ],
    ['3', 'the domain is not allowed', { domainAllowed: false }],
    [
      '4e',
      'redeemed by google at google, which is not configured any more',
      { guest: { ...redeemedBy('google', 'google'), connectionExists: false } },
    ],
    ['4c', 'redeemed by emailOneTimePasscode', { guest: redeemedBy('emailOneTimePasscode', null) }],
    ['5c', 'no home directory has the domain', {}],
    ['5c', 'home directory contoso signs an account in by the address', { home: AT_HOME }],
    [
      '5d',
      'home directory contoso knows the address as an alias of g@contoso.com',
      { home: { ...HOME, match: 'alias' } },
    ],
    [
      '5f',
      'the address has one of the unmanaged accounts; after the change, the guest was reset',
      { guest: { ...PENDING, wasReset: true }, unmanaged: UNMANAGED },
      STAGED,
    ],
    ['5f', 'unmanaged accounts belong to era staged', { unmanaged: UNMANAGED }],
    ['6', 'federated as partner', { federation: 'partner' }],
    ['7', "the domain is not Google's own, or Google is not configured", {}],
    ['8a', 'the address has one of the consumer accounts', { consumer: CONSUMER }],
    ['9', 'passcodes are on (default)', {}],
    [
      '13b',
      'passcodes are off (default), not a fallback, not taken by the application',
      {},
      { ...STAGED, fallback: ['consumerAccount'], clientTakesPasscodes: false },
      BEFORE,
    ],
    [
      '12c',
      'passcodes are off (default); no consumer domain, its owner takes no unmanaged accounts; made at consumer or unmanaged',
      { unmanaged: { connection: 'unmanaged', answer: 'none' }, unmanagedRefused: true },
      STAGED,
      BEFORE,
    ],
  ];
  for (const [row, fact, more, policy, now = AFTER] of facts) {
    it(`says at row ${row}: ${fact}`, () => {
      const given = { ...CURRENT, ...policy };
      const { rows } = explainRedemption({ ...FACTS, ...more }, given, now);
      const shown = rows.find((candidate) => candidate.row === row);
      assert.ok(shown?.fact.startsWith(fact), shown?.fact);
    });
  }
});

describe('whatWouldChange', () => {
  const cases: readonly (readonly [
    what: string,
    facts: Partial<RedemptionFacts>,
    said: readonly string[],
    policy?: Partial<RedemptionPolicy>,
  ])[] = [
    [
      'a passcode guest is reset, or locked out',
      { guest: redeemedBy('emailOneTimePasscode', null) },
      [
        'reset the guest, who then redeems anew: guestpass guests reset',
        'turn the passcode off: emailOneTimePasscode: disabled',
      ],
    ],
    [
      'a passcode guest who is locked out is reset, or let in again',
      { guest: redeemedBy('emailOneTimePasscode', null) },
      [
        'reset the guest, who then redeems anew: guestpass guests reset',
        'turn the passcode on: emailOneTimePasscode: enabled',
      ],
      { emailOneTimePasscode: 'disabled' },
    ],
    [
      'a guest of a place that is gone is reset, or the place comes back',
      { guest: { ...redeemedBy('externalFederation', 'partner'), connectionExists: false } },
      ['reset the guest, who then redeems anew: guestpass guests reset', 'configure partner again'],
    ],
    [
      'a stranger is invited, or may sign up',
      { guest: null },
      [
        'invite the guest: guestpass invite',
        'let strangers sign up at this client: guests.selfServiceSignUp: true',
      ],
    ],
    [
      'an invitation that ended is made anew',
      { guest: { ...PENDING, invitation: 'expired' } },
      ['invite the guest again: guestpass invite'],
    ],
    [
      'a domain is allowed',
      { domainAllowed: false },
      ['let the domain in: domains, or inbound of its home directory'],
    ],
    [
      'an alias comes by the link',
      { home: { ...HOME, match: 'alias' } },
      ['come by the link of the invitation'],
    ],
    [
      'Google is switched on',
      { google: 'google' },
      [
        'federate the domain: federations',
        'turn the passcode off: emailOneTimePasscode: disabled',
        'switch socialIdentityProviders on: redemption.order',
      ],
      { order: ['homeDirectory', 'externalFederation'] },
    ],
    [
      'whom no place knows gets any of them',
      { consumer: { connection: null, answer: 'unconfigured' } },
      [
        'federate the domain: federations',
        "turn Google on, if the domain is Google's own: google",
        'configure consumer accounts: consumerAccounts',
        'turn the passcode on: emailOneTimePasscode: enabled',
      ],
      { emailOneTimePasscode: 'disabled' },
    ],
  ];
  for (const [what, more, said, policy] of cases) {
    it(what, () => {
      const facts = { ...FACTS, ...more };
      const given = { ...CURRENT, ...policy };
      const decision = decideRedemption(facts, given, AFTER);
      assert.deepEqual(whatWouldChange(decision, facts, given, AFTER), said);
    });
  }
});
