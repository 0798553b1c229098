// Owns a mail of a guest in words, for whoever administers them.

import { instantOf } from '../domain/clock.ts';
import type { SentMail } from '../mail/fates.ts';

/** What is said of a mail whose last word is not yet, or no more than, the relay's yes. */
const FATES: Readonly<Record<SentMail['fate'], string>> = {
  waiting: 'waiting',
  accepted: 'accepted',
  delayed: 'delayed',
  refused: 'refused',
  'no-mailbox': 'no such mailbox',
  abandoned: 'given up',
};

/** One line: when it was queued, what it was, what became of it and when. Pure. */
export function describeMail(mail: SentMail): string {
  const { kind, label, fate, queuedAt, acceptedAt, delayedAt, failedAt, because } = mail;
  const at = failedAt ?? (fate === 'delayed' ? delayedAt : acceptedAt);
  const why = because === null ? '' : ` (${because})`;
  return [
    instantOf(queuedAt),
    label === null ? kind : `${kind} ${label}`,
    `${FATES[fate]}${at === null ? '' : ` ${instantOf(at)}`}${why}`,
    ...(mail.complainedAt === null ? [] : [`called spam ${instantOf(mail.complainedAt)}`]),
  ].join('  ');
}

/** A mail for programs: keys are stable, times are ISO instants. Pure. */
export function mailValue(mail: SentMail): Readonly<Record<string, string | null>> {
  return {
    kind: mail.kind,
    label: mail.label,
    state: mail.fate,
    queuedAt: instantOf(mail.queuedAt),
    acceptedAt: when(mail.acceptedAt),
    delayedAt: when(mail.delayedAt),
    failedAt: when(mail.failedAt),
    reason: mail.because,
    complainedAt: when(mail.complainedAt),
  };
}

function when(seconds: number | null): string | null {
  return seconds === null ? null : instantOf(seconds);
}
