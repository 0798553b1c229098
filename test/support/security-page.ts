// Owns docs/security.md: every security requirement and fault, how it is met, and the tests that fail
// when it is not, read from the titles of the suite itself; the arithmetic of guessing by the limits
// as shipped.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defaultLimits } from '../../src/domain/limits.ts';
import { boundsOf, tenantBoundOf } from './guess-bounds.ts';
import { CHAPTERS, type Requirement } from './requirements.ts';
import { listTests, type NamedTest } from './rules.ts';

const PAGE = new URL('../../docs/security.md', import.meta.url);
/** More would make a page that nobody reads; the suite has them all. */
const MOST_SENTENCES = 3;

const REQUIREMENTS: readonly Requirement[] = CHAPTERS.flatMap(({ requirements }) => requirements);

/** The numbers of requirements (S) and faults (F) that a title names. */
export function numbersIn(title: string): readonly string[] {
  return title.match(/\b[SF]\d{1,2}\b/g) ?? [];
}

/** Requirements and faults that no test names. */
export function unheld(tests: readonly NamedTest[]): readonly string[] {
  const held = new Set(tests.flatMap(({ fullTitle }) => numbersIn(fullTitle)));
  return REQUIREMENTS.map(({ id }) => id).filter((id) => !held.has(id));
}

/** Numbers in titles that are no requirement and no fault. */
export function unknown(tests: readonly NamedTest[]): readonly string[] {
  const known = new Set(REQUIREMENTS.map(({ id }) => id));
  const named = new Set(tests.flatMap(({ fullTitle }) => numbersIn(fullTitle)));
  return [...named].filter((id) => !known.has(id));
}

/** The page as it should be. */
export function drawSecurity(tests: readonly NamedTest[]): string {
  return [
    '# Security, requirement by requirement',
    '',
    '<!-- prettier-ignore-start -->',
    '<!-- Written by `npm run rules` from test/support/requirements.ts and the titles of the tests. -->',
    '',
    'What [SECURITY.md](../SECURITY.md) promises, item by item: how it is met, and tests that fail when it is not. S1 to S67 are',
    'requirements, F1 to F25 faults. A test keeps this page true.',
    '',
    ...drawDeviations(),
    ...drawArithmetic(),
    ...CHAPTERS.flatMap(({ title, requirements }) => [
      `## ${title}`,
      '',
      '| | How it is met | Tests |',
      '|---|---|---|',
      ...requirements.map((requirement) => rowOf(requirement, tests)),
      '',
    ]),
    '<!-- prettier-ignore-end -->',
    '',
  ].join('\n');
}

/** The page as it is. */
export function readSecurity(): string {
  return readFileSync(PAGE, 'utf8');
}

function rowOf({ id, says, deviates }: Requirement, tests: readonly NamedTest[]): string {
  const found = new Map<string, string>();
  for (const { title, fullTitle, file } of tests) {
    if (!numbersIn(fullTitle).includes(id)) continue;
    const said = numbersIn(title).includes(id) ? title : fullTitle;
    found.set(said.replace(/^(?:[RMSTPF]\d{1,3}[a-z]? )+/, ''), file);
  }
  const shown = [...found].slice(0, MOST_SENTENCES).map(([said, file]) => {
    return `${said.replaceAll('|', '\\|').replaceAll('<', '&lt;')} ([test](../${file}))`;
  });
  const more = found.size - shown.length;
  const proofs = [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('<br>');
  const text = deviates === undefined ? says : `${says} [Deviates](#where-we-deviate).`;
  return `| ${id} | ${text} | ${proofs} |`;
}

function drawDeviations(): readonly string[] {
  const rows = REQUIREMENTS.flatMap(({ id, deviates, knob = '' }) =>
    deviates === undefined ? [] : [`| ${id} | ${deviates} | ${knob} |`],
  );
  return [
    '## Where we deviate',
    '',
    'From what was asked for, or from NIST SP 800-63B and OWASP ASVS:',
    '',
    '| | What is otherwise, and why | What can be done about it |',
    '|---|---|---|',
    ...rows,
    '',
  ];
}

function drawArithmetic(): readonly string[] {
  const limits = defaultLimits;
  const one = boundsOf(limits);
  const many = [
    [1, 1],
    [1, 1000],
    [10, 1000],
    [1000, 10_000],
    [100_000, 100_000],
  ].map(([networks = 0, guests = 0]) => tenantBoundOf(limits, networks, guests));
  return [
    '## How likely a guess is',
    '',
    `A passcode has ${limits.passcodeDigits} digits, one of ${grouped(one.passcodes)}. Every guess is counted before it is compared, and at most ${one.live} passcodes of a`,
    `sign-in are right at a time. Wrong ones are bounded per guest: ${limits.failuresPerAddressPerDay} a day and ${limits.failuresPerAddressPer30Days} in 30 days, whatever the number of sign-ins, networks`,
    `and processes. So somebody who never stops has at most ${one.guessesPerYear} guesses a year at one guest:`,
    '',
    `**${scientific(one.perDay)} a day, ${scientific(one.perYear)} a year.** Past the budget passcodes have 80 bits. Known browsers of a guest share a budget of their`,
    `own: whoever stole one, or all of them, comes to ${scientific(one.perYearWithKnownBrowsers)} a year.`,
    '',
    'Somebody who attacks a whole tenant all year, unnoticed:',
    '',
    '| networks | known guests | evaluated guesses a day | gets in as any of them, a year |',
    '|---|---|---|---|',
    ...many.map(
      ({ networks, guests, guessesPerDay, perYear }) =>
        `| ${grouped(networks)} | ${grouped(guests)} | ${grouped(guessesPerDay)} | ${scientific(perYear)} |`,
    ),
    '',
    `Over all tenants of an installation ${grouped(limits.failuresPerInstancePerDay)} wrong passcodes a day are evaluated. \`passcodeDigits: 10\` divides every number by a hundred.`,
    'Computed from the limits as shipped.',
    '',
  ];
}

function grouped(count: number): string {
  return count.toLocaleString('en').replaceAll(',', ' ');
}

function scientific(chance: number): string {
  const [digits, exponent] = chance.toExponential(1).split('e');
  return `${digits} × 10<sup>${Number(exponent)}</sup>`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const tests = listTests();
  writeFileSync(PAGE, drawSecurity(tests));
  const missing = unheld(tests);
  process.stdout.write(
    missing.length === 0 ? 'every requirement has a test\n' : `no test: ${missing.join(' ')}\n`,
  );
}
