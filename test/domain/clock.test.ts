import assert from 'node:assert/strict';
import { instantOf, systemClock } from '../../src/domain/clock.ts';

describe('systemClock', () => {
  it('tells whole epoch seconds', () => {
    const before = Math.floor(Date.now() / 1000);
    const told = systemClock();
    assert.ok(Number.isInteger(told));
    assert.ok(told >= before && told <= Date.now() / 1000);
  });
});

describe('instantOf', () => {
  it('writes whole seconds in UTC', () => {
    assert.equal(instantOf(0), '1970-01-01T00:00:00Z');
    assert.equal(instantOf(1_642_204_800.9), '2022-01-15T00:00:00Z');
  });
});
