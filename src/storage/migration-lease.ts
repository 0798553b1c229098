// Owns who of a Galera cluster migrates: a row with a holder, and a beat by which others see that the
// holder lives. `GET_LOCK` binds one node, and a row lock ends with the first schema change.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GuestError } from '../domain/errors.ts';
import type { Database } from './sql.ts';

/** How the lease is kept, and when it counts as abandoned. */
export interface LeaseTimes {
  /** How often the holder says that it lives. */
  readonly beatMs: number;
  /** How long others wait between two looks. */
  readonly lookMs: number;
  /** So many looks in a row at the same beat: the holder is gone. */
  readonly looks: number;
}

/** A holder misses six beats before it is taken for dead. */
export const LEASE_TIMES: LeaseTimes = { beatMs: 3000, lookMs: 1000, looks: 20 };

/** Who holds it, for as long as it is held. */
export interface Lease {
  /**
   * Asks whether it is still ours: before every statement that changes something.
   * @param by the connection that statement goes over
   * @throws {GuestError} `unavailable` when another process has taken it over
   */
  check(by: Database): Promise<void>;
}

interface Row {
  readonly holder: string;
  readonly beat: number;
}

const NOBODY = '';
const TABLE =
  'SELECT table_name FROM information_schema.tables ' +
  "WHERE table_schema = DATABASE() AND table_name = 'migration_lease'";
const CREATE =
  'CREATE TABLE IF NOT EXISTS migration_lease (id integer PRIMARY KEY, ' +
  'holder varchar(64) character set ascii collate ascii_bin NOT NULL, beat bigint NOT NULL) engine = InnoDB';
const LOOK = 'SELECT holder, beat FROM migration_lease WHERE id = 1';
const TAKE =
  'UPDATE migration_lease SET holder = ?, beat = beat + 1 WHERE id = 1 AND holder = ? AND beat = ?';
const BEAT = 'UPDATE migration_lease SET beat = beat + 1 WHERE id = 1 AND holder = ?';
const RELEASE = 'UPDATE migration_lease SET holder = ? WHERE id = 1 AND holder = ?';

/**
 * Runs `work` while no other process of the cluster does, at whichever node.
 *
 * No clock is compared: whether a holder lives is judged by its beats. A look waits for what is under
 * way at other nodes, a long schema change included, so looks in a row mean that nothing is.
 *
 * @param database one with a connection to spare beside those of `work`
 * @throws {GuestError} `unavailable` when the database is; whatever `work` throws
 */
export async function withMigrationLease<T>(
  database: Database,
  work: (lease: Lease) => Promise<T>,
  times: LeaseTimes = LEASE_TIMES,
): Promise<T> {
  const self = randomUUID();
  // Asked first: even a schema change that changes nothing holds up the whole cluster.
  if (!(await database.get(TABLE))) await database.run(CREATE);
  await database.insert('INSERT INTO migration_lease VALUES (1, ?, 0)', [NOBODY]);
  await take(database, self, times);
  // A beat that fails is made up for by the next one, or the lease is lost and `check` says so.
  const beat = (): void => void database.run(BEAT, [self]).catch(() => undefined);
  const beating = setInterval(beat, times.beatMs).unref();
  try {
    return await work({
      check: async (by) => {
        const row = await by.get<Row>(LOOK);
        if (row?.holder === self) return;
        const cause = new Error('another process has taken over the migration');
        throw new GuestError('unavailable', { cause });
      },
    });
  } finally {
    clearInterval(beating);
    // Not released, it ends by itself: what `work` came to is the news.
    await database.run(RELEASE, [NOBODY, self]).catch(() => undefined);
  }
}

async function take(database: Database, self: string, times: LeaseTimes): Promise<void> {
  let seen: Row | undefined;
  for (let looks = 0; ;) {
    const began = performance.now();
    const row = await database.get<Row>(LOOK);
    const isQuick = performance.now() - began < times.lookMs;
    const isSame = row?.holder === seen?.holder && row?.beat === seen?.beat;
    looks = isQuick && isSame ? looks + 1 : 0;
    seen = row;
    const isFree = row?.holder === NOBODY || looks >= times.looks;
    if (row && isFree) {
      // The beat is part of the condition: of all who saw the same, one comes first.
      const { changes } = await database.run(TAKE, [self, row.holder, row.beat]);
      if (changes === 1) return;
    }
    await sleep(times.lookMs);
  }
}
