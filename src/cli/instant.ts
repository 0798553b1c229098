// Owns instants as programs write them, and waiting for one.

import { setTimeout as pass } from 'node:timers/promises';

/** Epoch seconds of an instant. Pure. */
export function secondsOf(instant: string): number {
  return Math.floor(Date.parse(instant) / 1000);
}

/** Waits. @returns false when it was stopped */
export async function passes(milliseconds: number, stop?: AbortSignal): Promise<boolean> {
  try {
    await pass(milliseconds, undefined, stop && { signal: stop });
    return true;
  } catch {
    return false;
  }
}
