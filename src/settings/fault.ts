// Owns what is said about a mistake in the configuration: where it is, what it is, how to mend it.

/** One mistake of one configuration file. Never carries the value of a secret (S57). */
export interface ConfigurationFault {
  /** The file as the person knows it: relative to the configuration folder, `tenants/fabrikam.yaml`. */
  readonly file: string;
  /** 1 for the first line; 0 when the mistake is the whole file (missing, too large). */
  readonly line: number;
  /** 1 for the first character; 0 together with line 0. */
  readonly column: number;
  /** Path of the value, `clients[0].redirect_uris[1]`; empty for the whole file. */
  readonly path: string;
  /** What is wrong, in plain words. */
  readonly message: string;
  /** What to do about it; may be empty when the message says it all. */
  readonly mend: string;
}

/** Thrown by the loaders with every fault of every file, never with only the first. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly faults: readonly ConfigurationFault[];

  constructor(faults: readonly ConfigurationFault[]) {
    super(faults.map(formatFault).join('\n'));
    this.faults = faults;
  }
}

/**
 * Writes a fault on one line: `file:line:col  path  what; how to mend`.
 *
 * @returns printable ASCII and letters only: a file cannot move the cursor of whoever reads it
 */
export function formatFault(fault: ConfigurationFault): string {
  const place = fault.line === 0 ? fault.file : `${fault.file}:${fault.line}:${fault.column}`;
  const text = fault.mend === '' ? fault.message : `${fault.message}; ${fault.mend}`;
  return [place, fault.path, text]
    .filter((part) => part !== '')
    .map(printable)
    .join('  ');
}

/** Orders the faults of one file as they stand in it. */
export function sortFaults(faults: readonly ConfigurationFault[]): readonly ConfigurationFault[] {
  return faults.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/**
 * Writes a path as people do: `clients[0].redirect_uris[1]`.
 *
 * @param path keys and list positions, counted from 0
 */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');
}

/** Puts a word from a file in double quotes, cut to 60 characters, everything invisible escaped. */
export function quote(word: string): string {
  const short = word.length > 60 ? `${word.slice(0, 60)}…` : word;
  return printable(JSON.stringify(short));
}

// Escape sequences and bidi marks in a file would rewrite the terminal or log that shows the fault.
function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
