// Owns showing how far a bulk invitation is: a bar for people, a line now and then for a log.

import { answer, EXIT, type Output } from './output.ts';
import type { RowOutcome } from './bulk-results.ts';

/** How many rows ended in which way. */
export type Tally = Readonly<Partial<Record<RowOutcome, number>>>;

/** Shows progress while it is used; {@link Progress.output} is to be used for everything else. */
export interface Progress {
  /** Counts one row. */
  count(outcome: RowOutcome): void;
  /** Where lines go meanwhile, so that they do not break the bar. */
  readonly output: Output;
  readonly tally: Tally;
  /** Takes the bar away. */
  close(): void;
}

const BAR_MS = 100;
const LINE_MS = 5_000;
const BAR = 20;

/**
 * @param total rows there are
 * @param done rows an earlier run has done
 * @param now milliseconds that only rise
 */
export function createProgress(
  output: Output,
  total: number,
  done: number,
  now: () => number = () => performance.now(),
): Progress {
  const { redraw } = output;
  const tally: Partial<Record<RowOutcome, number>> = {};
  const began = now();
  let counted = 0;
  let shownAt = began;
  const clear = (): void => redraw?.('');
  const above = (print: (line: string) => void) => (line: string) => {
    clear();
    print(line);
  };
  return {
    tally,
    output: { ...output, say: above(output.say), warn: above(output.warn) },
    count(outcome) {
      tally[outcome] = (tally[outcome] ?? 0) + 1;
      counted += 1;
      const at = now();
      if (at - shownAt < (redraw ? BAR_MS : LINE_MS)) return;
      shownAt = at;
      const left = ((at - began) / counted) * (total - done - counted);
      const line = progressLine(done + counted, total, tally, left / 1000);
      if (redraw) redraw(line.slice(0, (output.columns ?? 80) - 1));
      else output.warn(line);
    },
    close: clear,
  };
}

/**
 * How far it is, e.g. `[##########----------] 512/1000  498 invited  2 failed  3m left`. Pure.
 *
 * @param left seconds
 */
export function progressLine(done: number, total: number, tally: Tally, left: number): string {
  const filled = total === 0 ? BAR : Math.floor((done / total) * BAR);
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR - filled)}]`;
  const time = left < 60 ? `${Math.ceil(left)}s` : `${Math.ceil(left / 60)}m`;
  const last = done < total ? [`${time} left`] : [];
  return [`${bar} ${done}/${total}`, ...tallyWords(tally), ...last].join('  ');
}

/** Says what was counted, e.g. `498 invited`. Pure. */
export function tallyWords(tally: Tally): readonly string[] {
  const words: Readonly<Record<RowOutcome, string>> = {
    invited: 'invited',
    'invited again': 'invited again',
    reset: 'reset',
    already: 'guests already',
    duplicate: 'duplicate',
    failed: 'failed',
  };
  return Object.entries(words).flatMap(([outcome, word]) => {
    const count = tally[outcome as RowOutcome] ?? 0;
    return count === 0 ? [] : [`${count} ${word}`];
  });
}

/**
 * Says how many rows ended in which way.
 *
 * @param said `last` ends the line for people, `value` begins the object for programs
 * @returns the exit code
 */
export function summarise(
  { tally }: Pick<Progress, 'tally'>,
  { last, value }: { readonly last: string; readonly value: object },
  output: Output,
): number {
  const { invited = 0, reset = 0, already = 0, duplicate = 0, failed = 0 } = tally;
  const invitedAgain = tally['invited again'] ?? 0;
  const counts = { invited, invitedAgain, reset, already, duplicate, failed };
  const words = tallyWords(tally);
  const line = [...(words.length === 0 ? ['no row left to invite'] : words), last].join('  ');
  answer(output, { ...value, ...counts }, line);
  return failed > 0 ? EXIT.problem : EXIT.fine;
}
