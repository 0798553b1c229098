import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { defaultLimits, limitTable } from '../src/domain/limits.ts';
import { boundsOf, tenantBoundOf } from './support/guess-bounds.ts';
import { listTests, type NamedTest } from './support/rules.ts';
import { drawSecurity, readSecurity, unheld, unknown } from './support/security-page.ts';

describe('docs/security.md', () => {
  let tests: readonly NamedTest[];
  before(function () {
    this.timeout(180_000);
    tests = listTests();
  });

  it('has a test for every requirement and fault', () => {
    assert.deepEqual(unheld(tests), []);
  });

  it('knows every requirement and fault that a test names', () => {
    assert.deepEqual(unknown(tests), []);
  });

  it('says what the titles of the tests say; npm run rules writes it anew', () => {
    assert.equal(readSecurity(), drawSecurity(tests));
  });

  it('notices a requirement that lost its test', () => {
    const without = tests.filter(({ fullTitle }) => !/\bS18\b/.test(fullTitle));
    assert.deepEqual(unheld(without), ['S18']);
  });
});

describe('the arithmetic of guessing', () => {
  it('S8 keeps one guest below one in 10 000 a year, by the limits as shipped', () => {
    assert.ok(boundsOf(defaultLimits).perYear < 1e-4);
    assert.ok(boundsOf(defaultLimits).perYearWithKnownBrowsers < 1e-4);
  });

  it('S8 never lets an allowed limit make it likelier than as shipped', () => {
    const limits = fc.record(
      Object.fromEntries(
        Object.entries(limitTable).map(([name, { min, max }]) => [name, fc.integer({ min, max })]),
      ),
    ) as fc.Arbitrary<typeof defaultLimits>;
    const shipped = boundsOf(defaultLimits);
    fc.assert(fc.property(limits, (some) => boundsOf(some).perYear <= shipped.perYear));
  });

  it('S8 S11 is not raised for one guest by more networks', () => {
    const alone = tenantBoundOf(defaultLimits, 1, 1);
    assert.deepEqual(tenantBoundOf(defaultLimits, 100_000, 1), { ...alone, networks: 100_000 });
  });

  it('S11 is bounded for a tenant, whoever attacks', () => {
    const most = tenantBoundOf(defaultLimits, 1e9, 1e9);
    assert.equal(most.guessesPerDay, defaultLimits.failuresPerTenantPerDay);
  });

  it('is what SECURITY.md promises', () => {
    const page = readFileSync(new URL('../SECURITY.md', import.meta.url), 'utf8');
    const promised = [...page.matchAll(/([\d.]+) in 100,000/g)].map(([, number]) => number);
    const { perYear, perYearWithKnownBrowsers } = boundsOf(defaultLimits);
    assert.deepEqual(
      promised,
      [perYear, perYearWithKnownBrowsers].map((chance) => (chance * 1e5).toFixed(1)),
    );
  });
});
