// Owns one attempt to deliver one message: lease, send, and what comes of it.

import { randomBytes } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Sealer } from '../settings/sealer.ts';
import type { OutboxMessage, Store } from '../storage/store.ts';
import type { Log } from '../telemetry/log.ts';
import { type Cause, type Step, traced } from '../telemetry/trace.ts';
import type { MailContent } from './content.ts';
import { openContent } from './sealed-content.ts';
import type { Templates } from './templates.ts';
import { MailFault, type Mailer } from './transport.ts';

/** What a delivery needs. */
export interface DeliveryDeps {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly mailer: Mailer;
  readonly templates: Templates;
  /** Who writes, as configured now; undefined for a tenant that is gone. */
  readonly tenantOf: (id: string) => Tenant | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** What becomes of a message after an attempt; `fault` is a class, never a text from outside. */
export type DeliveryOutcome =
  | { readonly state: 'sent' }
  | { readonly state: 'postponed'; readonly until: number; readonly fault: string }
  | {
      readonly state: 'abandoned';
      readonly fault: string;
      /** Whether that was the last word of a mail server. */
      readonly refused?: boolean;
    };

/** How long a message is its sender's before anybody may take it over. */
export const LEASE_SECONDS = 15;
const RENEW_MS = 5_000;
const RETRY_SECONDS = [5, 20, 60, 180, 300] as const;
// A code that arrives with less than two minutes left only makes its reader fail.
const LAST_USEFUL_SECONDS = 120;

/**
 * Decides what a failed attempt means. Pure.
 *
 * @param deliveries attempts made so far, this one included
 * @returns `postponed` 5, 20, 60, 180, then every 300 seconds; `abandoned` for a permanent fault, or
 *   when the next attempt would come less than two minutes before the message expires
 * @source faults R10, R11
 */
export function decideAfterFault(
  fault: Pick<MailFault, 'faultClass' | 'permanent'>,
  deliveries: number,
  expiresAt: number,
  now: number,
): DeliveryOutcome {
  const wait = RETRY_SECONDS[deliveries - 1] ?? RETRY_SECONDS.at(-1)!;
  const until = now + wait;
  const { permanent, faultClass } = fault;
  if (permanent) {
    // A mail that we could not write well says nothing about its reader.
    const refused = faultClass.startsWith('smtp_');
    return { state: 'abandoned', fault: faultClass, ...(refused && { refused }) };
  }
  return until > expiresAt - LAST_USEFUL_SECONDS
    ? { state: 'abandoned', fault: faultClass }
    : { state: 'postponed', until, fault: faultClass };
}

/**
 * Creates the delivery of one message by id. It does nothing when the message is not due or
 * somebody else has it. While the relay is slow the lease is renewed every 5 s, so that no second
 * worker sends the same mail; after a crash it runs out within 15 s.
 *
 * @returns a function that rejects only when the store fails; the message is then retried once its
 *   lease ran out. `claim` is a message whose lease the caller holds already, `cause` the span that queued it.
 */
export function createDelivery(
  deps: DeliveryDeps,
): (id: string, claim?: OutboxMessage, cause?: Cause) => Promise<void> {
  const { store, mailer, templates, clock, log } = deps;

  return async (id, claim, cause) => {
    const message = claim ?? (await take(id));
    const { lease } = message ?? {};
    if (!message || !lease) return;
    const attributes = {
      'guestpass.tenant': message.tenant,
      'guestpass.deliveries': message.deliveries,
    };
    // No request waits for it, so it is no part of one: a trace of its own.
    await traced('mail.deliver', { attributes, root: { cause } }, (step) =>
      deliver(message, lease, step),
    );
  };

  async function deliver(message: OutboxMessage, lease: string, step: Step): Promise<void> {
    const { id } = message;
    const content = read(message);
    const renewing = setInterval(() => void renew(id, lease), RENEW_MS).unref();
    try {
      const outcome = await attempt(message, content);
      step.note({ 'guestpass.outcome': outcome.state });
      if (outcome.state !== 'sent') step.fail(outcome.fault);
      const kept = await record(id, lease, outcome);
      report(message, content, outcome, kept);
    } finally {
      clearInterval(renewing);
    }
  }

  function take(id: string): Promise<OutboxMessage | undefined> {
    const now = clock();
    return store.outbox.lease(id, createLease(), now, now + LEASE_SECONDS);
  }

  function read(message: OutboxMessage): MailContent | undefined {
    try {
      return openContent(deps.sealer, message, message.sealed ?? '');
    } catch {
      // Changed, moved or sealed under a lost key: the reason is the same for all, and final.
      return undefined;
    }
  }

  async function attempt(
    message: OutboxMessage,
    content: MailContent | undefined,
  ): Promise<DeliveryOutcome> {
    if (!content) return { state: 'abandoned', fault: 'unreadable' };
    if (message.expiresAt <= clock()) return { state: 'abandoned', fault: 'expired' };
    try {
      await mailer.send(message.id, templates.render(content, deps.tenantOf(message.tenant)));
      return { state: 'sent' };
    } catch (error) {
      if (!(error instanceof MailFault)) {
        // The name alone: a message of the template engine may quote what it was rendering (S65).
        const name = error instanceof Error ? error.name : typeof error;
        log.error('mail.failed', { id: message.id, error: name });
        return { state: 'abandoned', fault: 'internal' };
      }
      log.warn('mail.refused', { id: message.id, fault: error.faultClass, reason: error.reason });
      return decideAfterFault(error, message.deliveries, message.expiresAt, clock());
    }
  }

  function record(id: string, lease: string, outcome: DeliveryOutcome): Promise<boolean> {
    const at = clock();
    if (outcome.state === 'postponed') {
      const { until: nextAttemptAt, fault } = outcome;
      return store.outbox.postpone(id, lease, { nextAttemptAt, fault, at });
    }
    const { state } = outcome;
    const told =
      state === 'sent'
        ? { fault: null }
        : { fault: outcome.fault, refused: outcome.refused ?? false };
    return store.outbox.settle(id, lease, { state, at, ...told });
  }

  async function renew(id: string, lease: string): Promise<void> {
    try {
      await store.outbox.renew(id, lease, clock() + LEASE_SECONDS);
    } catch (error) {
      log.warn('mail.renew_failed', { id, error });
    }
  }

  function report(
    message: OutboxMessage,
    content: MailContent | undefined,
    outcome: DeliveryOutcome,
    kept: boolean,
  ): void {
    const { id, tenant, deliveries } = message;
    const line = { id, tenant, deliveries, address: content?.to, ...outcome };
    // Another worker took over: its outcome counts, and this mail may arrive twice.
    if (!kept) log.warn('mail.lease_lost', line);
    else if (outcome.state === 'sent') {
      log.info('mail.sent', { ...line, waitedSeconds: Math.max(0, clock() - message.createdAt) });
    } else if (outcome.state === 'postponed') log.warn('mail.postponed', line);
    else log.error('mail.abandoned', line);
  }
}

/** Names the holder of a lease: 128 random bits. */
export function createLease(): string {
  return randomBytes(16).toString('base64url');
}
