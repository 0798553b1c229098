import assert from 'node:assert/strict';
import { compareTimes, isTold } from './timing.ts';

const TIMES = 20;
const PAIRS = 200;

describe('compareTimes', () => {
  it('T29 tells 10 ms apart on a machine where a request takes 20 to 100 ms as it happens', () => {
    const random = noise(1);
    const told = Array.from({ length: TIMES }, () => isTold(compare(random, 10)));
    assert.ok(told.filter(Boolean).length >= 0.8 * TIMES, `${told.filter(Boolean).length}`);
  });

  it('T29 raises no alarm about what is the same, nor about what grows meanwhile for both', () => {
    const random = noise(2);
    for (const drift of [0, 1]) {
      const told = Array.from({ length: TIMES }, () => isTold(compare(random, 0, drift)));
      assert.equal(told.filter(Boolean).length, 0, `${drift}`);
    }
  });

  it('T29 lets nothing pass because one answer in ten is very slow', () => {
    const random = noise(3);
    const spiky = (): number => 20 + 5 * random() + (random() < 0.1 ? 500 : 0);
    const pairs = Array.from({ length: PAIRS }, () => [spiky() + 7, spiky()] as const);
    assert.equal(isTold(compareTimes(pairs, random)), true);
  });
});

function compare(random: () => number, apart: number, drift = 0) {
  // Mostly near the lower end, now and then far from it, as answers are.
  const time = (): number => 20 + 80 * random() ** 3;
  const pairs = Array.from(
    { length: PAIRS },
    (_, index) => [time() + apart + drift * index, time() + drift * index] as const,
  );
  return compareTimes(pairs, random);
}

/** Numbers from 0 to 1, the same each time: what fails once fails again. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
