import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { parseDocument } from 'yaml';
import { parseYaml, readYaml, type YamlReading } from '../../src/settings/yaml.ts';
import { corpus, examples, runs } from '../support/fuzz.ts';
import { soundSettings, soundTenant, writeFolder } from './config-folder.ts';

const KEPT = examples('yaml');
const token = fc.oneof(
  fc.constantFrom(': ', '\n', '  ', '- ', '? ', '{', '}', '[', ']', ',', '"', "'", '|', '>', '#'),
  fc.constantFrom(
    '&a ',
    '*a',
    '!!map ',
    '%YAML 1.1\n',
    '---\n',
    '<<: ',
    '\t',
    '\r',
    '\u2028',
    '\ufeff',
  ),
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'id', 'null', '.inf', '0x1f', '\u0000'),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
/** A sound file with something put in, taken out or written twice. */
const bent = fc
  .tuple(
    fc.constantFrom(soundSettings, soundTenant),
    fc.array(fc.tuple(fc.nat(300), fc.nat(30), token), { minLength: 1, maxLength: 4 }),
  )
  .map(([sound, changes]) =>
    changes.reduce<string>(
      (text, [at, out, put]) => text.slice(0, at) + put + text.slice(at + out),
      sound,
    ),
  );
const text = fc.oneof(
  bent,
  fc.array(token, { maxLength: 40 }).map((all) => all.join('')),
);

/** One byte of it another one. */
function spoil(content: Buffer, at: number, byte: number): Buffer {
  if (content.length > 0) content[at % content.length] = byte;
  return content;
}

/** What holds for every reading: positions inside of the text, plain data, nothing inherited changed. */
function assertSound(reading: YamlReading, source: string): void {
  assert.ok(!('polluted' in {}));
  const lines = source.split('\n');
  const inside = ({ line, column }: { line: number; column: number }) => {
    assert.ok(line >= 1 && line <= lines.length, `line ${line} of ${lines.length}`);
    const length = lines[line - 1]?.length ?? 0;
    assert.ok(column >= 1 && column <= length + 1, `column ${column} of ${length}`);
  };
  if (reading.outcome === 'read') {
    assertPlain(reading.yaml.value);
    for (const path of [[], ['id'], ['clients', 0, 'client_id'], ['mail', 'from']]) {
      inside(reading.yaml.position(path));
      inside(reading.yaml.position(path, 'key'));
      reading.yaml.isComment(path);
      reading.yaml.written(path);
    }
    return;
  }
  assert.ok(reading.faults.length > 0);
  for (const fault of reading.faults) {
    assert.ok(fault.message !== '' && fault.mend !== '');
    // Line 0 is the file as a whole.
    if (fault.line !== 0 || fault.column !== 0) inside(fault);
  }
}

function assertPlain(value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    assert.ok(['string', 'number', 'boolean', 'bigint'].includes(typeof value) || value === null);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  assert.ok(prototype === Object.prototype || prototype === Array.prototype);
  for (const key of Object.getOwnPropertyNames(value)) {
    assert.ok(!['__proto__', 'constructor', 'prototype'].includes(key), key);
  }
  Object.values(value).forEach(assertPlain);
}

describe('parseYaml, for whatever stands in a file', () => {
  it('S57 reads plain data or says faults at places inside of the file', () => {
    fc.assert(
      fc.property(text, (source) => assertSound(parseYaml(source, 'f.yaml'), source)),
      { ...runs(1000), examples: KEPT },
    );
  });

  // Two parsers that part would check one text and say positions, or edit, by another.
  it('S57 reads what the parser of positions reads, and nothing that it refuses', () => {
    fc.assert(
      fc.property(text, (source) => {
        const reading = parseYaml(source, 'f.yaml');
        if (reading.outcome === 'faulty') return;
        const options = { prettyErrors: false, stringKeys: true, logLevel: 'error' } as const;
        const document = parseDocument(source, options);
        assert.deepEqual(document.errors, []);
        assert.ok(!document.directives?.yaml.explicit);
        assert.deepStrictEqual(reading.yaml.value, document.toJS({ maxAliasCount: 0 }));
      }),
      { ...runs(1000), examples: KEPT },
    );
  });
});

describe('readYaml, for whatever bytes', () => {
  it('S57 never throws', async () => {
    const path = join(await writeFolder({}), 'f.yaml');
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((all) => Buffer.from(all)),
      fc
        .tuple(bent, fc.nat(200), fc.nat(255))
        .map(([source, at, byte]) => spoil(Buffer.from(source), at, byte)),
    );
    const kept = corpus('yaml').map(({ input }): [Buffer] => [Buffer.from(input)]);
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        await writeFile(path, content);
        const reading = await readYaml(path, 'f.yaml');
        const source = content.toString('utf8').replace(/^\ufeff/, '');
        assertSound(reading, source);
      }),
      { ...runs(150), examples: kept },
    );
  });
});
