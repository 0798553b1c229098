// Owns holding the configured limits to their bounds.

import { defaultLimits, type LimitName, type Limits, limitTable } from '../domain/limits.ts';
import { type Reading, report, valueAt } from './reading.ts';

const limitNames = Object.keys(limitTable).filter(
  (name): name is LimitName => name in defaultLimits,
);

/**
 * Fills in the limits that are not set and reports those that pass their bounds, which is allowed
 * only with `unsafeLimits: true` on this machine.
 *
 * @param limits as in the file; values of another shape were reported before and are passed over
 * @source security requirements, section 2.0: outside the bounds the guess probability is not kept
 */
export function resolveLimits(reading: Reading, limits: unknown, unsafeLimits: boolean): Limits {
  if (unsafeLimits && !reading.isLoopback) {
    report(
      reading,
      ['unsafeLimits'],
      'unsafe limits, while publicUrl is not on this machine',
      'delete the line',
    );
  }
  const resolved: Record<LimitName, number> = { ...defaultLimits };
  for (const name of limitNames) {
    const value = valueAt(limits, [name]);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) continue;
    const { min, max } = limitTable[name];
    if ((value < min || value > max) && !unsafeLimits) {
      report(reading, ['limits', name], `${value} is out of bounds`, `write ${min} to ${max}`);
    }
    resolved[name] = value;
  }
  return resolved;
}
