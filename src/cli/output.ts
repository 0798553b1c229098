// Owns what a command tells whoever called it: lines for people, one value for programs, how it ended.

/** Where lines go, each without its end. */
export interface Output {
  /** What was asked for; another program may read it. Left out where one value is wanted. */
  readonly say: (line: string) => void;
  /** Everything else: notices, refusals, the log. */
  readonly warn: (line: string) => void;
  /** Takes what was asked for, or why it was refused, as one value: only under `--json`. */
  readonly give?: (value: unknown) => void;
  /** How many columns a person sees of what is said; undefined when a program reads it. */
  readonly columns?: number;
  /** Whether headings are bold; only on a terminal. */
  readonly isBold?: boolean;
  /** Writes over the line it wrote last, on a terminal; an empty text takes the line away. */
  readonly redraw?: (text: string) => void;
}

/** How a command was told to print. */
export interface OutputOptions {
  /** One JSON value on standard output instead of lines. */
  readonly json?: boolean;
  /** false with `--no-color`; `NO_COLOR` says the same. */
  readonly color?: boolean;
  /** One JSON object a line, as they come, in place of one value. */
  readonly streams?: boolean;
}

/** Makes the output of a command: tables and bold for a terminal alone, JSON for whoever asks. */
export function createOutput({ json, color, streams }: OutputOptions = {}): Output {
  const { stdout, stderr } = process;
  const warn = (line: string): void => void stderr.write(`${line}\n`);
  if (json === true) {
    const indent = streams === true ? 0 : 2;
    const give = (value: unknown): void =>
      void stdout.write(`${JSON.stringify(value, null, indent)}\n`);
    return { say: () => undefined, warn, give };
  }
  const say = (line: string): void => void stdout.write(`${line}\n`);
  if (!stdout.isTTY) return { say, warn };
  return {
    say,
    warn,
    columns: stdout.columns,
    isBold: color !== false && !process.env['NO_COLOR'],
    redraw: (text) => void stdout.write(`\r\x1b[2K${text}`),
  };
}

/** The terminal, for people. */
export const terminal: Output = createOutput();

/** 0 fine · 1 a problem was found · 2 wrong usage · 3 database or server cannot be reached. */
export const EXIT = { fine: 0, problem: 1, usage: 2, unreachable: 3 } as const;

/**
 * Ends a command that has what was asked for.
 *
 * @param value for programs: stable keys, times as ISO instants
 * @param lines the same for people
 * @returns the exit code 0
 */
export function answer({ give, say }: Output, value: unknown, ...lines: readonly string[]): number {
  if (give) give(value);
  else for (const line of lines) say(line);
  return EXIT.fine;
}

/** Ends a command that was called with something it cannot take. @returns the exit code */
export function misused(output: Output, message: string): number {
  return stop(output, EXIT.usage, { code: 'usage', message });
}

/**
 * Ends a command that found a problem.
 *
 * @param code names the problem for programs
 * @param more what else they are told
 * @returns the exit code
 */
export function failed(
  output: Output,
  message: string,
  code: string = 'failed',
  more: object = {},
): number {
  return stop(output, EXIT.problem, { code, message, ...more });
}

/** Ends a command that cannot reach the database, or the server. @returns the exit code */
export function unreachable(output: Output, message: string): number {
  return stop(output, EXIT.unreachable, { code: 'unavailable', message });
}

/** Why something was refused: a name for programs, a sentence for people. */
export interface Refusal {
  readonly outcome: 'refused';
  readonly code: string;
  readonly sentence: string;
}

/** Ends a command whose guest was refused, as `address  code  sentence`. @returns the exit code */
export function refused(output: Output, address: string, { code, sentence }: Refusal): number {
  if (output.give) return failed(output, sentence, code, { address });
  return failed(output, `${address}  ${code}  ${sentence}`);
}

function stop(
  { give, warn }: Output,
  exitCode: number,
  error: { readonly code: string; readonly message: string },
): number {
  if (give) give({ error });
  else warn(error.message);
  return exitCode;
}
