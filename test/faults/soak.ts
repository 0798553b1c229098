// Owns the soak: guests sign in for a long time by a fast clock, and what should stay flat is measured.

import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { purgeRules } from '../../src/storage/purge.ts';
import {
  guestAddresses,
  inviteGuests,
  TENANT,
  writeConfiguration,
} from '../bench/configuration.ts';
import { startRelay } from '../bench/relay.ts';
import { discover, signIn } from '../bench/sign-in.ts';
import { startProcess } from '../support/processes.ts';
import { freePort } from '../support/world.ts';

export interface SoakPlan {
  readonly seconds: number;
  /**
   * How many seconds the clock of the server makes of one. An authorization code is good for a minute
   * of them: on a busy machine sign-ins fail when that is less than a second.
   */
  readonly speed: number;
  /** Guests who sign in at the same time. */
  readonly connections: number;
  /** How often is measured in all. */
  readonly samples: number;
  /** Hears each measurement. */
  readonly tell?: (sample: Sample) => void;
}

/** One measurement. */
export interface Sample {
  /** Seconds since the beginning, by the real clock. */
  readonly at: number;
  readonly signIns: number;
  /** What the process holds of the machine's memory; moves up and down by itself. */
  readonly rssMb: number;
  /** What is kept after a collection. */
  readonly heapMb: number;
  readonly descriptors: number;
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** Rows that the purge should have removed three looks ago. */
  readonly overdue: number;
}

export interface SoakResult {
  readonly samples: readonly Sample[];
  readonly failures: readonly string[];
}

const FAST_TIME = fileURLToPath(new URL('fast-time.ts', import.meta.url));
const GUESTS = 50;
const PURGE_SECONDS = 60;

/** Runs it on SQLite, on this machine. */
export async function soak(plan: SoakPlan): Promise<SoakResult> {
  const folder = await mkdtemp(join(tmpdir(), 'guestpass-soak-'));
  const relay = await startRelay();
  const start = Date.now();
  const file = join(folder, 'data', 'guestpass.db');
  const [port, addresses] = [await freePort(), guestAddresses(GUESTS)];
  await writeConfiguration(folder, { port, database: `sqlite:${file}`, relayPort: relay.port });
  await inviteGuests(folder, addresses);
  const server = await startProcess(folder, {
    imports: [FAST_TIME],
    env: { FAST_TIME: `${start},${plan.speed}` },
  });
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  const failures: string[] = [];
  const samples: Sample[] = [];
  let signIns = 0;
  const stopping = new AbortController();
  try {
    const endpoints = await discover(`http://127.0.0.1:${port}/${TENANT}/v2.0`);
    const free = [...addresses];
    const walk = async (): Promise<void> => {
      while (!stopping.signal.aborted) {
        const address = free.shift()!;
        try {
          await signIn(endpoints, address, (of) => relay.codeFor(of));
          signIns += 1;
        } catch (error) {
          failures.push(error instanceof Error ? error.message : String(error));
        }
        free.push(address);
      }
    };
    const walks = Array.from({ length: plan.connections }, walk);
    for (let count = 1; count <= plan.samples; count += 1) {
      await pause((plan.seconds * 1000) / plan.samples);
      server.child.kill('SIGUSR2');
      const heap = await server.line(new RegExp(`^heap ${count} `));
      const sample = measure(server.child.pid ?? 0, database, {
        heapMb: Math.round(Number(heap.split(' ').at(-1)) / 2 ** 20),
        at: (Date.now() - start) / 1000,
        signIns,
        now: (start + (Date.now() - start) * plan.speed) / 1000,
        speed: plan.speed,
      });
      samples.push(sample);
      plan.tell?.(sample);
    }
    stopping.abort();
    await Promise.all(walks);
  } finally {
    stopping.abort();
    database.close();
    await server.kill();
    relay.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return { samples, failures };
}

function measure(
  pid: number,
  database: DatabaseSync,
  given: { at: number; signIns: number; heapMb: number; now: number; speed: number },
): Sample {
  const { at, signIns, heapMb, now, speed } = given;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  // A look takes its time by the real clock, too: two seconds of it on a busy machine.
  const grace = 3 * PURGE_SECONDS + 2 * speed;
  const rows: Record<string, number> = {};
  let overdue = 0;
  for (const { table, condition, keptSeconds } of purgeRules) {
    rows[table] = count(database, `SELECT COUNT(*) AS n FROM ${table}`);
    const before = Math.floor(now - keptSeconds - grace);
    overdue += count(database, `SELECT COUNT(*) AS n FROM ${table} WHERE ${condition}`, before);
  }
  return {
    at: Math.round(at),
    signIns,
    rssMb: Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024),
    heapMb,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    rows,
    overdue,
  };
}

function count(database: DatabaseSync, sql: string, ...params: readonly number[]): number {
  return Number(database.prepare(sql).get(...params)?.['n']);
}

/**
 * What of a soak is not flat. Pure.
 *
 * @param tolerance how much more memory the last quarter may take than the second, 0.1 is a tenth
 */
export function judgeSoak({ samples, failures }: SoakResult, tolerance: number): readonly string[] {
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  const [early, last] = [samples.slice(quarter, 2 * quarter), samples.slice(-quarter)];
  const overdue = Math.max(...samples.map((sample) => sample.overdue));
  return [
    ...(failures.length > 0 ? [`${failures.length} sign-ins failed: ${failures[0]}`] : []),
    ...(samples.length < 4 || (samples.at(-1)?.signIns ?? 0) === 0 ? ['nothing was measured'] : []),
    ...(overdue > 0 ? [`the purge leaves ${overdue} rows`] : []),
    ...(['heapMb', 'descriptors'] as const)
      .filter((key) => mean(last, key) > mean(early, key) * (1 + tolerance) + 5)
      .map((key) => `${key} grew from ${mean(early, key)} to ${mean(last, key)}`),
  ];
}

function mean(of: readonly Sample[], key: 'heapMb' | 'descriptors'): number {
  return of.reduce((sum, sample) => sum + sample[key], 0) / of.length;
}
