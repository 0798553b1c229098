// Owns reading the files again while serving: a whole new set of tenants, or the last good one.

import type { Guests } from '../plugin.ts';
import { ConfigurationError, formatFault } from '../settings/fault.ts';
import type { Environment } from '../settings/reading.ts';
import type { Settings } from '../settings/settings.ts';
import type { KnownFiles } from '../settings/yaml.ts';
import { type Step, traced } from '../telemetry/trace.ts';
import { readAgain } from '../tenants/configuration.ts';
import { succeed } from '../tenants/succession.ts';

/** Where the configuration came from. */
export interface ConfigurationSource {
  /** The configuration folder. */
  readonly directory: string;
  /** Default the process' own. */
  readonly env?: Environment;
}

export interface Reload {
  /**
   * Reads the files and takes them over when nothing is wrong with them, once whoever asked before is
   * answered. Never throws.
   * @param hasMoved whether a file changed meanwhile: what was read is then worth nothing
   * @returns false when it is, and the files should be read once more
   */
  run(hasMoved?: () => boolean): Promise<boolean>;
  /** The first fault of files that could not be taken over; undefined while they are served. */
  stale(): string | undefined;
}

/** A line of the log is for people: thousands of faults have one cause. */
const MOST_FAULTS = 100;

/** @source security requirement S57; faults F20 */
export function createReload(
  { parts }: Pick<Guests, 'parts'>,
  running: Settings,
  { directory, env }: ConfigurationSource,
): Reload {
  const { log } = parts;
  const known: KnownFiles = new Map();
  let fault: string | undefined;
  let toldKeys = '';
  let last: Promise<unknown> = Promise.resolve();

  return {
    stale: () => fault,
    // One after the other: what was read before a change would be taken over after it.
    run(hasMoved = () => false) {
      const read = (): Promise<boolean> =>
        traced('configuration.reload', { root: { cause: undefined } }, (step) =>
          look(hasMoved, step),
        );
      const next = last.then(read, read);
      last = next;
      return next;
    },
  };

  async function look(hasMoved: () => boolean, step: Step): Promise<boolean> {
    try {
      const read = await readAgain(directory, running, env, known);
      if (hasMoved()) return false;
      step.note({ 'guestpass.outcome': 'read', 'guestpass.tenants': read.tenants.byId.size });
      tellRestart(read.restartKeys);
      takeOver(read);
    } catch (error) {
      // Half of a file is no fault worth waking anybody for.
      if (hasMoved()) return false;
      step.fail('configuration_stale');
      keep(error);
    }
    return true;
  }

  function takeOver({ tenants, notices }: Awaited<ReturnType<typeof readAgain>>): void {
    const { tenants: next, ...news } = succeed(parts.tenants(), tenants);
    const isNew = Object.values(news).some((ids) => ids.length > 0);
    if (!isNew && fault === undefined) return;
    if (isNew) parts.replaceTenants(next);
    fault = undefined;
    log.info('configuration.reloaded', { audit: true, ...news, notices });
  }

  function keep(error: unknown): void {
    const faults =
      error instanceof ConfigurationError ? error.faults.map(formatFault) : [String(error)];
    fault = faults[0] ?? 'unknown';
    const told = faults.slice(0, MOST_FAULTS);
    log.error('configuration.stale', { audit: true, count: faults.length, faults: told });
  }

  function tellRestart(keys: readonly string[]): void {
    const told = keys.join();
    if (told !== toldKeys && keys.length > 0) log.warn('configuration.restart_needed', { keys });
    toldKeys = told;
  }
}
