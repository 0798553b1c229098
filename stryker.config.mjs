// Owns what `npm run mutate` changes in the code, and which tests must notice (docs/mutation.md).

// The command runner starts mocha once per mutant, so a group runs the tests of its own files alone.
const listed = (room, sources, tests = []) => ({
  mutate: sources.map((name) => `src/${room}/${name}.ts`),
  tests: [...sources, ...tests].map((name) => `test/${room}/${name}.test.ts`).join(' '),
});
const groups = {
  names: listed(
    'domain',
    ['email-address', 'tenant', 'claims', 'invitation', 'sign-in'],
    ['email-address-properties', 'tenant-properties'],
  ),
  budgets: listed('domain', ['passcode', 'budget'], ['passcode-properties']),
  decision: {
    mutate: ['src/domain/redemption{,-admission,-providers,-conditions}.ts'],
    tests: ['', '-matrix', '-explain', '-properties']
      .map((name) => `test/domain/redemption${name}.test.ts`)
      .join(' '),
  },
  // MariaDB runs the same contracts; one engine is enough to see whether a mutant is noticed.
  passcodes: {
    mutate: ['src/passcodes/*.ts'],
    tests: ['digest', 'generate', 'subjects', 'sqlite']
      .map((name) => `test/passcodes/${name}.test.ts`)
      .join(' '),
  },
};
const name = process.env.MUTATE ?? 'names';
const group = Object.hasOwn(groups, name) ? groups[name] : undefined;
if (!group) throw new Error(`MUTATE is one of ${Object.keys(groups).join(', ')}`);

export default {
  testRunner: 'command',
  commandRunner: { command: `FUZZ_RUNS=200 mocha --bail --reporter dot ${group.tests}` },
  mutate: group.mutate,
  plugins: [],
  // Node strips the types and does not check them; TypeScript 7 has no API to rewrite a tsconfig with.
  checkers: [],
  disableTypeChecks: false,
  tsconfigFile: 'none.json',
  ignorePatterns: ['.ci', 'bench', 'coverage', 'data', 'dist', 'screenshots'],
  concurrency: 2,
  timeoutMS: 20_000,
  reporters: ['progress-append-only', 'clear-text', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: `coverage/mutation-${name}.json` },
  tempDirName: '.stryker-tmp',
};
