// Owns the audit trail's way into the database: behind the requests, in order, in batches. The log
// has every line first; the table is what can be searched (S64).

import { setTimeout } from 'node:timers/promises';
import { GuestError } from '../domain/errors.ts';
import type { Clock } from '../domain/clock.ts';
import { type AuditEntry, auditEntry, type AddressHash } from './audit-entry.ts';
import type { Log, LogFields } from './log.ts';

/** A log whose lines with `audit: true` reach the table too. */
export interface Audit extends Log {
  /** Settles when everything said so far is in the table, or known to be lost. Never rejects. */
  flush(): Promise<void>;
  /** As `flush`, but waits for no store that is down; lines after it reach the log alone. */
  close(): Promise<void>;
}

export interface AuditDeps {
  readonly log: Log;
  readonly store: { append(entries: readonly AuditEntry[]): Promise<void> };
  readonly hash: AddressHash;
  readonly clock: Clock;
  /** Milliseconds lines are gathered for one statement; default 200. */
  readonly gatherMs?: number;
  /** Milliseconds between two tries at a store that is down; default 1000. */
  readonly pauseMs?: number;
  /** Most entries that wait; default 10 000, some 10 MB. */
  readonly capacity?: number;
}

const BATCH = 100;

/**
 * Makes the log that keeps the trail. Nothing waits for the table, and nothing that goes wrong there
 * reaches who said the line: `audit.lost` counts what the table will never have.
 *
 * @source S64, S65
 */
export function createAudit(deps: AuditDeps): Audit {
  const { log, store, hash, clock, gatherMs = 200, pauseMs = 1000, capacity = 10_000 } = deps;
  const waiting: AuditEntry[] = [];
  let writing: Promise<void> | undefined;
  const closing = new AbortController();
  let gathering = new AbortController();
  let overflowed = 0;

  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (event: string, fields?: LogFields): void => {
      log[level](event, fields);
      if (fields?.['audit'] === true && !closing.signal.aborted) note(event, fields);
    };

  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    flush: async () => {
      gathering.abort();
      await writing;
    },
    close: async () => {
      closing.abort();
      gathering.abort();
      await writing;
    },
  };

  function note(event: string, fields: LogFields): void {
    try {
      if (waiting.length >= capacity) {
        overflowed += 1;
        return;
      }
      waiting.push(auditEntry(event, fields, hash, clock()));
    } catch (error) {
      log.error('audit.lost', { count: 1, error });
      return;
    }
    writing ??= write();
  }

  async function write(): Promise<void> {
    // A sign-in says half a dozen lines: together they cost the database one commit.
    await pause(gatherMs, gathering.signal);
    gathering = new AbortController();
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH);
      let fault = await append(batch);
      // The very same entries again: whether they came through unseen is judged of all together.
      while (fault && !closing.signal.aborted && isPassing(fault)) {
        await pause(pauseMs, closing.signal);
        fault = await append(batch);
      }
      if (fault) log.error('audit.lost', { count: batch.length, error: fault });
    }
    if (overflowed > 0) {
      log.error('audit.lost', { count: overflowed, detail: 'too many were waiting' });
      overflowed = 0;
    }
    writing = undefined;
  }

  async function append(batch: readonly AuditEntry[]): Promise<Error | undefined> {
    try {
      await store.append(batch);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal });
  } catch {
    // Somebody waits for it: at once, then.
  }
}

/** A store that is down comes back; entries it cannot take would stay in the way for ever. */
function isPassing(fault: Error): boolean {
  return fault instanceof GuestError && fault.code === 'unavailable';
}
