// Owns the shape of a tenant's file: one source of the check, the editor's help and the docs.

import { z } from 'zod';
import { parseEmailAddress, toDomain } from '../domain/email-address.ts';
import { RESERVED_TENANT_IDS, TENANT_ID } from '../domain/tenant.ts';
import { shownNameField, webAddressField } from '../settings/fields.ts';
import { findWebAddressFault } from '../settings/public-url.ts';
import { clientSchema } from './client-schema.ts';

/**
 * Everything a tenant's file may say. Shapes only: what depends on another key or file is judged by
 * the loader.
 *
 * @source rules R31, R36; security requirements S22, S35, S39, S57
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
    verifiedDomains: z
      .array(
        z
          .string()
          .refine(
            (name) => toDomain(name) !== undefined,
            'not a domain; write it like fabrikam.com',
          ),
        { error: 'expected a list of domains' },
      )
      .optional()
      .meta({ description: 'Domains of the tenant; each is an alias of the id.', default: [] }),
    emailOneTimePasscode: z.enum(['default', 'enabled', 'disabled']).optional().meta({
      description: 'Whether guests get a passcode by mail; default means enabled.',
      default: 'default',
    }),
    support: z
      .string()
      .refine(
        isSupport,
        'neither an e-mail nor a web address; write it like help@fabrikam.com or https://fabrikam.com/help',
      )
      .optional()
      .describe('Where guests turn for help: an e-mail or web address.'),
    privacyUrl: webAddressField.optional().describe("The tenant's privacy statement."),
    termsUrl: webAddressField.optional().describe("The tenant's terms of use."),
    clients: z
      .array(clientSchema, { error: 'expected a list of applications' })
      .optional()
      .meta({ description: 'Applications guests may open.', default: [] }),
  })
  .meta({ title: 'Guestpass tenant' });

function isSupport(text: string): boolean {
  return parseEmailAddress(text)?.address === text || findWebAddressFault(text) === undefined;
}
