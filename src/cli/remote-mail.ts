// Owns reading the mails of a guest as the admin API tells them.

import { z } from 'zod';
import { MAIL_FATES } from '../domain/mail-fate.ts';
import type { SentMail } from '../mail/fates.ts';
import { secondsOf } from './instant.ts';

const instant = z.string().transform(secondsOf);

const remoteMail = z
  .object({
    kind: z.string(),
    label: z.string().nullable(),
    state: z.enum(MAIL_FATES),
    queuedDateTime: instant,
    acceptedDateTime: instant.nullable(),
    delayedDateTime: instant.nullable(),
    failedDateTime: instant.nullable(),
    reason: z.string().nullable(),
    complainedDateTime: instant.nullable(),
  })
  .transform((mail): SentMail => ({
    kind: mail.kind,
    label: mail.label,
    fate: mail.state,
    queuedAt: mail.queuedDateTime,
    acceptedAt: mail.acceptedDateTime,
    delayedAt: mail.delayedDateTime,
    failedAt: mail.failedDateTime,
    because: mail.reason,
    complainedAt: mail.complainedDateTime,
  }));

/** The mails of one guest, newest first. */
export const remoteMails = z.object({ value: z.array(remoteMail) }).transform(({ value }) => value);
