// Owns reading how mail leaves.

import { parseEmailAddress } from '../domain/email-address.ts';
import { resolveDkim } from './dkim.ts';
import { isLoopbackHost } from './public-url.ts';
import { type Path, type Reading, report } from './reading.ts';
import { refuseLiteral, resolveKey, resolveSecretText } from './secrets.ts';
import type { SettingsFile } from './schema.ts';
import type { MailSettings, MailTransportSettings } from './settings.ts';

const TRANSPORT: Path = ['mail', 'transport'];
const SUBMISSION_PORT = 587;
const SUBMISSIONS_PORT = 465;

/**
 * Reads the `mail` key. TLS is demanded of every mail server that is not on this machine.
 *
 * @returns undefined after reporting
 * @source security requirement S21
 */
export async function resolveMail(
  reading: Reading,
  value: SettingsFile['mail'],
): Promise<MailSettings | undefined> {
  const from = parseEmailAddress(value.from)?.address;
  const transport =
    value.transport === 'mailbox'
      ? resolveMailbox(reading, value)
      : await resolveServer(reading, value);
  if (from === undefined) return undefined;
  const dkim = value.dkim && (await resolveDkim(reading, value.dkim, from));
  const reportKey =
    value.reportKey === undefined
      ? undefined
      : await resolveKey(reading, ['mail', 'reportKey'], value.reportKey);
  const returnPath = value.returnPath && parseEmailAddress(value.returnPath)?.address;
  return (
    transport && {
      transport,
      from,
      ...(returnPath !== undefined && { returnPath }),
      ...(dkim && { dkim }),
      ...(reportKey && { reportKey }),
    }
  );
}

function resolveMailbox(
  reading: Reading,
  value: SettingsFile['mail'],
): MailTransportSettings | undefined {
  if (value.auth) {
    report(reading, ['mail', 'auth'], 'the mailbox needs no sign-in', 'delete it', 'key');
  }
  // Its page shows every passcode to whoever opens it.
  if (reading.env['NODE_ENV'] === 'production' || !reading.isLoopback) {
    report(
      reading,
      TRANSPORT,
      'mailbox is for development: it shows every passcode to anybody',
      'name a mail server: smtp://mail.example:587',
    );
    return undefined;
  }
  return { kind: 'mailbox' };
}

async function resolveServer(
  reading: Reading,
  value: SettingsFile['mail'],
): Promise<MailTransportSettings | undefined> {
  const text = value.transport;
  const url = /^smtps?:\/\/[^\s\\]+$/.test(text) ? URL.parse(text) : null;
  if (!url || url.hostname === '' || !/^\/?$/.test(url.pathname) || /[?#]/.test(text)) {
    report(
      reading,
      TRANSPORT,
      'not the address of a mail server',
      'write smtp://HOST:587, smtps://HOST:465 or mailbox',
    );
    return undefined;
  }
  const implicitTls = url.protocol === 'smtps:';
  const server = {
    kind: 'smtp',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (implicitTls ? SUBMISSIONS_PORT : SUBMISSION_PORT),
    implicitTls,
    requireTls: !isLoopbackHost(url.hostname),
  } as const;
  if (url.username === '' && url.password === '' && !value.auth) return server;
  const signIn = await resolveSignIn(reading, url, value.auth);
  return signIn && { ...server, ...signIn };
}

async function resolveSignIn(
  reading: Reading,
  url: URL,
  auth: SettingsFile['mail']['auth'],
): Promise<{ readonly user: string; readonly password: string } | undefined> {
  if (url.username === '' && url.password === '' && auth) {
    const password = await resolveSecretText(reading, ['mail', 'auth', 'password'], auth.password);
    return password === undefined ? undefined : { user: auth.user, password };
  }
  if (auth) {
    report(reading, TRANSPORT, 'the sign-in stands twice', 'keep mail.auth alone');
    return undefined;
  }
  if (url.username === '' || url.password === '') {
    report(reading, TRANSPORT, 'a user without a password', 'write both under mail.auth');
    return undefined;
  }
  if (!refuseLiteral(reading, TRANSPORT)) return undefined;
  try {
    return {
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
    };
  } catch {
    report(reading, TRANSPORT, 'a % that escapes nothing', 'write both under mail.auth');
    return undefined;
  }
}
