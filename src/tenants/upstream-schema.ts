// Owns the shape of an upstream: an OpenID Provider or a SAML identity provider of somebody else.

import { z } from 'zod';
import { secretField, webAddressField } from '../settings/fields.ts';

const issuerField = webAddressField.refine(
  (issuer) => !issuer.includes('?'),
  'a query (?) in an issuer; take it off',
);

/** Keys of an application registered elsewhere. */
const registration = {
  clientId: z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/, 'not a client id; write it as you were given it')
    .describe('What this server is registered as there.'),
  clientSecret: secretField.describe(
    'Secret of that registration; { env } or { file } anywhere but on this machine.',
  ),
};

/** An OpenID Provider. Its endpoints are found by discovery. */
export const oidcSchema = z.strictObject({
  issuer: issuerField.describe('Its issuer, exactly as its discovery document writes it.'),
  ...registration,
  scope: z
    .string()
    .regex(
      /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/,
      'not a list of scopes; write openid email profile',
    )
    .optional()
    .meta({
      description: 'Scopes asked for, parted by spaces; openid and email always are.',
      default: 'openid email profile',
    }),
});

/** Google. Any issuer but its own is a stand-in, judged by the resolver. */
export const googleSchema = z.strictObject({
  ...registration,
  issuer: issuerField.optional().meta({
    description: 'Another one only while publicUrl is on this machine.',
    default: 'https://accounts.google.com',
  }),
});

/**
 * A SAML identity provider. Which keys go together is judged by the resolver.
 *
 * @source rules R51
 */
export const samlSchema = z.strictObject({
  metadata: z
    .strictObject({
      url: webAddressField
        .optional()
        .describe('Fetched, and fetched again when its certificates change; needs issuer.'),
      file: z
        .string()
        .min(1)
        .optional()
        .describe('XML file in the configuration folder; relative to the file saying so.'),
    })
    .optional()
    .describe('Where its metadata is: one of url and file.'),
  issuer: z
    .string()
    .regex(/^[\x21-\x7e]{1,1024}$/, 'not an entity id; write it as its metadata does')
    .optional()
    .describe('Its entity id. Only metadata.file can go without.'),
  singleSignOnUrl: webAddressField
    .optional()
    .describe('Where guests are sent, by HTTP-Redirect. Not together with metadata.'),
  certificates: z
    .array(
      z.union(
        [
          z.string().min(1),
          z.strictObject({
            file: z
              .string()
              .min(1)
              .describe('PEM file in the configuration folder; relative to the file saying so.'),
          }),
        ],
        { error: 'expected a certificate; write { file: PATH } or the PEM text' },
      ),
      { error: 'expected a list of certificates' },
    )
    .min(1, 'no certificate; add one')
    .optional()
    .describe('What it signs with; two while one replaces the other. Not together with metadata.'),
  responseSigned: z.boolean().optional().meta({
    description: 'Whether the whole response must be signed too, not the assertion alone.',
    default: true,
  }),
});

export type OidcFile = z.infer<typeof oidcSchema>;
export type GoogleFile = z.infer<typeof googleSchema>;
export type SamlFile = z.infer<typeof samlSchema>;
