// Owns asking a running server to explain an address.

import { z } from 'zod';
import type { ExplainOptions } from './explain.ts';
import { answerExplained } from './explain-text.ts';
import { misused, type Output } from './output.ts';
import { createRemoteApi } from './remote-api.ts';
import { RemoteError } from './remote-error.ts';
import { readRemotePlace } from './remote-place.ts';

const door = z.object({
  method: z.string(),
  connection: z.string().nullable(),
  create: z.boolean(),
  userPrincipalName: z.string().nullable(),
});

const decided = { row: z.string(), rule: z.string() };

/** What a server says of an address. */
export const explanation = z.object({
  tenant: z.string(),
  email: z.string(),
  at: z.string(),
  facts: z.looseObject({
    arrival: z.string(),
    guest: z.looseObject({ state: z.string(), method: z.string().nullable() }).nullable(),
    domainAllowed: z.boolean(),
    partnerCloudUnsupported: z.boolean(),
  }),
  rows: z.array(z.object({ ...decided, says: z.string(), fits: z.boolean(), fact: z.string() })),
  decision: z.discriminatedUnion('outcome', [
    z.object({ ...decided, outcome: z.literal('use'), door }),
    z.object({ ...decided, outcome: z.literal('choose'), doors: z.array(door) }),
    z.object({ ...decided, outcome: z.literal('refuse'), code: z.string() }),
  ]),
  wouldChange: z.array(z.string()),
});

/** Says what a server would decide; otherwise as `explain`. @returns the exit code */
export async function explainRemotely(
  options: ExplainOptions & { readonly url: string },
  output: Output,
): Promise<number> {
  const place = readRemotePlace(options);
  if (typeof place === 'string') return misused(output, place);
  const { email, client, arrival, at } = options;
  const query = { email, client, arrival, at };
  const request = { scopes: ['guests.read'], path: '/explain', query } as const;
  const got = await createRemoteApi(place).ask(request, explanation);
  if ('problem' in got) {
    const { status, code, message } = got.problem;
    // What makes no sense there makes none here either.
    if (status === 400) return misused(output, message);
    throw new RemoteError(message, code);
  }
  const { tenant, facts } = got.answer;
  const by = client === undefined ? '' : ` at ${client}`;
  const { guest } = facts;
  const state = guest ? [guest.state, guest.method].filter(Boolean).join(' by ') : 'nobody';
  return answerExplained(output, got.answer, [
    `tenant   ${tenant}`,
    `address  ${email}`,
    `guest    ${state}`,
    `moment   ${got.answer.at}, ${facts.arrival}${by}`,
  ]);
}
