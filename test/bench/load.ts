// Owns load: so many sign-ins over so many connections, and what came of them.

/** One burst of sign-ins. */
export interface Load {
  readonly connections: number;
  /** Sign-ins begun at most. */
  readonly count: number;
  /** No sign-in begins after this many milliseconds. */
  readonly limitMs: number;
}

/** What came of a burst. */
export interface LoadResult {
  readonly done: number;
  readonly seconds: number;
  /** Why sign-ins failed, one text each. */
  readonly failures: readonly string[];
}

// Each may have waited long for a mail; the bench is void by then and must not take an hour.
const MOST_FAILURES = 10;

/**
 * Runs sign-ins, each connection one after the other.
 *
 * @param signInNext signs the next guest in; rejects when that fails
 */
export async function runLoad(load: Load, signInNext: () => Promise<void>): Promise<LoadResult> {
  const failures: string[] = [];
  const start = performance.now();
  let begun = 0;
  let done = 0;
  const walk = async (): Promise<void> => {
    while (
      failures.length < MOST_FAILURES &&
      begun < load.count &&
      performance.now() - start < load.limitMs
    ) {
      begun += 1;
      try {
        await signInNext();
        done += 1;
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: load.connections }, walk));
  return { done, seconds: (performance.now() - start) / 1000, failures };
}
