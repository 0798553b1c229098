// Owns changing one value of a tenant's file in place: everything around it stays as its author
// wrote it, and nobody ever reads half a file.

import { randomBytes } from 'node:crypto';
import {
  access,
  constants,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Document, isScalar, parseDocument, stringify } from 'yaml';
import { systemCodeOf } from '../settings/file.ts';
import { type Path, valueAt } from '../settings/reading.ts';
import { parseYaml, readYaml, type YamlFile } from '../settings/yaml.ts';

/** Why there is no change to write. */
export type NoEdit =
  | { readonly outcome: 'unchanged' }
  /** No file of that tenant, or one that cannot be read. */
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'refused'; readonly fault: string };

/** What came of writing: done, or the file is read-only, or somebody else changed it in this moment. */
export type WriteOutcome = 'edited' | 'read_only' | 'busy';

/** A change that is thought through and not written yet. */
export interface TenantEdit {
  /** Where it goes: a link is followed. */
  readonly file: string;
  /** The folder of the tenants' files, which relative paths in them start from. */
  readonly folder: string;
  readonly yaml: YamlFile;
  readonly before: string;
  readonly text: string;
}

/** One value and its place; undefined takes the key away. */
export interface TenantChange {
  readonly path: Path;
  readonly value: unknown;
}

const FOLDER = 'tenants';
const READ_ONLY = new Set(['EROFS', 'EACCES', 'EPERM']);

/**
 * Says what the file of a tenant would be; comments, order and spelling of the rest stay. Judges nothing but that the places are there.
 *
 * @param directory the configuration folder
 */
export async function draftTenantEdit(
  directory: string,
  tenantId: string,
  changes: readonly TenantChange[],
): Promise<TenantEdit | NoEdit> {
  const folder = join(resolve(directory), FOLDER);
  const found = await findFile(folder, tenantId);
  if (!found) return { outcome: 'missing' };
  const { file, yaml } = found;
  const due = changes.filter(
    ({ path, value }) => !isDeepStrictEqual(valueAt(yaml.value, path), value),
  );
  if (due.length === 0) return { outcome: 'unchanged' };
  const before = await readFile(file, 'utf8');
  const write = file.endsWith('.json') ? inJson : inYaml;
  try {
    const text = due.reduce((text, { path, value }) => write(text, path, value), before);
    return { file, folder, yaml, before, text };
  } catch {
    return { outcome: 'refused', fault: 'a value is in the way where keys should be' };
  }
}

async function findFile(
  folder: string,
  tenantId: string,
): Promise<{ readonly file: string; readonly yaml: YamlFile } | undefined> {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => /^[^.].*\.(?:ya?ml|json)$/.test(name));
  // Most files are called after their tenant: with ten thousand the others need not be read.
  const ranked = files.toSorted((a, b) => rank(a) - rank(b));
  for (const name of ranked) {
    const read = await readYaml(join(folder, name), `${FOLDER}/${name}`);
    if (read.outcome === 'read' && valueAt(read.yaml.value, ['id']) === tenantId) {
      // A mounted file is a link: what it leads to is replaced, not the link.
      return { file: await realpath(join(folder, name)), yaml: read.yaml };
    }
  }
  return undefined;

  function rank(name: string): number {
    return name.startsWith(`${tenantId}.`) ? 0 : 1;
  }
}

function inJson(text: string, path: Path, value: unknown): string {
  const document = parseDocument(text);
  put(document, path, value);
  return `${JSON.stringify(document.toJS(), null, 2)}\n`;
}

/** Cuts the value into the text where that is enough; writing the whole file anew would reflow it. */
function inYaml(text: string, path: Path, value: unknown): string {
  const document = parseDocument(text, { stringKeys: true });
  const node: unknown = document.getIn(path, true);
  put(document, path, value);
  if (value === undefined) return document.toString({ lineWidth: 0 });
  const changed: unknown = document.toJS();
  const written = stringify(value).trimEnd();
  const candidates: string[] = [];
  if (isScalar(node) && node.range && !written.includes('\n')) {
    const [start, end] = node.range;
    const space = start === end && text[start - 1] === ':' ? ' ' : '';
    candidates.push(`${text.slice(0, start)}${space}${written}${text.slice(end)}`);
  }
  if (node === undefined && path.length === 1) {
    candidates.push(`${text.replace(/\n*$/, '\n')}${String(path[0])}: ${written}\n`);
  }
  const isRight = (candidate: string): boolean => {
    const reading = parseYaml(candidate, '');
    return reading.outcome === 'read' && isDeepStrictEqual(reading.yaml.value, changed);
  };
  return candidates.find(isRight) ?? document.toString({ lineWidth: 0 });
}

function put(document: Document, path: Path, value: unknown): void {
  if (value === undefined) document.deleteIn(path);
  else document.setIn(path, value);
}

/** Whether the change could not be written: to be said before anybody is asked whether to make it. */
export async function isReadOnly({ file }: TenantEdit): Promise<boolean> {
  const { mode } = await stat(file);
  // The superuser may write anything: the author's word that nobody should counts all the same.
  if ((mode & 0o222) === 0) return true;
  // A change is a rename: what counts is the folder.
  return access(dirname(file), constants.W_OK).then(
    () => false,
    () => true,
  );
}

/** Writes a change by rename, unless somebody else has changed the file since. */
export async function writeTenantEdit(edit: TenantEdit): Promise<WriteOutcome> {
  const { file, before, text } = edit;
  if (await isReadOnly(edit)) return 'read_only';
  const { mode } = await stat(file);
  // A name with a dot in front is read by nobody.
  const draft = join(dirname(file), `.${randomBytes(6).toString('hex')}.edit`);
  try {
    const handle = await open(draft, 'wx', mode & 0o777);
    try {
      await handle.writeFile(text);
      await handle.sync();
      // Under a strict umask the others who read the file would be shut out.
      await handle.chmod(mode & 0o777);
      if ((await readFile(file, 'utf8')) !== before) return 'busy';
      await rename(draft, file);
    } finally {
      await handle.close();
    }
    return 'edited';
  } catch (error) {
    if (READ_ONLY.has(systemCodeOf(error) ?? '')) return 'read_only';
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
