// Owns noticing that files of the configuration folder changed, and waiting until they rest.

import { watch } from 'chokidar';
import { realpath } from 'node:fs/promises';
import { basename, resolve } from 'node:path';

/** A folder being watched. */
export interface ConfigurationWatch {
  /** Asks for a look, as a change of a file does. */
  ask(): void;
  /** Ends the watch and waits for a look under way. */
  close(): Promise<void>;
}

export interface WatchOptions {
  /** The configuration folder. */
  readonly directory: string;
  /** Files beside the configuration whose names begin so are none of it: the database writes all the time. */
  readonly ignored?: string | undefined;
  /**
   * Looks at the files. One look at a time; never throws.
   * @param hasMoved whether a file changed since the look began, so that it saw half of something
   * @returns false when it saw half of something and wants another look
   */
  readonly look: (hasMoved: () => boolean) => Promise<boolean>;
  /** Told when the folder cannot be watched, so that only `ask` leads to a look, or never rests. */
  readonly onFault: (error: unknown) => void;
  /** How long no file may change before a look, default 300. */
  readonly quietMs?: number;
  /** After how long `onFault` is told that files never rest, default a minute. */
  readonly patienceMs?: number;
}

/**
 * Watches a configuration folder. Changes made before the watch stands are found by one look at its
 * beginning.
 */
export function watchConfiguration(options: WatchOptions): ConfigurationWatch {
  const { look, onFault, quietMs = 300, patienceMs = 60_000 } = options;
  let moves = 0;
  /** Since when there is something that no look has seen whole. */
  let restlessSince: number | undefined;
  let isTold = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let isClosed = false;

  const watching = begin().catch(onFault);
  return {
    ask: stir,
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await (await watching)?.close();
      await looking;
    },
  };

  async function begin() {
    const root = await realpath(resolve(options.directory));
    const watcher = watch(root, {
      ignoreInitial: true,
      // Kubernetes swaps a link that all others lead through: followed, none of them would ever change.
      followSymlinks: false,
      ignored: (path) => path !== root && !isConfiguration(basename(path)),
    });
    // Told once: where watches run out, each of ten thousand files says so.
    watcher.once('error', onFault).on('error', () => undefined);
    watcher.on('all', stir).on('ready', stir);
    return watcher;
  }

  function isConfiguration(name: string): boolean {
    // Hidden names are an editor's, git's or Kubernetes' own.
    if (name.startsWith('.')) return false;
    return options.ignored === undefined || !name.startsWith(options.ignored);
  }

  function stir(): void {
    if (isClosed) return;
    moves += 1;
    rest();
  }

  /** Waits until nothing moves. Half of a file may be sound by itself, a tenant without its clients. */
  function rest(): void {
    restlessSince ??= performance.now();
    if (!isTold && performance.now() - restlessSince > patienceMs) {
      isTold = true;
      onFault(new Error(`files change and never rest for ${quietMs} ms`));
    }
    clearTimeout(timer);
    timer = setTimeout(start, quietMs);
  }

  function start(): void {
    // Whoever looks now is told that files moved, and looks again.
    if (!looking && !isClosed) looking = lookOnce();
  }

  async function lookOnce(): Promise<void> {
    const seen = moves;
    const hasMoved = (): boolean => moves !== seen;
    let isWhole = false;
    try {
      isWhole = await look(hasMoved);
    } catch (error) {
      onFault(error);
    }
    looking = undefined;
    if (isWhole && !hasMoved()) {
      restlessSince = undefined;
      isTold = false;
    } else if (!isClosed) rest();
  }
}
