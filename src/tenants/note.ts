// Owns what is worth knowing but no reason to refuse the start: a notice with its place.

import { formatFault, formatPath } from '../settings/fault.ts';
import { type Path, type Reading } from '../settings/reading.ts';

/**
 * Adds a notice in the form of a fault: `file:line:col  path  what; how to mend`.
 *
 * @param mend how to mend it; empty when the message says it all
 */
export function note(reading: Reading, path: Path, message: string, mend: string): void {
  const { name: file } = reading.yaml;
  const place = { file, ...reading.yaml.position(path), path: formatPath(path) };
  reading.notices.push(formatFault({ ...place, message, mend }));
}
