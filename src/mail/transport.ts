// Owns how a mail leaves: one SMTP relay, or the development mailbox. Exactly one recipient (S20).

import { createTransport, type NodemailerError } from 'nodemailer';
import type { Clock } from '../domain/clock.ts';
import { parseEmailAddress } from '../domain/email-address.ts';
import type { DkimSettings, MailSettings, MailTransportSettings } from '../settings/settings.ts';
import type { Store } from '../storage/store.ts';
import type { RenderedMail } from './content.ts';

/** Hands mail to whoever carries it on. */
export interface Mailer {
  /**
   * Sends one mail to its one recipient and waits for the relay's yes.
   * @param messageId left part of the Message-ID; the same for every attempt, so duplicates thread
   * @throws {MailFault} always of this class; its text holds nothing from outside
   */
  send(messageId: string, mail: RenderedMail): Promise<void>;
  /** Closes idle connections; a delivery under way finishes first. */
  close(): void;
}

/**
 * Why a mail did not leave: the relay's reply (`smtp_550`), or where the conversation broke.
 */
export type MailFaultClass =
  | `smtp_${number}`
  | 'recipient'
  | 'message'
  | 'connection'
  | 'dns'
  | 'timeout'
  | 'tls'
  | 'auth'
  | 'protocol';

/** A delivery that failed. `permanent` means that the same mail will never be taken. */
export class MailFault extends Error {
  override readonly name = 'MailFault';
  readonly permanent: boolean;
  readonly faultClass: MailFaultClass;
  /** A code of the system or the TLS library, such as `ECONNREFUSED`; for the log. */
  readonly reason: string | null;

  constructor(faultClass: MailFaultClass, permanent: boolean, reason: string | null = null) {
    // No cause and no reply text: relays answer with the full address in it (S65).
    super(reason === null ? faultClass : `${faultClass} ${reason}`);
    this.faultClass = faultClass;
    this.permanent = permanent;
    this.reason = reason;
  }
}

/** Mails in transmission at the same time, each on a connection of its own. */
export const MAX_CONNECTIONS = 4;
const CONNECTION_TIMEOUT_MS = 5_000;
const GREETING_TIMEOUT_MS = 5_000;
const SOCKET_TIMEOUT_MS = 10_000;
// A relay that trickles one byte every nine seconds never meets the socket timeout.
const DELIVERY_TIMEOUT_MS = 60_000;
const IDLE_TIMEOUT_MS = 60_000;

/**
 * Creates the mailer the settings ask for.
 *
 * @throws {TypeError} for SMTP without TLS to a host that is not loopback (S21)
 * @source S20, S21; fault R9 (timeouts 5/5/10 s)
 */
export function createMailer(settings: MailSettings, store: Store, clock: Clock): Mailer {
  return settings.transport.kind === 'smtp'
    ? createSmtpMailer(settings, settings.transport)
    : createMailboxMailer(store, clock);
}

function createMailboxMailer(store: Store, clock: Clock): Mailer {
  return {
    send: async (messageId, mail) => {
      requireOneAddress(mail.to);
      const { subject, text, html } = mail;
      const message = { id: messageId, receivedAt: clock(), recipient: mail.to };
      await store.mailbox.put({ ...message, subject, text, html });
    },
    close: () => {},
  };
}

type SmtpSettings = Extract<MailTransportSettings, { readonly kind: 'smtp' }>;

/** How a relay is reached, for a delivery and for whoever only asks whether one would succeed. */
export function connectionOf(smtp: SmtpSettings) {
  return {
    host: smtp.host,
    port: smtp.port,
    secure: smtp.implicitTls,
    requireTLS: smtp.requireTls,
    // Opportunistic STARTTLS buys nothing on loopback and fails on a self-signed local relay.
    ignoreTLS: !smtp.requireTls,
    tls: { minVersion: 'TLSv1.2' as const },
    ...(smtp.user === undefined ? {} : { auth: { user: smtp.user, pass: smtp.password ?? '' } }),
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    greetingTimeout: GREETING_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    dnsTimeout: CONNECTION_TIMEOUT_MS,
  };
}

// What a receiver may rely on: all of the library's own list that our mails have, and what makes the
// one click of an invitation's block count (RFC 8058 section 4).
const SIGNED_HEADERS =
  'From:Reply-To:Subject:Date:Message-ID:To:MIME-Version:Content-Type:' +
  'List-Unsubscribe:List-Unsubscribe-Post:Auto-Submitted';

/** What a signature is made with, as the library takes it. */
function signingOf({ domain, selector, privateKey }: DkimSettings) {
  const key = { domainName: domain, keySelector: selector, privateKey };
  return { ...key, headerFieldNames: SIGNED_HEADERS };
}

function createSmtpMailer(settings: MailSettings, smtp: SmtpSettings): Mailer {
  if (!smtp.implicitTls && !smtp.requireTls && !isLoopback(smtp.host)) {
    throw new TypeError(`SMTP to ${smtp.host} needs TLS`);
  }
  const transport = createTransport({
    pool: true,
    maxConnections: MAX_CONNECTIONS,
    // One: a connection the relay closed while idle costs a reconnect, not a postponed mail.
    maxRequeues: 1,
    idleTimeout: IDLE_TIMEOUT_MS,
    ...connectionOf(smtp),
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(settings.dkim && { dkim: signingOf(settings.dkim) }),
  });
  // The envelope is judged as resolved, after every parser of the library has had its say:
  // 'a@x,b@y' in one field becomes two recipients there (GHSA-5jpx-9hw9-2fx4, S20).
  transport.use('stream', (mail, done) => {
    const [recipient, ...more] = mail.message.getEnvelope().to;
    const { to } = mail.data;
    const stored = typeof to === 'object' && 'address' in to ? to.address : undefined;
    const exact = recipient !== undefined && recipient === stored && more.length === 0;
    done(exact ? null : new MailFault('recipient', true));
  });

  return {
    send: async (messageId, mail) => {
      requireOneAddress(mail.to);
      const signal = AbortSignal.timeout(DELIVERY_TIMEOUT_MS);
      const message = { ...composeMail(settings, messageId, mail), signal };
      try {
        await transport.sendMail(message);
      } catch (error) {
        throw toMailFault(error);
      }
    },
    close: () => transport.close(),
  };
}

/**
 * A mail as it travels: envelope, addresses, parts and every header. Pure.
 *
 * A report about it is to quote its headers and not its body, which may hold a code (RFC 3461).
 */
export function composeMail(
  settings: Pick<MailSettings, 'from' | 'returnPath'>,
  messageId: string,
  mail: RenderedMail,
) {
  const from = mail.from ?? settings.from;
  const domain = settings.from.slice(settings.from.lastIndexOf('@') + 1);
  return {
    envelope: { from: settings.returnPath ?? from, to: [{ name: '', address: mail.to }] },
    dsn: {
      return: 'HDRS' as const,
      id: messageId,
      notify: ['FAILURE' as const, 'DELAY' as const],
      recipient: mail.to,
    },
    from: { name: mail.fromName, address: from },
    to: { name: '', address: mail.to },
    ...(mail.replyTo === null ? {} : { replyTo: { name: '', address: mail.replyTo } }),
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    messageId: `<${messageId}@${domain}>`,
    headers: {
      ...mail.headers,
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      'X-Entity-Ref-ID': messageId,
    },
    xMailer: false as const,
  };
}

function requireOneAddress(to: string): void {
  if (parseEmailAddress(to)?.address !== to) throw new MailFault('recipient', true);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Reads a fault of the library. Only its codes are kept, never its texts. */
function toMailFault(error: unknown): MailFault {
  if (error instanceof MailFault) return error;
  if (!isLibraryFault(error)) return new MailFault('connection', false);
  const reason = typeof error.originalCode === 'string' ? error.originalCode : null;
  if (error.code === 'EAUTH') return new MailFault('auth', false);
  if (error.responseCode) {
    // Refusing the sender, the login or the connection concerns the installation, not this mail:
    // it may be put right before the passcode expires.
    const aboutThisMail = /^(?:RCPT TO|DATA)/.test(String(error.command));
    const permanent = error.responseCode >= 500 && error.responseCode !== 503 && aboutThisMail;
    return new MailFault(`smtp_${error.responseCode}`, permanent);
  }
  if (reason !== null && /CERT|SSL|TLS|VERIFY|SELF_SIGNED/.test(reason)) {
    return new MailFault('tls', false, reason);
  }
  switch (error.code) {
    case 'ETLS':
      return new MailFault('tls', false, reason);
    case 'ETIMEDOUT':
    case 'EABORT':
      return new MailFault('timeout', false);
    case 'EDNS':
      return new MailFault('dns', false, reason);
    case 'EENVELOPE':
      return new MailFault('recipient', true);
    case 'EMESSAGE':
    case 'ESTREAM':
      return new MailFault('message', true);
    case 'EPROTOCOL':
      return new MailFault('protocol', false);
    default:
      return new MailFault('connection', false, reason);
  }
}

function isLibraryFault(
  error: unknown,
): error is NodemailerError & { readonly originalCode?: unknown } {
  return error instanceof Error;
}
