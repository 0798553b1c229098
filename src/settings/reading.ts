// Owns one configuration file being judged: what was found wrong so far, and what to tell the person.

import type { ConfigurationFault } from './fault.ts';
import { formatPath } from './fault.ts';
import type { YamlFile } from './yaml.ts';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A file being judged. Resolvers add to `faults` and `notices` and return undefined for a fault. */
export interface Reading {
  readonly yaml: YamlFile;
  readonly env: Environment;
  /** Absolute folder of the file; relative paths in it start here. */
  readonly folder: string;
  /**
   * Whether this installation is reached on this machine alone, so that literal secrets and unsafe
   * values may stand in the file. True while unknown, so that one fault does not cause others.
   */
  readonly isLoopback: boolean;
  readonly faults: ConfigurationFault[];
  /** Sentences to tell the person who starts the server. */
  readonly notices: string[];
}

/** Where a secret is used or a value stands. */
export type Path = readonly PropertyKey[];

/**
 * Adds one fault.
 *
 * @param mend how to mend it; empty when the message says it all
 * @param part point at the key or at the value
 */
export function report(
  reading: Reading,
  path: Path,
  message: string,
  mend: string,
  part: 'key' | 'value' = 'value',
): void {
  reading.faults.push({
    file: reading.yaml.name,
    ...reading.yaml.position(path, part),
    path: formatPath(path),
    message,
    mend,
  });
}

/** The value at a path of plain data, or undefined; own keys only. */
export function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) {
      return undefined;
    }
    const next: unknown = Reflect.get(found, step);
    found = next;
  }
  return found;
}
