// Owns explaining what would become of an address that signs in, and by which row of the table.

import { instantOf } from '../domain/clock.ts';
import type { EmailAddress } from '../domain/email-address.ts';
import type {
  RedemptionDecision,
  RedemptionFacts,
  RedemptionPolicy,
} from '../domain/redemption.ts';
import {
  type ExplainedRow,
  explainRedemption,
  whatWouldChange,
} from '../domain/redemption-explain.ts';
import { policyOf, type Tenant } from '../domain/tenant.ts';
import type { OutboundFetch } from '../outbound/fetch.ts';
import type { Guest, GuestStore } from '../storage/store.ts';
import { createDiscover } from './discover.ts';
import { firstFacts } from './facts.ts';
import { placesOf } from './places.ts';

/** What is asked about an address. */
export interface Question {
  /** As it was typed. */
  readonly email: string;
  /** What that was read as. */
  readonly address: EmailAddress;
  /** The application of the sign-in; undefined for none in particular. */
  readonly client: string | undefined;
  readonly arrival: RedemptionFacts['arrival'];
  /** Epoch seconds by which it is judged. Guests and places are those of now all the same. */
  readonly at: number;
}

/** Everything there is to say about one address at one tenant. */
export interface Explained {
  /** Its id; what was asked for where there is no such tenant. */
  readonly tenant: string;
  /** null where there is no such tenant. */
  readonly tenantName: string | null;
  /** As it was asked. */
  readonly email: string;
  /** Epoch seconds. */
  readonly at: number;
  /** The application of the sign-in, if one was named. */
  readonly client: string | null;
  readonly facts: RedemptionFacts;
  readonly policy: RedemptionPolicy;
  /** Whom the address belongs to, also when blocked. */
  readonly guest: Guest | undefined;
  /** Whom it belonged to last, when it belongs to nobody now. */
  readonly removed: Guest | undefined;
  /** As they are asked; those of providers that are off come last. */
  readonly rows: readonly ExplainedRow[];
  readonly decision: RedemptionDecision;
  /** Short sentences; a command in one stands at its end. */
  readonly wouldChange: readonly string[];
}

/** Explains an address at a tenant. Throws what the store throws. */
export type Explain = (tenant: Tenant, question: Question) => Promise<Explained>;

/**
 * Explains with the facts a sign-in would gather: the same places are asked, nobody else. Nothing is
 * sent and no row is written.
 *
 * @source rules R8, R58; S62
 */
export function createExplain(deps: {
  readonly guests: Pick<GuestStore, 'findByAddress' | 'findByOtherAddress' | 'listRemoved'>;
  readonly fetch: OutboundFetch;
}): Explain {
  const { guests, fetch } = deps;
  return async (tenant, question) => {
    const { address, client: clientId, arrival, at } = question;
    const discover = createDiscover({ guests, fetch, clock: () => at });
    const { facts, guest } = await discover({ tenant, clientId, address, arrival });
    const removed = guest ? undefined : (await guests.listRemoved(tenant.id, address.key))[0];
    return judge(tenant, question, { facts, guest, removed });
  };
}

/**
 * Explains what becomes of a sign-in without a tenant. Pure.
 *
 * @param name what was said in place of one
 */
export function explainNowhere(
  name: string,
  tenant: 'missing' | 'unknown',
  question: Question,
): Explained {
  const { domain } = question.address;
  const facts = firstFacts(NOBODY, undefined, domain, question.arrival, placesOf(NOBODY, domain));
  const found = { facts: { ...facts, tenant }, guest: undefined, removed: undefined };
  return { ...judge(NOBODY, question, found), tenant: name, tenantName: null };
}

/** The same as one plain object for programs: stable keys, times as ISO instants. Pure. */
export function describeExplained(explained: Explained) {
  const { tenant, email, at, facts, rows, decision, wouldChange } = explained;
  return { tenant, email, at: instantOf(at), facts, rows, decision, wouldChange };
}

/** Stands in where no tenant was found: it has decided nothing and knows nobody. */
const NOBODY: Tenant = {
  id: '',
  displayName: '',
  verifiedDomains: [],
  emailOneTimePasscode: 'default',
  clients: [],
};

function judge(
  tenant: Tenant,
  { email, client, at }: Question,
  found: Pick<Explained, 'facts' | 'guest' | 'removed'>,
): Explained {
  const policy = policyOf(tenant, client);
  const { facts, guest, removed } = found;
  const { rows, decision } = explainRedemption(facts, policy, at);
  const isBlocked = guest !== undefined && guest.blockedAt !== null;
  const restore = removed ? ['restore the guest: guestpass guests restore'] : [];
  return {
    ...found,
    tenant: tenant.id,
    tenantName: tenant.displayName,
    email,
    at,
    client: client ?? null,
    policy,
    rows,
    decision: isBlocked ? bar(decision) : decision,
    // Before the block is lifted nothing else helps: the table takes the blocked for strangers.
    wouldChange: isBlocked
      ? ['lift the block: guestpass guests unblock']
      : [...restore, ...whatWouldChange(decision, facts, policy, at)],
  };
}

/** Strangers may sign up where the client lets them; who was blocked may not (R10). */
function bar(decision: RedemptionDecision): RedemptionDecision {
  if (decision.outcome === 'refuse') return decision;
  const { row, rule } = decision;
  return { row, rule, outcome: 'refuse', code: 'guest_unavailable' };
}
