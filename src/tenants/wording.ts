// Owns a tenant's own words: which sentences may be said otherwise, and what such a sentence may hold.

import type { Wording } from '../domain/tenant.ts';
import { LANGUAGES } from '../i18n/languages.ts';
import { createTranslator, type Translator } from '../i18n.ts';
import { closestWord } from '../settings/closest-word.ts';
import { quote } from '../settings/fault.ts';
import { type Path, type Reading, report } from '../settings/reading.ts';

/**
 * The sentences a tenant may say in its own words; every other one stays as it is. Closed, because
 * safety hangs on most of the others: what a typed address is told (S14: the same as a stranger),
 * what is agreed to (R70), what warns of strangers (S22), what finds the newest mail, and every
 * error, which must say to each guest what it says to any.
 */
export const OWN_WORDS: readonly string[] = [
  'page.frame.privacy',
  'page.frame.help',
  'page.address.label',
  'page.address.hint',
  'page.address.next',
  'page.send-code.heading',
  'page.send-code.send',
  'page.enter-code.help',
  'page.enter-code.helpWait',
  'page.enter-code.helpSearch',
  'page.enter-code.helpAddress',
  'page.enter-code.helpCompany',
  'page.enter-code.helpInvited',
  'page.enter-code.helpSupport',
  'page.choose-method.heading',
  'page.choose-method.text',
  'page.terms.heading',
  'page.terms.text',
  'page.terms.read',
  'page.invitation.home',
  'page.invitation.again',
  'page.invitation.againSomeone',
  'page.invitation.notMine',
  'page.invitation.oneAddress',
  'page.invitation.oneAddressSomeone',
  'page.signed-out.text',
  'page.signed-out.again',
  'page.tenant-home.heading',
  'page.tenant-home.headingGuest',
  'page.tenant-home.text',
  'page.tenant-home.noApps',
  'page.tenant-home.contact',
  'page.tenant-home.contactSomeone',
  'mail.help',
  'mail.helpAt',
  'mail.invitation.about',
  'mail.invitation.aboutSomeone',
  'mail.invitation.accept',
  'mail.notification.about',
  'mail.notification.aboutSomeone',
  'mail.notification.accept',
  'mail.no-invitation.contact',
];

const LONGEST = 300;
const PLACEHOLDER = /\{\{(\w+)\}\}/g;

/** Read once: a thousand tenants must not read every language a thousand times. */
let translator: Translator | undefined;

/**
 * Reads `wording`.
 *
 * @param offered the languages the tenant offers, undefined for all
 * @returns undefined when nothing is left of it; what is wrong is reported where it stands
 * @source security requirements S22, S57, S61
 */
export function resolveWording(
  reading: Reading,
  wording: Wording,
  offered: readonly string[] | undefined,
): Wording | undefined {
  for (const [locale, own] of Object.entries(wording)) {
    const path: Path = ['wording', locale];
    if (!Object.hasOwn(LANGUAGES, locale)) {
      const known = Object.keys(LANGUAGES);
      const meant = closestWord(locale, known);
      const mend = meant ? `did you mean "${meant}"?` : `write one of ${known.join(', ')}`;
      report(reading, path, `no language ${quote(locale)}`, mend, 'key');
      continue;
    }
    if (offered && !offered.includes(locale)) {
      report(reading, path, 'nobody would read it', `add ${locale} to languages`, 'key');
    }
    for (const [id, sentence] of Object.entries(own)) judge(reading, locale, id, sentence);
  }
  return Object.keys(wording).length > 0 ? wording : undefined;
}

function judge(reading: Reading, locale: string, id: string, sentence: string): void {
  translator ??= createTranslator();
  const path: Path = ['wording', locale, id];
  const sentences = translator.sentences(locale);
  const original = sentences.get(id);
  const isOwn = OWN_WORDS.includes(id);
  if (original === undefined || !isOwn) {
    const meant = original === undefined ? closestWord(id, OWN_WORDS) : undefined;
    const message =
      original === undefined ? `no sentence ${quote(id)}` : 'a sentence that stays as it is';
    const mend = meant ? `did you mean "${meant}"?` : 'docs/configuration.md lists those to change';
    report(reading, path, message, mend, 'key');
    return;
  }
  const fault = findFault(sentence, original, id.startsWith('mail.'));
  if (fault) report(reading, path, ...fault);
}

function findFault(
  sentence: string,
  original: string,
  isMailed: boolean,
): [message: string, mend: string] | undefined {
  if (sentence.trim() === '') return ['an empty sentence', 'write one, or delete the line'];
  if (sentence.length > LONGEST) return [`too long: at most ${LONGEST} characters`, ''];
  // A bidi mark shows another sentence than the one written; the joiners stay, scripts need them.
  if (/(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(sentence)) {
    return ['an invisible character or a line break', 'type it anew, in one line'];
  }
  const known = placeholdersOf(original);
  const unknown = placeholdersOf(sentence).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const meant = closestWord(unknown, known);
    const names = known.map((name) => `{{${name}}}`).join(', ') || 'none';
    const mend = meant ? `did you mean "{{${meant}}}"?` : `known here: ${names}`;
    return [`no {{${unknown}}} in this sentence`, mend];
  }
  // What i18next reads beyond a plain name: other sentences, formats, unescaped values.
  if (/\{\{|\}\}|\$t\(/.test(sentence.replaceAll(PLACEHOLDER, ''))) {
    return ['braces around something that is no name', 'write placeholders like {{tenant}}'];
  }
  if (/[<>]/.test(sentence)) return ['angle brackets', 'take them out: mark-up would be shown'];
  // Mail programs make links of these by themselves, and no mail but an invitation holds one.
  if (isMailed && /:\/\/|\/\/|www\.|mailto:|@|[\p{L}\p{N}]\.\p{L}{2}/iu.test(sentence)) {
    return ['a sentence of a mail that reads like an address', 'write it without'];
  }
  return undefined;
}

function placeholdersOf(sentence: string): readonly string[] {
  return Array.from(sentence.matchAll(PLACEHOLDER), ([, name]) => name!);
}
