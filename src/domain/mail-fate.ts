// Owns what became of a mail, as far as mail servers have told.

/** What is stored of a mail that its fate depends on. */
export interface MailRecord {
  readonly state: 'queued' | 'sending' | 'sent' | 'abandoned' | 'decoy';
  /** Epoch seconds, each null while it has not happened. */
  readonly settledAt: number | null;
  readonly delayedAt: number | null;
  readonly bouncedAt: number | null;
  /** The status of the report that it did not arrive, e.g. `5.1.1`; null when the relay itself refused. */
  readonly bounce: string | null;
}

/**
 * What can become of a mail:
 *
 * - `waiting`: on its way to the relay, nothing is known yet
 * - `accepted`: the relay took it; that is not the mailbox yet
 * - `delayed`: the relay, or a server behind it, tries again later
 * - `refused`: a mail server will not take it, and that is its last word
 * - `no-mailbox`: refused because there is no such mailbox
 * - `abandoned`: given up for a reason of ours, such as a code that ended before it could be sent
 */
export const MAIL_FATES = [
  'waiting',
  'accepted',
  'delayed',
  'refused',
  'no-mailbox',
  'abandoned',
] as const;

/** One of {@link MAIL_FATES}. */
export type MailFate = (typeof MAIL_FATES)[number];

/** A status of RFC 3463 whose first digit says what to expect: 2 success, 4 later, 5 never. */
export const MAIL_STATUS = /^[245]\.\d{1,3}\.\d{1,3}$/;

// X.1.x is about the address itself; of X.2.x only the mailbox that is switched off is. 5.1.7 and
// 5.1.8 are about the sender's address. A full mailbox (5.2.2), a size, a route or a policy may be
// another one tomorrow.
const ABOUT_THE_ADDRESS = /^5\.(?:1\.(?:1|2|3|4|6|10)|2\.1)$/;

/** Whether a status says that there is no such mailbox, for good. Pure. @source RFC 3463, RFC 7505 */
export function isNoMailbox(status: string | null): boolean {
  return status !== null && ABOUT_THE_ADDRESS.test(status);
}

/** What became of a mail. Pure: what was told last counts, a report comes after the relay's yes. */
export function fateOf(mail: MailRecord): MailFate {
  const { state, delayedAt, settledAt, bouncedAt, bounce } = mail;
  if (bouncedAt !== null) return isNoMailbox(bounce) ? 'no-mailbox' : 'refused';
  if (state === 'abandoned') return 'abandoned';
  if (delayedAt === null) return state === 'sent' ? 'accepted' : 'waiting';
  // A delay that the relay told is over once it took the mail; a server behind it tells of its own.
  return state === 'sent' && delayedAt < (settledAt ?? 0) ? 'accepted' : 'delayed';
}
