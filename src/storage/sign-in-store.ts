// Owns the port of sign-ins under way, and of their journeys to other places.

/** What is remembered of one sign-in beside the engine's own Interaction; keyed by its uid. */
export interface SignIn {
  readonly tenant: string;
  readonly uid: string;
  /** SHA-256 of the browser cookie, base64url: another browser cannot go on with it (S24). */
  readonly browser: string;
  /** The address as typed (parsed form). */
  readonly address: string;
  readonly addressKey: string;
  /** Two characters shown on the page and in the mail's subject: finds the newest mail. */
  readonly label: string | null;
  /** Id of the newest mail in the outbox; null before one, and of sign-ins begun by an older version. */
  readonly messageId: string | null;
  /** Passcodes sent so far. */
  readonly sends: number;
  readonly lastSentAt: number | null;
  /** Attempts evaluated against the live set; shared by the codes of the set (S7). */
  readonly attempts: number;
  /** Lowest sequence number a live passcode may have; raised when a dead set is replaced. */
  readonly liveFrom: number;
  /** When the newest passcode expires. */
  readonly liveUntil: number | null;
  /** Whether the newest passcode is a strong one (S9). */
  readonly strong: boolean;
  /** When a passcode was consumed, or an upstream proved the guest: proven, exactly once (S6). */
  readonly verifiedAt: number | null;
  /** The decision about the address, JSON of room interaction; null before one was made. */
  readonly decision: string | null;
  /** What an upstream proved, JSON of room interaction; null for the passcode. */
  readonly proof: string | null;
  /** Pages accepted after the proof: 0 none, 1 permissions, 2 terms too (R70). */
  readonly accepted: number;
  /** An error or notice to show once, as a message id with parameters in JSON. */
  readonly notice: string | null;
  readonly expiresAt: number;
}

export interface SignInStore {
  find(tenant: string, uid: string): Promise<SignIn | undefined>;
  /**
   * Remembers the address the guest gave. A second call for the same uid replaces the
   * address only while nothing was verified and the browser is the same; codes already sent for
   * another address die (liveFrom rises above them).
   * @returns false when another browser owns the sign-in or it is already verified
   */
  chooseAddress(
    signIn: Pick<
      SignIn,
      'tenant' | 'uid' | 'browser' | 'address' | 'addressKey' | 'decision' | 'expiresAt'
    >,
  ): Promise<boolean>;
  /** Replaces the decision while nothing was proven. @returns false otherwise */
  setDecision(tenant: string, uid: string, browser: string, decision: string): Promise<boolean>;
  /**
   * Takes the right to send one passcode, atomically: the browser matches, nothing is verified,
   * fewer than `maxSends` were sent, and the last one is at least `cooldownSeconds` old. When the
   * live set is dead (attempts used up, or all expired) the attempts start anew and earlier codes
   * stay dead; while a code is live the attempts are never refilled (S7).
   * @returns the sign-in after the change, or undefined when the right was not given
   */
  takeSend(request: {
    readonly tenant: string;
    readonly uid: string;
    readonly browser: string;
    readonly label: string;
    readonly messageId: string;
    readonly now: number;
    readonly maxSends: number;
    readonly maxAttempts: number;
    readonly cooldownSeconds: number;
    readonly liveUntil: number;
    readonly strong: boolean;
  }): Promise<SignIn | undefined>;
  /**
   * Counts one attempt before anything is compared (S5): conditional on browser, attempts left,
   * nothing verified, something sent.
   * @returns the sign-in after the change, or undefined when no attempt was given
   */
  takeAttempt(request: {
    readonly tenant: string;
    readonly uid: string;
    readonly browser: string;
    readonly maxAttempts: number;
  }): Promise<SignIn | undefined>;
  /** Marks the sign-in proven, once (S6). @returns true for the one call that did it */
  markVerified(tenant: string, uid: string, browser: string, now: number): Promise<boolean>;
  /**
   * Marks the sign-in proven by an upstream, once, while it is for the address that was proven:
   * another request of the browser may be changing it (S51).
   * @returns true for the one call that did it
   */
  markProven(
    signIn: Pick<SignIn, 'tenant' | 'uid' | 'browser' | 'addressKey'>,
    proof: string,
    now: number,
  ): Promise<boolean>;
  /** Raises {@link SignIn.accepted} of a proven sign-in to at least `accepted`. */
  accept(tenant: string, uid: string, browser: string, accepted: number): Promise<void>;
  /** Live passcodes of an address die in every sign-in under way (R68, T84). */
  endPasscodes(tenant: string, addressKey: string): Promise<void>;
  /** Sets or clears what is to be shown once. */
  setNotice(tenant: string, uid: string, notice: string | null): Promise<void>;
}

/** One journey to an upstream identity provider and back. */
export interface UpstreamJourney {
  readonly tenant: string;
  /** SHA-256 of the state, base64url: random over all tenants. */
  readonly id: string;
  readonly uid: string;
  readonly browser: string;
  /** Connection id it left for: no other may answer it (mix-up, S52). */
  readonly connection: string;
  /** What the upstream's protocol must remember, sealed. */
  readonly memory: string;
  readonly expiresAt: number;
}

export interface JourneyStore {
  insert(journey: UpstreamJourney): Promise<void>;
  /** Takes a journey, once: a second answer finds nothing (replay, S52, S54); nor does a late one. */
  take(id: string, now: number): Promise<UpstreamJourney | undefined>;
}
