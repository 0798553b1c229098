// Owns time travel: moves the Date of this whole process, the engine and the client library included.

const RealDate = Date;
let offsetMs = 0;

class ShiftedDate extends RealDate {
  constructor(...given: [] | ConstructorParameters<typeof Date>) {
    if (given.length === 0) super(RealDate.now() + offsetMs);
    else super(...given);
  }

  static override now(): number {
    return RealDate.now() + offsetMs;
  }
}

/** Moves time forward for everything in this process that asks Date. */
export function travel(seconds: number): void {
  offsetMs += seconds * 1000;
  globalThis.Date = ShiftedDate as DateConstructor;
}

/** Back to the real time. */
export function returnToPresent(): void {
  offsetMs = 0;
  globalThis.Date = RealDate;
}
