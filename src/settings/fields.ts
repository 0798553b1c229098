// Owns the kinds of value that more than one configuration file holds.

import { z } from 'zod';
import { parseEmailAddress } from '../domain/email-address.ts';
import { findWebAddressFault } from './public-url.ts';

/** A secret as it stands in a file: never to be logged, a literal one only on this machine (S58). */
export type SecretReference = string | { readonly env: string } | { readonly file: string };

const environmentName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'not the name of an environment variable; write it like NAME');

/** A reference to a secret: an environment variable or a file. */
export const referenceField = z.union(
  [
    z.strictObject({ env: environmentName.describe('Environment variable that holds it.') }),
    z.strictObject({
      file: z.string().min(1).describe('File that holds it; relative to the file saying so.'),
    }),
  ],
  { error: 'expected a reference to a secret; write { env: NAME } or { file: PATH }' },
);

/** A secret: a reference, or the secret itself where everything is on this machine. */
export const secretField = z.union([z.string().min(1), referenceField], {
  error: 'expected a secret; write { env: NAME } or { file: PATH }',
});

/** A web address a browser may be sent to: https, or http on this machine (S39). */
export const webAddressField = z.string().superRefine((text, context) => {
  const fault = findWebAddressFault(text);
  if (fault) context.addIssue({ code: 'custom', message: fault });
});

/** One e-mail address. */
export const emailAddressField = z
  .string()
  .refine((text) => parseEmailAddress(text) !== undefined, 'not an e-mail address');

/**
 * Reads an instant of ISO 8601 that says its offset, such as `2022-01-15T00:00:00Z`. Pure.
 *
 * @returns epoch seconds; undefined for anything else
 */
export function parseInstant(text: string): number | undefined {
  const isOne = z.iso.datetime({ offset: true }).safeParse(text).success;
  return isOne ? Math.floor(Date.parse(text) / 1000) : undefined;
}

const MAX_NAME = 64;

/**
 * A name shown on pages and in mail: 1 to 64 characters, nothing invisible, nothing a mail program
 * would turn into a link.
 *
 * @source security requirement S22 (Keycloak CVE-2022-1274)
 */
export const shownNameField = z.string().superRefine((name, context) => {
  const fault = findShownNameFault(name);
  if (fault) context.addIssue({ code: 'custom', message: fault });
});

function findShownNameFault(name: string): string | undefined {
  if (name.trim() === '') return 'an empty name; write the name guests know';
  if (name !== name.trim()) return 'spaces around the name; take them off';
  if (Array.from(name).length > MAX_NAME) return `a name too long; at most ${MAX_NAME} characters`;
  // A line break adds a mail header; a bidi mark shows another name than the one stored.
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name)) {
    return 'an invisible character in the name; type it anew';
  }
  // Mail programs make links of these by themselves: our own mail would lead guests astray.
  if (/:\/\/|\/\/|www\.|mailto:|@|[\p{L}\p{N}]\.\p{L}{2}/iu.test(name)) {
    return 'a name that reads like a web or mail address; write it without dots, slashes and @';
  }
  return /[<>]/.test(name) ? 'angle brackets in the name; take them out' : undefined;
}
