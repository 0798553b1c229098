// Owns why a decision is what it is, row by row, and what an administrator could do about it.

import { decideRedemption } from './redemption.ts';
import type {
  FallbackProvider,
  PrimaryProvider,
  RedemptionDecision,
  RedemptionFacts,
  RedemptionPolicy,
} from './redemption.ts';
import { rowsOffOf, tableOf } from './redemption-rows.ts';

/** One row with what it was asked about. */
export interface ExplainedRow {
  readonly row: string;
  readonly rule: string;
  readonly says: string;
  /** Whether it fits by itself; of those that do, the first decides. */
  readonly fits: boolean;
  /** What is known about it, in words. */
  readonly fact: string;
}

/** A decision with every row behind it. */
export interface Explanation {
  readonly rows: readonly ExplainedRow[];
  readonly decision: RedemptionDecision;
}

/**
 * Asks every row of the table, also those after the one that decides. Rows of providers that are
 * switched off come last and never fit. Pure.
 *
 * @param now epoch seconds
 */
export function explainRedemption(
  facts: RedemptionFacts,
  policy: RedemptionPolicy,
  now: number,
): Explanation {
  const asked = tableOf(policy).map(({ row, rule, says, fact, test }) => {
    const fits = test(facts, policy, now);
    return { row, rule, says, fits, fact: fact(facts, policy, now) };
  });
  const off = rowsOffOf(policy).flatMap(({ provider, rows }) =>
    rows.map(({ row, rule, says }) => {
      return { row, rule, says, fits: false, fact: `${provider} is switched off` };
    }),
  );
  return { rows: [...asked, ...off], decision: decideRedemption(facts, policy, now) };
}

/**
 * What could be done so that another decision would come out, in short sentences. Everything said
 * was tried: what changes nothing is left out. Pure.
 *
 * A reset is always offered to a guest who has redeemed, because what would be decided afterwards
 * is not known before the places are asked again.
 *
 * @param decision the one to be changed, of the same facts, policy and moment
 * @param now epoch seconds
 */
export function whatWouldChange(
  decision: RedemptionDecision,
  facts: RedemptionFacts,
  policy: RedemptionPolicy,
  now: number,
): readonly string[] {
  const before = outcomeOf(decision);
  const tried = [...changesOfFacts(facts), ...changesOfPolicy(policy)].filter((change) => {
    const after = decideRedemption(change.facts ?? facts, change.policy ?? policy, now);
    return outcomeOf(after) !== before;
  });
  const resets = decision.row.startsWith('4')
    ? ['reset the guest, who then redeems anew: guestpass guests reset']
    : [];
  return [...resets, ...tried.map(({ says }) => says)];
}

interface Change {
  readonly says: string;
  readonly facts?: RedemptionFacts;
  readonly policy?: RedemptionPolicy;
}

function changesOfFacts(facts: RedemptionFacts): readonly Change[] {
  const { guest } = facts;
  const anybody = { method: null, connection: null, connectionExists: true, wasReset: false };
  const invited = { ...anybody, state: 'PendingAcceptance', invitation: 'open' } as const;
  const changes: readonly (Change | false)[] = [
    facts.tenant !== 'resolved' && {
      says: 'name the tenant: by its id or by a verified domain',
      facts: { ...facts, tenant: 'resolved' },
    },
    guest === null && {
      says: 'invite the guest: guestpass invite',
      facts: { ...facts, guest: invited },
    },
    guest === null && {
      says: 'let strangers sign up at this client: guests.selfServiceSignUp: true',
      facts: { ...facts, selfService: true },
    },
    guest?.state === 'PendingAcceptance' && {
      says: 'invite the guest again: guestpass invite',
      facts: { ...facts, guest: { ...guest, invitation: 'open' } },
    },
    guest?.state === 'Accepted' && {
      says: `configure ${guest.connection ?? 'the connection'} again`,
      facts: { ...facts, guest: { ...guest, connectionExists: true } },
    },
    {
      says: 'let the domain in: domains, or inbound of its home directory',
      facts: { ...facts, domainAllowed: true },
    },
    {
      says: 'come by the link of the invitation',
      facts: { ...facts, arrival: 'invitation' },
    },
    facts.federation === null && {
      says: 'federate the domain: federations',
      facts: { ...facts, federation: 'new' },
    },
    facts.google === null && {
      says: "turn Google on, if the domain is Google's own: google",
      facts: { ...facts, google: 'new' },
    },
    facts.consumer.connection === null && {
      says: 'configure consumer accounts: consumerAccounts',
      facts: { ...facts, consumer: { connection: 'new', answer: 'none' } },
    },
  ];
  return changes.filter((change) => change !== false);
}

const PRIMARY: readonly PrimaryProvider[] = [
  'homeDirectory',
  'externalFederation',
  'socialIdentityProviders',
];
const FALLBACK: readonly FallbackProvider[] = ['consumerAccount', 'emailOneTimePasscode'];

function changesOfPolicy(policy: RedemptionPolicy): readonly Change[] {
  const { order, fallback } = policy;
  const orders = PRIMARY.filter((provider) => !order.includes(provider));
  const fallbacks = FALLBACK.filter((provider) => !fallback.includes(provider));
  return [
    {
      says: 'turn the passcode on: emailOneTimePasscode: enabled',
      policy: { ...policy, emailOneTimePasscode: 'enabled' },
    },
    {
      says: 'turn the passcode off: emailOneTimePasscode: disabled',
      policy: { ...policy, emailOneTimePasscode: 'disabled' },
    },
    {
      says: 'let passcode guests in at this client: guests.emailOneTimePasscode: true',
      policy: { ...policy, clientTakesPasscodes: true },
    },
    ...orders.map((provider) => ({
      says: `switch ${provider} on: redemption.order`,
      policy: { ...policy, order: [provider, ...order] },
    })),
    ...fallbacks.map((provider) => ({
      says: `switch ${provider} on: redemption.fallback`,
      policy: { ...policy, fallback: [provider, ...fallback] },
    })),
  ];
}

/** What a decision comes to, whichever row it is of. */
function outcomeOf({ row: _row, rule: _rule, ...outcome }: RedemptionDecision): string {
  return JSON.stringify(outcome);
}
