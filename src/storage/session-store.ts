// Owns the port of sign-ins that last: in which browsers a guest is signed in.

import type { BrowserName } from '../domain/browser-name.ts';

/** One guest signed in in one browser. */
export interface GuestSession {
  readonly tenant: string;
  /** The engine's name for the session: it stays when the cookie changes. */
  readonly uid: string;
  /** Id of the guest. */
  readonly guest: string;
  /** null when unknown. */
  readonly browser: BrowserName | null;
  /** Whether a code mailed to the guest's invited address proved it, and nothing else. */
  readonly byMail: boolean;
  readonly signedInAt: number;
  readonly expiresAt: number;
}

/** A session that is still good, with the engine's record of it. */
export interface LiveSession extends GuestSession {
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface SessionStore {
  /** Notes a sign-in; another one in the same session takes its place. What was ended stays ended. */
  note(session: GuestSession): Promise<void>;
  /** Sessions of a guest that the engine still has, newest first. @param limit most returned */
  list(tenant: string, guest: string, now: number, limit: number): Promise<readonly LiveSession[]>;
  /**
   * Marks a session as ended for good: a request under way may still save the engine's record.
   * @returns false when the guest has no such session
   */
  end(tenant: string, guest: string, uid: string, now: number): Promise<boolean>;
  isEnded(tenant: string, uid: string): Promise<boolean>;
}
