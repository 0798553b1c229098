// Owns what the parts of the contract share: a time, tenants nobody else uses, parallel calls.

/** The time of all rows except those made for purge, which are long past. */
export const NOW = 1_800_000_000;

let made = 0;

/** A name no other test uses: as tenant, subject or id it keeps tests apart in one database. */
export function unique(prefix: string): string {
  made += 1;
  return `${prefix}-${made}`;
}

/** Starts `count` calls before any can end; returns their results. */
export function parallel<T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => call(index)));
}

/** How many of the results are truthy. */
export function successes(results: readonly unknown[]): number {
  return results.filter(Boolean).length;
}
