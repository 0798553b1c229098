// Owns the shape of what a tenant decides: who is redeemed how, who may be invited, who may leave.

import { z } from 'zod';
import { domainsField } from './domain-field.ts';
import { languageField } from './language-field.ts';

const instantField = z
  .string()
  .refine(
    (text) => z.iso.datetime({ offset: true }).safeParse(text).success,
    'not an instant; write it like 2022-01-15T00:00:00Z',
  );

/** How redemption chooses among the places. @source rules R37, R39, R42, R53, R54 */
export const redemptionSchema = z.strictObject({
  era: z.enum(['current', 'staged']).optional().meta({
    description: 'staged is the rollout with its dates, current what came after it.',
    default: 'current',
  }),
  cloud: z.enum(['public', 'gov']).optional().meta({
    description: 'In gov the default of emailOneTimePasscode means disabled.',
    default: 'public',
  }),
  rolloutAt: instantField.optional().meta({
    description: 'When default turns into enabled; only with era staged.',
    default: '2021-11-01T00:00:00Z',
  }),
  createdAt: instantField
    .optional()
    .describe('When the tenant was made; after the change it starts with passcodes on.'),
  order: z
    .array(z.enum(['homeDirectory', 'externalFederation', 'socialIdentityProviders']), {
      error: 'expected a list of providers',
    })
    .optional()
    .meta({
      description: 'Primary providers in the order they are tried; one left out is off.',
      default: ['homeDirectory', 'externalFederation', 'socialIdentityProviders'],
    }),
  fallback: z
    .union(
      [
        z.enum(['defaultConfiguredIdp']),
        z.array(z.enum(['consumerAccount', 'emailOneTimePasscode'])),
      ],
      {
        error:
          'not a list of fallbacks; write [consumerAccount, emailOneTimePasscode] or defaultConfiguredIdp',
      },
    )
    .optional()
    .meta({
      description:
        'What is tried when no primary provider fits; defaultConfiguredIdp means the default.',
      default: ['consumerAccount', 'emailOneTimePasscode'],
    }),
});

/** Domains of guests: allowed or blocked. Which of the two is judged by the resolver (R73). */
export const domainListSchema = z.strictObject({
  allow: domainsField
    .min(1, 'a list that lets nobody in; add a domain')
    .optional()
    .describe('Guests are of these domains alone.'),
  block: domainsField.optional().describe('Guests are of any domain but these.'),
});

/** Who invites, and how. @source rules R64, R75 */
export const invitationsSchema = z.strictObject({
  whoMayInvite: z.enum(['everyone', 'members', 'guestInviters', 'nobody']).optional().meta({
    description: 'From everyone, guests included, to nobody.',
    default: 'everyone',
  }),
  lifetimeDays: z
    .int()
    .min(1)
    .max(365)
    .optional()
    .meta({ description: 'Days an invitation is good for, 1 to 365.', default: 30 }),
  language: languageField
    .optional()
    .describe('Language of mail to guests whose own is not known; default as language.'),
});

export type RedemptionFile = z.infer<typeof redemptionSchema>;
export type DomainListFile = z.infer<typeof domainListSchema>;
export type InvitationsFile = z.infer<typeof invitationsSchema>;
