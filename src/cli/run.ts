// Owns how every command runs: its printing options, where it looks, its end in every case.

import { type Command, CommanderError, Option, type OptionValues } from 'commander';
import { GuestError } from '../domain/errors.ts';
import { ConfigurationError } from '../settings/fault.ts';
import { createOutput, EXIT, failed, misused, type Output, unreachable } from './output.ts';
import { RemoteError } from './remote-error.ts';

/** Does what a command is for. @returns the exit code */
export type Act<Options> = (
  output: Output,
  options: Options,
  ...words: string[]
) => Promise<number>;

/** What there is to say about a command beside its description. */
export interface CommandWords {
  /** Without `guestpass` before them; at least one. */
  readonly examples: readonly string[];
  /** A paragraph under the examples. */
  readonly note?: string;
  /** Gives one JSON object a line, as they come, in place of one value. */
  readonly streams?: boolean;
}

/**
 * Ties a command to what it does. It gets `--json` and `--no-color`, an example in its help, and an
 * exit code and a sentence, or one JSON value, for whatever becomes of it.
 */
export function runs<Options extends OptionValues>(
  command: Command,
  words: CommandWords,
  act: Act<Options>,
): void {
  command
    .option('--json', words.streams === true ? 'one JSON object a line' : 'one JSON value')
    .option('--no-color', 'nothing bold; NO_COLOR in the environment says the same');
  // A word that is refused with its reason, not one nobody knows.
  const needsFiles = !command.options.some(({ long }) => long === '--url');
  if (needsFiles) command.addOption(new Option('--url <url>').hideHelp());
  showExamples(command, words);
  command.action(async () => {
    const options = command.opts<Options>();
    const output = createOutput({ ...options, streams: words.streams === true });
    const given = command.processedArgs as string[];
    process.exitCode = await endOf(output, async () => {
      const wrong = placeOf(command, options, needsFiles);
      return typeof wrong === 'string' ? misused(output, wrong) : act(output, wrong, ...given);
    });
  });
}

/** Puts the examples under the help of a command. */
export function showExamples(command: Command, { examples, note }: CommandWords): void {
  const heading = examples.length === 1 ? 'Example:' : 'Examples:';
  const lines = examples.map((example) => `  guestpass ${example}`);
  const rest = note === undefined ? [] : ['', note];
  command.addHelpText('after', ['', heading, ...lines, ...rest].join('\n'));
}

/** @returns the options with one place to look at, or what is wrong with them */
function placeOf<Options extends OptionValues>(
  command: Command,
  options: Options,
  needsFiles: boolean,
): Options | string {
  if (options['url'] === undefined) return options;
  if (needsFiles) {
    const name = [command.parent?.name(), command.name()].filter((word) => word !== 'guestpass');
    return `${name.join(' ')} needs the files and the database; run it where the server runs`;
  }
  if (command.getOptionValueSource('config') !== 'cli') return options;
  if (command.getOptionValueSource('url') === 'cli') return 'name --url or --config, not both';
  // A folder that was named now is meant more than an address that always stands there.
  return { ...options, url: undefined };
}

/** Does a piece of work. @returns its exit code, also when it throws */
export async function endOf(output: Output, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConfigurationError) {
      const { message, faults } = error;
      return failed(output, message, 'invalid_configuration', { faults });
    }
    if (error instanceof GuestError && error.code === 'unavailable') {
      return unreachable(output, `The database cannot be reached: ${causeOf(error)}`);
    }
    if (error instanceof RemoteError) {
      const { message, code, isUnreachable } = error;
      return isUnreachable ? unreachable(output, message) : failed(output, message, code);
    }
    return failed(output, error instanceof Error ? error.message : String(error));
  }
}

/**
 * Says how a command line ended that no command took up.
 *
 * @param argv what was typed
 * @returns the exit code
 */
export function endOfUsage(error: unknown, argv: readonly string[]): number {
  if (!(error instanceof CommanderError)) throw error;
  if (error.exitCode === 0) return EXIT.fine;
  if (argv.includes('--json')) {
    const message = error.message.replace(/^error: /, '');
    return misused(createOutput({ json: true }), message);
  }
  return EXIT.usage;
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}
