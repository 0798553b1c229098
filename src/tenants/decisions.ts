// Owns reading what a tenant decides about its guests: who may be invited, who may leave, and in
// which languages they are spoken to.

import {
  type DomainList,
  defaultInvitations,
  type InvitationSettings,
  type Tenant,
} from '../domain/tenant.ts';
import { type Reading, report } from '../settings/reading.ts';
import { toDomains } from './domain-field.ts';
import type { DomainListFile, InvitationsFile } from './redemption-schema.ts';
import type { TenantFile } from './tenant-schema.ts';

/** Reads `domains`. @returns undefined after reporting @source rules R73 */
export function resolveDomainList(
  reading: Reading,
  { allow, block }: DomainListFile,
): DomainList | undefined {
  if (allow && block === undefined) return { allow: toDomains(allow) };
  if (block && allow === undefined) return { block: toDomains(block) };
  const message = allow ? 'both allow and block' : 'neither allow nor block';
  report(reading, ['domains'], message, 'write one of the two');
  return undefined;
}

/** Reads `invitations`, the defaults put in. @source rules R64, R75 */
export function resolveInvitations(file: InvitationsFile): InvitationSettings {
  const { lifetimeDays: days, language } = file;
  return {
    whoMayInvite: file.whoMayInvite ?? defaultInvitations.whoMayInvite,
    lifetimeSeconds: days === undefined ? defaultInvitations.lifetimeSeconds : days * 86_400,
    ...(language !== undefined && { language }),
  };
}

/**
 * Reads `language` and `languages`.
 *
 * @returns `languages` with the default first; each undefined where nothing is said
 */
export function resolveLanguages(
  reading: Reading,
  { language, languages, invitations }: Pick<TenantFile, 'language' | 'languages' | 'invitations'>,
): Pick<Tenant, 'language' | 'languages'> {
  if (languages === undefined) return language === undefined ? {} : { language };
  const first = language ?? languages[0]!;
  const named = [
    [['language'], first],
    [['invitations', 'language'], invitations?.language],
  ] as const;
  for (const [path, chosen] of named) {
    if (chosen === undefined || languages.includes(chosen)) continue;
    report(reading, path, 'not one of languages', `add ${chosen} there`);
  }
  return { language: first, languages: [...new Set([first, ...languages])] };
}

/**
 * Judges `guestsMayLeave`: who leaves must be able to read what becomes of their data.
 *
 * @source rules R77
 */
export function judgeLeaving(
  reading: Reading,
  guestsMayLeave: boolean | undefined,
  privacyUrl: unknown,
): void {
  if (guestsMayLeave !== true || privacyUrl !== undefined) return;
  const message = 'guests may leave only where there is a privacy statement';
  report(reading, ['guestsMayLeave'], message, 'add privacyUrl, or delete the line');
}
