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
 * @source S8
 */
export function addressFailureBudgets(subjects: BudgetSubjects, limits: Limits): readonly Budget[] {
  return [
    budget('failure.address.day', subjects.address, DAY, limits.failuresPerAddressPerDay),
    budget('failure.address.month', subjects.address, 30 * DAY, limits.failuresPerAddressPer30Days),
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
 * Budgets of mails: what a victim, a network and a tenant's sender reputation can be made to bear.
 *
 * @source S11; security requirements section 2.0
 */
export function sendBudgets(subjects: BudgetSubjects, limits: Limits): readonly Budget[] {
  const { address, mailbox, network, tenant } = subjects;
  return [
    budget('send.address.hour', address, HOUR, limits.sendsPerAddressPerHour),
    budget('send.address.day', address, DAY, limits.sendsPerAddressPerDay),
    budget('send.mailbox.hour', mailbox, HOUR, limits.sendsPerMailboxPerHour),
    budget('send.mailbox.day', mailbox, DAY, limits.sendsPerMailboxPerDay),
    budget('send.network.quarter', network, 15 * MINUTE, limits.sendsPerNetworkPer15Minutes),
    budget('send.network.day', network, DAY, limits.sendsPerNetworkPerDay),
    budget('send.tenant.hour', tenant, HOUR, limits.sendsPerTenantPerHour),
  ];
}

/** When the window of a budget ends, in epoch seconds: the earliest moment it is fresh again. */
export function windowEnd(of: Pick<Budget, 'windowSeconds'>, now: number): number {
  return (Math.floor(now / of.windowSeconds) + 1) * of.windowSeconds;
}

function budget(scope: string, subject: string, windowSeconds: number, limit: number): Budget {
  return { scope, subject, windowSeconds, limit };
}
