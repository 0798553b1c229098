// Owns one finding of the doctor.

/** What was looked at, how it is, and how to mend it where it is not fine. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly says: string;
  /** One sentence; empty when fine. */
  readonly mend: string;
}

/** Makes a finding that is fine. Pure. */
export function fine(check: string, says: string): Finding {
  return { check, state: 'ok', says, mend: '' };
}

/** Makes a finding that will be trouble. Pure. */
export function doubtful(check: string, says: string, mend: string): Finding {
  return { check, state: 'warn', says, mend };
}

/** Makes a finding that is trouble now. Pure. */
export function broken(check: string, says: string, mend: string): Finding {
  return { check, state: 'fail', says, mend };
}
