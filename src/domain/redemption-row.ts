// Owns what a row of the decision table is, and the outcomes rows are made with.

import type { ErrorCode } from './errors.ts';
import type { UpstreamMethod } from './identity-provider.ts';
import type { Door, RedemptionFacts, RedemptionOutcome, RedemptionPolicy } from './redemption.ts';

/** Something asked of one address, one tenant and one moment (epoch seconds). Pure. */
export type Asked<Answer> = (
  facts: RedemptionFacts,
  policy: RedemptionPolicy,
  now: number,
) => Answer;

/** One row of the table. */
export interface RedemptionRow {
  /** Its number in the rules, section 2; with a letter where that row has several cases. */
  readonly row: string;
  /** The rule it follows: R, M (the before/after matrix) or S. */
  readonly rule: string;
  /** What it takes for the row to fit, for people who look at a decision. */
  readonly says: string;
  /** What is known about that, in words. */
  readonly fact: Asked<string>;
  readonly test: Asked<boolean>;
  readonly outcome: (facts: RedemptionFacts) => RedemptionOutcome;
}

const passcodeDoor: Door = Object.freeze({
  method: 'emailOneTimePasscode',
  connection: null,
  create: false,
  userPrincipalName: null,
});

/** An account at a connection, by the invited address itself. */
export function doorTo(method: UpstreamMethod, connection: string | null | undefined): Door {
  return { method, connection: connection ?? null, create: false, userPrincipalName: null };
}

/** An account at a connection that is yet to be made. */
export function newAccountAt(method: UpstreamMethod, connection: string | null): Door {
  return { ...doorTo(method, connection), create: true };
}

/** The guest goes through this door. */
export function use(door: Door): RedemptionOutcome {
  return { outcome: 'use', door };
}

/** The guest is mailed a passcode. */
export function usePasscode(): RedemptionOutcome {
  return use(passcodeDoor);
}

/** The outcome of a row that lets nobody in. */
export function refuse(code: ErrorCode): () => RedemptionOutcome {
  return () => ({ outcome: 'refuse', code });
}
