// Owns reading how much CPU a process has used so far.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { CPU_QUESTION } from './probe-protocol.ts';

// Linux: sysconf(_SC_CLK_TCK) is 100 on every architecture Node runs on.
const MS_PER_TICK = 10;
const FIELD_UTIME = 14;
const FIELD_STIME = 15;

/**
 * User and system time of a server started with `probe.ts`, all threads, in milliseconds with a
 * resolution of microseconds.
 */
export async function readServerCpu(server: ChildProcess): Promise<number> {
  const answered = once(server, 'message');
  server.send(CPU_QUESTION);
  const usage: NodeJS.CpuUsage = (await answered)[0];
  return (usage.user + usage.system) / 1000;
}

/** User and system time of any process, all threads, in milliseconds; counted in ticks of 10 ms. */
export async function readProcessCpu(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in brackets and may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = (field: number): number => Number(fields[field - 3]);
  return (ticks(FIELD_UTIME) + ticks(FIELD_STIME)) * MS_PER_TICK;
}
