// Owns what a mail says before it is rendered: the data that lies sealed in the outbox.

import type { BrowserName } from '../domain/browser-name.ts';

/** Whose mail it is, where that is not the installation's: absent in mails queued before. */
export interface OwnMail {
  /** The tenant's own sender. */
  readonly from?: string;
  /** Where the tenant wants answers to go. */
  readonly replyTo?: string;
}

/** The mail that carries a passcode. */
export interface PasscodeMail extends OwnMail {
  readonly kind: 'passcode';
  /** The invited address, the only recipient (S17, S20). */
  readonly to: string;
  readonly locale: string;
  readonly tenantName: string;
  /** The application the guest is on the way to. */
  readonly clientName: string;
  /** The passcode as it is typed: digits, or 16 characters for a strong one. */
  readonly passcode: string;
  readonly strong: boolean;
  readonly lifetimeSeconds: number;
  /** Two characters, also shown on the page. */
  readonly label: string;
  /** Where the reader signs in without typing it, in the browser that asked; absent without. */
  readonly link?: string;
  readonly requestedAt: number;
  /** null when unknown. */
  readonly browserFamily: BrowserName | null;
  /** The requesting address with its last part hidden, e.g. `203.0.113.x`. */
  readonly network: string;
  readonly invitedBy: string | null;
  readonly support: string | null;
  readonly privacyUrl: string | null;
  /** Host name of the issuer, for the origin-bound last line. */
  readonly issuerHost: string;
}

/** The mail that tells a guest of an invitation. */
export interface InvitationMail extends OwnMail {
  readonly kind: 'invitation';
  readonly to: string;
  readonly locale: string;
  readonly tenantName: string;
  readonly tenantDomain: string | null;
  /** Name or address of the inviter, when known; an address becomes Reply-To (R65). */
  readonly invitedBy: string | null;
  /** Plain text (R63). */
  readonly message: string | null;
  /** Where "Accept invitation" leads: the landing page, with the ticket. */
  readonly url: string;
  /** Host the guest is taken to afterwards; null for the guest's own page. */
  readonly target: string | null;
  /** Days the link works; null without end. */
  readonly lifetimeDays: number | null;
  /** Page that blocks further invitations; also List-Unsubscribe, one click (R65, R67). */
  readonly blockUrl: string | null;
  /** Redeemed without consent pages: a notification instead of an invitation (R72). */
  readonly automatic: boolean;
  /** The tenant's colour, `#rrggbb`; absent without one. Nothing else of its look is in a mail (S22). */
  readonly accent?: string;
  readonly support: string | null;
  readonly privacyUrl: string | null;
}

/** The copy of an invitation for one other person (R63): never with the link. */
export interface InvitationCopyMail extends OwnMail {
  readonly kind: 'invitation-copy';
  readonly to: string;
  readonly locale: string;
  readonly tenantName: string;
  readonly tenantDomain: string | null;
  readonly invitedBy: string | null;
  readonly message: string | null;
  /** Who was invited. */
  readonly guest: string;
  readonly support: string | null;
  readonly privacyUrl: string | null;
}

/** Tells the owner of an address that nobody invited it (`mailStrangers`). */
export interface NoInvitationMail extends OwnMail {
  readonly kind: 'no-invitation';
  readonly to: string;
  readonly locale: string;
  readonly tenantName: string;
  readonly clientName: string;
  readonly invitedBy: null;
  readonly support: string | null;
  readonly privacyUrl: string | null;
}

/** Tells a guest what somebody did, or tried to do, in their name (S67). It holds no link. */
export interface SecurityNoticeMail extends OwnMail {
  readonly kind: 'security-notice';
  /** `attempts`: so many wrong codes that codes are long now. `sign-in`: in a new browser, after some. */
  readonly event: 'attempts' | 'sign-in';
  readonly to: string;
  readonly locale: string;
  readonly tenantName: string;
  readonly clientName: string;
  /** Epoch seconds. */
  readonly happenedAt: number;
  /** As in {@link PasscodeMail}. */
  readonly browserFamily: BrowserName | null;
  /** As in {@link PasscodeMail}. */
  readonly network: string;
  readonly invitedBy: string | null;
  readonly support: string | null;
  readonly privacyUrl: string | null;
}

/** Everything the outbox can carry. */
export type MailContent =
  PasscodeMail | InvitationMail | InvitationCopyMail | NoInvitationMail | SecurityNoticeMail;

/** A mail ready for the transport. */
export interface RenderedMail {
  readonly to: string;
  readonly fromName: string;
  /** The tenant's own sender; absent for that of the installation. */
  readonly from?: string;
  readonly replyTo: string | null;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Further headers, e.g. List-Unsubscribe. */
  readonly headers?: Readonly<Record<string, string>>;
}
