// Owns what the wording of every mail shares: its language, its parts, and how its footer reads.

import type { BrowserName } from '../domain/browser-name.ts';
import type { Wording } from '../domain/tenant.ts';
import { isolateIn, isWebAddress } from '../i18n/isolate.ts';
import { directionOf } from '../i18n/languages.ts';
import type { Translate, Translator } from '../i18n.ts';
import type { MailContent } from './content.ts';
import { inertName, inertPerson, inertText } from './inert-text.ts';

/** What both parts of a mail are drawn from, beside the parts only its own view knows. */
export interface Words {
  readonly subject: string;
  readonly preheader: string;
  readonly tenant: string;
  readonly footer: readonly string[];
  /** Below the footer; the URL is shown as it is. */
  readonly links: readonly { readonly text: string; readonly url: string }[];
  /** Headers beside those every mail has. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What a sentence needs of its language. */
export interface Language {
  readonly locale: string;
  readonly direction: 'ltr' | 'rtl';
  readonly t: Translate;
  readonly date: Intl.DateTimeFormat;
  readonly time: Intl.DateTimeFormat;
}

/** The English source is British; plain `en` would format dates the American way. */
const REGIONS: Readonly<Record<string, string>> = {
  en: 'en-GB',
  // Codes and addresses have Latin digits everywhere: two sorts in one mail only confuse.
  ar: 'ar-u-nu-latn',
};

/** Prepares one language; done once, date formats are slow to make. */
export function createLanguage(translator: Translator, locale: string): Language {
  const region = REGIONS[locale] ?? locale;
  return {
    locale,
    direction: directionOf(locale),
    t: sayIn(translator.in(locale), directionOf(locale)),
    date: new Intl.DateTimeFormat(region, { dateStyle: 'medium', timeZone: 'UTC' }),
    time: new Intl.DateTimeFormat(region, {
      timeStyle: 'short',
      timeZone: 'UTC',
      hourCycle: 'h23',
    }),
  };
}

/** A language with sentences of a tenant's own in it. */
export function inWordsOf(language: Language, translator: Translator, wording?: Wording): Language {
  if (wording?.[language.locale] === undefined) return language;
  const t = sayIn(translator.in(language.locale, wording), language.direction);
  return { ...language, t };
}

function sayIn(t: Translate, direction: Language['direction']): Translate {
  return direction === 'ltr' ? t : (id, params = {}) => t(id, isolateIn(direction, params));
}

/** A moment as people read it, in UTC. Pure. @param at epoch seconds */
export function describeMoment(
  at: number,
  { date, time }: Pick<Language, 'date' | 'time'>,
): { readonly date: string; readonly time: string } {
  const moment = new Date(at * 1000);
  return { date: date.format(moment), time: time.format(moment) };
}

/**
 * Names a browser, e.g. `Chrome on Windows`. Pure.
 *
 * @returns '' when it is not known
 */
export function describeBrowser(name: BrowserName | null, t: Translate): string {
  const browser = inertName(name?.browser ?? '');
  const system = inertName(name?.system ?? '');
  return browser === '' || system === '' ? browser : t('browser', { browser, system });
}

/**
 * Says when something was asked for, in which browser and from which network. Pure.
 *
 * @param id sentence with `date`, `time` and `network`; `{id}Browser` with `browser` too
 * @param at epoch seconds
 */
export function describeRequest(
  id: string,
  at: number,
  from: { readonly browserFamily: BrowserName | null; readonly network: string },
  language: Language,
): string {
  const browser = describeBrowser(from.browserFamily, language.t);
  return language.t(browser === '' ? id : `${id}Browser`, {
    ...describeMoment(at, language),
    network: inertName(from.network),
    browser,
  });
}

/**
 * Says why somebody gets a mail, and whom to ask. Pure.
 *
 * @param reasonId sentence with `inviter`, `address` and `tenant`
 */
export function describeReason(reasonId: string, mail: MailContent, t: Translate): string[] {
  const inviter = mail.invitedBy === null ? t('mail.someone') : inertPerson(mail.invitedBy);
  return [
    t(reasonId, { inviter, address: mail.to, tenant: inertName(mail.tenantName) }),
    ...describeHelp(mail.support, t),
  ];
}

function describeHelp(support: string | null, t: Translate): string[] {
  if (support === null) return [];
  const contact = inertText(support, 254);
  return isWebAddress(contact)
    ? [t('mail.helpAt'), contact]
    : [t('mail.help', { support: contact })];
}

/** Names the privacy statement as plain text, for mails that hold no link. Pure. */
export function describePrivacy(mail: MailContent, t: Translate): string[] {
  if (mail.privacyUrl === null) return [];
  const tenant = inertName(mail.tenantName);
  return [t('mail.privacyAt', { tenant }), inertText(mail.privacyUrl, 2000)];
}

// No angle bracket or quote: the URL also stands between brackets in a header.
const MAILABLE_URL = /^https?:\/\/[!#-;=?-~]+$/;

/** @throws {TypeError} for what is no web address in plain ASCII: a bug of the caller */
export function requireUrl(url: string): string {
  if (!MAILABLE_URL.test(url)) throw new TypeError('not a URL to put in a mail');
  return url;
}
