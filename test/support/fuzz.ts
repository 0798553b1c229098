// Owns how many cases a property is tried with, how long one may take, and the cases that are kept from
// earlier finds.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/**
 * How often a property is tried: seconds in all by default. `FUZZ_RUNS=100000` looks longer, and a
 * small number makes the many runs of mutation testing short.
 */
export function runs(usual: number): { readonly numRuns: number } {
  const asked = Number(process.env['FUZZ_RUNS'] ?? usual);
  if (!Number.isSafeInteger(asked) || asked < 1)
    throw new TypeError('FUZZ_RUNS is a number of runs');
  return { numRuns: asked };
}

const CPU_LIMIT_US = 100_000;

/**
 * Fails when `read` takes more than a tenth of a second of this thread. The collector may come in
 * between; a text that is slow to read is so each time.
 */
export function assertQuick(read: () => unknown): void {
  let least = Infinity;
  for (let tries = 0; tries < 3 && least >= CPU_LIMIT_US; tries += 1) {
    const before = process.threadCpuUsage();
    read();
    const { user, system } = process.threadCpuUsage(before);
    least = Math.min(least, user + system);
  }
  assert.ok(least < CPU_LIMIT_US, `${least} µs`);
}

/** One input that is kept: an attack known by name, or what a property once failed with. */
export interface KeptCase {
  /** Where it comes from, or what it tries. */
  readonly name: string;
  readonly input: string;
}

/** The kept inputs of `test/corpus/NAME.json`; they run before anything random does. */
export function corpus(name: string): readonly KeptCase[] {
  const text = readFileSync(new URL(`../corpus/${name}.json`, import.meta.url), 'utf8');
  const kept = JSON.parse(text) as readonly KeptCase[];
  if (kept.length === 0) throw new TypeError(`test/corpus/${name}.json is empty`);
  return kept;
}

/** The kept inputs as fast-check takes the examples of a property of one text. */
export function examples(name: string): [string][] {
  return corpus(name).map(({ input }) => [input]);
}
