// Owns what can come of a submission.

import type { ErrorCode } from '../domain/errors.ts';
import { problem, type Problem } from './problem.ts';

/** What came of a submission. */
export type Submission =
  /** On to the engine or another place, or back to the page (`to` undefined). */
  | {
      readonly outcome: 'moved';
      readonly to: string | undefined;
      /** What the browser is to be known by from now on (S10). */
      readonly knownBrowser?: string;
    }
  /** Nothing was done or counted; the page is shown again with what was wrong. */
  | { readonly outcome: 'rejected'; readonly problem: Problem }
  /** Proven, or decided, and not let in. */
  | { readonly outcome: 'refused'; readonly code: ErrorCode; readonly row: string | null };

/** Back to the page, which shows the next step. */
export const MOVED_HERE: Submission = Object.freeze({ outcome: 'moved', to: undefined });

/** Nothing was done: the page says why. */
export function rejected(code: ErrorCode): Submission {
  return { outcome: 'rejected', problem: problem(code) };
}
