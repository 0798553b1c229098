// Owns the outbox: mail is written with the transaction that causes it and delivered after it, so
// that no request ever waits for a relay and no accepted mail is lost by a crash (R5, R9).

import { randomBytes } from 'node:crypto';
import type { OutboxMessage, Store } from '../storage/store.ts';
import { type Cause, currentCause } from '../telemetry/trace.ts';
import type { MailContent } from './content.ts';
import { createDelivery, createLease, type DeliveryDeps, LEASE_SECONDS } from './delivery.ts';
import { sealContent } from './sealed-content.ts';
import { MAX_CONNECTIONS } from './transport.ts';

/** A mail to be sent. */
export interface OutgoingMessage {
  readonly tenant: string;
  /** null writes a decoy: a row of the same cost and size that is never sent (S62). */
  readonly content: MailContent | null;
  /** Epoch seconds; not sent any more from then on. */
  readonly expiresAt: number;
  /** Id of the guest it is for, who may be told what became of it; default nobody's. */
  readonly guest?: string | null;
  /** Of {@link createMessageId}; default a new one. */
  readonly id?: string;
}

/** Queue and worker of one process; several processes may share one store. */
export interface Outbox {
  /**
   * Writes a message with the transaction of its cause.
   * @returns its id, to be handed to {@link Outbox.wake} once the transaction is committed
   */
  enqueue(tx: Store, message: OutgoingMessage): Promise<string>;
  /** Delivers this message now, or looks for any that is due. Never waits, never throws. */
  wake(id?: string): void;
  /** Starts delivering; also what crashed processes left behind. */
  start(): void;
  /** Stops taking messages and waits for the deliveries in flight. */
  stop(): Promise<void>;
  /** Resolves when nothing is due or in flight here; delivers only between start and stop. */
  idle(): Promise<void>;
}

const POLL_MS = 2_000;
// What does not fit is found by the next look; memory stays bounded while a relay is down.
const MAX_WAITING = 1_000;
// Looking sorts everything that is due: with a long backlog, few looks are cheaper than many.
const LOOK_AHEAD = 8 * MAX_CONNECTIONS;

const UNTRIED = {
  deliveries: 1,
  fault: null,
  settledAt: null,
  delayedAt: null,
  bouncedAt: null,
  bounce: null,
  complainedAt: null,
} as const;

/**
 * Names a mail: 128 random bits, 22 base64url characters. Only who got the mail, or carried it, knows
 * it: that is what makes a report about it believable.
 */
export function createMessageId(): string {
  return randomBytes(16).toString('base64url');
}

/**
 * Creates the outbox; nothing is delivered before `start`.
 *
 * At most four deliveries run at a time. A message that is due is found by `wake` at once and by a
 * look at the store every two seconds; its own timers never keep the process alive.
 *
 * @source faults R5, R6, R9 to R12; S62
 */
export function createOutbox(deps: DeliveryDeps): Outbox {
  const { store, clock, log } = deps;
  const deliver = createDelivery(deps);
  const waiting = new Set<string>();
  const inFlight = new Map<string, Promise<void>>();
  // Messages written under a lease of our own: they need not be taken a second time. Should the
  // process die, or the transaction never commit, the lease runs out as any other.
  const claims = new Map<string, OutboxMessage>();
  /** Spans that queued what this process delivers; a mail that another one takes over has none. */
  const causes = new Map<string, Cause>();
  let running = false;
  let timer: NodeJS.Timeout | undefined;
  let looking = Promise.resolve(false);
  let backlog = false;

  return {
    enqueue: async (tx, { tenant, content, expiresAt, guest = null, id = createMessageId() }) => {
      const now = clock();
      const cause = currentCause();
      if (cause && content !== null) remember(id, cause);
      const sealed = sealContent(deps.sealer, { tenant, id }, content);
      const message = {
        id,
        tenant,
        sealed,
        nextAttemptAt: now,
        expiresAt,
        createdAt: now,
        guest: content === null ? null : guest,
        kind: content?.kind ?? null,
        label: content?.kind === 'passcode' ? content.label : null,
      };
      if (content === null || !hasRoom()) {
        await tx.outbox.enqueue({ ...message, state: content === null ? 'decoy' : 'queued' });
        return id;
      }
      const lease = {
        state: 'sending',
        lease: createLease(),
        leaseUntil: now + LEASE_SECONDS,
      } as const;
      await tx.outbox.enqueue({ ...message, ...lease });
      claims.set(id, { ...message, ...lease, ...UNTRIED });
      return id;
    },
    wake: (id) => {
      if (!running) return;
      if (id === undefined) {
        schedule(0);
        return;
      }
      if (waiting.size < MAX_WAITING && !inFlight.has(id)) waiting.add(id);
      fill();
    },
    start: () => {
      if (running) return;
      running = true;
      schedule(0);
    },
    stop: async () => {
      running = false;
      clearTimeout(timer);
      waiting.clear();
      await looking.catch(() => {});
      await Promise.all(inFlight.values());
    },
    idle,
  };

  async function idle(): Promise<void> {
    const found = running && (await look());
    if (!found && inFlight.size === 0) return;
    await Promise.all(inFlight.values());
    await idle();
  }

  /** The oldest goes for it: what was rolled back, or another process delivers, is never asked for. */
  function remember(id: string, cause: Cause): void {
    const [oldest] = causes.keys();
    if (causes.size >= MAX_WAITING && oldest !== undefined) causes.delete(oldest);
    causes.set(id, cause);
  }

  /** Whether a message could be delivered at once: a claim that has to wait would only run out. */
  function hasRoom(): boolean {
    return running && inFlight.size + waiting.size + claims.size < MAX_CONNECTIONS;
  }

  /** The claim on a message, while there is time enough left to use it. */
  function takeClaim(id: string): OutboxMessage | undefined {
    const claim = claims.get(id);
    claims.delete(id);
    const until = claim?.leaseUntil ?? 0;
    return clock() < until - LEASE_SECONDS / 2 ? claim : undefined;
  }

  /** Starts deliveries while there are slots. */
  function fill(): void {
    for (const id of waiting) {
      if (!running || inFlight.size >= MAX_CONNECTIONS) return;
      waiting.delete(id);
      inFlight.set(id, run(id));
    }
  }

  async function run(id: string): Promise<void> {
    try {
      const cause = causes.get(id);
      causes.delete(id);
      await deliver(id, takeClaim(id), cause);
    } catch (error) {
      log.error('outbox.store_failed', { id, error });
    }
    inFlight.delete(id);
    fill();
    if (backlog && waiting.size === 0) {
      backlog = false;
      schedule(0);
    }
  }

  /**
   * Looks for due messages, one look after the other: sharing one that began before a commit or a
   * tick of the clock would miss what came since.
   * @returns whether there were any
   */
  function look(): Promise<boolean> {
    looking = looking.catch(() => false).then(findDue);
    return looking;
  }

  async function findDue(): Promise<boolean> {
    const now = clock();
    for (const [id, { leaseUntil }] of claims) if ((leaseUntil ?? 0) <= now) claims.delete(id);
    const limit = LOOK_AHEAD + inFlight.size;
    const due = await store.outbox.due(now, limit);
    backlog = due.length === limit;
    for (const id of due) if (!inFlight.has(id)) waiting.add(id);
    fill();
    return due.length > 0;
  }

  function schedule(delayMs: number): void {
    clearTimeout(timer);
    if (running) timer = setTimeout(() => void poll(), delayMs).unref();
  }

  async function poll(): Promise<void> {
    let delayMs = POLL_MS;
    try {
      await look();
      const next = await store.outbox.nextDueAt();
      const seconds = next === undefined ? 0 : next - clock();
      if (seconds > 0) delayMs = Math.min(POLL_MS, seconds * 1000);
    } catch (error) {
      log.error('outbox.store_failed', { error });
    }
    schedule(delayMs);
  }
}
