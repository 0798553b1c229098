// Owns the wording of mails around an invitation: the invitation itself, the notification in its
// place, its copy, and the news that there is none.

import { COLOUR, contrastRatio, TEXT_CONTRAST } from '../domain/contrast.ts';
import type { InvitationCopyMail, InvitationMail, NoInvitationMail } from './content.ts';
import { inertLines, inertName, inertPerson, inertText } from './inert-text.ts';
import { describePrivacy, describeReason, type Language, requireUrl, type Words } from './words.ts';

/** A button, and the same address to be read. */
export interface Action {
  readonly label: string;
  readonly intro: string;
  readonly url: string;
  /** Ground of the button; its text is {@link ON_BUTTON}. */
  readonly ground: string;
}

/** Text of every button, near the white of the card. */
export const ON_BUTTON = '#fdfdfe';
const GROUND = '#1a5fb4';

/** Parts of a letter, in the order they are read. */
export interface LetterWords extends Words {
  /** Stands first and stands out. */
  readonly caution: string;
  readonly about: readonly string[];
  /** Lines of somebody else's words; drawn as a quotation, none where there are none. */
  readonly message: readonly string[];
  readonly messageIntro: string;
  /** The one thing to press; null in letters that ask for nothing. */
  readonly action: Action | null;
  readonly closing: readonly string[];
}

/**
 * Puts an invitation into sentences; an automatic one becomes a notification (R72). Pure.
 *
 * @throws {TypeError} when one of its URLs is not http or https: a bug of the caller
 * @source rules R63, R65, R67, R72; S22, S23; RFC 2369, RFC 8058 (one-click)
 */
export function describeInvitation(mail: InvitationMail, { t }: Language): LetterWords {
  const kind = mail.automatic ? 'mail.notification' : 'mail.invitation';
  const names = namesOf(mail);
  const { tenant, unknown } = names;
  const block = mail.blockUrl === null ? null : requireUrl(mail.blockUrl);
  const address = mail.to;
  return {
    subject: t(`${kind}.subject${unknown}`, names),
    preheader: t(`${kind}.about${unknown}`, names),
    tenant,
    caution: t(`${kind}.caution${unknown}`, names),
    about: [t(`${kind}.about${unknown}`, names), ...describeDomain(mail, t)],
    message: inertLines(mail.message ?? ''),
    messageIntro: t(`mail.invitation.message${unknown}`, names),
    action: {
      label: t(`${kind}.accept`, names),
      intro: t('mail.invitation.link'),
      url: requireUrl(mail.url),
      ground: groundOf(mail.accent),
    },
    closing: [
      mail.target === null
        ? t('mail.invitation.home', names)
        : t('mail.invitation.target', { target: inertText(mail.target, 253) }),
      mail.lifetimeDays === null
        ? t('mail.invitation.only', { address })
        : t('mail.invitation.onlyDays', { address, count: mail.lifetimeDays }),
    ],
    footer: [
      ...describeReason(`${kind}.reason`, mail, t),
      ...(mail.privacyUrl === null ? [t('mail.noPrivacy', { tenant })] : []),
    ],
    links: [
      ...(mail.privacyUrl === null
        ? []
        : [{ text: t('mail.privacyAt', { tenant }), url: requireUrl(toAscii(mail.privacyUrl)) }]),
      ...(block === null ? [] : [{ text: t('mail.invitation.block', { tenant }), url: block }]),
    ],
    headers:
      block === null
        ? {}
        : {
            'List-Unsubscribe': `<${block}>`,
            'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
          },
  };
}

/** Puts the copy of an invitation into sentences. It cannot hold the link (R63). Pure. */
export function describeCopy(mail: InvitationCopyMail, { t }: Language): LetterWords {
  const names = { ...namesOf(mail), guest: inertPerson(mail.guest) };
  const { tenant, unknown } = names;
  return {
    subject: t(`mail.invitation-copy.subject${unknown}`, names),
    preheader: t(`mail.invitation-copy.about${unknown}`, names),
    tenant,
    caution: t('mail.invitation-copy.caution'),
    about: [t(`mail.invitation-copy.about${unknown}`, names), ...describeDomain(mail, t)],
    message: inertLines(mail.message ?? ''),
    messageIntro: t(`mail.invitation.message${unknown}`, names),
    action: null,
    closing: [t('mail.invitation-copy.only', names)],
    footer: [
      ...describeReason('mail.invitation-copy.reason', mail, t),
      ...describePrivacy(mail, t),
    ],
    links: [],
    headers: {},
  };
}

/** Puts into sentences that nobody invited an address. Pure. */
export function describeNoInvitation(mail: NoInvitationMail, { t }: Language): LetterWords {
  const { tenant } = namesOf(mail);
  const caution = t('mail.no-invitation.caution', { tenant });
  const client = inertName(mail.clientName);
  return {
    subject: t('mail.no-invitation.subject', { tenant }),
    preheader: caution,
    tenant,
    caution,
    about: [
      t('mail.no-invitation.about', { address: mail.to, client }),
      t('mail.no-invitation.contact', { tenant }),
    ],
    message: [],
    messageIntro: '',
    action: null,
    closing: [t('mail.no-invitation.unexpected')],
    footer: [...describeReason('mail.no-invitation.reason', mail, t), ...describePrivacy(mail, t)],
    links: [],
    headers: {},
  };
}

function namesOf(mail: { readonly tenantName: string; readonly invitedBy: string | null }) {
  const inviter = mail.invitedBy === null ? '' : inertPerson(mail.invitedBy);
  // Picks the sentence that names nobody.
  return { tenant: inertName(mail.tenantName), inviter, unknown: inviter === '' ? 'Someone' : '' };
}

/** The tenant's colour where light text is read on it: it then stands out from the light card too. */
function groundOf(accent: string | undefined): string {
  // Checked again: this one goes into a style, and was written down by another version of us.
  if (accent === undefined || !COLOUR.test(accent)) return GROUND;
  return contrastRatio(accent, ON_BUTTON) >= TEXT_CONTRAST ? accent : GROUND;
}

function describeDomain(
  { tenantDomain }: { readonly tenantDomain: string | null },
  t: Language['t'],
): string[] {
  return tenantDomain === null
    ? []
    : [t('mail.invitation.domain', { domain: inertText(tenantDomain, 253) })];
}

/** A privacy statement may have letters of any script in its address; a mail may not. */
function toAscii(url: string): string {
  return URL.canParse(url) ? new URL(url).href : url;
}
