// Owns the shape of guestpass.yaml: one source of the check, the editor's help and the docs.

import { z } from 'zod';
import { limitTable } from '../domain/limits.ts';
import { defaultAuditDays } from './settings.ts';
import { emailAddressField, referenceField, secretField } from './fields.ts';

const limits = Object.fromEntries(
  Object.entries(limitTable).map(([name, { default: shipped, min, max }]) => [
    name,
    z
      .int()
      .min(1)
      .optional()
      .meta({ description: `${min} to ${max}.`, default: shipped }),
  ]),
);

const MOST_AUDIT_DAYS = 3650;
const keyDescription = '32 bytes or more as base64, hexadecimal or raw';

const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const DOMAIN = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})+$`);
const SELECTOR = new RegExp(`^(?=.{1,63}$)${LABEL}(?:\\.${LABEL})*$`);

/**
 * Everything guestpass.yaml may say. Shapes only: what depends on another key or on the machine is
 * judged by the resolvers of this room.
 *
 * @source security requirements S57, S58
 */
export const settingsSchema = z
  .strictObject({
    publicUrl: z
      .string()
      .describe('Origin people reach this server at. https anywhere but on this machine.'),
    listen: z
      .string()
      .optional()
      .meta({ description: 'host:port to listen on.', default: '127.0.0.1:3000' }),
    adminListen: z
      .string()
      .optional()
      .describe(
        'host:port of the private listener: health, metrics, admin API. Off when not said.',
      ),
    processes: z
      .union([z.int().min(1).max(64), z.literal('auto')], {
        error: 'expected a whole number from 1 to 64, or auto',
      })
      .optional()
      .meta({
        description: 'Processes that serve, 1 to 64; auto is one per core of this machine.',
        default: 1,
      }),
    database: z
      .union(
        [
          z.string(),
          referenceField,
          z.strictObject({
            url: secretField.describe('The address of the database, without the password.'),
            password: secretField.optional().describe('Password of a mysql database.'),
          }),
        ],
        {
          error: 'expected the address of a database; write sqlite:FILE or mysql://USER@HOST/NAME',
        },
      )
      .describe(
        'sqlite:FILE (relative to this file) or mysql://user@host:3306/name, nodes of a cluster as host:3306,host:3306; whole as { env } or { file }, or as url and password.',
      ),
    mail: z
      .strictObject({
        transport: z
          .string()
          .describe('smtp://host:587, smtps://host:465, or mailbox (development only).'),
        from: emailAddressField.describe("The sender's address."),
        auth: z
          .strictObject({
            user: z.string().min(1).describe('Name to sign in to the mail server with.'),
            password: secretField.describe('Password to sign in to the mail server with.'),
          })
          .optional()
          .describe('How to sign in to the mail server.'),
        returnPath: emailAddressField
          .optional()
          .describe('Where mail servers report what did not arrive; mail.from when not said.'),
        dkim: z
          .strictObject({
            domain: z
              .string()
              .regex(DOMAIN, 'not a domain; write it like mail.example')
              .describe('Domain that signs: that of mail.from, or one above it.'),
            selector: z
              .string()
              .regex(SELECTOR, 'not a selector; write letters, digits and dashes')
              .describe('Names the key in DNS: SELECTOR._domainkey.DOMAIN.'),
            key: secretField.describe('RSA private key of 2048 bits or more, in PEM.'),
          })
          .optional()
          .describe('Signs mail with DKIM. Leave it out where the relay signs.'),
        reportKey: secretField
          .optional()
          .describe(
            `Lets who knows it report bounces and complaints to the private listener: ${keyDescription}.`,
          ),
      })
      .describe('How mail leaves.'),
    limits: z
      .strictObject(limits)
      .optional()
      .describe('Lifetimes, counts and budgets; each may be set within its bounds.'),
    unsafeLimits: z.boolean().optional().meta({
      description: 'Lets limits pass their bounds. Only while publicUrl is on this machine.',
      default: false,
    }),
    tenantPicker: z.boolean().optional().meta({
      description: 'Asks for the organisation where a link names none; otherwise that is an error.',
      default: false,
    }),
    trustedProxies: z
      .array(z.string(), { error: 'expected a list of addresses or ranges' })
      .optional()
      .meta({
        description: 'Addresses or CIDR ranges whose X-Forwarded-For is believed.',
        default: [],
      }),
    logLevel: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'])
      .optional()
      .meta({ description: 'Least level that is logged.', default: 'info' }),
    auditDays: z
      .int()
      .min(1)
      .max(MOST_AUDIT_DAYS)
      .optional()
      .meta({
        description: `Days the audit trail is kept in the database, 1 to ${MOST_AUDIT_DAYS}.`,
        default: defaultAuditDays,
      }),
    secrets: z
      .strictObject({
        pepper: secretField.optional().describe(`Key of the passcode digests, ${keyDescription}.`),
        peppers: z
          .array(secretField, { error: 'expected a list of secrets' })
          .min(1)
          .optional()
          .describe('Instead of pepper while changing it: oldest first, the last one is used.'),
        sealingKey: secretField
          .optional()
          .describe(`Key of what is sealed in the database, ${keyDescription}.`),
        cookieKeys: z
          .array(secretField, { error: 'expected a list of secrets' })
          .min(1)
          .optional()
          .describe(`Keys that sign cookies, newest first, ${keyDescription} each.`),
      })
      .optional()
      .describe(
        'Those not given are taken from GUESTPASS_PEPPER, GUESTPASS_SEALING_KEY and GUESTPASS_COOKIE_KEY, or else made on the first start: beside an sqlite database, or with mysql on loopback in data beside this folder. Required with mysql elsewhere.',
      ),
  })
  .meta({ title: 'Guestpass settings' });

/** Settings as they stand in the file. */
export type SettingsFile = z.infer<typeof settingsSchema>;
