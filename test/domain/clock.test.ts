import assert from 'node:assert/strict';
import { systemClock } from '../../src/domain/clock.ts';

describe('systemClock', () => {
  it('tells whole epoch seconds', () => {
    const before = Math.floor(Date.now() / 1000);
    const told = systemClock();
    assert.ok(Number.isInteger(told));
    assert.ok(told >= before && told <= Date.now() / 1000);
  });
});
