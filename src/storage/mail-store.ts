// Owns the ports of mail: what waits to be sent, and what is kept for the development mailbox.

/** What one mail is doing. `decoy` rows are never sent: they cost what a real one costs (S62). */
export type MessageState = 'queued' | 'sending' | 'sent' | 'abandoned' | 'decoy';

/** One mail waiting in the database, its content sealed. */
export interface OutboxMessage {
  /** 22 base64url characters; the Message-ID is made of it, so that duplicates thread. */
  readonly id: string;
  readonly tenant: string;
  /** AES-256-GCM of the content (room mail knows what is inside), base64url; null once final. */
  readonly sealed: string | null;
  readonly state: MessageState;
  /** Delivery attempts so far. */
  readonly deliveries: number;
  readonly nextAttemptAt: number;
  readonly expiresAt: number;
  readonly createdAt: number;
  /** Who is sending it now. */
  readonly lease: string | null;
  readonly leaseUntil: number | null;
  /** Why the last delivery failed: a class such as `smtp_550`, never a text from outside. */
  readonly fault: string | null;
  /** Id of the guest it is for; null for others and for decoys. */
  readonly guest: string | null;
  /** As its content names it, e.g. `passcode`; null for decoys. */
  readonly kind: string | null;
  /** The two characters a passcode mail has in its subject; null for other mails. */
  readonly label: string | null;
  /** When it was sent or given up. */
  readonly settledAt: number | null;
  /** When it was told to be late: first by the relay, later by a report. */
  readonly delayedAt: number | null;
  /** When it was told that it does not arrive. */
  readonly bouncedAt: number | null;
  /** The status in the report that said so, e.g. `5.1.1` (RFC 3463); null where the relay refused. */
  readonly bounce: string | null;
  /** When its reader called it spam. */
  readonly complainedAt: number | null;
}

/** What is told of a mail after the relay took it. */
export interface MailReport {
  readonly what: 'bounced' | 'delayed' | 'complained';
  /** e.g. `5.1.1`; kept for bounces alone. */
  readonly status: string | null;
  /** Epoch seconds. */
  readonly at: number;
}

/** A message as it enters: waiting, never to be sent, or leased to its writer from the first moment. */
export type NewOutboxMessage = Pick<
  OutboxMessage,
  'id' | 'tenant' | 'sealed' | 'nextAttemptAt' | 'expiresAt' | 'createdAt'
> &
  Partial<Pick<OutboxMessage, 'guest' | 'kind' | 'label'>> &
  (
    | { readonly state: 'queued' | 'decoy' }
    | { readonly state: 'sending'; readonly lease: string; readonly leaseUntil: number }
  );

export interface OutboxStore {
  /** Adds a message; one that enters as `sending` counts its first delivery. */
  enqueue(message: NewOutboxMessage): Promise<void>;
  find(id: string): Promise<OutboxMessage | undefined>;
  /** Ids that could be leased now (queued and due, or sending with a lease that ran out), oldest first. */
  due(now: number, limit: number): Promise<readonly string[]>;
  /** When the earliest message becomes due, or undefined when none waits. */
  nextDueAt(): Promise<number | undefined>;
  /** What waits or is being sent; `oldestAt` is when the oldest of it was written, null when none is. */
  waiting(): Promise<{
    readonly queued: number;
    readonly sending: number;
    readonly oldestAt: number | null;
  }>;
  /**
   * Takes one message for sending by a conditional update; counts the delivery.
   * @returns the message, or undefined when it is not due any more or another worker has it
   */
  lease(
    id: string,
    lease: string,
    now: number,
    leaseUntil: number,
  ): Promise<OutboxMessage | undefined>;
  /** Extends a lease still held. @returns false when it was lost */
  renew(id: string, lease: string, leaseUntil: number): Promise<boolean>;
  /** Final: sent or abandoned. The content is wiped. @returns false when the lease was lost */
  settle(
    id: string,
    lease: string,
    outcome: {
      readonly state: 'sent' | 'abandoned';
      readonly fault: string | null;
      readonly at: number;
      /** Whether the relay's last word was no. */
      readonly refused?: boolean;
    },
  ): Promise<boolean>;
  /** Back to queued. @returns false when the lease was lost */
  postpone(
    id: string,
    lease: string,
    late: { readonly nextAttemptAt: number; readonly fault: string; readonly at: number },
  ): Promise<boolean>;
  /**
   * Keeps a report about a mail that was tried, the first of its kind.
   * @returns false when that is known already, or there is no such mail
   */
  report(id: string, report: MailReport): Promise<boolean>;
  /** Mails of a guest, newest first. */
  listOf(tenant: string, guest: string, limit: number): Promise<readonly OutboxMessage[]>;
}

/** One mail kept for the development mailbox page instead of being sent. */
export interface MailboxMessage {
  readonly id: string;
  readonly receivedAt: number;
  readonly recipient: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface MailboxStore {
  put(message: MailboxMessage): Promise<void>;
  /** Newest first. */
  list(limit: number): Promise<readonly MailboxMessage[]>;
  find(id: string): Promise<MailboxMessage | undefined>;
}
