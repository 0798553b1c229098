// Owns `guestpass audit tail`: what happened, from the audit trail, one line each.

import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import { parseInstant } from '../settings/fields.ts';
import type { AuditEntry } from '../telemetry/audit-entry.ts';
import { tailLocal } from './audit-local.ts';
import { tailRemote } from './audit-remote.ts';
import { misused, type Output, terminal } from './output.ts';
import type { PlaceOptions } from './tenant-admin.ts';

/** What `audit tail` is asked. */
export interface TailOptions extends Omit<PlaceOptions, 'tenant'> {
  /** Id or verified domain; default all. */
  readonly tenant?: string;
  /** An ISO instant with its offset. */
  readonly since?: string;
  /** How the event begins. */
  readonly event?: string;
  readonly email?: string;
  /** Most entries of the past that are shown: 1 to 10000, as text. */
  readonly limit: string;
  /** Goes on with what happens from now on. */
  readonly follow: boolean;
}

/** What was asked, checked. */
export interface TailQuestion {
  readonly tenant: string | undefined;
  /** Epoch seconds. */
  readonly since: number | undefined;
  readonly event: string | undefined;
  readonly address: EmailAddress | undefined;
  readonly limit: number;
  readonly follow: boolean;
  /** Ends what follows. */
  readonly stop: AbortSignal;
  /** Takes every entry, oldest first. */
  readonly tell: (entry: AuditEntry) => void;
}

/** Most entries of the past. */
export const MOST_ENTRIES = 10_000;

/**
 * Prints what the trail has, the newest `limit` entries of what was asked; with `follow` also what
 * comes, until `stop`. Changes nothing.
 *
 * @returns the exit code: 0, 1 without such a tenant, 2 for a question that makes no sense
 * @throws {ConfigurationError} with every fault; {GuestError} `unavailable`; {RemoteError}
 */
export async function tailAudit(
  options: TailOptions,
  output: Output = terminal,
  stop: AbortSignal = AbortSignal.timeout(2 ** 31 - 1),
): Promise<number> {
  const limit = /^\d{1,5}$/.test(options.limit) ? Number(options.limit) : 0;
  if (limit < 1 || limit > MOST_ENTRIES) return misused(output, `--limit is 1 to ${MOST_ENTRIES}`);
  const { since, event, email, tenant, follow, url } = options;
  const seconds = since === undefined ? undefined : parseInstant(since);
  if (since !== undefined && seconds === undefined) {
    return misused(output, `${since} is not an instant; write it like 2026-01-15T00:00:00Z`);
  }
  const address = email === undefined ? undefined : parseEmailAddress(email);
  if (email !== undefined && !address) return misused(output, `${email} is not an e-mail address`);
  const { give, say } = output;
  const tell = (entry: AuditEntry): void => (give ? give(entry) : say(lineOf(entry)));
  const question = { tenant, since: seconds, event, address, limit, follow, stop, tell };
  return url === undefined
    ? tailLocal(options.config, question, output)
    : tailRemote({ ...options, url }, question, output);
}

/** Lines of one entry, by two spaces: a name that is not there is `-`. */
function lineOf(entry: AuditEntry): string {
  const { at, tenant, event, outcome, errorCode, actor, address, row, rule, reference } = entry;
  const instant = new Date(at * 1000).toISOString().replace('.000', '');
  const results = [outcome, errorCode].filter((name) => name !== null).join(':') || null;
  const decided = row === null && rule === null ? null : `${row ?? '-'}/${rule ?? '-'}`;
  return [instant, tenant, event, results, actor, address, decided, reference]
    .map((name) => name ?? '-')
    .join('  ');
}
