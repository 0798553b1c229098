// Owns the processes of one server: starts them, starts another for one that died, ends them all.

import cluster, { type Worker } from 'node:cluster';
import type { AddressInfo } from 'node:net';
import type { Log } from '../telemetry/log.ts';
import { createExchange } from './peers.ts';

const LONGEST_PAUSE_SECONDS = 60;
/** Whoever lived as long as this did not die of how it was started. */
const SOUND_MS = 60_000;
/** Longer than a process takes to drain: requests, then deliveries in flight. */
const KILL_MS = 30_000;

export interface Supervisor {
  /** Resolves when all processes listen. @throws nothing: see {@link Supervisor.ended} */
  readonly listening: Promise<AddressInfo>;
  /** Resolves with an exit code when no process is left and none will be started. */
  readonly ended: Promise<number>;
  /** Has all read their files again. */
  reload(): void;
  /** Has all drain and end. A second call ends them at once. */
  stop(): void;
}

/**
 * Starts `count` processes of this program with the arguments of this one. They share its addresses
 * and write to its standard streams. One that dies is followed by another: at once, then after 1, 2,
 * 4 … 60 seconds while they die young.
 *
 * @param log tells of what died
 */
export function supervise(count: number, log: Log): Supervisor {
  // Each takes connections from one socket by itself. With Node's other way this process hands them
  // out, and those on their way to a process that is killed in that moment are never answered.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ args: process.argv.slice(2) });
  const exchange = createExchange(count);
  const listening = Promise.withResolvers<AddressInfo>();
  const ended = Promise.withResolvers<number>();
  const workers = new Set<Worker>();
  const ready = new Set<Worker>();
  let state: 'starting' | 'serving' | 'stopping' = 'starting';
  let exitCode = 0;
  let deaths = 0;

  for (let started = 0; started < count; started += 1) start();
  return { listening: listening.promise, ended: ended.promise, reload, stop };

  function start(): void {
    const worker = cluster.fork();
    const bornAt = performance.now();
    workers.add(worker);
    exchange.join(worker, (address) => {
      ready.add(worker);
      if (ready.size < count || state !== 'starting') return;
      state = 'serving';
      listening.resolve(address);
    });
    worker.once('exit', (code, signal) => {
      workers.delete(worker);
      if (state === 'stopping') return endIfLast();
      const { pid } = worker.process;
      const line = { pid, exitCode: code, signal };
      // It was not killed, it gave up: so would the next one.
      if (state === 'starting' && !ready.has(worker) && code > 0) {
        exitCode = code;
        return stop();
      }
      ready.delete(worker);
      deaths = performance.now() - bornAt > SOUND_MS ? 0 : deaths;
      const seconds = deaths === 0 ? 0 : Math.min(LONGEST_PAUSE_SECONDS, 2 ** (deaths - 1));
      deaths += 1;
      log.error('process.lost', { ...line, seconds });
      setTimeout(() => {
        if (state !== 'stopping') start();
      }, seconds * 1000);
    });
  }

  function reload(): void {
    for (const worker of workers) worker.process.kill('SIGHUP');
  }

  function stop(): void {
    const signal = state === 'stopping' ? 'SIGKILL' : 'SIGTERM';
    state = 'stopping';
    for (const worker of workers) worker.process.kill(signal);
    setTimeout(() => {
      for (const worker of workers) worker.process.kill('SIGKILL');
    }, KILL_MS).unref();
    endIfLast();
  }

  function endIfLast(): void {
    if (workers.size === 0) ended.resolve(exitCode);
  }
}
