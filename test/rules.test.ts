import assert from 'node:assert/strict';
import { drawRules, listTests, type NamedTest, readRules, unproved } from './support/rules.ts';

describe('docs/rules.md', () => {
  let tests: readonly NamedTest[];
  before(function () {
    this.timeout(180_000);
    tests = listTests();
  });

  it('has a test for every rule and every cell of the matrix', () => {
    assert.deepEqual(unproved(tests), []);
  });

  it('says what the titles of the tests say; npm run rules writes it anew', () => {
    assert.equal(readRules(), drawRules(tests));
  });

  it('notices a rule that lost its test', () => {
    const without = tests.filter(({ fullTitle }) => !/\bR50\b/.test(fullTitle));
    assert.deepEqual(unproved(without), ['R50']);
  });
});
