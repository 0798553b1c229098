// Owns docs/rules.md: which rule of the specification is proved by which test, read from the titles
// of the suite itself.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One test as mocha knows it. */
export interface NamedTest {
  readonly title: string;
  readonly fullTitle: string;
  /** Relative to the project. */
  readonly file: string;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGE = new URL('../../docs/rules.md', import.meta.url);

/** Every rule of the specification: R1 to R79, and the twelve cells of the rollout matrix. */
export const RULE_IDS: readonly string[] = [
  ...Array.from({ length: 79 }, (_, index) => `R${index + 1}`),
  ...Array.from({ length: 12 }, (_, index) => `M${index + 1}`),
];

/** Rules that need a word beside their tests. */
const REMARKS: Readonly<Record<string, string>> = {
  R11: 'Nothing is pulled in: each client says so itself with `guests.emailOneTimePasscode`.',
};

/**
 * Lists every test without running one.
 * @throws when a file makes something in the folder for temporary files as soon as it is read: hooks,
 * which would remove it, do not run for a list, nor for a test that `--grep` leaves out
 */
export function listTests(): readonly NamedTest[] {
  const mocha = fileURLToPath(new URL('../../node_modules/mocha/bin/mocha.js', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'guestpass-list-'));
  const listed = spawnSync(
    process.execPath,
    [mocha, '--dry-run', '--reporter', 'json', 'test/**/*.test.ts'],
    {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, TMPDIR: folder },
    },
  );
  const left = readdirSync(folder).filter((name) => name.startsWith('guestpass-'));
  rmSync(folder, { recursive: true });
  if (left.length > 0) throw new Error(`made when tests are read, not run: ${left.join(' ')}`);
  const start = listed.stdout.indexOf('{\n  "stats"');
  if (start < 0) throw new Error(`the suite could not be listed: ${listed.stderr}`);
  const { tests } = JSON.parse(listed.stdout.slice(start)) as { tests: NamedTest[] };
  return tests.map(({ title, fullTitle, file }) => ({
    title,
    fullTitle,
    file: file.replace(ROOT, ''),
  }));
}

/** Ids of rules that have no test. */
export function unproved(tests: readonly NamedTest[]): readonly string[] {
  const proved = new Set(tests.flatMap(({ fullTitle }) => idsOf(fullTitle)));
  return RULE_IDS.filter((id) => !proved.has(id));
}

/** The page as it should be. */
export function drawRules(tests: readonly NamedTest[]): string {
  const rows = RULE_IDS.flatMap((id) => {
    const proofs = new Map<string, string>();
    for (const test of tests) {
      if (idsOf(test.fullTitle).includes(id)) proofs.set(sentenceOf(test), test.file);
    }
    const lines = [...proofs].map(([says, file]) => `${says} ([test](../${file}))`);
    const cell = [...(REMARKS[id] ? [REMARKS[id]] : []), ...lines].join('<br>');
    return `| ${id} | ${cell} |`;
  });
  return [
    '# Rules',
    '',
    '<!-- prettier-ignore-start -->',
    '<!-- Written by `npm run rules` from the titles of the tests. -->',
    '',
    'What guests are let in by, as sentences, and the tests that prove them. R1 to R79 are the rules of the',
    'specification, M1 to M12 the cells of its before-and-after matrix. A test keeps this page true.',
    '',
    '| Rule | What the tests say |',
    '|---|---|',
    ...rows,
    '',
    '<!-- prettier-ignore-end -->',
    '',
  ].join('\n');
}

/** The page as it is. */
export function readRules(): string {
  return readFileSync(PAGE, 'utf8');
}

function idsOf(title: string): readonly string[] {
  return title.match(/\b[RM]\d{1,2}\b/g) ?? [];
}

/** The title without the ids it begins with. */
function sentenceOf({ title, fullTitle }: NamedTest): string {
  const said = idsOf(title).length > 0 ? title : fullTitle;
  return said
    .replace(/^(?:[RMSTP]\d{1,2}[a-z]? )+/, '')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const tests = listTests();
  writeFileSync(PAGE, drawRules(tests));
  const missing = unproved(tests);
  process.stdout.write(
    missing.length === 0 ? 'every rule is proved\n' : `no test: ${missing.join(' ')}\n`,
  );
}
