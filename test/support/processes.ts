// Owns the server as its admin runs it: a process of its own, started from the command line.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { noteLine } from './leaks.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** What a command printed, and how it ended. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command to its end. */
export function runCommand(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, ...words],
      { env: { ...process.env, ...env } },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
      },
    );
  });
}

/** A server process that listens. */
export interface ServerProcess {
  readonly child: ChildProcess;
  /** Everything it wrote so far. */
  readonly output: readonly string[];
  /** Resolves with the first line that matches, past or future. */
  line(pattern: RegExp): Promise<string>;
  /** Resolves with the next line it writes. */
  nextLine(): Promise<string>;
  /** Ends it as a machine would that loses power. */
  kill(): Promise<void>;
  /** Ends it as an admin would; all it wrote is in {@link output} then. @returns its exit code */
  stop(): Promise<number | null>;
}

export interface ProcessOptions {
  /** Default `serve`. */
  readonly command?: string;
  /** Words behind its `--config`. */
  readonly options?: readonly string[];
  /** The line that says that it is ready. */
  readonly ready?: RegExp;
  /** Path of the command line; default that of the sources. */
  readonly main?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Modules that are loaded before anything of Guestpass. */
  readonly imports?: readonly string[];
  /** A file that is open for writing, instead of {@link ServerProcess.output}. */
  readonly stdout?: number;
}

/** Starts `guestpass serve`, or another command that serves, and waits until it says so. */
export async function startProcess(
  folder: string,
  {
    command = 'serve',
    options = [],
    ready = /^Listening on /,
    main = MAIN,
    ...given
  }: ProcessOptions = {},
): Promise<ServerProcess> {
  const flags = (given.imports ?? []).map((path) => `--import=${path}`);
  const words = [command, '--config', folder, ...options];
  const child = spawn(process.execPath, [...flags, main, ...words], {
    stdio: ['ignore', given.stdout ?? 'pipe', 'pipe'],
    env: { ...process.env, ...given.env },
  });
  // A run that ends early leaves no server behind; many at once are no leak.
  process.setMaxListeners(0);
  const abandon = (): void => void child.kill('SIGKILL');
  process.once('exit', abandon);
  child.once('exit', () => process.off('exit', abandon));
  // Not when it has ended: its last lines may still be on their way.
  let isOver = false;
  const over = once(child, 'close').then(() => (isOver = true));
  const output: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      output.push(line);
      noteLine(folder, line);
      for (const look of waiting) look();
    });
  }
  const waitFor = (find: () => string | undefined): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = find();
        if (found !== undefined) finish(() => resolve(found));
      };
      const ended = (): void => finish(() => reject(new Error(`it ended: ${output.join('\n')}`)));
      const finish = (settle: () => void): void => {
        waiting.delete(look);
        child.off('close', ended);
        settle();
      };
      waiting.add(look);
      child.once('close', ended);
      look();
      if (isOver) ended();
    });
  const line = (pattern: RegExp): Promise<string> =>
    waitFor(() => output.find((text) => pattern.test(text)));
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  await line(ready);
  return {
    child,
    output,
    line,
    nextLine: () => {
      const { length } = output;
      return waitFor(() => output[length]);
    },
    kill: async () => void (await end('SIGKILL')),
    stop: async () => {
      await end('SIGTERM');
      await over;
      return child.exitCode;
    },
  };
}
