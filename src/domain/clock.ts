// Owns time: one function, passed to whoever needs it, so that tests can move it.

/** Tells the time in whole epoch seconds. */
export type Clock = () => number;

/** The machine's clock. */
export const systemClock: Clock = () => Math.floor(Date.now() / 1000);
