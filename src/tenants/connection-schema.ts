// Owns the shape of the places that can know guests: directories, federations, Google, accounts.

import { z } from 'zod';
import { secretField, shownNameField, webAddressField } from '../settings/fields.ts';
import { domainsField } from './domain-field.ts';
import { oidcSchema, samlSchema } from './upstream-schema.ts';

const idField = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,31}$/,
    'not a connection id; write lower-case letters, digits and dashes, at most 32, first a letter or digit',
  );

const connectionId = idField.describe(
  'Part of callback addresses and of what guests are bound by; never changes, unique in the tenant.',
);

const connectionName = shownNameField.describe('Name shown to guests, at most 64 characters.');

const connectionDomains = domainsField
  .min(1, 'no domain; add one')
  .describe('Domains it may speak for, each exactly: a subdomain is another domain.');

/** Where accounts are asked for: exactly one of the two, judged by the resolver. */
const accounts = z.strictObject({
  file: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Text file in the configuration folder, an account a line; relative to the file saying so.',
    ),
  lookup: z
    .strictObject({
      url: webAddressField.describe('Asked as url?address=… for an account.'),
      token: secretField.describe('Bearer token sent along.'),
    })
    .optional()
    .describe('A service that is asked by HTTP.'),
});

/** Accounts that are their owners' own, of any domain. */
const personalAccounts = (defaultId: string) => ({
  id: idField.optional().meta({
    description: 'As for homeDirectories.',
    default: defaultId,
  }),
  displayName: connectionName,
  oidc: oidcSchema.describe('The OpenID Provider guests sign in at.'),
  members: accounts.describe('How it is known which addresses have an account.'),
});

/** The directory of another organisation. @source rules R43, R46, R72, R74 */
export const homeDirectorySchema = z.strictObject({
  id: connectionId,
  displayName: connectionName,
  domains: connectionDomains,
  oidc: oidcSchema.describe('The OpenID Provider guests sign in at.'),
  members: z
    .union([z.enum(['domain']), accounts], {
      error:
        'not a way to know accounts; write domain, { file: PATH } or { lookup: { url: …, token: … } }',
    })
    .optional()
    .meta({
      description: 'How it is known who has an account; domain means every address of its domains.',
      default: 'domain',
    }),
  inbound: z.enum(['allowed', 'blocked']).optional().meta({
    description: 'Whether its guests may be invited and redeem here.',
    default: 'allowed',
  }),
  automaticRedemption: z
    .strictObject({
      inbound: z
        .boolean()
        .optional()
        .meta({ description: 'This tenant trusts the other one.', default: false }),
      outbound: z
        .boolean()
        .optional()
        .meta({ description: 'The other one has agreed.', default: false }),
    })
    .optional()
    .describe('With both true, guests are not asked for consent.'),
  regionScope: z
    .string()
    .regex(/^[A-Z]{1,16}$/, 'not a region scope; write it like USGOV')
    .optional()
    .describe('tenant_region_scope of its discovery document; USG cannot redeem in cloud gov.'),
});

/** An identity provider for the guests of some domains. @source rules R47 */
export const federationSchema = z.strictObject({
  id: connectionId,
  displayName: connectionName,
  domains: connectionDomains,
  oidc: oidcSchema.optional().describe('An OpenID Provider; one of oidc and saml.'),
  saml: samlSchema.optional().describe('A SAML identity provider; one of oidc and saml.'),
});

/** Accounts of consumers, whatever their address. */
export const consumerAccountsSchema = z.strictObject({
  ...personalAccounts('consumer'),
  consumerDomains: domainsField.optional().meta({
    description: 'Domains of mailboxes for which guests may make an account there.',
    default: ['outlook.com', 'hotmail.com', 'live.com', 'msn.com'],
  }),
});

/** Accounts made by mail alone, of organisations that do not know of them. */
export const unmanagedAccountsSchema = z.strictObject({
  ...personalAccounts('unmanaged'),
  refusedDomains: domainsField.optional().meta({
    description: 'Domains whose owner takes no such accounts.',
    default: [],
  }),
});

export type HomeDirectoryFile = z.infer<typeof homeDirectorySchema>;
export type FederationFile = z.infer<typeof federationSchema>;
export type ConsumerAccountsFile = z.infer<typeof consumerAccountsSchema>;
export type UnmanagedAccountsFile = z.infer<typeof unmanagedAccountsSchema>;
export type AccountsFile = z.infer<typeof accounts>;
