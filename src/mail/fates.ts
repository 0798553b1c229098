// Owns what is known of mails that left: what became of one, and of those of a guest.

import { fateOf, type MailFate } from '../domain/mail-fate.ts';
import type { OutboxMessage, OutboxStore } from '../storage/store.ts';

/** One mail of a guest, told to those who administer them. Nothing of its content is left. */
export interface SentMail {
  /** As its content named it, e.g. `passcode`. */
  readonly kind: string;
  /** The two characters in the subject of a passcode mail. */
  readonly label: string | null;
  readonly fate: MailFate;
  /** Epoch seconds, null while it has not happened. */
  readonly queuedAt: number;
  /** When the relay took it. */
  readonly acceptedAt: number | null;
  readonly delayedAt: number | null;
  /** When it was refused, came back or was given up. */
  readonly failedAt: number | null;
  /** Why: the status of a report (`5.1.1`), or the class of our own fault (`smtp_550`, `expired`). */
  readonly because: string | null;
  /** When its reader called it spam. */
  readonly complainedAt: number | null;
}

/** As many of a guest are told of: newest first, some weeks of them. */
export const MOST_MAILS = 50;

/** @returns undefined for a mail that is not known any more */
export type FateOfMail = (id: string) => Promise<MailFate | undefined>;

/** @param outbox where mails are, for two weeks after they left */
export function createFateOfMail(outbox: Pick<OutboxStore, 'find'>): FateOfMail {
  return async (id) => {
    const message = await outbox.find(id);
    return message && fateOf(message);
  };
}

/** Tells of one mail. Pure. */
export function sentMailOf(message: OutboxMessage): SentMail {
  const { state, settledAt, bouncedAt, bounce, fault } = message;
  const isAbandoned = state === 'abandoned';
  return {
    kind: message.kind ?? 'unknown',
    label: message.label,
    fate: fateOf(message),
    queuedAt: message.createdAt,
    acceptedAt: state === 'sent' ? settledAt : null,
    delayedAt: message.delayedAt,
    failedAt: bouncedAt ?? (isAbandoned ? settledAt : null),
    because: bounce ?? fault,
    complainedAt: message.complainedAt,
  };
}
