// Owns the wording of the mail that carries a passcode. It holds no link (S22).

import type { PasscodeMail } from './content.ts';
import { inertName } from './inert-text.ts';
import { describePrivacy, describeReason, type Language, type Words } from './words.ts';

/** Parts of the passcode mail, in the order they are read. */
export interface PasscodeWords extends Words {
  readonly heading: string;
  /** A strong passcode stands in groups of four. */
  readonly code: string;
  readonly strong: boolean;
  readonly paragraphs: readonly string[];
  /** The origin-bound last line of the text part. */
  readonly origin: string;
}

/** Puts a passcode mail into sentences. Pure. @source S22; T37, T38 */
export function describePasscode(
  mail: PasscodeMail,
  product: string,
  language: Language,
): PasscodeWords {
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
    footer: [...describeReason('mail.passcode.reason', mail, t), ...describePrivacy(mail, t)],
    links: [],
    headers: {},
    origin: `@${mail.issuerHost} #${code}`,
  };
}
