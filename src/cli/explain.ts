// Owns `guestpass explain`: what would become of an address that signs in, and by which row.

import { systemClock } from '../domain/clock.ts';
import { parseEmailAddress } from '../domain/email-address.ts';
import type { RedemptionFacts } from '../domain/redemption.ts';
import { resolveTenant, type Tenant } from '../domain/tenant.ts';
import {
  createExplain,
  describeExplained,
  type Explained,
  explainNowhere,
  type Question,
} from '../home-realm/explain.ts';
import { createOutboundFetch } from '../outbound/fetch.ts';
import { parseInstant } from '../settings/fields.ts';
import { explainRemotely } from './explain-remote.ts';
import { answerExplained, headingOf } from './explain-text.ts';
import { lookAtConfiguration, lookAtGuests, type LookedAt } from './installation.ts';
import { misused, type Output, terminal } from './output.ts';
import type { PlaceOptions } from './tenant-admin.ts';

/** What `explain` is asked. */
export interface ExplainOptions extends PlaceOptions {
  readonly email: string;
  /** The application of the sign-in; default none in particular. */
  readonly client?: string;
  /** Judge by another moment than now: an ISO instant with its offset. */
  readonly at?: string;
  readonly arrival: RedemptionFacts['arrival'];
}

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
  const at = options.at === undefined ? undefined : parseInstant(options.at);
  if (options.at !== undefined && at === undefined) {
    return misused(output, `${options.at} is not an instant; write it like 2022-01-15T00:00:00Z`);
  }
  const { url, client } = options;
  if (url !== undefined) return explainRemotely({ ...options, url }, output);
  const installation = await lookAtConfiguration(options.config, output);
  const { tenants } = installation;
  const named = resolveTenant(tenants, options.tenant);
  const clients = named.outcome === 'tenant' ? named.tenant.clients : [];
  if (client !== undefined && !clients.some(({ client_id }) => client_id === client)) {
    return misused(output, `there is no client ${client} at ${options.tenant}`);
  }
  const question = { email: options.email, address, client, arrival: options.arrival };
  const explained =
    named.outcome === 'tenant'
      ? await lookUp(installation, named.tenant, { ...question, at })
      : explainNowhere(options.tenant, named.outcome, { ...question, at: at ?? systemClock() });
  return answerExplained(output, describeExplained(explained), headingOf(explained));
}

async function lookUp(
  { database, publicUrl }: LookedAt,
  tenant: Tenant,
  question: Omit<Question, 'at'> & { readonly at: number | undefined },
): Promise<Explained> {
  return lookAtGuests(database, (guests, now) => {
    // As the server reaches out: to this machine only when it is on this machine itself (S56).
    const fetch = createOutboundFetch({ allowLoopback: !publicUrl.startsWith('https:') });
    const explain = createExplain({ guests, fetch });
    return explain(tenant, { ...question, at: question.at ?? now });
  });
}
