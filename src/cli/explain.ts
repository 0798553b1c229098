// Owns `guestpass explain`: what would become of an address that signs in, and by which row.

import { z } from 'zod';
import { systemClock } from '../domain/clock.ts';
import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import type { RedemptionDecision, RedemptionFacts } from '../domain/redemption.ts';
import { explainRedemption, whatWouldChange } from '../domain/redemption-explain.ts';
import { policyOf, resolveTenant, type Tenant } from '../domain/tenant.ts';
import { createDiscover } from '../home-realm/discover.ts';
import { firstFacts } from '../home-realm/facts.ts';
import { placesOf } from '../home-realm/places.ts';
import { createOutboundFetch } from '../outbound/fetch.ts';
import { type Explained, describeExplained, printText } from './explain-text.ts';
import {
  lookAtConfiguration,
  lookAtGuests,
  type LookedAt,
  type TenantOptions,
} from './installation.ts';
import { answer, EXIT, misused, type Output, terminal } from './output.ts';

/** What `explain` is asked. */
export interface ExplainOptions extends TenantOptions {
  readonly email: string;
  /** The application of the sign-in; default none in particular. */
  readonly client?: string;
  /** Judge by another moment than now: an ISO instant with its offset. */
  readonly at?: string;
  readonly arrival: RedemptionFacts['arrival'];
}

/** What was found out about an address. */
type Found = Pick<Explained, 'facts' | 'guest' | 'removed' | 'at'>;

/**
 * Says what a sign-in would decide, with the facts a sign-in would gather: the same places are
 * asked, nobody else. Nothing is sent and no row is written. Rows and places are those of now, also
 * with `at`.
 *
 * @returns the exit code: 0 when somebody could get in, 1 when not, 2 for a question that makes no
 *   sense
 * @throws {ConfigurationError} with every fault; {GuestError} `unavailable`
 */
export async function explain(options: ExplainOptions, output: Output = terminal): Promise<number> {
  const address = parseEmailAddress(options.email);
  if (!address) return misused(output, `${options.email} is not an e-mail address`);
  if (options.at !== undefined && !isInstant(options.at)) {
    return misused(output, `${options.at} is not an instant; write it like 2022-01-15T00:00:00Z`);
  }
  const installation = await lookAtConfiguration(options.config, output);
  const { tenants } = installation;
  const named = resolveTenant(tenants, options.tenant);
  const tenant = named.outcome === 'tenant' ? named.tenant : NOBODY;
  const { client } = options;
  if (client !== undefined && !tenant.clients.some(({ client_id }) => client_id === client)) {
    return misused(output, `there is no client ${client} at ${options.tenant}`);
  }
  const found =
    named.outcome === 'tenant'
      ? await lookUp(installation, tenant, address, options)
      : findNothing(named.outcome, address, options);
  const explained = judge(tenant, found, options);
  answer(output, describeExplained(explained), printText(explained));
  return explained.decision.outcome === 'refuse' ? EXIT.problem : EXIT.fine;
}

/** Stands in where no tenant was found: it has decided nothing and knows nobody. */
const NOBODY: Tenant = {
  id: '',
  displayName: '',
  verifiedDomains: [],
  emailOneTimePasscode: 'default',
  clients: [],
};

async function lookUp(
  { database, publicUrl }: LookedAt,
  tenant: Tenant,
  address: EmailAddress,
  { client: clientId, arrival, at: asked }: ExplainOptions,
): Promise<Found> {
  return lookAtGuests(database, async (guests, now) => {
    const at = asked === undefined ? now : secondsOf(asked);
    // As the server reaches out: to this machine only when it is on this machine itself (S56).
    const fetch = createOutboundFetch({ allowLoopback: !publicUrl.startsWith('https:') });
    const discover = createDiscover({ guests, fetch, clock: () => at });
    const { facts, guest } = await discover({ tenant, clientId, address, arrival });
    const removed = guest ? undefined : (await guests.listRemoved(tenant.id, address.key))[0];
    return { facts, guest, removed, at };
  });
}

function findNothing(
  tenant: 'missing' | 'unknown',
  { domain }: EmailAddress,
  { arrival, at }: ExplainOptions,
): Found {
  const facts = firstFacts(NOBODY, undefined, domain, arrival, placesOf(NOBODY, domain));
  const seconds = at === undefined ? systemClock() : secondsOf(at);
  return { facts: { ...facts, tenant }, guest: undefined, removed: undefined, at: seconds };
}

function judge(tenant: Tenant, found: Found, options: ExplainOptions): Explained {
  const policy = policyOf(tenant, options.client);
  const { facts, guest, removed, at } = found;
  const { rows, decision } = explainRedemption(facts, policy, at);
  const isBlocked = guest !== undefined && guest.blockedAt !== null;
  const restore = removed ? ['restore the guest: guestpass guests restore'] : [];
  return {
    ...found,
    tenant: tenant === NOBODY ? options.tenant : tenant.id,
    tenantName: tenant === NOBODY ? null : tenant.displayName,
    email: options.email,
    client: options.client ?? null,
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

function isInstant(text: string): boolean {
  return z.iso.datetime({ offset: true }).safeParse(text).success;
}

function secondsOf(instant: string): number {
  return Math.floor(Date.parse(instant) / 1000);
}
