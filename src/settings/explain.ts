// Owns saying in plain words what does not fit a schema, with "did you mean" for a mistyped word.

import { z } from 'zod';
import { closestWord } from './closest-word.ts';
import { formatPath, quote } from './fault.ts';
import { type Path, type Reading, report, valueAt } from './reading.ts';

/**
 * Checks a whole file against its schema and reports every issue at its line and column.
 *
 * Texts given in the schema are `what; how to mend`.
 *
 * @returns what the file says; undefined after reporting
 */
export function checkShape<T>(reading: Reading, schema: z.ZodType<T>): T | undefined {
  const result = schema.safeParse(reading.yaml.value);
  if (result.success) return result.data;
  const shape = z.toJSONSchema(schema, { io: 'input' });
  for (const issue of result.error.issues) explainIssue(reading, shape, issue);
  return undefined;
}

type Shape = z.core.JSONSchema.BaseSchema;

function explainIssue(reading: Reading, shape: Shape, issue: z.core.$ZodIssue): void {
  const value = valueAt(reading.yaml.value, issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(shape, issue.path);
    for (const key of issue.keys) {
      if (!isWord(key)) {
        reportUnnamed(reading, issue.path, key);
        continue;
      }
      const meant = closestWord(key, known);
      const mend = meant ? `did you mean "${meant}"?` : listKnown(known);
      report(reading, [...issue.path, key], `unknown key ${quote(key)}`, mend, 'key');
    }
    return;
  }
  if (value === undefined) {
    const mend = `add ${quote(String(issue.path.at(-1) ?? ''))}`;
    report(reading, issue.path, 'required key missing', mend);
    return;
  }
  if (value === null && reading.yaml.isComment(issue.path)) {
    // Not quoted back: a password may begin so as well.
    report(reading, issue.path, 'no value: # begins a comment', 'put the value in quotes');
    return;
  }
  if (value === null && issue.path.length > 0) {
    report(reading, issue.path, 'no value', 'write one, or delete the line');
    return;
  }
  const [message, mend] = describe(reading, issue, value);
  report(reading, issue.path, message, mend);
}

function isWord(key: string): boolean {
  return /^[\w$.-]{1,60}$/.test(key);
}

/** A line of a file that was never meant to be read here, through a link: it may be a secret. */
function reportUnnamed(reading: Reading, path: Path, key: string): void {
  const place = reading.yaml.position([...path, key], 'key');
  reading.faults.push({
    file: reading.yaml.name,
    ...place,
    path: formatPath(path),
    message: 'unknown key, and none that could be one',
    mend: 'delete the line, or see whose file this is',
  });
}

function describe(
  reading: Reading,
  issue: z.core.$ZodIssue,
  value: unknown,
): [message: string, mend: string] {
  if (issue.code === 'invalid_union' && ['number', 'boolean'].includes(typeof value)) {
    // Not quoted back: this may be a password of digits.
    return [`expected text, found a ${typeof value}`, 'put it in quotes'];
  }
  // A text of the schema's own is better than any made from the kind of issue.
  if (!/^(Invalid|Too|Unrecognized)\b/.test(issue.message)) return part(issue.message);
  switch (issue.code) {
    case 'invalid_type': {
      if (issue.expected === 'string' && ['number', 'boolean'].includes(typeof value)) {
        const written = reading.yaml.written(issue.path) ?? String(value);
        return [`expected text, found a ${typeof value}`, `put it in quotes: "${written}"`];
      }
      return [`expected ${nameKind(issue.expected)}, found ${nameValue(value)}`, ''];
    }
    case 'invalid_value': {
      const known = issue.values.map(String);
      const word = reading.yaml.written(issue.path) ?? nameValue(value);
      const meant = closestWord(word, known);
      const mend = meant ? `did you mean "${meant}"?` : `write one of ${known.join(', ')}`;
      return [`unknown value ${quote(word)}`, mend];
    }
    case 'too_small':
      return typeof value === 'number'
        ? [`must be ${issue.minimum} or more`, '']
        : [`needs ${issue.minimum} or more`, ''];
    case 'too_big':
      return typeof value === 'number'
        ? [`must be ${issue.maximum} or less`, '']
        : [`too long: at most ${issue.maximum} characters`, ''];
    default:
      return ['not a value this key takes', `see docs/configuration.md, ${formatPath(issue.path)}`];
  }
}

function listKnown(known: readonly string[]): string {
  if (known.length > 12) return 'docs/configuration.md lists those that are known';
  return `known here: ${known.join(', ')}`;
}

function part(text: string): [message: string, mend: string] {
  const [message = text, ...mend] = text.split('; ');
  return [message, mend.join('; ')];
}

function nameKind(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    string: 'text',
    int: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    array: 'a list',
    object: 'keys with values',
    record: 'keys with values',
  };
  return names[expected] ?? expected;
}

function nameValue(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === null) return 'nothing';
  if (typeof value === 'object') return 'keys with values';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}

function keysAt(shape: Shape, path: Path): string[] {
  let places: Shape[] = [shape];
  for (const step of path) {
    places = places.flatMap(branches).flatMap((place) => {
      const next = typeof step === 'number' ? place.items : place.properties?.[String(step)];
      return typeof next === 'object' && !Array.isArray(next) ? [next] : [];
    });
  }
  return places.flatMap(branches).flatMap((place) => Object.keys(place.properties ?? {}));
}

function branches(shape: Shape): Shape[] {
  return shape.anyOf ? shape.anyOf.flatMap(branches) : [shape];
}
