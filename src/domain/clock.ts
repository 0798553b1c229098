// Owns time: one function, passed to whoever needs it, so that tests can move it.

/** Tells the time in whole epoch seconds. */
export type Clock = () => number;

/** The machine's clock. */
export const systemClock: Clock = () => Math.floor(Date.now() / 1000);

/** An instant as people and programs read it, such as `2022-01-15T00:00:00Z`. Pure. @param seconds epoch */
export function instantOf(seconds: number): string {
  return `${new Date(Math.floor(seconds) * 1000).toISOString().slice(0, 19)}Z`;
}
