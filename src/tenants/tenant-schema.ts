// Owns the shape of a tenant's file: one source of the check, the editor's help and the docs.

import { z } from 'zod';
import { parseEmailAddress } from '../domain/email-address.ts';
import { RESERVED_TENANT_IDS, TENANT_ID } from '../domain/tenant.ts';
import { emailAddressField, shownNameField, webAddressField } from '../settings/fields.ts';
import { findWebAddressFault } from '../settings/public-url.ts';
import { brandingSchema } from './branding-schema.ts';
import { clientSchema } from './client-schema.ts';
import {
  consumerAccountsSchema,
  federationSchema,
  homeDirectorySchema,
  unmanagedAccountsSchema,
} from './connection-schema.ts';
import { domainsField } from './domain-field.ts';
import { languageField } from './language-field.ts';
import { domainListSchema, invitationsSchema, redemptionSchema } from './redemption-schema.ts';
import { googleSchema } from './upstream-schema.ts';

/**
 * Everything a tenant's file may say. Shapes only: what depends on another key or file is judged by
 * the loader.
 *
 * @source rules R31, R36, R53, R73, R77; security requirements S22, S35, S39, S57
 */
export const tenantSchema = z
  .strictObject({
    id: z
      .string()
      .regex(
        TENANT_ID,
        'not a tenant id; write lower-case letters, digits and dashes, at most 63, first a letter or digit',
      )
      .refine((id) => !RESERVED_TENANT_IDS.has(id), 'a reserved name; choose another id')
      .describe('Path segment and tid claim; never changes. A GUID is fine.'),
    displayName: shownNameField.describe('Name shown to guests, at most 64 characters.'),
    verifiedDomains: domainsField.optional().meta({
      description: 'Domains of the tenant; each is an alias of the id.',
      default: [],
    }),
    emailOneTimePasscode: z.enum(['default', 'enabled', 'disabled']).optional().meta({
      description:
        'Whether guests get a passcode by mail; default means enabled, in cloud gov disabled.',
      default: 'default',
    }),
    homeDirectories: z
      .array(homeDirectorySchema, { error: 'expected a list of directories' })
      .optional()
      .meta({ description: 'Directories of other organisations.', default: [] }),
    federations: z
      .array(federationSchema, { error: 'expected a list of federations' })
      .optional()
      .meta({ description: 'Identity providers of other organisations.', default: [] }),
    google: googleSchema.optional().describe('Google, for gmail.com and googlemail.com alone.'),
    consumerAccounts: consumerAccountsSchema
      .optional()
      .describe('Accounts of consumers, for guests no place above knows.'),
    unmanagedAccounts: unmanagedAccountsSchema
      .optional()
      .describe('Accounts made by mail alone; only with redemption.era staged.'),
    redemption: redemptionSchema.optional().describe('How a guest is sent to one of the places.'),
    domains: domainListSchema
      .optional()
      .describe('Domains guests may, or may not, be of; each exactly. One of allow and block.'),
    invitations: invitationsSchema.optional().describe('Who invites, and how.'),
    guestsMayLeave: z
      .boolean()
      .optional()
      .describe('Whether guests may leave by themselves: true with privacyUrl, else false.'),
    listedElsewhere: z.boolean().optional().meta({
      description:
        "Whether the owner of an invited address is told so on other organisations' pages here.",
      default: true,
    }),
    mailStrangers: z.boolean().optional().meta({
      description: 'Whether who is not invited and asks for a code is told so by mail.',
      default: false,
    }),
    language: languageField.optional().meta({
      description: 'Language of pages and mail where nobody asks for another.',
      default: 'en',
    }),
    languages: z
      .array(languageField, { error: 'expected a list of languages' })
      .min(1, 'a list of no language; name one, or delete the line')
      .optional()
      .describe('Languages guests can choose from; default all there are.'),
    wording: z
      .record(
        z.string(),
        z.record(z.string(), z.string(), { error: 'expected sentences by their ids' }),
        { error: 'expected languages, and below each sentences by their ids' },
      )
      .optional()
      .describe('Sentences in its own words, by language and message id.'),
    mail: z
      .strictObject({
        from: emailAddressField
          .optional()
          .describe('Sender of its mails; mail.from of guestpass.yaml when not said.'),
        replyTo: emailAddressField
          .optional()
          .describe('Where answers to its mails go; support, where that is an e-mail address.'),
        signInLink: z.boolean().optional().meta({
          description: 'Whether a mail with a code also has a link that signs in.',
          default: false,
        }),
      })
      .optional()
      .describe('What of its mail is its own.'),
    support: z
      .string()
      .refine(
        isSupport,
        'neither an e-mail nor a web address; write it like help@fabrikam.com or https://fabrikam.com/help',
      )
      .optional()
      .describe('Where guests turn for help: an e-mail or web address.'),
    guestHelp: webAddressField
      .optional()
      .describe('Page with answers to what guests ask, linked from every page.'),
    branding: brandingSchema.optional().describe('How its pages look.'),
    privacyUrl: webAddressField.optional().describe("The tenant's privacy statement."),
    termsUrl: webAddressField.optional().describe("The tenant's terms of use."),
    clients: z
      .array(clientSchema, { error: 'expected a list of applications' })
      .optional()
      .meta({ description: 'Applications guests may open.', default: [] }),
  })
  .meta({ title: 'Guestpass tenant' });

/** A tenant as it stands in its file. */
export type TenantFile = z.infer<typeof tenantSchema>;

function isSupport(text: string): boolean {
  return parseEmailAddress(text)?.address === text || findWebAddressFault(text) === undefined;
}
