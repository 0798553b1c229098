// Owns `/users/{id}/mails`: what became of the mails of a guest.

import { z } from 'zod';
import { instantOf } from '../../domain/clock.ts';
import { MAIL_FATES } from '../../domain/mail-fate.ts';
import { MOST_MAILS, sentMailOf } from '../../mail/fates.ts';
import type { GuestStore, OutboxMessage, OutboxStore } from '../../storage/store.ts';
import type { Operation } from './operation.ts';
import { nowhere } from './problem.ts';

/** One mail as it is answered. Neither code nor address nor link is in it. */
const mailSchema = z.strictObject({
  kind: z.string().describe('`passcode`, `invitation` or `security-notice`.'),
  label: z.string().nullable().describe('The two characters in the subject of a mail with a code.'),
  state: z.enum(MAIL_FATES),
  queuedDateTime: z.string(),
  acceptedDateTime: z.string().nullable().describe('When the relay took it.'),
  delayedDateTime: z.string().nullable().describe('When a mail server said that it tries later.'),
  failedDateTime: z.string().nullable().describe('When it was refused, came back or was given up.'),
  reason: z
    .string()
    .nullable()
    .describe('The status of a report (`5.1.1`), or the class of a fault (`smtp_550`, `expired`).'),
  complainedDateTime: z.string().nullable().describe('When its reader called it spam.'),
});

export interface MailOperationsDeps {
  readonly guests: Pick<GuestStore, 'find'>;
  readonly mails: Pick<OutboxStore, 'listOf'>;
}

/** @source rule R44; S33, S65 */
export function createMailOperations({ guests, mails }: MailOperationsDeps): readonly Operation[] {
  return [
    {
      name: 'listMails',
      method: 'GET',
      path: '/users/{id}/mails',
      scope: 'guests.read',
      summary: `Tells what became of the mails of a guest, newest first, at most ${MOST_MAILS}, for two weeks.`,
      status: 200,
      answer: {
        name: 'mailCollection',
        schema: z.strictObject({ value: z.array(mailSchema) }),
      },
      problems: [404],
      run: async ({ tenant, id }) => {
        const guest = await guests.find(tenant.id, id);
        if (!guest || guest.removedAt !== null) return nowhere;
        const found = await mails.listOf(tenant.id, guest.id, MOST_MAILS);
        return { value: found.map(mailOf) };
      },
    },
  ];
}

function mailOf(message: OutboxMessage): z.infer<typeof mailSchema> {
  const mail = sentMailOf(message);
  return {
    kind: mail.kind,
    label: mail.label,
    state: mail.fate,
    queuedDateTime: instantOf(mail.queuedAt),
    acceptedDateTime: when(mail.acceptedAt),
    delayedDateTime: when(mail.delayedAt),
    failedDateTime: when(mail.failedAt),
    reason: mail.because,
    complainedDateTime: when(mail.complainedAt),
  };
}

function when(seconds: number | null): string | null {
  return seconds === null ? null : instantOf(seconds);
}
