import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { spendPatience, withPatience } from '../../src/storage/patience.ts';

describe('spendPatience', () => {
  it('F3 gives a statement what is left of the allowance of its request', async () => {
    const given: number[] = [];
    const use = async (ms: number): Promise<void> => {
      given.push(ms);
      await pause(40);
    };
    await withPatience(5_000, async () => {
      await spendPatience(50, use);
      await spendPatience(5_000, use);
    });
    const [first = 0, second = 0] = given;
    assert.equal(first, 50);
    assert.ok(second <= 4_961, String(second));
  });

  it('F3 refuses when nothing is left, without asking', async () => {
    let asked = 0;
    await withPatience(20, async () => {
      await spendPatience(5_000, () => pause(30));
      await assert.rejects(
        spendPatience(5_000, async () => {
          asked += 1;
          await pause(0);
        }),
        { code: 'unavailable' },
      );
    });
    assert.equal(asked, 0);
  });

  it('takes nothing for time spent elsewhere', async () => {
    await withPatience(20, async () => {
      await pause(40);
      assert.equal(await spendPatience(10, (ms) => Promise.resolve(ms)), 10);
    });
  });

  it('is boundless for what goes on after the answer, and outside of requests', async () => {
    await withPatience(20, async (lift) => {
      await spendPatience(5_000, () => pause(30));
      lift();
      assert.equal(await spendPatience(5_000, (ms) => Promise.resolve(ms)), 5_000);
    });
    assert.equal(await spendPatience(5_000, (ms) => Promise.resolve(ms)), 5_000);
  });
});
