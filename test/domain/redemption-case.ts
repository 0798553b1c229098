// Owns the plain case the tests of the decision table start from, and every case there is.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  type RedemptionDecision,
  type RedemptionFacts,
  type RedemptionPolicy,
  decideRedemption,
} from '../../src/domain/redemption.ts';
import { NOMINAL_ROLLOUT } from '../../src/domain/tenant.ts';

export type GuestFacts = NonNullable<RedemptionFacts['guest']>;

/** The staged tenant of the tests is reached ten weeks after the nominal date (R37). */
export const ROLLOUT = NOMINAL_ROLLOUT + 70 * 86_400;
export const BEFORE = ROLLOUT - 1;
export const AFTER = ROLLOUT;

/** Era current, nothing decided, every provider on. */
export const CURRENT: RedemptionPolicy = {
  era: 'current',
  cloud: 'public',
  emailOneTimePasscode: 'default',
  rolloutAt: NOMINAL_ROLLOUT,
  createdAt: null,
  order: ['homeDirectory', 'externalFederation', 'socialIdentityProviders'],
  fallback: ['consumerAccount', 'emailOneTimePasscode'],
  clientTakesPasscodes: true,
};

export const STAGED: RedemptionPolicy = { ...CURRENT, era: 'staged', rolloutAt: ROLLOUT };

export const PENDING: GuestFacts = {
  state: 'PendingAcceptance',
  method: null,
  connection: null,
  connectionExists: true,
  wasReset: false,
  invitation: 'open',
};

/** Invited, by an application's own link, known by no place; consumer accounts can be made. */
export const FACTS: RedemptionFacts = {
  tenant: 'resolved',
  arrival: 'direct',
  guest: PENDING,
  selfService: false,
  domainAllowed: true,
  partnerCloudUnsupported: false,
  home: null,
  federation: null,
  google: null,
  consumer: { connection: 'consumer', answer: 'none' },
  consumerDomain: false,
  unmanaged: { connection: null, answer: 'unconfigured' },
  unmanagedRefused: false,
};

export const HOME = { connection: 'contoso', userPrincipalName: 'g@contoso.com' };
export const AT_HOME = { ...HOME, match: 'userPrincipalName' } as const;
export const CONSUMER = { connection: 'consumer', answer: 'account' } as const;
export const UNMANAGED = { connection: 'unmanaged', answer: 'account' } as const;
export const NO_UNMANAGED = { connection: 'unmanaged', answer: 'none' } as const;

export function redeemedBy(method: GuestFacts['method'], connection: string | null): GuestFacts {
  return { ...PENDING, state: 'Accepted', method, connection };
}

/** The decision in a line: `9 R3 use emailOneTimePasscode`. */
export function decided(
  facts: Partial<RedemptionFacts>,
  policy: Partial<RedemptionPolicy> = {},
  now = AFTER,
): string {
  const decision = decideRedemption({ ...FACTS, ...facts }, { ...CURRENT, ...policy }, now);
  return `${decision.row} ${decision.rule} ${inWords(decision)}`;
}

/** What a decision comes to, without row and rule. */
export function inWords(decision: RedemptionDecision): string {
  if (decision.outcome === 'refuse') return `refuse ${decision.code}`;
  const doors = decision.outcome === 'use' ? [decision.door] : decision.doors;
  return [
    decision.outcome,
    ...doors.flatMap(({ method, connection, create, userPrincipalName }) => {
      // A door elsewhere leads somewhere, a passcode nowhere.
      assert.equal(connection === null, method === 'emailOneTimePasscode');
      const at = connection === null ? '' : `@${connection}`;
      const as = userPrincipalName === null ? '' : ` as ${userPrincipalName}`;
      return `${create ? 'new ' : ''}${method}${at}${as}`;
    }),
  ].join(' ');
}

const METHODS = [
  'emailOneTimePasscode',
  'homeDirectory',
  'externalFederation',
  'google',
  'consumerAccount',
  'unmanagedAccount',
] as const;
const ANSWERS = ['account', 'none', 'unknown', 'unasked'] as const;
const account = (connection: string) =>
  fc.oneof(
    fc.constant({ connection: null, answer: 'unconfigured' as const }),
    fc.record({ connection: fc.constant(connection), answer: fc.constantFrom(...ANSWERS) }),
  );

export const anyPending = fc.record({
  state: fc.constant('PendingAcceptance' as const),
  method: fc.constant(null),
  connection: fc.constant(null),
  connectionExists: fc.constant(true),
  wasReset: fc.boolean(),
  invitation: fc.constantFrom('open', 'expired'),
});

export const anyAccepted = fc
  .record({
    state: fc.constant('Accepted' as const),
    method: fc.constantFrom(...METHODS),
    connectionExists: fc.boolean(),
    wasReset: fc.boolean(),
    invitation: fc.constantFrom('open', 'expired'),
  })
  .map((guest) => ({
    ...guest,
    connection: guest.method === 'emailOneTimePasscode' ? null : `bound-${guest.method}`,
  }));

/** Facts of every kind, with a guest of the given kinds. */
export function anyFacts(
  guest: fc.Arbitrary<RedemptionFacts['guest']> = fc.oneof(
    fc.constant(null),
    anyPending,
    anyAccepted,
  ),
): fc.Arbitrary<RedemptionFacts> {
  return fc.record({
    tenant: fc.oneof(
      { weight: 8, arbitrary: fc.constant('resolved' as const) },
      { weight: 1, arbitrary: fc.constantFrom('missing', 'unknown') },
    ),
    arrival: fc.constantFrom('invitation', 'direct'),
    guest,
    selfService: fc.boolean(),
    domainAllowed: fc.boolean(),
    partnerCloudUnsupported: fc.boolean(),
    home: fc.option(
      fc.record({
        connection: fc.constant('contoso'),
        match: fc.constantFrom('userPrincipalName', 'alias', 'none', 'unknown', 'unasked'),
        userPrincipalName: fc.option(fc.constant('g@contoso.com')),
      }),
    ),
    federation: fc.option(fc.constant('partner')),
    google: fc.option(fc.constant('google')),
    consumer: account('consumer'),
    consumerDomain: fc.boolean(),
    unmanaged: account('unmanaged'),
    unmanagedRefused: fc.boolean(),
  });
}

export const anyPolicy: fc.Arbitrary<RedemptionPolicy> = fc.record({
  era: fc.constantFrom('staged', 'current'),
  cloud: fc.constantFrom('public', 'gov'),
  emailOneTimePasscode: fc.constantFrom('default', 'enabled', 'disabled'),
  rolloutAt: fc.constant(ROLLOUT),
  createdAt: fc.option(fc.constantFrom(NOMINAL_ROLLOUT - 1, NOMINAL_ROLLOUT)),
  order: fc.shuffledSubarray([...CURRENT.order]),
  fallback: fc.shuffledSubarray([...CURRENT.fallback]),
  clientTakesPasscodes: fc.boolean(),
});

export const anyTime = fc.constantFrom(NOMINAL_ROLLOUT, BEFORE, AFTER, AFTER + 1);
