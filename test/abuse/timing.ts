// Owns whether two ways of being answered can be told apart by time.

/** What a comparison found, milliseconds. */
export interface Comparison {
  /** The median of how much longer the one took than the other, without its sign. */
  readonly apartMs: number;
  /** How far that is from nothing when chance alone decides, all but once in a thousand. */
  readonly chanceMs: number;
}

/** S62: how far apart they may be in any case. */
export const MOST_APART_MS = 5;

const SHUFFLES = 2000;
const ALL_BUT_ONE_IN_A_THOUSAND = 0.999;

/**
 * Compares times that were taken in pairs, one right after the other: what a busy machine does to both
 * cancels out. Were there no difference, who of a pair is the first would be chance.
 */
export function compareTimes(
  pairs: readonly (readonly [number, number])[],
  random: () => number = Math.random,
): Comparison {
  const differences = pairs.map(([one, other]) => one - other);
  const byChance = Array.from({ length: SHUFFLES }, () =>
    Math.abs(median(differences.map((apart) => (random() < 0.5 ? apart : -apart)))),
  ).toSorted((left, right) => left - right);
  return {
    apartMs: Math.abs(median(differences)),
    chanceMs: byChance[Math.floor(SHUFFLES * ALL_BUT_ONE_IN_A_THOUSAND)] ?? 0,
  };
}

/** Whether somebody who asks so often can tell. */
export function isTold({ apartMs, chanceMs }: Comparison): boolean {
  return apartMs > Math.max(MOST_APART_MS, chanceMs);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2;
}
