import assert from 'node:assert/strict';
import { systemClock } from '../../src/domain/clock.ts';
import { createMovableClock } from '../../src/testing/movable-clock.ts';

describe('createMovableClock', () => {
  it('runs on from where it was moved to, after what ended meanwhile was forgotten', async () => {
    const forgotten: number[] = [];
    const { clock, hand } = createMovableClock(async (now) => void forgotten.push(now));
    assert.ok(Math.abs(clock() - systemClock()) <= 1);
    await hand.advance(1800);
    await hand.advance(60);
    assert.ok(Math.abs(clock() - systemClock() - 1860) <= 1);
    assert.equal(hand.now(), clock());
    assert.equal(forgotten.length, 2);
    assert.ok(forgotten[1]! - forgotten[0]! >= 60);
  });

  for (const seconds of [0, -1, 0.5, Number.NaN]) {
    it(`does not move by ${seconds}`, async () => {
      const { hand } = createMovableClock(() => Promise.reject(new Error('it moved')));
      await assert.rejects(hand.advance(seconds), TypeError);
    });
  }
});
