import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { type Lease, withMigrationLease } from '../../src/storage/migration-lease.ts';
import { openMysql } from '../../src/storage/mysql.ts';
import type { Database } from '../../src/storage/sql.ts';
import { startMariadb } from '../support/mariadb.ts';

const TIMES = { beatMs: 50, lookMs: 20, looks: 30 };

describe('withMigrationLease', function () {
  this.timeout(20_000);
  let one: Database;
  let other: Database;
  before(async () => {
    const url = await (await startMariadb()).createDatabase();
    [one, other] = [openMysql(url), openMysql(url)];
  });
  after(() => Promise.all([one.close(), other.close()]));

  it('F24 lets one of ten that come at once work at a time, and each in the end', async () => {
    let working = 0;
    const most: number[] = [];
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        withMigrationLease(
          index % 2 ? one : other,
          async (lease) => {
            working += 1;
            most.push(working);
            await lease.check(one);
            working -= 1;
          },
          TIMES,
        ),
      ),
    );
    assert.deepEqual(most, Array(10).fill(1));
  });

  it('F24 waits for a holder who works longer than it takes to seem dead, as long as it beats', async () => {
    const order: string[] = [];
    const long = held(one, async (lease) => {
      // Statements, and no pause: what is waited for is that the other had time to look.
      while (looks < 3 * TIMES.looks) await lease.check(one);
      order.push('first');
    });
    await long.began;
    const next = withMigrationLease(counting(other), async () => order.push('second'), TIMES);
    await Promise.all([long.ended, next]);
    assert.deepEqual(order, ['first', 'second']);
  });

  it('F24 takes over from a holder who says nothing, who then may change nothing more', async () => {
    await withMigrationLease(
      one,
      (old) =>
        withMigrationLease(
          other,
          async (next) => {
            await next.check(other);
            await assert.rejects(old.check(one), ({ cause }) => /taken over/.test(String(cause)));
          },
          TIMES,
        ),
      { ...TIMES, beatMs: 100_000 },
    );
  });

  it('F24 is free again after work that failed', async () => {
    const fault = new Error('no');
    await assert.rejects(
      withMigrationLease(one, () => Promise.reject(fault), TIMES),
      fault,
    );
    assert.equal(
      await withMigrationLease(other, () => Promise.resolve('done'), NEVER_DEAD),
      'done',
    );
  });

  let looks = 0;

  /** Counts how often it is asked. */
  function counting(database: Database): Database {
    looks = 0;
    return {
      ...database,
      get: <T>(sql: string) => {
        looks += 1;
        return database.get<T>(sql);
      },
    };
  }
});

const NEVER_DEAD = { ...TIMES, looks: Infinity };

function held(database: Database, work: (lease: Lease) => Promise<void>) {
  const { promise: began, resolve } = Promise.withResolvers<void>();
  const ended = withMigrationLease(
    database,
    (lease) => {
      resolve();
      return work(lease);
    },
    TIMES,
  );
  return { began, ended };
}
