// Owns domains as they stand in a tenant's file: how one is written, and the form it is compared in.

import { z } from 'zod';
import { toDomain } from '../domain/email-address.ts';

/** One domain name, in letters of any language. */
export const domainField = z
  .string()
  .refine((name) => toDomain(name) !== undefined, 'not a domain; write it like fabrikam.com');

/** A list of domain names. */
export const domainsField = z.array(domainField, { error: 'expected a list of domains' });

/**
 * Turns checked domains into lower-case A-labels, the form they are compared in.
 *
 * @source security requirements S16, S50
 */
export function toDomains(names: readonly string[]): readonly string[] {
  return names.map((name) => toDomain(name) ?? name);
}
