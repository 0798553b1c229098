// Owns the budgets: what is counted, for whom, over which window, and how much is allowed.

import type { Limits } from './limits.ts';

/** One counter with its ceiling. `subject` is opaque to everybody but the one who made it. */
export interface Budget {
  readonly scope: string;
  readonly subject: string;
  /** 0 for a counter without window. */
  readonly windowSeconds: number;
  readonly limit: number;
}

/** Told which budgets kept something back, or made it strong: for the numbers, not for the answer. */
export type OnSpent = (tenant: string, spent: readonly Budget[]) => void;

/** Who an action is counted for; every value an opaque ASCII key of at most 64 characters. */
export interface BudgetSubjects {
  /** The address within the tenant. */
  readonly address: string;
  /** The address over all tenants. */
  readonly mailbox: string;
  readonly network: string;
  readonly tenant: string;
  /** The browser, where it is known to be this address's own; such a browser has pools of its own (S10). */
  readonly knownBrowser?: string;
}

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const INSTANCE = 'all';
// The counter of consecutive failures has no window: it is cleared, not outlived.
const FOREVER = 0;

/**
 * Budgets of failed evaluations that are reserved before comparing and refunded only by success,
 * so that no number of parallel guesses, sign-ins or nodes can overshoot them.
 *
 * An evaluation counts in one of two pools. All known browsers of an address share the second one:
 * with a pool each, every further browser would add its guesses to the bound. So one address can be
 * guessed at twice as often as without known browsers, however many of them somebody has stolen.
 *
 * @source S8, S10
 */
export function addressFailureBudgets(subjects: BudgetSubjects, limits: Limits): readonly Budget[] {
  const { address, knownBrowser } = subjects;
  if (knownBrowser !== undefined) {
    const { failuresOfKnownBrowsersPerDay, failuresOfKnownBrowsersPer30Days } = limits;
    return [
      budget('failure.known.day', address, DAY, failuresOfKnownBrowsersPerDay),
      budget('failure.known.month', address, 30 * DAY, failuresOfKnownBrowsersPer30Days),
    ];
  }
  return [
    budget('failure.address.day', address, DAY, limits.failuresPerAddressPerDay),
    budget('failure.address.month', address, 30 * DAY, limits.failuresPerAddressPer30Days),
  ];
}

/**
 * Budgets of failed evaluations counted when the failure is known, the consecutive one first. Spending any of them makes new
 * passcodes in its scope strong; nobody is locked out.
 *
 * @source S9; SP 800-63B-4 section 3.2.2 (100 consecutive failures)
 */
export function scopeFailureBudgets(subjects: BudgetSubjects, limits: Limits): readonly Budget[] {
  return [
    consecutiveFailureBudget(subjects, limits),
    budget('failure.network.day', subjects.network, DAY, limits.failuresPerNetworkPerDay),
    budget('failure.tenant.day', subjects.tenant, DAY, limits.failuresPerTenantPerDay),
    budget('failure.instance.day', INSTANCE, DAY, limits.failuresPerInstancePerDay),
  ];
}

/** Failures of one address without a success between them; cleared by success. */
export function consecutiveFailureBudget(subjects: BudgetSubjects, limits: Limits): Budget {
  const limit = limits.consecutiveFailuresPerAddress;
  return budget('failure.consecutive', subjects.address, FOREVER, limit);
}

/**
 * Budgets of mails: what a victim, a network and a tenant's sender reputation can be made to bear. A
 * known browser has its own in the place of the address's and the mailbox's: anybody can spend those.
 *
 * @source S10, S11; security requirements section 2.0
 */
export function sendBudgets(subjects: BudgetSubjects, limits: Limits): readonly Budget[] {
  const { network, tenant } = subjects;
  return [
    ...recipientSendBudgets(subjects, limits),
    budget('send.network.quarter', network, 15 * MINUTE, limits.sendsPerNetworkPer15Minutes),
    budget('send.network.day', network, DAY, limits.sendsPerNetworkPerDay),
    budget('send.tenant.hour', tenant, HOUR, limits.sendsPerTenantPerHour),
  ];
}

function recipientSendBudgets(
  { address, mailbox, knownBrowser }: BudgetSubjects,
  limits: Limits,
): readonly Budget[] {
  if (knownBrowser !== undefined) {
    return [
      budget('send.known.hour', knownBrowser, HOUR, limits.sendsPerKnownBrowserPerHour),
      budget('send.known.day', knownBrowser, DAY, limits.sendsPerKnownBrowserPerDay),
    ];
  }
  return [
    budget('send.address.hour', address, HOUR, limits.sendsPerAddressPerHour),
    budget('send.address.day', address, DAY, limits.sendsPerAddressPerDay),
    budget('send.mailbox.hour', mailbox, HOUR, limits.sendsPerMailboxPerHour),
    budget('send.mailbox.day', mailbox, DAY, limits.sendsPerMailboxPerDay),
  ];
}

/** What a guest is written to about for safety's sake. */
export type NoticeEvent = 'attempts' | 'sign-in';

/** Failures without a success between them after which a sign-in in a new browser is told (S67). */
export const FAILURES_BEFORE_NOTICE = 5;

/**
 * One notice of a kind per address and day: whoever makes the guest be told of wrong codes fills the
 * mailbox with one mail, and cannot silence the one about a sign-in by it.
 *
 * @source S67
 */
export function noticeBudget(event: NoticeEvent, { address }: BudgetSubjects): Budget {
  return budget(`notice.${event}.day`, address, DAY, 1);
}

/** When the window of a budget ends, in epoch seconds: the earliest moment it is fresh again. */
export function windowEnd(of: Pick<Budget, 'windowSeconds'>, now: number): number {
  return (Math.floor(now / of.windowSeconds) + 1) * of.windowSeconds;
}

function budget(scope: string, subject: string, windowSeconds: number, limit: number): Budget {
  return { scope, subject, windowSeconds, limit };
}
