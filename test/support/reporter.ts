// Prints mocha's usual tree, then how long each folder took, and closes with `N passed, N failed`
// alone on a line, the line CI reads.
import { relative, sep } from 'node:path';
import mocha, { type Runner } from 'mocha';

const { EVENT_RUN_BEGIN, EVENT_RUN_END, EVENT_SUITE_BEGIN } = mocha.Runner.constants;

export default class ClosingLineReporter extends mocha.reporters.Spec {
  constructor(runner: Runner, options: mocha.MochaOptions) {
    super(runner, options);
    const tookMs = new Map<string, number>();
    let folder: string | undefined;
    let since = performance.now();
    // By the clock and not by the times of tests: half of what abuse takes is in its hooks.
    const turn = (next?: string): void => {
      const now = performance.now();
      if (folder !== undefined) tookMs.set(folder, (tookMs.get(folder) ?? 0) + now - since);
      [folder, since] = [next, now];
    };
    runner.once(EVENT_RUN_BEGIN, () => turn());
    runner.on(EVENT_SUITE_BEGIN, ({ file, parent }) => {
      if (parent?.root && file !== undefined) turn(folderOf(file));
    });
    runner.once(EVENT_RUN_END, () => {
      turn();
      for (const [name, ms] of tookMs) process.stdout.write(`${name} took ${sayTime(ms)}\n`);
      const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {};
      const skipped = pending > 0 ? `, ${pending} skipped` : '';
      process.stdout.write(`${passes} passed, ${failures} failed${skipped}\n`);
    });
  }
}

/** `test/abuse` of everything in it. */
function folderOf(file: string): string {
  const [top = '', second = ''] = relative(process.cwd(), file).split(sep);
  return second.endsWith('.ts') ? top : `${top}/${second}`;
}

function sayTime(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}
