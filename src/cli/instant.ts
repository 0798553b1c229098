// Owns instants as they are typed, and waiting for one.

import { setTimeout as pass } from 'node:timers/promises';
import { z } from 'zod';

/** Tells an ISO instant with its offset, e.g. `2022-01-15T00:00:00Z`. Pure. */
export function isInstant(text: string): boolean {
  return z.iso.datetime({ offset: true }).safeParse(text).success;
}

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
