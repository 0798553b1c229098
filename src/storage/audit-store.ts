// Owns the port of the audit trail.

import type { AuditEntry } from '../telemetry/audit-entry.ts';

/** An entry of the audit trail as it stands in the table. */
export interface StoredAuditEntry extends AuditEntry {
  /** Rises with every entry. With several writers, one may appear shortly after a higher one. */
  readonly position: number;
}

/** Which entries are asked for; what is not said does not matter. */
export interface AuditQuery {
  readonly tenant?: string;
  /** Position the list goes on behind, in its order. */
  readonly after?: number;
  /** From this time on. */
  readonly since?: number;
  /** Before this time. */
  readonly until?: number;
  /** How the event begins, e.g. `sign-in.`. */
  readonly event?: string;
  readonly addressHash?: string;
  readonly subject?: string;
  /** Default `oldest` first. */
  readonly order?: 'oldest' | 'newest';
  /** Most entries returned, 1 or more. */
  readonly limit: number;
}

/** The audit trail. Nothing changes an entry; only their age ends them (S64). */
export interface AuditStore {
  /** Adds entries in order, all or none; entries that are there already change nothing. */
  append(entries: readonly AuditEntry[]): Promise<void>;
  list(query: AuditQuery): Promise<readonly StoredAuditEntry[]>;
  /** Deletes entries from before a time, in batches of at most `batch`. @returns how many went */
  purge(before: number, batch: number): Promise<number>;
}
