// Owns the wording of mail: which sentences a mail consists of, in which order, for both its parts.

import { parseEmailAddress } from '../domain/email-address.ts';
import type { Translate, Translator } from '../i18n.ts';
import type { InvitationMail, MailContent, PasscodeMail } from './content.ts';
import { inertName, inertText } from './inert-text.ts';

/** What both parts of a mail are drawn from, beside the parts only its own view knows. */
export interface Words {
  readonly [part: string]: unknown;
  readonly subject: string;
  readonly preheader: string;
  readonly tenant: string;
  readonly footer: readonly string[];
}

/** What a sentence needs of its language. */
export interface Language {
  readonly locale: string;
  readonly t: Translate;
  readonly date: Intl.DateTimeFormat;
  readonly time: Intl.DateTimeFormat;
}

/** Prepares one language; done once, date formats are slow to make. */
export function createLanguage(translator: Translator, locale: string): Language {
  // The English source is British; plain `en` would format dates the American way.
  const region = locale === 'en' ? 'en-GB' : locale;
  return {
    locale,
    t: translator.in(locale),
    date: new Intl.DateTimeFormat(region, { dateStyle: 'medium', timeZone: 'UTC' }),
    time: new Intl.DateTimeFormat(region, {
      timeStyle: 'short',
      timeZone: 'UTC',
      hourCycle: 'h23',
    }),
  };
}

/**
 * Puts a mail into sentences. Pure; all words from outside come out as inert text.
 *
 * @throws {TypeError} when an invitation's URL is not http or https
 * @source S22, S23; T37
 */
export function describeMail(content: MailContent, product: string, language: Language): Words {
  return content.kind === 'passcode'
    ? describePasscode(content, product, language)
    : describeInvitation(content, language);
}

function describePasscode(mail: PasscodeMail, product: string, language: Language): Words {
  const { t } = language;
  const tenant = inertName(mail.tenantName);
  const code = mail.strong ? mail.passcode.replace(/(.{4})(?=.)/g, '$1-') : mail.passcode;
  // Rounded down: a mail may promise less than the truth, never more.
  const minutes = { count: Math.floor(mail.lifetimeSeconds / 60) };
  const requestedAt = new Date(mail.requestedAt * 1000);
  const browser = inertName(mail.browserFamily);
  const request = {
    date: language.date.format(requestedAt),
    time: language.time.format(requestedAt),
    network: inertName(mail.network),
  };
  return {
    subject: t('mail.passcode.subject', { tenant, label: mail.label }),
    preheader: t('mail.passcode.preheader', { code, ...minutes }),
    tenant,
    heading: t('mail.passcode.heading'),
    code,
    strong: mail.strong,
    paragraphs: [
      t('mail.passcode.use', { tenant, client: inertName(mail.clientName), ...minutes }),
      ...(mail.strong ? [t('mail.passcode.strong', { length: mail.passcode.length })] : []),
      t('mail.passcode.secrecy', { product, tenant }),
      browser === ''
        ? t('mail.passcode.requested', request)
        : t('mail.passcode.requestedBrowser', { ...request, browser }),
      t('mail.passcode.unexpected'),
    ],
    footer: describeFooter('mail.passcode.reason', mail, tenant, t),
    origin: `@${mail.issuerHost} #${code}`,
  };
}

function describeInvitation(mail: InvitationMail, { t }: Language): Words {
  if (!/^https?:\/\/[\x21-\x7e]+$/.test(mail.url)) throw new TypeError('invitation URL is no URL');
  const tenant = inertName(mail.tenantName);
  const inviter = mail.invitedBy === null ? '' : inertPerson(mail.invitedBy);
  const known = inviter === '' ? 'Someone' : '';
  const people = { inviter, tenant };
  const subject = t(`mail.invitation.subject${known}`, people);
  return {
    subject,
    preheader: t(`mail.invitation.invites${known}`, people),
    tenant,
    caution: t(`mail.invitation.caution${known}`, people),
    about: [
      t(`mail.invitation.invites${known}`, people),
      ...(mail.tenantDomain === null
        ? []
        : [t('mail.invitation.domain', { domain: inertText(mail.tenantDomain, 253) })]),
    ],
    message: inertLines(mail.message ?? ''),
    messageIntro: t(`mail.invitation.message${known}`, people),
    accept: t('mail.invitation.accept'),
    link: t('mail.invitation.link'),
    url: mail.url,
    only: t('mail.invitation.only', { address: mail.to }),
    footer: describeFooter('mail.invitation.reason', mail, tenant, t),
  };
}

function describeFooter(
  reasonId: string,
  mail: MailContent,
  tenant: string,
  t: Translate,
): readonly string[] {
  const { support, privacyUrl } = mail;
  const inviter = mail.invitedBy === null ? t('mail.someone') : inertPerson(mail.invitedBy);
  return [
    t(reasonId, { inviter, address: mail.to, tenant }),
    ...(support === null ? [] : [t('mail.help', { support: inertText(support, 254) })]),
    ...(privacyUrl === null
      ? []
      : [t('mail.privacy', { tenant, url: inertText(privacyUrl, 2000) })]),
  ];
}

/** An inviter is a name, or an address, which may be longer than a name. */
function inertPerson(person: string): string {
  return parseEmailAddress(person)?.address ?? inertName(person);
}

function inertLines(message: string): readonly string[] {
  const lines = message.slice(0, 500).split(/\r\n?|\n/);
  return lines.map((line) => inertText(line, 500)).filter((line) => line !== '');
}
