// Owns listening to a command that runs in this process.

import type { Output } from '../../src/cli/output.ts';

/** What a command said, and how it ended. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command and keeps what it says to people. */
export async function listen(command: (output: Output) => Promise<number>): Promise<Said> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await command({
    say: (line) => void out.push(line),
    warn: (line) => void err.push(line),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

/** Runs a command under `--json`: `out` is what it gives, a value a line. */
export async function listenJson(command: (output: Output) => Promise<number>): Promise<Said> {
  return listen((output) =>
    command({
      say: () => undefined,
      warn: output.warn,
      give: (value) => output.say(JSON.stringify(value)),
    }),
  );
}
