// Owns the wording of the mail that carries a passcode. It holds no link (S22) but the one a tenant asks
// for.

import type { PasscodeMail } from './content.ts';
import { inertName } from './inert-text.ts';
import {
  describePrivacy,
  describeReason,
  describeRequest,
  type Language,
  requireUrl,
  type Words,
} from './words.ts';

/** Parts of the passcode mail, in the order they are read. */
export interface PasscodeWords extends Words {
  readonly heading: string;
  /** A strong passcode stands in groups of four. */
  readonly code: string;
  readonly strong: boolean;
  /** The link that signs in as well; null without. */
  readonly link: {
    readonly intro: string;
    /** What stands for the address in HTML: that one is long, and its host is what counts. */
    readonly label: string;
    readonly url: string;
    /** The paragraph it follows. */
    readonly after: string;
  } | null;
  readonly paragraphs: readonly string[];
  /** The origin-bound last line of the text part. */
  readonly origin: string;
}

/** Puts a passcode mail into sentences. Pure. @source S14, S22; T37, T38 */
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
  const only = t('mail.passcode.only', { host: mail.issuerHost });
  return {
    subject: t('mail.passcode.subject', { tenant, label: mail.label }),
    preheader: t('mail.passcode.preheader', { code, ...minutes }),
    tenant,
    heading: t('mail.passcode.heading'),
    code,
    strong: mail.strong,
    link:
      mail.link === undefined
        ? null
        : {
            intro: t('mail.passcode.link'),
            label: t('mail.passcode.linkLabel', { host: mail.issuerHost }),
            url: requireUrl(mail.link),
            after: only,
          },
    paragraphs: [
      t('mail.passcode.use', { tenant, client: inertName(mail.clientName), ...minutes }),
      only,
      ...(mail.strong ? [t('mail.passcode.strong', { length: mail.passcode.length })] : []),
      t('mail.passcode.secrecy', { product, tenant }),
      describeRequest('mail.passcode.requested', mail.requestedAt, mail, language),
      t('mail.passcode.unexpected'),
    ],
    footer: [...describeReason('mail.passcode.reason', mail, t), ...describePrivacy(mail, t)],
    links: [],
    headers: {},
    origin: `@${mail.issuerHost} #${code}`,
  };
}
