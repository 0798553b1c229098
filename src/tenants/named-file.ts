// Owns reading a file that a tenant's file names: only from inside the configuration folder.

import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { quote } from '../settings/fault.ts';
import { readRegularFile } from '../settings/file.ts';
import { type Path, type Reading, report } from '../settings/reading.ts';

/** A file that was named, read. */
export interface NamedFile {
  /** Relative to the configuration folder, as faults call it: `members/contoso.txt`. */
  readonly name: string;
  readonly text: string;
}

/** As {@link NamedFile}, not read as text. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Reads one file of UTF-8 text.
 *
 * @param file as written: relative to the tenant's file, or absolute
 * @param maxBytes largest size accepted, whole KiB
 * @returns undefined after reporting
 * @source security requirement S57
 */
export async function readNamedFile(
  reading: Reading,
  path: Path,
  file: string,
  maxBytes: number,
): Promise<NamedFile | undefined> {
  const found = await readNamedBytes(reading, path, file, maxBytes);
  if (!found) return undefined;
  const { name, bytes } = found;
  try {
    return { name, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    report(reading, path, `the file ${quote(name)} is not UTF-8 text`, 'save it as UTF-8');
    return undefined;
  }
}

/**
 * Reads one file as it is; parameters as for {@link readNamedFile}.
 *
 * @returns undefined after reporting
 * @source security requirement S57
 */
export async function readNamedBytes(
  reading: Reading,
  path: Path,
  file: string,
  maxBytes: number,
): Promise<NamedBytes | undefined> {
  const root = dirname(reading.folder);
  const at = resolve(reading.folder, file);
  const inside = relative(root, at);
  // What does not parse is told by line: a path to /etc would ask this server about other files.
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    report(reading, path, 'a file outside the configuration folder', 'put it inside');
    return undefined;
  }
  const name = inside.replaceAll(sep, '/');
  const found = await readRegularFile(at, maxBytes);
  if (found.outcome === 'read') return { name, bytes: found.bytes };
  const size = maxBytes < MIB ? `${maxBytes / KIB} KiB` : `${maxBytes / MIB} MiB`;
  const [what, mend] = {
    missing: ['does not exist', 'create it, or mend its name'],
    unreadable: ['cannot be read', 'let the user this server runs as read it'],
    irregular: ['is not a regular file', 'name the file itself'],
    too_large: [`is larger than ${size}`, 'make it smaller'],
  }[found.outcome] as [string, string];
  report(reading, path, `the file ${quote(name)} ${what}`, mend);
  return undefined;
}
