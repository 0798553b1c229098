import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { formatFault } from '../../src/settings/fault.ts';
import { type KnownFiles, parseYaml, readYaml, type YamlReading } from '../../src/settings/yaml.ts';
import { writeFolder } from './config-folder.ts';

function faultsIn(reading: YamlReading): readonly string[] {
  return reading.outcome === 'faulty' ? reading.faults.map(formatFault) : [];
}

describe('parseYaml', () => {
  const refused: readonly [title: string, text: string, fault: string][] = [
    [
      'an alias',
      'a: 1\nb: *x\n',
      'f.yaml:2:4  aliases (*) are not allowed here; write the value out',
    ],
    ['an anchor', 'a: &x 1\n', 'f.yaml:1:7  anchors (&) are not allowed here; take the anchor off'],
    [
      'an anchor on a key',
      '&k a: 1\n',
      'f.yaml:1:4  anchors (&) are not allowed here; take the anchor off',
    ],
    [
      'a tag',
      'a: !!str 1\n',
      'f.yaml:1:10  tags (!) are not allowed here; put text in quotes instead',
    ],
    [
      'a tag of its own',
      'a: !include x\n',
      'f.yaml:1:13  tags (!) are not allowed here; put text in quotes instead',
    ],
    [
      'a bare tag',
      'a: ! x\n',
      'f.yaml:1:6  tags (!) are not allowed here; put text in quotes instead',
    ],
    [
      'a duplicate key',
      'a: 1\nb: 2\na: 3\n',
      'f.yaml:3:1  the same key stands twice; keep one of the two',
    ],
    [
      '__proto__',
      'a:\n  __proto__: 1\n',
      'f.yaml:2:3  the key "__proto__" is never allowed; remove it',
    ],
    [
      'constructor',
      'constructor: { prototype: 1 }\n',
      'f.yaml:1:1  the key "constructor" is never allowed; remove it',
    ],
    [
      'a second document',
      'a: 1\n---\nb: 2\n',
      'f.yaml:2:1  more than one YAML document in one file; take out the --- line',
    ],
    [
      'a directive',
      '%YAML 1.1\n---\na: no\n',
      'f.yaml:1:1  YAML directives (%) are not allowed here; delete the line',
    ],
    [
      'an empty file',
      '# nothing\n',
      'f.yaml  empty file; write the settings it should hold, or remove it',
    ],
  ];
  for (const [title, text, fault] of refused) {
    it(`S57 refuses ${title} at its line and column`, () => {
      assert.equal(faultsIn(parseYaml(text, 'f.yaml'))[0], fault);
    });
  }

  it('S57 stops the alias bomb unexpanded', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 30 }, (_, i) => `k${i}: &k${i} [${'*a,'.repeat(9)}]`).join('\n')}`;
    assert.equal(parseYaml(bomb, 'f.yaml').outcome, 'faulty');
  });

  it('says the line also behind a bracket nobody opened, where the parser loses count', () => {
    const faults = faultsIn(parseYaml('a:\n} - b: c\n  d: 2\n', 'f.yaml'));
    assert.match(faults.at(-1) ?? '', /^f\.yaml:3:\d /);
  });

  it('survives nesting without end', () => {
    assert.equal(parseYaml(`a: ${'['.repeat(20_000)}`, 'f.yaml').outcome, 'faulty');
    assert.equal(
      parseYaml(`a: ${'['.repeat(3000)}${']'.repeat(3000)}`, 'f.yaml').outcome !== undefined,
      true,
    );
  });

  it('keeps no and 012345 findable as written', () => {
    const reading = parseYaml('a: no\nb: 012345\n', 'f.yaml');
    assert(reading.outcome === 'read');
    assert.deepEqual(reading.yaml.value, { a: 'no', b: 12345 });
    assert.equal(reading.yaml.written(['b']), '012345');
  });

  it('finds values, keys and the parent of what is missing', () => {
    const reading = parseYaml('a:\n  - b: 1\n    c:\n', 'f.yaml');
    assert(reading.outcome === 'read');
    const { yaml } = reading;
    assert.deepEqual(yaml.position(['a', 0, 'b']), { line: 2, column: 8 });
    assert.deepEqual(yaml.position(['a', 0, 'b'], 'key'), { line: 2, column: 5 });
    assert.deepEqual(yaml.position(['a', 0, 'c']), { line: 3, column: 5 });
    assert.deepEqual(yaml.position(['a', 0, 'nothing']), { line: 2, column: 5 });
    assert.deepEqual(yaml.position(['x', 3]), { line: 1, column: 1 });
  });

  it('reads JSON with tabs', () => {
    const reading = parseYaml('{\n\t"a": 1,\n\t"b": [\n\t\t2]\n}\n', 'f.json');
    assert(reading.outcome === 'read');
    assert.deepEqual(reading.yaml.value, { a: 1, b: [2] });
  });

  it('S58 quotes nothing of a mangled line back', () => {
    const text = 'password: "hunter2-correct-horse\nmail: [hunter2-correct-horse\n';
    const lines = faultsIn(parseYaml(text, 'f.yaml'));
    assert(lines.length > 0);
    assert(!lines.join('\n').includes('hunter2'), lines.join('\n'));
  });

  it('never throws, whatever the text', () => {
    const piece = fc.constantFrom(
      'a',
      ': ',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '&x ',
      '*x',
      '!!t ',
      '|',
      '>',
      '#',
      '%',
      '---',
      '\t',
      ',',
      '? ',
      '<<',
      '\u0000',
      '😀',
      '\uFEFF',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const reading = parseYaml(pieces.join(''), 'f.yaml');
        if (reading.outcome === 'faulty') assert(reading.faults.length > 0);
        else reading.yaml.position(['a', 0, 'b']);
      }),
      { numRuns: 500 },
    );
  });
});

describe('readYaml', () => {
  for (const [when, known] of [
    ['at a start', () => undefined],
    ['while serving', () => new Map()],
  ] as const) {
    it(`S57 refuses a file beyond 1 MiB and takes one of 1 MiB, ${when}`, async () => {
      const folder = await writeFolder({
        'large.yaml': `a: ${'x'.repeat(1024 * 1024)}`,
        'full.yaml': `a: ${'x'.repeat(1024 * 1024 - 3)}`,
      });
      assert.deepEqual(
        faultsIn(await readYaml(join(folder, 'large.yaml'), 'large.yaml', known())),
        ['large.yaml  larger than 1 MiB; split it or take out what is not configuration'],
      );
      assert.equal((await readYaml(join(folder, 'full.yaml'), 'f', known())).outcome, 'read');
    });

    it(`S57 refuses a folder and a named pipe without waiting, ${when}`, async () => {
      const folder = await writeFolder({ 'folder.yaml/x': '' });
      execFileSync('mkfifo', [join(folder, 'pipe.yaml')]);
      for (const name of ['folder.yaml', 'pipe.yaml']) {
        assert.match(
          faultsIn(await readYaml(join(folder, name), name, known()))[0]!,
          /not a regular file/,
        );
      }
    });

    it(`refuses bytes that are not UTF-8, and says when there is no file, ${when}`, async () => {
      const folder = await writeFolder({ 'latin.yaml': Buffer.from('a: M\xfcller', 'latin1') });
      assert.match(
        faultsIn(await readYaml(join(folder, 'latin.yaml'), 'f', known()))[0]!,
        /not UTF-8 text/,
      );
      assert.match(
        faultsIn(await readYaml(join(folder, 'none.yaml'), 'f', known()))[0]!,
        /no such file/,
      );
    });
  }

  it('S57 parses a file again when a byte of it changed, and only then', async () => {
    const path = join(await writeFolder({}), 'known.yaml');
    const known: KnownFiles = new Map();
    await writeFile(path, 'a: 1\nb: [2, 3]\n');
    const first = await readYaml(path, 'known.yaml', known);
    assert.equal(await readYaml(path, 'known.yaml', known), first);
    // As long as before, and perhaps within one tick of the file system's clock.
    await writeFile(path, 'a: 1\nb: [2, 4]\n');
    const second = await readYaml(path, 'known.yaml', known);
    assert.ok(second.outcome === 'read');
    assert.deepEqual(second.yaml.value, { a: 1, b: [2, 4] });
    await writeFile(path, 'a: [\n');
    assert.equal((await readYaml(path, 'known.yaml', known)).outcome, 'faulty');
    assert.equal(known.size, 0);
  });

  it('knows where a value stands also when its own memory of that was collected', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const read = parseYaml('a: 1\nb:\n  - c: 012\n', 'x');
    assert.ok(read.outcome === 'read');
    await setImmediate();
    collect();
    assert.deepEqual(read.yaml.position(['b', 0, 'c']), { line: 3, column: 8 });
    assert.equal(read.yaml.written(['b', 0, 'c']), '012');
  });
});
