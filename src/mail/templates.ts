// Owns how a mail reads: content becomes subject, text and HTML that say the same (views/mail).

import { readFileSync } from 'node:fs';
import ejs from 'ejs';
import { parseEmailAddress } from '../domain/email-address.ts';
import type { Translate, Translator } from '../i18n.ts';
import type { InvitationMail, MailContent, PasscodeMail, RenderedMail } from './content.ts';
import { inertName, inertText } from './inert-text.ts';

/** Turns what the outbox carries into what the transport sends. */
export interface Templates {
  /**
   * Renders one mail. Pure; names and messages from outside come out as inert text.
   * @throws {TypeError} when an invitation's URL is not http or https: a bug of the caller
   */
  render(content: MailContent): RenderedMail;
}

type View = (model: object) => string;

/** What both parts of every mail are drawn from. */
interface Words {
  readonly [part: string]: unknown;
  readonly subject: string;
  readonly preheader: string;
  readonly tenant: string;
  readonly footer: readonly string[];
}

/** What a sentence may need of the language. */
interface Language {
  readonly locale: string;
  readonly t: Translate;
  readonly date: Intl.DateTimeFormat;
  readonly time: Intl.DateTimeFormat;
}

/**
 * Compiles the views once.
 *
 * The passcode mail holds no link, no image and nothing to load; its text part ends with the
 * origin-bound line `@host #code`, its subject never holds the passcode. HTML is pure ASCII.
 *
 * @param product name of the product as people read it, for the sender's name
 * @param viewsDirectory folder of `*.ejs`, default the package's `views/mail`
 * @source S22; T37, T38; WICG origin-bound one-time codes
 */
export function createTemplates(
  translator: Translator,
  product: string,
  viewsDirectory: URL = new URL('../../views/mail/', import.meta.url),
): Templates {
  const html = (name: string): View => compile(viewsDirectory, `${name}.html.ejs`, toHtml);
  const text = (name: string): View => compile(viewsDirectory, `${name}.text.ejs`, String);
  const frame = html('frame');
  const views = {
    passcode: { html: html('passcode'), text: text('passcode') },
    invitation: { html: html('invitation'), text: text('invitation') },
  };
  const languages = new Map(
    translator.locales.map((locale) => [locale, createLanguage(translator, locale)]),
  );

  return {
    render: (content) => {
      const language = languages.get(translator.negotiate([content.locale]))!;
      const words =
        content.kind === 'passcode'
          ? describePasscode(content, product, language)
          : describeInvitation(content, language);
      const body = views[content.kind].html(words);
      const inviter = content.kind === 'invitation' ? content.invitedBy : null;
      return {
        to: content.to,
        fromName: language.t('mail.sender', { tenant: words.tenant, product }),
        replyTo: toReplyTo(inviter) ?? toReplyTo(content.support),
        subject: words.subject,
        text: views[content.kind].text(words).trim(),
        html: frame({ ...words, lang: language.locale, dir: language.t('mail.direction'), body }),
      };
    },
  };
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

/** A support contact may be a URL, an inviter a name: those take no replies. */
function toReplyTo(contact: string | null): string | null {
  return (contact !== null && parseEmailAddress(contact)?.address) || null;
}

function createLanguage(translator: Translator, locale: string): Language {
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

function compile(directory: URL, name: string, escape: (value: unknown) => string): View {
  const source = readFileSync(new URL(name, directory), 'utf8');
  return ejs.compile(source, { strict: true, localsName: 'it', escape });
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes for text and quoted attributes; beyond ASCII becomes numeric, so no charset can break it. */
function toHtml(value: unknown): string {
  return String(value).replace(
    /[&<>"']|[^\x20-\x7e\n]/gu,
    (character) => ENTITIES[character] ?? `&#${character.codePointAt(0)};`,
  );
}
