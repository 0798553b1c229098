// Owns the wording of the mail about wrong codes and new browsers. It holds no link (S22): whoever is
// warned of strangers must not learn to click on warnings.

import { isWebAddress } from '../i18n/isolate.ts';
import type { SecurityNoticeMail } from './content.ts';
import { inertName, inertText } from './inert-text.ts';
import type { LetterWords } from './wording-invitation.ts';
import { describePrivacy, describeReason, describeRequest, type Language } from './words.ts';

/**
 * Puts into sentences what somebody did in a guest's name: what, when, from where, and what to do
 * now. Pure.
 *
 * @source S22, S67
 */
export function describeSecurityNotice(mail: SecurityNoticeMail, language: Language): LetterWords {
  const { t } = language;
  const kind = `mail.security-notice.${mail.event}`;
  const names = {
    tenant: inertName(mail.tenantName),
    client: inertName(mail.clientName),
    address: mail.to,
    // A web address stands on a line of its own, below.
    support:
      mail.support === null || isWebAddress(mail.support) ? '' : inertText(mail.support, 254),
  };
  const caution = t(`${kind}.caution`, names);
  return {
    subject: t(`${kind}.subject`, names),
    preheader: caution,
    tenant: names.tenant,
    caution,
    about: [
      t(`${kind}.about`, names),
      describeRequest('mail.security-notice.from', mail.happenedAt, mail, language),
    ],
    message: [],
    messageIntro: '',
    action: null,
    closing: [
      t(`${kind}.own`, names),
      t(`${kind}.other${names.support === '' ? 'Someone' : ''}`, names),
    ],
    footer: [...describeReason('mail.passcode.reason', mail, t), ...describePrivacy(mail, t)],
    links: [],
    headers: {},
  };
}
