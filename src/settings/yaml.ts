// Owns turning one YAML (or JSON) file into plain data that remembers where each value stood. Only
// data: no aliases, anchors, tags or directives, no duplicate keys, nothing that reaches a prototype.

import { CORE_SCHEMA, load, mapTag } from 'js-yaml';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import type { ConfigurationFault } from './fault.ts';
import { quote } from './fault.ts';
import { type FileReading, readRegularFile } from './file.ts';

/** Where something stands; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One file, read. */
export interface YamlFile {
  /** The name faults carry. */
  readonly name: string;
  /** Plain data: objects, lists, text, numbers, true, false, null. */
  readonly value: unknown;
  /**
   * Where the value (or key) of a path stands; for a path that is not there, its nearest parent.
   * Never throws.
   */
  position(path: readonly PropertyKey[], part?: 'key' | 'value'): Position;
  /** The value as it was written, before YAML read it: `012345` for the number 12345. */
  written(path: readonly PropertyKey[]): string | undefined;
  /** Whether nothing but a comment stands where the value should: `accent: #0b5fff`. */
  isComment(path: readonly PropertyKey[]): boolean;
}

/** Sound files as they were read last, by path: who comes with the same bytes is not parsed again. */
export type KnownFiles = Map<string, { readonly bytes: Buffer; readonly reading: YamlReading }>;

/** A file read, or every reason why not. */
export type YamlReading =
  | { readonly outcome: 'read'; readonly yaml: YamlFile }
  | { readonly outcome: 'faulty'; readonly faults: readonly ConfigurationFault[] };

const MAX_BYTES = 1024 * 1024;
const FORBIDDEN_KEYS: ReadonlySet<unknown> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads one configuration file.
 *
 * @param path where it is
 * @param name how faults call it
 * @param known read before; this file is added while it is sound. By content, not by time and size: two
 *   writes within one tick of the file system's clock look the same
 * @param read how its bytes are got; default giving way to everything else of this process
 * @returns the data, or its faults; nothing is thrown for a bad file
 * @source security requirement S57
 */
export async function readYaml(
  path: string,
  name: string,
  known?: KnownFiles,
  read: (path: string, maxBytes: number) => FileReading | Promise<FileReading> = readRegularFile,
): Promise<YamlReading> {
  const reading = await read(path, MAX_BYTES);
  switch (reading.outcome) {
    case 'missing':
      return refuse(name, 'no such file', 'create it, or name another folder with --config');
    case 'unreadable':
      return refuse(name, 'cannot be read', 'let the user this server runs as read it');
    case 'irregular':
      return refuse(name, 'not a regular file', 'put the text itself there');
    case 'too_large':
      return refuse(name, 'larger than 1 MiB', 'split it or take out what is not configuration');
    case 'read':
  }
  const { bytes } = reading;
  const before = known?.get(path);
  if (before?.bytes.equals(bytes)) return before.reading;
  try {
    const parsed = parseYaml(new TextDecoder('utf-8', { fatal: true }).decode(bytes), name);
    if (parsed.outcome === 'read') known?.set(path, { bytes, reading: parsed });
    else known?.delete(path);
    return parsed;
  } catch {
    known?.delete(path);
    return refuse(name, 'not UTF-8 text', 'save it as UTF-8');
  }
}

/**
 * Reads the text of one configuration file. Pure.
 *
 * @returns the data, or its faults; never throws
 * @source security requirement S57
 */
export function parseYaml(text: string, name: string): YamlReading {
  try {
    return parse(text, name);
  } catch {
    // Nesting some thousand levels deep ends in a RangeError somewhere in the parser.
    return refuse(name, 'too deeply nested to be read', 'write it flatter');
  }
}

function parse(text: string, name: string): YamlReading {
  const value = readPlain(text);
  if (value !== undefined) return { outcome: 'read', yaml: describeFile(text, name, value) };
  const parsed = parseText(text);
  const { document, place } = parsed;
  const faults: ConfigurationFault[] = [];
  const add = (offset: number, message: string, mend: string): void => {
    faults.push({ file: name, ...place(offset), path: '', message, mend });
  };
  for (const error of document.errors) {
    add(error.pos[0], ...explainSyntax(error.code, error.message));
  }
  // An unknown kind of YAML would read `no` as false and merge `<<` keys.
  if (text.startsWith('%') || document.directives?.yaml.explicit) {
    add(0, 'YAML directives (%) are not allowed here', 'delete the line');
  }
  findForbidden(document, add);
  if (faults.length === 0 && document.contents === null) {
    return refuse(name, 'empty file', 'write the settings it should hold, or remove it');
  }
  if (faults.length > 0) return { outcome: 'faulty', faults };
  return {
    outcome: 'read',
    yaml: describeFile(text, name, document.toJS({ maxAliasCount: 0 })),
  };
}

/**
 * Without one of these no alias, anchor, tag or forbidden key can be written; behind a backslash or a
 * folded line anything can. Most files have none, and walking all of thousands takes a second.
 */
const MAY_BE_FORBIDDEN = /[&*!\\]|proto|constructor/;

/** Where the two parsers part: tabs, other line breaks than ours, a byte order mark, what nobody can see;
 *  directives, and the marks of a document where they are none. */
const UNUSUAL = /\r(?!\n)|[^\n\r\x20-\x7e\xa0-\uffff]|[\u2028\u2029\ufeff]|^%|^ +(?:---|\.\.\.)/m;

/** Text keys alone: what `null: x` and `? [a]` mean is where the two parsers part. */
const PLAIN_SCHEMA = CORE_SCHEMA.withTags({
  ...mapTag,
  addPair: (map: Record<string, unknown>, key: unknown, value: unknown): string =>
    typeof key === 'string' ? mapTag.addPair(map, key, value) : 'not a text key',
});

/**
 * Reads a sound file ten times as fast as the parser that knows where everything stands, which says
 * what is wrong with any other: thousands of files are read at a start, and nearly all are sound.
 *
 * @returns undefined for whatever the other parser has to judge
 */
function readPlain(text: string): unknown {
  if (MAY_BE_FORBIDDEN.test(text) || UNUSUAL.test(text)) return undefined;
  try {
    return load(text, { schema: PLAIN_SCHEMA }) ?? undefined;
  } catch {
    return undefined;
  }
}

function describeFile(text: string, name: string, value: unknown): YamlFile {
  // Where things stand takes thirty times the memory of what they are, and is asked for faults alone.
  let held: WeakRef<ParsedText> | undefined;
  const whole = (): ParsedText => {
    const found = held?.deref() ?? parseText(text);
    held = new WeakRef(found);
    return found;
  };
  return {
    name,
    value,
    position: (path, part = 'value') => {
      const found = whole();
      return found.place(findOffset(found.document, path, part));
    },
    written: (path) => {
      const node: unknown = whole().document.getIn(path, true);
      return isScalar(node) ? node.source : undefined;
    },
    isComment: (path) => {
      const node: unknown = whole().document.getIn(path, true);
      if (!isScalar(node) || node.value !== null || !node.range) return false;
      return /^[ \t]*#/.test(text.slice(node.range[0], node.range[2]));
    },
  };
}

interface ParsedText {
  readonly document: Document.Parsed;
  readonly place: (offset: number) => Position;
}

function parseText(text: string): ParsedText {
  const document = parseDocument(text, {
    prettyErrors: false,
    stringKeys: true,
    logLevel: 'error',
  });
  let starts: readonly number[] | undefined;
  return {
    document,
    // Not by the parser's own counter: behind a bracket nobody opened it misses the end of a line.
    place: (offset) => {
      starts ??= [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
      const at = Math.min(offset, text.length);
      const line = starts.findLastIndex((start) => start <= at);
      return { line: line + 1, column: at - (starts[line] ?? 0) + 1 };
    },
  };
}

function findForbidden(
  document: Document,
  add: (offset: number, message: string, mend: string) => void,
): void {
  visit(document, {
    Node(_key, node) {
      const offset = startOf(node) ?? 0;
      if (isAlias(node)) {
        // A few nested aliases expand to gigabytes (the "billion laughs").
        add(offset, 'aliases (*) are not allowed here', 'write the value out');
        return;
      }
      if (node.anchor) add(offset, 'anchors (&) are not allowed here', 'take the anchor off');
      if (node.tag) add(offset, 'tags (!) are not allowed here', 'put text in quotes instead');
    },
    Pair(_key, pair) {
      const key = isScalar(pair.key) ? pair.key.value : pair.key;
      if (FORBIDDEN_KEYS.has(key)) {
        add(startOf(pair.key) ?? 0, `the key ${quote(String(key))} is never allowed`, 'remove it');
      }
    },
  });
}

function findOffset(
  document: Document,
  path: readonly PropertyKey[],
  part: 'key' | 'value',
): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, step] of path.entries()) {
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find(
        ({ key }) => isScalar(key) && key.value === String(step),
      );
      if (!pair) break;
      const wantsKey = part === 'key' && index === path.length - 1;
      // A value left out stands behind the colon, perhaps lines below: the key is what people see.
      const isEmpty = isScalar(pair.value) && pair.value.value === null;
      offset = (wantsKey || isEmpty ? undefined : startOf(pair.value)) ?? startOf(pair.key) ?? 0;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      const item = node.items[step];
      if (item === undefined) break;
      offset = startOf(item) ?? offset;
      node = item;
    } else break;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}

function explainSyntax(code: string, message: string): [message: string, mend: string] {
  switch (code) {
    case 'DUPLICATE_KEY':
      return ['the same key stands twice', 'keep one of the two'];
    case 'MULTIPLE_DOCS':
      return ['more than one YAML document in one file', 'take out the --- line'];
    case 'TAB_AS_INDENT':
      return ['a tab where spaces belong', 'indent with spaces'];
    case 'RESOURCE_EXHAUSTION':
      return ['too deeply nested to be read', 'write it flatter'];
    default: {
      // The parser quotes what it stumbled over: that may be a secret on a mangled line.
      const [plain = ''] = message.replace(/["'`].*$/s, '').split('\n');
      return [`not valid YAML: ${plain.trim() || code}`, 'mind the indentation and the quotes'];
    }
  }
}

function refuse(name: string, message: string, mend: string): YamlReading {
  return {
    outcome: 'faulty',
    faults: [{ file: name, line: 0, column: 0, path: '', message, mend }],
  };
}
