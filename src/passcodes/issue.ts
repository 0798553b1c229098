// Owns sending a passcode: the right to send, the budgets, the digest and the outbox row stand or
// fall together, in one transaction. Mail itself never waits in a request.

import {
  addressFailureBudgets,
  type Budget,
  type BudgetSubjects,
  type OnSpent,
  scopeFailureBudgets,
  sendBudgets,
  windowEnd,
} from '../domain/budget.ts';
import type { Clock } from '../domain/clock.ts';
import type { Limits } from '../domain/limits.ts';
import type { MailContent, NoInvitationMail, PasscodeMail } from '../mail/content.ts';
import { createMessageId } from '../mail/outbox.ts';
import type { SignIn, Store } from '../storage/store.ts';
import type { PasscodeDigests } from './digest.ts';
import {
  generateLabel,
  generateLinkKey,
  generateShortPasscode,
  generateStrongPasscode,
} from './generate.ts';

/** The mail around a passcode; what the passcode itself decides is filled in here. */
export type PasscodeLetter = Omit<
  PasscodeMail,
  'kind' | 'passcode' | 'strong' | 'lifetimeSeconds' | 'label' | 'link' | 'requestedAt'
>;

export interface IssueRequest {
  readonly tenant: string;
  readonly uid: string;
  /** Digest of the browser that asks (S24). */
  readonly browser: string;
  /** Whom letter and subjects were made for. */
  readonly addressKey: string;
  readonly subjects: BudgetSubjects;
  /** Id of the guest whose address it is; null for strangers, who may be signing up. */
  readonly guest: string | null;
  /** null for an address nobody invited: the same work, and no mail (S62). */
  readonly letter: PasscodeLetter | null;
  /** Page the mail's sign-in link leads to, without query; absent where the tenant wants none. */
  readonly linkPage?: string;
  /** What such an address is sent instead, where the tenant wants that; no passcode is in it. */
  readonly instead?: NoInvitationMail | null;
}

/** What came of asking for a passcode. */
export type IssueOutcome =
  | { readonly outcome: 'sent'; readonly signIn: SignIn }
  | { readonly outcome: 'too_soon'; readonly retryAt: number }
  | { readonly outcome: 'exhausted' }
  | { readonly outcome: 'throttled'; readonly retryAt: number }
  | { readonly outcome: 'verified' | 'gone' };

/** What issuing needs of the outbox. */
export interface PasscodeOutbox {
  enqueue(
    tx: Store,
    message: {
      readonly tenant: string;
      readonly content: MailContent | null;
      readonly expiresAt: number;
      readonly guest?: string | null;
      readonly id?: string;
    },
  ): Promise<string>;
  wake(id?: string): void;
}

export interface IssueDeps {
  readonly store: Store;
  readonly outbox: PasscodeOutbox;
  readonly digests: PasscodeDigests;
  readonly limits: Limits;
  readonly clock: Clock;
  /** Default nobody is told. */
  readonly onSpent?: OnSpent;
}

/** Sends one passcode, or says why not. @throws {GuestError} `unavailable` when the store is down */
export type IssuePasscode = (request: IssueRequest) => Promise<IssueOutcome>;

/** Ends the transaction without a trace; carries what to answer. */
class Refused extends Error {
  readonly outcome: IssueOutcome;
  readonly spent: readonly Budget[];
  constructor(outcome: IssueOutcome, spent: readonly Budget[] = []) {
    super(outcome.outcome);
    this.outcome = outcome;
    this.spent = spent;
  }
}

/** @source S1 to S3, S7, S9 to S11; rules R23, R24 */
export function createIssuePasscode(deps: IssueDeps): IssuePasscode {
  const { store, outbox, digests, limits, clock, onSpent } = deps;

  return async function issuePasscode(request) {
    const issued = await attempt(request);
    if (issued.outcome !== 'throttled' || request.subjects.knownBrowser === undefined)
      return issued;
    // Its own pool is spent: from here on it is a browser like every other, and not worse off.
    const { knownBrowser: _spent, ...subjects } = request.subjects;
    return attempt({ ...request, subjects });
  };

  async function attempt(request: IssueRequest): Promise<IssueOutcome> {
    try {
      const issued = await store.transaction((tx) => issueWithin(tx, request));
      // Only now: a worker woken inside could look before the row is there.
      outbox.wake(issued.messageId);
      if (issued.spent.length > 0) onSpent?.(request.tenant, issued.spent);
      return { outcome: 'sent', signIn: issued.signIn };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.spent.length > 0) onSpent?.(request.tenant, error.spent);
      return error.outcome;
    }
  }

  async function issueWithin(
    tx: Store,
    request: IssueRequest,
  ): Promise<{ signIn: SignIn; messageId: string; spent: readonly Budget[] }> {
    const { tenant, uid, browser, subjects } = request;
    const now = clock();
    const expiresAt = now + limits.passcodeLifetimeSeconds;
    const sends = sendBudgets(subjects, limits);
    const failures = [
      ...addressFailureBudgets(subjects, limits),
      ...scopeFailureBudgets(subjects, limits),
    ];
    // Counted before it is known whether anything is sent: a refusal takes the count back with it.
    const counts = await tx.budgets.spend(sends, now, failures);
    const failed = failures.filter((budget, index) => {
      return (counts[sends.length + index] ?? 0) >= budget.limit;
    });
    const strong = failed.length > 0;
    // Made for strangers too, so that nothing tells them apart (S62).
    const messageId = createMessageId();
    const signIn = await tx.signIns.takeSend({
      tenant,
      uid,
      browser,
      label: generateLabel(),
      messageId,
      now,
      maxSends: limits.passcodesPerSignIn,
      maxAttempts: limits.attemptsPerPasscode,
      cooldownSeconds: limits.resendCooldownSeconds,
      liveUntil: expiresAt,
      strong,
    });
    if (!signIn) throw new Refused(await whyNotSent(tx, request, now));
    // The address may have changed since the letter was written: without this a guest who races two
    // requests would be mailed the passcode of another (S17), and another would pay for it (S8).
    if (signIn.addressKey !== request.addressKey) throw new Refused({ outcome: 'gone' });
    const spent = sends.filter((budget, index) => (counts[index] ?? 0) > budget.limit);
    if (spent.length > 0) {
      const retryAt = Math.max(...spent.map((budget) => windowEnd(budget, now)));
      throw new Refused({ outcome: 'throttled', retryAt }, spent);
    }

    const passcode = strong
      ? generateStrongPasscode()
      : generateShortPasscode(limits.passcodeDigits);
    const sequence = signIn.sends;
    const binding = { tenant, uid, addressKey: signIn.addressKey, sequence };
    const key = request.linkPage === undefined ? undefined : generateLinkKey();
    const label = signIn.label ?? '';
    await tx.passcodes.insert({
      tenant,
      uid,
      sequence,
      digest: digests.digest(binding, passcode),
      linkDigest: key === undefined ? null : digests.digest(binding, key),
      pepperVersion: digests.currentVersion,
      strong,
      createdAt: now,
      expiresAt,
    });
    await outbox.enqueue(tx, {
      id: messageId,
      tenant,
      guest: request.guest,
      expiresAt,
      content: request.letter
        ? {
            ...request.letter,
            kind: 'passcode',
            passcode,
            strong,
            lifetimeSeconds: limits.passcodeLifetimeSeconds,
            label,
            ...(key !== undefined && { link: `${request.linkPage}?label=${label}&key=${key}` }),
            requestedAt: now,
          }
        : (request.instead ?? null),
    });
    return { signIn, messageId, spent: failed };
  }

  async function whyNotSent(tx: Store, request: IssueRequest, now: number): Promise<IssueOutcome> {
    const signIn = await tx.signIns.find(request.tenant, request.uid);
    if (!signIn || signIn.browser !== request.browser) return { outcome: 'gone' };
    if (signIn.verifiedAt !== null) return { outcome: 'verified' };
    if (signIn.sends >= limits.passcodesPerSignIn) return { outcome: 'exhausted' };
    return {
      outcome: 'too_soon',
      retryAt: (signIn.lastSentAt ?? now) + limits.resendCooldownSeconds,
    };
  }
}
