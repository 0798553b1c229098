// Owns the mailbox of a test: mails are waited for by the event of their delivery.

import type { MailboxMessage, MailboxStore } from '../storage/store.ts';
import type { Log } from '../telemetry/log.ts';

/** One mail, as its reader got it. */
export interface MailedMessage {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** What was mailed. Every mail is handed out once, the newest first. */
export interface Mailbox {
  /**
   * The newest code mailed to an address that was not handed out before; waits for one.
   * @param waitSeconds default 10
   * @throws {Error} when none came, and says why that may be
   */
  waitForCode(address: string, waitSeconds?: number): Promise<string>;
  /** The newest mail to an address that was not handed out before, such as an invitation; as above. */
  waitForMail(address: string, waitSeconds?: number): Promise<MailedMessage>;
}

/** The passcode stands alone on a line, and on no other. */
const CODE = /^\s*([0-9]{8,12}|[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})\s*$/m;
const MOST_READ = 200;
const WAIT_SECONDS = 10;

/** A mailbox, and what feeds it. */
export interface TestMailbox {
  readonly mailbox: Mailbox;
  /** Hands out nothing of what an address was mailed so far. */
  readonly skip: (address: string) => Promise<void>;
  /** A log that notices deliveries and passes everything on. */
  readonly notice: (log: Log) => Log;
}

/** @param store where mails are put before the log says that they were sent */
export function createTestMailbox(store: () => MailboxStore): TestMailbox {
  const taken = new Set<string>();
  const looks = new Set<() => void>();

  const newest = async (address: string, pattern: RegExp): Promise<MailboxMessage | undefined> => {
    const messages = await store().list(MOST_READ);
    return messages.find(
      ({ id, recipient, text }) =>
        !taken.has(id) && isSame(recipient, address) && pattern.test(text),
    );
  };

  const wait = async (
    address: string,
    pattern: RegExp,
    waitSeconds = WAIT_SECONDS,
  ): Promise<MailboxMessage> => {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(nothingFor(address, waitSeconds)), waitSeconds * 1000);
    try {
      for (;;) {
        // Listens before it looks: a mail that comes in between is not missed.
        const { promise: delivered, resolve } = Promise.withResolvers<void>();
        looks.add(resolve);
        try {
          const found = await newest(address, pattern);
          if (found) {
            taken.add(found.id);
            return found;
          }
          await Promise.race([delivered, late]);
        } finally {
          looks.delete(resolve);
        }
      }
    } finally {
      clearTimeout(timer);
      late.catch(() => undefined);
    }
  };

  const mailbox: Mailbox = {
    async waitForCode(address, waitSeconds) {
      const { text } = await wait(address, CODE, waitSeconds);
      return CODE.exec(text)?.[1] ?? '';
    },
    async waitForMail(address, waitSeconds) {
      const { recipient, subject, text, html } = await wait(address, /(?:)/, waitSeconds);
      return { to: recipient, subject, text, html };
    },
  };

  return {
    mailbox,
    async skip(address) {
      for (const { id, recipient } of await store().list(MOST_READ)) {
        if (isSame(recipient, address)) taken.add(id);
      }
    },
    notice(log) {
      return {
        ...log,
        info(event, fields) {
          log.info(event, fields);
          if (event === 'mail.sent') for (const look of looks) look();
        },
      };
    },
  };
}

function isSame(recipient: string, address: string): boolean {
  return recipient.toLowerCase() === address.trim().toLowerCase();
}

function nothingFor(address: string, seconds: number): Error {
  return new Error(
    `no such mail to ${address} within ${seconds} seconds; ` +
      'is this address invited, and was Send code pressed?',
  );
}
