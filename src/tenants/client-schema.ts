// Owns the shape of one client: metadata by RFC 7591 names, only those this server acts on, which
// guests it takes, and what it administers.

import { z } from 'zod';
import { ADMIN_SCOPES } from '../domain/admin-scope.ts';
import { HOME_CLIENT_ID } from '../domain/tenant.ts';
import {
  emailAddressField,
  secretField,
  shownNameField,
  webAddressField,
} from '../settings/fields.ts';
import { imageField } from './branding-schema.ts';

const webAddresses = z.array(webAddressField, { error: 'expected a list of web addresses' });

const clientId = z
  .string()
  .regex(
    /^[\x21-\x7e]{1,128}$/,
    'not a client id; write 1 to 128 letters, digits and signs without spaces',
  )
  .refine((id) => id !== HOME_CLIENT_ID, "the id of this server's own pages; choose another");

/** A public key as it may stand in a file; one with private parts is refused. */
const publicKeyField = z
  .looseObject({ kty: z.enum(['RSA', 'EC', 'OKP']).describe('Kind of the key.') })
  .superRefine((key, context) => {
    if (['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].some((part) => part in key)) {
      context.addIssue({
        code: 'custom',
        message: 'a private key; write its public half, and make a new key for the client',
      });
    }
  });

/**
 * Everything one entry of `clients` may say. Shapes only: what depends on another key is judged by
 * `resolveClient`.
 *
 * @source RFC 7591 section 2; OpenID Connect Dynamic Client Registration 1.0 section 2; rules R10, R11; S39
 */
export const clientSchema = z.strictObject({
  client_id: clientId.describe('What the application names itself by; unique in the tenant.'),
  client_name: shownNameField.optional().describe('Name shown to guests, at most 64 characters.'),
  client_secret: secretField
    .optional()
    .describe('Secret of the application; { env } or { file } anywhere but on this machine.'),
  client_uri: webAddressField.optional().describe('Home page of the application.'),
  initiate_login_uri: webAddressField
    .optional()
    .describe('Where a sign-in can be started from outside.'),
  redirect_uris: webAddresses
    .optional()
    .describe('Where guests may be sent back to, compared exactly. Required for sign-in.'),
  post_logout_redirect_uris: webAddresses
    .optional()
    .describe('Where guests may be sent after signing out, compared exactly.'),
  grant_types: z
    .array(z.enum(['authorization_code', 'refresh_token', 'client_credentials']), {
      error: 'expected a list of grant types',
    })
    .min(1)
    .optional()
    .meta({ description: 'How tokens are got.', default: ['authorization_code'] }),
  response_types: z
    .array(z.enum(['code']), { error: 'expected a list of response types' })
    .optional()
    .meta({ description: 'Only code; empty for client_credentials alone.', default: ['code'] }),
  token_endpoint_auth_method: z
    .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'])
    .optional()
    .describe(
      'How the application proves itself. From what it has: client_secret_basic with a secret, private_key_jwt with keys, else none.',
    ),
  jwks: z
    .strictObject({
      keys: z
        .array(publicKeyField, { error: 'expected a list of public keys' })
        .min(1)
        .describe('Public keys as JWK.'),
    })
    .optional()
    .describe("The application's public keys; not together with jwks_uri."),
  jwks_uri: webAddressField.optional().describe("Where the application's public keys are."),
  scope: z
    .string()
    .regex(
      /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/,
      'not a list of scopes; write openid email',
    )
    .optional()
    .describe('Scopes it may ask for, parted by spaces.'),
  application_type: z
    .enum(['web', 'native'])
    .optional()
    .meta({ description: 'Kind of application.', default: 'web' }),
  id_token_signed_response_alg: z
    .enum(['RS256', 'ES256'])
    .optional()
    .meta({ description: 'How its ID tokens are signed.', default: 'RS256' }),
  userinfo_signed_response_alg: z
    .enum(['RS256', 'ES256'])
    .optional()
    .describe('Signs what the userinfo endpoint answers; plain JSON when not set.'),
  backchannel_logout_uri: webAddressField.optional().describe('Told when a guest signs out.'),
  backchannel_logout_session_required: z
    .boolean()
    .optional()
    .meta({ description: 'Whether that message names the session.', default: false }),
  subject_type: z
    .enum(['public', 'pairwise'])
    .optional()
    .meta({ description: 'Whether sub is the same for every application.', default: 'public' }),
  require_pushed_authorization_requests: z
    .boolean()
    .optional()
    .meta({ description: 'Takes sign-ins by pushed request alone.', default: false }),
  dpop_bound_access_tokens: z
    .boolean()
    .optional()
    .meta({ description: 'Gives out tokens bound to a key alone (DPoP).', default: false }),
  default_max_age: z
    .int()
    .min(0)
    .optional()
    .describe('Seconds after which a guest proves the address anew.'),
  require_auth_time: z
    .boolean()
    .optional()
    .meta({ description: 'Always says when the guest signed in.', default: false }),
  logo_uri: webAddressField.optional().describe('Logo of the application.'),
  policy_uri: webAddressField.optional().describe('Its privacy statement.'),
  tos_uri: webAddressField.optional().describe('Its terms of use.'),
  contacts: z
    .array(emailAddressField, { error: 'expected a list of e-mail addresses' })
    .optional()
    .describe('Who answers for it.'),
  icon: imageField('PNG or SVG', '100 KiB')
    .optional()
    .describe("Picture beside its name on the guest's own page; not part of its metadata."),
  guests: z
    .strictObject({
      selfServiceSignUp: z
        .boolean()
        .optional()
        .meta({ description: 'Strangers become guests by signing in here.', default: false }),
      emailOneTimePasscode: z
        .boolean()
        .optional()
        .meta({ description: 'Guests may come by mailed passcode.', default: true }),
    })
    .optional()
    .describe('Which guests it takes; not part of its metadata.'),
  admin: z
    .strictObject({
      scopes: z
        .array(z.enum(ADMIN_SCOPES), { error: 'expected a list of scopes of the admin API' })
        .min(1)
        .describe('What it may ask for.'),
    })
    .optional()
    .describe('What it may do through the admin API; nothing when not set.'),
});

/** One client as it stands in the file. */
export type ClientFile = z.infer<typeof clientSchema>;
