// Owns the ports of mailed passcodes and of the budgets they are held to.

/** One mailed passcode. The passcode itself is never stored (S3). */
export interface PasscodeRecord {
  readonly tenant: string;
  readonly uid: string;
  /** 1 for the first passcode of a sign-in, then rising. */
  readonly sequence: number;
  /** HMAC-SHA-256 over everything the passcode is bound to, 32 bytes as base64url. */
  readonly digest: string;
  /** The same over the key of the mail's sign-in link; null without one. */
  readonly linkDigest: string | null;
  readonly pepperVersion: number;
  readonly strong: boolean;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface PasscodeStore {
  insert(record: PasscodeRecord): Promise<void>;
  /** All passcodes of a sign-in, newest first; at most a handful. */
  list(tenant: string, uid: string): Promise<readonly PasscodeRecord[]>;
}

/** One counter: so many uses of `scope` by `subject` within one fixed window. */
export interface BudgetKey {
  /** What is counted, e.g. `failure.address.day`. At most 40 ASCII characters. */
  readonly scope: string;
  /** Who it is counted for: an opaque ASCII key of at most 64 characters, never an address in clear. */
  readonly subject: string;
  /** Length of the fixed window, which is `floor(now / windowSeconds)`; 0 for a counter without
   *  window, ended by {@link BudgetStore.clear} alone. */
  readonly windowSeconds: number;
}

export interface BudgetStore {
  /**
   * Counts one use of every key, exactly, and returns the counts including it, in order. Inside a
   * transaction the counts stand or fall with it: a caller that finds one over its limit rolls back.
   */
  spend(
    keys: readonly BudgetKey[],
    now: number,
    /** Counters to read along, not counted; their uses follow in order. */
    alsoRead?: readonly BudgetKey[],
  ): Promise<readonly number[]>;
  /** Counts without counting: the uses so far, in order. */
  read(keys: readonly BudgetKey[], now: number): Promise<readonly number[]>;
  /** Gives one use of every key back, never below zero. */
  refund(keys: readonly BudgetKey[], now: number): Promise<void>;
  /** Ends a counter without window: it starts anew. */
  clear(scope: string, subject: string): Promise<void>;
}
