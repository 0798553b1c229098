// Owns asking a running server to explain an address.

import { z } from 'zod';

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
