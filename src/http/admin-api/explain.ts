// Owns `/explain`: what would become of an address that signs in, and why. Ours, not Graph's.

import { z } from 'zod';
import type { Clock } from '../../domain/clock.ts';
import { parseEmailAddress } from '../../domain/email-address.ts';
import { REDEMPTION_METHODS } from '../../domain/identity-provider.ts';
import type { RedemptionDecision, RedemptionFacts } from '../../domain/redemption.ts';
import { describeExplained, type Explain } from '../../home-realm/explain.ts';
import { parseInstant } from '../../settings/fields.ts';
import type { Call, Named, Operation, Outcome } from './operation.ts';
import { problem } from './problem.ts';

const method = z.enum(REDEMPTION_METHODS);

const answer = z.enum(['account', 'none', 'unknown', 'unconfigured', 'unasked']);
const place = z.strictObject({ connection: z.string().nullable(), answer });

const facts = z.strictObject({
  tenant: z.enum(['resolved', 'missing', 'unknown']),
  arrival: z.enum(['invitation', 'direct']),
  guest: z
    .strictObject({
      state: z.enum(['PendingAcceptance', 'Accepted']),
      method: method.nullable(),
      connection: z.string().nullable(),
      connectionExists: z.boolean(),
      wasReset: z.boolean(),
      invitation: z.enum(['open', 'expired']),
    })
    .nullable(),
  selfService: z.boolean(),
  domainAllowed: z.boolean(),
  partnerCloudUnsupported: z.boolean(),
  home: z
    .strictObject({
      connection: z.string(),
      match: z.enum(['userPrincipalName', 'alias', 'none', 'unknown', 'unasked']),
      userPrincipalName: z.string().nullable(),
    })
    .nullable(),
  federation: z.string().nullable(),
  google: z.string().nullable(),
  consumer: place,
  consumerDomain: z.boolean(),
  unmanaged: place,
  unmanagedRefused: z.boolean(),
}) satisfies z.ZodType<RedemptionFacts>;

const door = z.strictObject({
  method,
  connection: z.string().nullable(),
  create: z.boolean(),
  userPrincipalName: z.string().nullable(),
});

const decided = { row: z.string(), rule: z.string() };
const decision = z.discriminatedUnion('outcome', [
  z.strictObject({ ...decided, outcome: z.literal('use'), door }),
  z.strictObject({ ...decided, outcome: z.literal('choose'), doors: z.array(door) }),
  z.strictObject({ ...decided, outcome: z.literal('refuse'), code: z.string() }),
]) satisfies z.ZodType<Omit<RedemptionDecision, 'code'>>;

const explanation: Named = {
  name: 'explanation',
  schema: z.strictObject({
    tenant: z.string(),
    email: z.string().describe('As it was asked.'),
    at: z.string().describe('The moment it is judged by.'),
    facts: facts.describe('What is known of the address.'),
    rows: z
      .array(
        z.strictObject({
          row: z.string(),
          rule: z.string(),
          says: z.string(),
          fits: z.boolean().describe('Of those that fit, the first decides.'),
          fact: z.string(),
        }),
      )
      .describe('The decision table, row by row.'),
    decision,
    wouldChange: z.array(z.string()).describe('What could be done, in short sentences.'),
  }),
};

export interface ExplainOperationsDeps {
  readonly explain: Explain;
  readonly clock: Clock;
}

/** @source rules R8, R44; S62 */
export function createExplainOperations(deps: ExplainOperationsDeps): readonly Operation[] {
  return [
    {
      name: 'explain',
      method: 'GET',
      path: '/explain',
      scope: 'guests.read',
      summary: 'Says how an address would get in, and why; sends nothing, changes nothing.',
      query: {
        email: 'The address.',
        client: 'The application of the sign-in; default none in particular.',
        arrival: '`invitation`, by the mailed link, or `direct`; default direct.',
        at: 'Judge by another moment than now: an instant with its offset.',
      },
      needs: ['email'],
      status: 200,
      answer: explanation,
      problems: [],
      run: (call) => explain(call),
    },
  ];

  async function explain({ tenant, query }: Call<unknown>): Promise<Outcome> {
    const { email = '', client, arrival = 'direct', at: instant } = query;
    const address = parseEmailAddress(email);
    if (!address) return problem(400, 'email is no e-mail address.');
    if (client !== undefined && !tenant.clients.some(({ client_id }) => client_id === client)) {
      return problem(400, 'client is no application of this tenant.');
    }
    if (arrival !== 'invitation' && arrival !== 'direct') {
      return problem(400, 'arrival is invitation or direct.');
    }
    const at = instant === undefined ? deps.clock() : parseInstant(instant);
    if (at === undefined) return problem(400, 'at is written like 2022-01-15T00:00:00Z.');
    return describeExplained(await deps.explain(tenant, { email, address, client, arrival, at }));
  }
}
