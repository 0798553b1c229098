// Owns load: guests who sign in one after the other over several connections, and what came of it.

import { setTimeout as pause } from 'node:timers/promises';
import { defaultLimits } from '../../src/domain/limits.ts';
import { type Answer, heading, hidden, Jar } from '../support/jar.ts';
import type { TestRelay } from '../support/smtp.ts';
import type { Walker } from '../support/world.ts';

/** Budgets that a burst from one machine would spend; everything is counted all the same. */
export const UNBOUND = {
  unsafeLimits: true,
  limits: Object.fromEntries(
    Object.keys(defaultLimits)
      .filter((name) => name.startsWith('sends'))
      .map((name) => [name, 1_000_000_000]),
  ),
};

const DEADLINE_MS = 90_000;

/** What became of the sign-ins so far. */
export interface LoadReport {
  /** Sign-ins that ended with tokens. */
  readonly done: number;
  /** Why others did not, one text each. */
  readonly failures: readonly string[];
  /** Milliseconds of the longest time without a sign-in that ended well. */
  readonly longestGapMs: number;
}

export interface Load {
  readonly report: LoadReport;
  /**
   * Resolves when so many sign-ins more than now have ended well.
   * @throws when they have not within a minute and a half; tells what went wrong instead
   */
  more(count: number): Promise<void>;
  /** Begins no more sign-ins, and waits for those under way. */
  stop(): Promise<LoadReport>;
}

/**
 * Begins.
 *
 * @param addresses guests; each signs in over and over, one sign-in at a time
 */
export function startLoad(walker: Walker, relay: TestRelay, addresses: readonly string[]): Load {
  const failures: string[] = [];
  const watching = new Set<() => void>();
  let done = 0;
  let lastAt = performance.now();
  let longestGapMs = 0;
  const stopping = new AbortController();

  async function signIn(address: string): Promise<void> {
    try {
      await walkThrough(walker, relay, address);
      const now = performance.now();
      longestGapMs = Math.max(longestGapMs, now - lastAt);
      lastAt = now;
      done += 1;
    } catch (error) {
      failures.push(wordsOf(error));
      // A guest reads the page before the next try.
      await pause(100);
    }
    for (const look of watching) look();
  }

  const walks = addresses.map(async (address) => {
    while (!stopping.signal.aborted) await signIn(address);
  });
  const reportNow = (): LoadReport => ({ done, failures: [...failures], longestGapMs });
  return {
    get report() {
      return reportNow();
    },
    more: (count) =>
      new Promise((resolve, reject) => {
        const wanted = done + count;
        const look = (): void => {
          if (done < wanted) return;
          watching.delete(look);
          clearTimeout(deadline);
          resolve();
        };
        const deadline = setTimeout(() => {
          watching.delete(look);
          const last = failures.at(-1) ?? 'none failed';
          reject(new Error(`${done} of ${wanted} sign-ins within ${DEADLINE_MS} ms; ${last}`));
        }, DEADLINE_MS);
        watching.add(look);
      }),
    async stop() {
      stopping.abort();
      await Promise.all(walks);
      return reportNow();
    },
  };
}

/** One sign-in. @throws at the first answer that is not the one of a sign-in that goes well */
async function walkThrough(walker: Walker, relay: TestRelay, address: string): Promise<void> {
  const jar = new Jar();
  const begun = await walker.begin();
  const mails = relay.messages.filter(({ recipients }) => recipients[0] === address).length;
  const page = expectPage(await jar.follow(await jar.get(begun.url)));
  const post = async (before: Answer, step: string, form: Record<string, string> = {}) =>
    expectPage(
      await jar.follow(
        await jar.post(`${page.url.href}/${step}`, { csrf: hidden(before, 'csrf'), ...form }),
      ),
    );
  const chosen = await post(page, 'address', { email: address });
  const sent = await post(chosen, 'send');
  let done = await post(sent, 'passcode', { code: await walker.passcodeFor(address, mails) });
  if (done.location === undefined) {
    // The mail was of a sign-in before, whose answer was lost: ours comes next.
    done = await post(done, 'passcode', { code: await walker.passcodeFor(address, mails + 1) });
  }
  await walker.redeem(begun, done.location ?? '');
}

function expectPage(answer: Answer): Answer {
  if (answer.status < 400) return answer;
  throw new Error(`${answer.status} at ${answer.url.pathname}: ${heading(answer)}`);
}

/**
 * What an error says, with the code of what is behind it: fetch says "fetch failed" of everything,
 * and a client "unexpected status" of a token endpoint that is not ready.
 */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Response) return `${cause.status} at ${new URL(cause.url).pathname}`;
  // A connection that ends within an answer is "aborted" by its words, ECONNRESET by its code.
  const codes = [error, cause].flatMap((one) =>
    one instanceof Error && 'code' in one ? [` ${String(one.code)}`] : [],
  );
  return `${error.message}${codes.join('')}`;
}
