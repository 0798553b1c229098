// Owns the one function that can check a passcode (S12). Count, compare in constant time, consume
// once; the answer leaves only after the transaction that counted has committed, with the mail that
// tells the guest of it (S67).

import {
  addressFailureBudgets,
  type Budget,
  type BudgetSubjects,
  consecutiveFailureBudget,
  FAILURES_BEFORE_NOTICE,
  noticeBudget,
  type NoticeEvent,
  type OnSpent,
  scopeFailureBudgets,
  windowEnd,
} from '../domain/budget.ts';
import type { Clock } from '../domain/clock.ts';
import type { Limits } from '../domain/limits.ts';
import { isLive } from '../domain/passcode.ts';
import type { SecurityNoticeMail } from '../mail/content.ts';
import type { PasscodeRecord, SignIn, Store } from '../storage/store.ts';
import type { PasscodeDigests } from './digest.ts';
import type { PasscodeOutbox } from './issue.ts';

/** The mail around a notice; what happened and when is filled in here. */
export type NoticeLetter = Omit<SecurityNoticeMail, 'kind' | 'event' | 'happenedAt'>;

export interface VerifyRequest {
  readonly tenant: string;
  readonly uid: string;
  /** Digest of the browser that asks (S24). */
  readonly browser: string;
  /** Whom the subjects were made for. */
  readonly addressKey: string;
  readonly subjects: BudgetSubjects;
  /** As {@link parseTypedPasscode} gave it, or the key of a link: format faults never come this far (S13). */
  readonly passcode: string;
  /** Whether that is the key of the mail's link: one use, attempts and end are the passcode's. */
  readonly isLink?: boolean;
  /** Whether nobody has signed in here as this guest before: what an invitation makes known is new. */
  readonly isNewBrowser: boolean;
  /** Id of the guest whose address it is, if anybody's. */
  readonly guest: string | null;
  /** null for an address nobody invited: the same work, and no mail (S62). */
  readonly notice: NoticeLetter | null;
}

/** What came of one submitted passcode. */
export type VerifyOutcome = Evaluation & {
  /** What the guest is mailed about, if anything; said of strangers too, and then nobody is (S67). */
  readonly notified?: NoticeEvent;
};

type Evaluation =
  | { readonly outcome: 'verified'; readonly signIn: SignIn }
  | { readonly outcome: 'mismatch'; readonly attemptsLeft: number }
  /** The right passcode past its 30 minutes, or any when none is live any more (P6). */
  | { readonly outcome: 'expired' }
  /** The sign-in is proven already; this submission proves nothing (S6). */
  | { readonly outcome: 'used' }
  /** All attempts of the live passcodes are spent. */
  | { readonly outcome: 'exhausted' }
  /** A failure budget is spent: short passcodes are not evaluated, the next mail has a strong one (S9). */
  | { readonly outcome: 'superseded' }
  | { readonly outcome: 'throttled'; readonly retryAt: number }
  | { readonly outcome: 'not_sent' | 'gone' };

export interface VerifyDeps {
  readonly store: Store;
  readonly outbox: PasscodeOutbox;
  readonly digests: PasscodeDigests;
  readonly limits: Limits;
  readonly clock: Clock;
  /** Default nobody is told. */
  readonly onSpent?: OnSpent;
}

/** Checks one passcode. @throws {GuestError} `unavailable` when the store is down: nothing is granted */
export type VerifyPasscode = (request: VerifyRequest) => Promise<VerifyOutcome>;

/** A notice is history a day later. */
const NOTICE_SECONDS = 86_400;

/** More evaluations than are under way at once, whatever the number of processes. */
const MOST_AT_ONCE = 50;

/** Ends the transaction without a trace: what was asked is not evaluated. */
class NotEvaluated extends Error {
  readonly outcome: Evaluation;
  readonly spent: readonly Budget[];
  constructor(outcome: Evaluation, spent: readonly Budget[] = []) {
    super(outcome.outcome);
    this.outcome = outcome;
    this.spent = spent;
  }
}

/** @source S4 to S6, S8 to S10, S12, S67; rule R24 */
export function createVerifyPasscode(deps: VerifyDeps): VerifyPasscode {
  const { store, outbox, digests, limits, clock, onSpent } = deps;

  return async function verifyPasscode(request) {
    try {
      const { messageId, ...verified } = await store.transaction((tx) => verifyWithin(tx, request));
      // Only now: a worker woken inside could look before the row is there.
      if (messageId !== undefined) outbox.wake(messageId);
      return verified;
    } catch (error) {
      if (!(error instanceof NotEvaluated)) throw error;
      if (error.spent.length > 0) onSpent?.(request.tenant, error.spent);
      return error.outcome;
    }
  };

  async function verifyWithin(
    tx: Store,
    request: VerifyRequest,
  ): Promise<VerifyOutcome & { readonly messageId?: string }> {
    const { tenant, uid, browser, subjects } = request;
    const now = clock();
    const signIn = await tx.signIns.takeAttempt({
      tenant,
      uid,
      browser,
      maxAttempts: limits.attemptsPerPasscode,
    });
    if (!signIn) throw new NotEvaluated(await whyNotEvaluated(tx, request));
    // The address may have changed since: a guess at one guest would be billed to another (S8).
    if (signIn.addressKey !== request.addressKey) throw new NotEvaluated({ outcome: 'gone' });
    const isStrong = signIn.strong || request.isLink === true;
    const { consecutive, isLast, isCounted } = await reserve(tx, isStrong, subjects, now);

    const matched = findMatch(signIn, await tx.passcodes.list(tenant, uid), request);
    if (matched && isLive(matched, signIn, now)) {
      // The conditional update decides between two right codes that arrive at once (S6).
      const first = await tx.signIns.markVerified(tenant, uid, browser, now);
      if (!first) return { outcome: 'used' };
      const reserved = isStrong ? [] : addressFailureBudgets(subjects, limits);
      const scopes = isCounted ? scopeFailureBudgets(subjects, limits) : [];
      await tx.budgets.refund([...reserved, ...scopes], now);
      const { scope, subject } = consecutiveFailureBudget(subjects, limits);
      if (consecutive > 0) await tx.budgets.clear(scope, subject);
      const isNews = request.isNewBrowser && consecutive >= FAILURES_BEFORE_NOTICE;
      const notified = isNews ? await notify(tx, request, 'sign-in', now) : {};
      return { outcome: 'verified', signIn: { ...signIn, verifiedAt: now }, ...notified };
    }
    const [failures] = isCounted
      ? [consecutive + 1]
      : await tx.budgets.spend(scopeFailureBudgets(subjects, limits), now);
    const isStrongNow = isLast || failures === limits.consecutiveFailuresPerAddress;
    const notified = isStrongNow ? await notify(tx, request, 'attempts', now) : {};
    return { ...failureOf(signIn, matched, now), ...notified };
  }

  function failureOf(signIn: SignIn, matched: PasscodeRecord | undefined, now: number): Evaluation {
    const attemptsLeft = limits.attemptsPerPasscode - signIn.attempts;
    if (attemptsLeft <= 0) return { outcome: 'exhausted' };
    const expired = matched ? now >= matched.expiresAt : now >= (signIn.liveUntil ?? 0);
    return expired ? { outcome: 'expired' } : { outcome: 'mismatch', attemptsLeft };
  }

  /**
   * Reserves the exact address budgets before anything is compared, or refuses to compare (S8).
   *
   * Those of network, tenant and installation are far from their end nearly always. Then they are read,
   * and a failure counts when it is one: a row that every right code writes would have all tenants
   * wait for each other. Near its end such a budget is reserved as well, or as many guesses as are
   * under way would pass it together (S11).
   *
   * @returns failures of the address without a success between them; whether a failure now would
   *   leave nothing of a budget of the address; whether the failure is counted in all scopes already
   */
  async function reserve(
    tx: Store,
    isStrong: boolean,
    subjects: BudgetSubjects,
    now: number,
  ): Promise<{
    readonly consecutive: number;
    readonly isLast: boolean;
    readonly isCounted: boolean;
  }> {
    const scopes = scopeFailureBudgets(subjects, limits);
    // 80 bits, or 128 of a link, need no budget; refusing them would let an attacker lock the guest out.
    const exact: readonly Budget[] = isStrong ? [] : addressFailureBudgets(subjects, limits);
    const counts = await tx.budgets.spend(exact, now, scopes);
    const used = counts.slice(exact.length);
    const network = scopes.findIndex((budget) => budget.scope === 'failure.network.day');
    if ((used[network] ?? 0) >= limits.refusedPerNetworkPerDay) {
      const retryAt = windowEnd(scopes[network]!, now);
      throw new NotEvaluated({ outcome: 'throttled', retryAt }, [scopes[network]!]);
    }
    const spent = [
      ...scopes.filter((budget, index) => (used[index] ?? 0) >= budget.limit),
      ...exact.filter((budget, index) => (counts[index] ?? 0) > budget.limit),
    ];
    if (!isStrong && spent.length > 0) {
      throw new NotEvaluated({ outcome: 'superseded' }, spent);
    }
    const isLast = exact.some((budget, index) => counts[index] === budget.limit);
    const isNear = scopes.some(({ limit }, index) => {
      return limit - (used[index] ?? 0) <= Math.max(limit / 2, MOST_AT_ONCE);
    });
    if (isStrong || !isNear) return { consecutive: used[0] ?? 0, isLast, isCounted: false };
    const counted = await tx.budgets.spend(scopes, now);
    const over = scopes.filter((budget, index) => (counted[index] ?? 0) > budget.limit);
    if (over.length > 0) throw new NotEvaluated({ outcome: 'superseded' }, over);
    return { consecutive: (counted[0] ?? 1) - 1, isLast, isCounted: true };
  }

  /** Writes to the guest, or does the same work for nobody; once a day, whoever counts first. */
  async function notify(
    tx: Store,
    { tenant, subjects, notice, guest }: VerifyRequest,
    event: NoticeEvent,
    now: number,
  ): Promise<{ readonly notified?: NoticeEvent; readonly messageId?: string }> {
    const [count] = await tx.budgets.spend([noticeBudget(event, subjects)], now);
    if (count !== 1) return {};
    const messageId = await outbox.enqueue(tx, {
      tenant,
      guest,
      expiresAt: now + NOTICE_SECONDS,
      content: notice && { ...notice, kind: 'security-notice', event, happenedAt: now },
    });
    return { notified: event, messageId };
  }

  function findMatch(
    signIn: SignIn,
    records: readonly PasscodeRecord[],
    { passcode, isLink = false }: Pick<VerifyRequest, 'passcode' | 'isLink'>,
  ): PasscodeRecord | undefined {
    const { tenant, uid, addressKey } = signIn;
    // Every record is compared, found or not: the time tells nothing of which one matched.
    return records
      .filter((record) => isLink || record.strong === signIn.strong)
      .filter(({ sequence, digest, linkDigest, pepperVersion }) => {
        // Kept apart: a link's key is no passcode, and a passcode no key.
        const stored = { digest: isLink ? (linkDigest ?? '') : digest, pepperVersion };
        return digests.matches({ tenant, uid, addressKey, sequence }, passcode, stored);
      })
      .at(0);
  }
}

async function whyNotEvaluated(tx: Store, request: VerifyRequest): Promise<Evaluation> {
  const signIn = await tx.signIns.find(request.tenant, request.uid);
  if (!signIn || signIn.browser !== request.browser) return { outcome: 'gone' };
  if (signIn.verifiedAt !== null) return { outcome: 'used' };
  if (signIn.sends < signIn.liveFrom) return { outcome: 'not_sent' };
  return { outcome: 'exhausted' };
}
