// Owns how a mail reads: content becomes subject, text and HTML that say the same (views/mail).

import { readFileSync } from 'node:fs';
import ejs from 'ejs';
import { parseEmailAddress } from '../domain/email-address.ts';
import { mailLanguageOf, type Tenant } from '../domain/tenant.ts';
import { isWebAddress, withoutIsolates } from '../i18n/isolate.ts';
import type { Translator } from '../i18n.ts';
import type { MailContent, RenderedMail } from './content.ts';
import { describeMail } from './wording.ts';
import { createLanguage, inWordsOf } from './words.ts';

/** Turns what the outbox carries into what the transport sends. */
export interface Templates {
  /**
   * Renders one mail. Pure; names and messages from outside come out as inert text.
   * @param tenant who writes: its languages and its own words
   * @throws {TypeError} when a URL of an invitation is not http or https: a bug of the caller
   */
  render(content: MailContent, tenant?: Tenant): RenderedMail;
}

type View = (model: object) => string;

/**
 * Compiles the views once.
 *
 * Only an invitation holds links; no mail holds an image or anything to load. The text part of the
 * passcode mail ends with the origin-bound line `@host #code`, and its subject never holds the
 * passcode. HTML is pure ASCII.
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
    letter: { html: html('letter'), text: text('letter') },
  };
  const languages = new Map(
    translator.locales.map((locale) => [locale, createLanguage(translator, locale)]),
  );

  return {
    render: (content, tenant) => {
      // Asked for in a language that is not here: then as the tenant writes otherwise (R64).
      const wanted = [content.locale, ...(tenant ? [mailLanguageOf(tenant)] : [])];
      const locale = translator.negotiate(wanted, tenant?.languages);
      const known = languages.get(locale) ?? languages.get('en')!;
      const language = inWordsOf(known, translator, tenant?.wording);
      const { view, words } = describeMail(content, product, language);
      const { direction: dir } = language;
      const body = views[view].html({ ...words, dir });
      const subject = withoutIsolates(words.subject);
      // Mails about signing in name the inviter too, but answers to them are for the support.
      const isAboutSignIn = content.kind === 'passcode' || content.kind === 'security-notice';
      const inviter = isAboutSignIn ? null : content.invitedBy;
      return {
        to: content.to,
        fromName: withoutIsolates(language.t('mail.sender', { tenant: words.tenant, product })),
        ...(content.from !== undefined && { from: content.from }),
        replyTo: toReplyTo(inviter) ?? content.replyTo ?? toReplyTo(content.support),
        subject,
        text: views[view].text({ ...words, dir }).trim(),
        html: fold(frame({ ...words, isWebAddress, subject, lang: language.locale, dir, body })),
        headers: words.headers,
      };
    },
  };
}

/** A support contact may be a URL, an inviter a name: those take no replies. */
function toReplyTo(contact: string | null): string | null {
  return (contact !== null && parseEmailAddress(contact)?.address) || null;
}

function compile(directory: URL, name: string, escape: (value: unknown) => string): View {
  const source = readFileSync(new URL(name, directory), 'utf8');
  return ejs.compile(source, { strict: true, localsName: 'it', compileDebug: false, escape });
}

const MAX_LINE = 76;
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

/**
 * Breaks long lines at spaces, which HTML does not notice. Lines of at most 76 ASCII characters
 * travel as they are: quoted-printable costs about a sixth more work per mail.
 */
function fold(html: string): string {
  const lines = html.split('\n');
  return lines
    .map((line) =>
      line.length <= MAX_LINE ? line : line.replace(/(.{1,76})(?: |$)/g, '$1\n').trimEnd(),
    )
    .join('\n');
}
