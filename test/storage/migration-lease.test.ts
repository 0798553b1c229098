import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { GuestError } from '../../src/domain/errors.ts';
import {
  type Lease,
  type LeaseTimes,
  withMigrationLease,
} from '../../src/storage/migration-lease.ts';
import { openMysql } from '../../src/storage/mysql.ts';
import type { Database } from '../../src/storage/sql.ts';
import { startMariadb } from '../support/mariadb.ts';

const TIMES = { beatMs: 50, lookMs: 20, looks: 30 };
/** A holder who never says that it lives. */
const SILENT = { ...TIMES, beatMs: 100_000 };
const BEAT = /^UPDATE migration_lease SET beat/;
const TAKE = /^UPDATE migration_lease SET holder = \?, beat/;
const RELEASE = /^UPDATE migration_lease SET holder = \? WHERE/;

describe('withMigrationLease', () => {
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
      SILENT,
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

  it('F24 makes its table once, and in its own database whatever others on the server have', async () => {
    const own = openMysql(await (await startMariadb()).createDatabase());
    let made = 0;
    const heard = hooked(own, (sql) => {
      if (sql.startsWith('CREATE')) made += 1;
    });
    try {
      for (const time of [1, 2]) {
        await withMigrationLease(heard, () => Promise.resolve(), TIMES);
        assert.equal(made, 1, `${time}`);
      }
    } finally {
      await own.close();
    }
  });

  it('F24 asks over the connection that is about to change something', async () => {
    await withMigrationLease(
      one,
      async (lease) => {
        await lease.check(counting(other));
        assert.equal(looks, 1);
      },
      TIMES,
    );
  });

  it('F24 outlives beats that fail, and a release that does', async () => {
    const thrice = times(3);
    const flaky = hooked(one, (sql) => {
      if (!BEAT.test(sql) && !RELEASE.test(sql)) return;
      thrice.count();
      throw new Error('not now');
    });
    const work = async (lease: Lease): Promise<string> => {
      await thrice.done;
      await lease.check(one);
      return 'done';
    };
    assert.equal(await withMigrationLease(flaky, work, TIMES), 'done');
    // Not released, it ends by itself.
    assert.equal(await withMigrationLease(other, () => Promise.resolve('next'), TIMES), 'next');
  });

  it('F24 beats no more when it is over', async () => {
    let isOver = false;
    let late = 0;
    const first = hooked(one, (sql) => {
      if (isOver && BEAT.test(sql)) late += 1;
    });
    await withMigrationLease(first, () => Promise.resolve(), TIMES);
    isOver = true;
    const thrice = times(3);
    const second = hooked(other, (sql) => {
      if (BEAT.test(sql)) thrice.count();
    });
    await withMigrationLease(second, () => thrice.done, TIMES);
    assert.equal(late, 0);
  });

  it('F24 frees nothing that another has taken over', async () => {
    const mayEnd = Promise.withResolvers<void>();
    const old = held(one, () => mayEnd.promise, SILENT);
    await old.began;
    await withMigrationLease(
      other,
      async (lease) => {
        mayEnd.resolve();
        await old.ended;
        await lease.check(other);
      },
      TIMES,
    );
  });

  it('F24 keeps nothing alive that another has taken over, though it beats again', async () => {
    let isCutOff = true;
    const cut = hooked(one, (sql) => {
      if (isCutOff && BEAT.test(sql)) throw new Error('not now');
    });
    const mayEnd = Promise.withResolvers<void>();
    const old = held(cut, () => mayEnd.promise, TIMES);
    await old.began;
    await withMigrationLease(
      other,
      async (lease) => {
        isCutOff = false;
        assert.equal(await withMigrationLease(one, () => Promise.resolve('third'), TIMES), 'third');
        await assert.rejects(lease.check(other), GuestError);
      },
      SILENT,
    );
    mayEnd.resolve();
    await old.ended;
  });

  it('F24 takes over from a holder who has beaten before, and then no more', async () => {
    let beats = 0;
    const dying = hooked(one, (sql) => {
      if (!BEAT.test(sql)) return;
      beats += 1;
      if (beats > 3) throw new Error('not now');
    });
    const mayEnd = Promise.withResolvers<void>();
    const old = held(dying, () => mayEnd.promise, TIMES);
    await old.began;
    await withMigrationLease(other, () => Promise.resolve(), TIMES);
    assert.ok(beats > 3, `${beats}`);
    mayEnd.resolve();
    await old.ended;
  });

  it('F24 takes nothing over while looks are slow: something is under way at a node', async () => {
    const many = times(20);
    const order: string[] = [];
    const old = held(one, () => many.done.then(() => void order.push('first')), SILENT);
    await old.began;
    const busy: Database = {
      ...other,
      get: async <T>(sql: string) => {
        const found = await other.get<T>(sql);
        await setTimeout(2 * TIMES.lookMs);
        many.count();
        return found;
      },
    };
    const few = { ...TIMES, looks: 5 };
    await withMigrationLease(busy, () => Promise.resolve(order.push('second')), few);
    await old.ended;
    assert.deepEqual(order, ['first', 'second']);
  });

  it('F24 takes nothing over from a holder who beats between the last look and the taking', async () => {
    const tried = times(1);
    const late: Database = {
      ...other,
      run: async (sql, params) => {
        const isFirst = TAKE.test(sql) && !tried.isDone();
        if (isFirst) await one.run('UPDATE migration_lease SET beat = beat + 1');
        const said = await other.run(sql, params);
        if (isFirst) tried.count();
        return said;
      },
    };
    const old = held(
      one,
      async (lease) => {
        await tried.done;
        await lease.check(one);
      },
      SILENT,
    );
    await old.began;
    await withMigrationLease(late, () => Promise.resolve(), TIMES);
    await old.ended;
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

function held(
  database: Database,
  work: (lease: Lease) => Promise<void>,
  given: LeaseTimes = TIMES,
) {
  const { promise: began, resolve } = Promise.withResolvers<void>();
  const ended = withMigrationLease(
    database,
    (lease) => {
      resolve();
      return work(lease);
    },
    given,
  );
  return { began, ended };
}

/** Hears of every statement that changes something before it runs; a throw is that of the database. */
function hooked(database: Database, hears: (sql: string) => void): Database {
  return {
    ...database,
    run: async (sql, params) => {
      hears(sql);
      return database.run(sql, params);
    },
  };
}

/** Something that is done when it was counted so often. */
function times(many: number) {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let counted = 0;
  const count = (): void => {
    counted += 1;
    if (counted === many) resolve();
  };
  return { done, count, isDone: () => counted >= many };
}
