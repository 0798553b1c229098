import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const STAIRCASE =
  'domain i18n telemetry outbound settings storage tenants mail home-realm federation guests passcodes oidc interaction http plugin server preview demo testing cli index'.split(
    ' ',
  );

interface Source {
  /** Relative to src. */
  readonly path: string;
  readonly text: string;
}

/** Who may know a package: matches the path of a file; `types` may be imported by those. */
const KNOWN_BY = [
  {
    package: /^oidc-provider(?:\/|$)/,
    values: /^(?:oidc|interaction|plugin|server)\b/,
    types: /^http\//,
  },
  {
    package: /^(?:koa|koa-views|@koa\/.*)$/,
    values: /^(?:http|plugin|server|preview|demo)\b/,
    types: /./,
  },
  { package: /^@opentelemetry\//, values: /^telemetry\/trace\.ts$/, types: /^$/ },
  { package: /^node:sqlite$/, values: /^storage\/sqlite[^/]*$/, types: /^$/ },
  { package: /^mysql2(?:\/|$)/, values: /^storage\/mysql[^/]*$/, types: /^$/ },
] as const;

describe('the staircase', () => {
  it('is climbed by every import of src', () => {
    const root = fileURLToPath(new URL('../src/', import.meta.url));
    const sources = globSync('**/*.ts', { cwd: root }).map((path) => ({
      path: path.replaceAll('\\', '/'),
      text: readFileSync(`${root}/${path}`, 'utf8'),
    }));
    assert.ok(sources.length > 50);
    assert.deepEqual(findFaults(sources), []);
  });

  const planted: readonly (readonly [what: string, path: string, text: string])[] = [
    ['a step to the right', 'domain/x.ts', "import { a } from '../storage/store.ts';"],
    ['a type from the right', 'mail/x.ts', "import type { A } from '../http/page.ts';"],
    ['an export from the right', 'storage/x.ts', "export * from '../plugin.ts';"],
    ['an import on many lines', 'guests/x.ts', "import {\n  a,\n  b,\n} from '../cli/main.ts';"],
    ['a dynamic import', 'settings/x.ts', "const a = await import('../http/page.ts');"],
    ['an import for its effect', 'i18n.ts', "import './server/start.ts';"],
    ['a room nobody knows', 'helpers/x.ts', ''],
    ['a way out of src', 'http/x.ts', "import a from '../../test/x.ts';"],
    ['a package in domain', 'domain/x.ts', "import { z } from 'zod';"],
    ["Node's own in domain", 'domain/x.ts', "import type { A } from 'node:net';"],
    ['a driver outside its file', 'storage/guests.ts', "import { A } from 'node:sqlite';"],
    ['the other driver', 'storage/sqlite.ts', "import { a } from 'mysql2/promise';"],
    ['the engine in http', 'http/x.ts', "import { errors, type A } from 'oidc-provider';"],
    ['the engine in passcodes', 'passcodes/x.ts', "import type { A } from 'oidc-provider';"],
    ['a tracer outside its file', 'http/x.ts', "import { trace } from '@opentelemetry/api';"],
    ['Koa in oidc', 'oidc/x.ts', "import Koa from 'koa';"],
    ['a part of Koa in mail', 'mail/x.ts', "import Router from '@koa/router';"],
  ];
  for (const [what, path, text] of planted) {
    it(`is not climbed by ${what}`, () => assert.equal(findFaults([{ path, text }]).length, 1));
  }

  it('leaves alone what is allowed', () => {
    const sources = [
      {
        path: 'http/x.ts',
        text: "import type { A } from 'oidc-provider';\nimport Koa from 'koa';",
      },
      {
        path: 'oidc/x.ts',
        text: "import { type Context } from 'koa';\nimport p from 'oidc-provider';",
      },
      { path: 'storage/sqlite.ts', text: "import { DatabaseSync } from 'node:sqlite';" },
      { path: 'plugin/x.ts', text: "import { a } from '../plugin.ts';\nimport '../domain/y.ts';" },
      { path: 'domain/x.ts', text: "// import a from 'koa';\nimport { b } from './y.ts';" },
    ];
    assert.deepEqual(findFaults(sources), []);
  });
});

describe('what can check a passcode', () => {
  /** What evaluating is made of: none of it may be reached past the function that counts first. */
  const PARTS = {
    'the comparison': /\bdigests\.matches\(/,
    'the digests': /\bcreatePasscodeDigests\(/,
    'the stored digests': /\bpasscodes\.list\(/,
    'the attempt': /\btakeAttempt\(/,
    'the mark of the proof': /\bmarkVerified\(/,
    'the function itself': /\bcreateVerifyPasscode\(/,
    'its call': /\bverifyPasscode\(/,
  };
  const known: Readonly<Record<keyof typeof PARTS, readonly string[]>> = {
    'the comparison': ['passcodes/verify.ts'],
    'the digests': ['passcodes/digest.ts', 'plugin/sign-in-rooms.ts'],
    'the stored digests': ['passcodes/verify.ts'],
    'the attempt': ['passcodes/verify.ts', 'storage/sign-in-store.ts'],
    'the mark of the proof': ['passcodes/verify.ts', 'storage/sign-in-store.ts'],
    'the function itself': ['passcodes/verify.ts', 'plugin/sign-in-rooms.ts'],
    'its call': ['interaction/passcode-steps.ts', 'passcodes/verify.ts'],
  };
  const root = fileURLToPath(new URL('../src/', import.meta.url));
  const files = globSync('**/*.ts', { cwd: root }).map((path) => path.replaceAll('\\', '/'));
  for (const [what, pattern] of Object.entries(PARTS)) {
    it(`S12 is one function: ${what} stands where it belongs, and nowhere else`, () => {
      const found = files.filter((path) => pattern.test(readFileSync(`${root}/${path}`, 'utf8')));
      assert.deepEqual(found.toSorted(), known[what as keyof typeof PARTS]);
    });
  }

  it('S12 reads no table of passcodes or sign-ins but through the store', () => {
    const found = files.filter((path) =>
      /\b(?:FROM|UPDATE|INTO) (?:passcodes|sign_ins)\b/.test(
        readFileSync(`${root}/${path}`, 'utf8'),
      ),
    );
    assert.ok(found.length >= 2);
    for (const path of found) assert.match(path, /^storage\//);
  });
});

function findFaults(sources: readonly Source[]): readonly string[] {
  return sources.flatMap(({ path, text }) => {
    const own = STAIRCASE.indexOf(roomOf(path));
    if (own < 0) return [`${path}: no room of that name`];
    return importsOf(text)
      .filter(({ from, typesOnly }) =>
        from.startsWith('.')
          ? !isBelow(posix.join(posix.dirname(path), from), own)
          : own === 0 || !isKnown(from, path, typesOnly),
      )
      .map(({ from }) => `${path}: ${from}`);
  });
}

function isBelow(target: string, own: number): boolean {
  const room = STAIRCASE.indexOf(roomOf(target));
  return room >= 0 && room <= own;
}

function isKnown(from: string, path: string, typesOnly: boolean): boolean {
  return KNOWN_BY.filter((rule) => rule.package.test(from)).every(
    (rule) => rule.values.test(path) || (typesOnly && rule.types.test(path)),
  );
}

function roomOf(path: string): string {
  return path.split('/')[0]!.replace(/\.ts$/, '');
}

function importsOf(text: string): readonly { from: string; typesOnly: boolean }[] {
  const statement = /^(?:import|export)\s+(?:([\w\s{},*$]+?)\s+from\s+)?['"]([^'"]+)['"]/gm;
  const dynamic = /\b(?:import|require)\(\s*['"]([^'"]+)['"]/g;
  return [
    ...[...text.matchAll(statement)].map(([, names = '', from = '']) => ({
      from,
      typesOnly: isTypesOnly(names),
    })),
    ...[...text.matchAll(dynamic)].map(([, from = '']) => ({ from, typesOnly: false })),
  ];
}

function isTypesOnly(names: string): boolean {
  if (/^type\b/.test(names)) return true;
  const list = /^\s*\{([^}]*)\}\s*$/.exec(names)?.[1];
  return list !== undefined && list.split(',').every((name) => /^\s*(?:type\s.*)?$/s.test(name));
}
