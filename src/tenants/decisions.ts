// Owns reading what a tenant decides about its guests: who may be invited, and who may leave.

import { type DomainList, defaultInvitations, type InvitationSettings } from '../domain/tenant.ts';
import { createTranslator } from '../i18n.ts';
import { closestWord } from '../settings/closest-word.ts';
import { quote } from '../settings/fault.ts';
import { type Reading, report } from '../settings/reading.ts';
import { toDomains } from './domain-field.ts';
import type { DomainListFile, InvitationsFile } from './redemption-schema.ts';

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
export function resolveInvitations(reading: Reading, file: InvitationsFile): InvitationSettings {
  const { language = defaultInvitations.language } = file;
  const known = createTranslator().locales;
  if (!known.includes(language)) {
    const meant = closestWord(language, known);
    const mend = meant ? `did you mean "${meant}"?` : `write one of ${known.join(', ')}`;
    report(reading, ['invitations', 'language'], `no words in ${quote(language)}`, mend);
  }
  const days = file.lifetimeDays;
  return {
    whoMayInvite: file.whoMayInvite ?? defaultInvitations.whoMayInvite,
    lifetimeSeconds: days === undefined ? defaultInvitations.lifetimeSeconds : days * 86_400,
    language,
  };
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
