// Owns `guestpass audit tail`: what happened, from the audit trail, one line each.

import { existsSync } from 'node:fs';
import { setTimeout as pass } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { parseEmailAddress } from '../domain/email-address.ts';
import { GuestError } from '../domain/errors.ts';
import { resolveTenant } from '../domain/tenant.ts';
import { deriveKey } from '../settings/derive-key.ts';
import type { DatabaseSettings } from '../settings/settings.ts';
import { openDatabase } from '../storage/open-database.ts';
import { createStore } from '../storage/open-store.ts';
import type { AuditQuery, AuditStore, StoredAuditEntry } from '../storage/store.ts';
import { AUDIT_ADDRESS, createAddressHash } from '../telemetry/audit-entry.ts';
import { loadConfiguration } from '../tenants/configuration.ts';
import { lookAtConfiguration } from './installation.ts';
import { EXIT, failed, misused, type Output, terminal } from './output.ts';

/** What `audit tail` is asked. */
export interface TailOptions {
  readonly config: string;
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
  readonly json: boolean;
}

const MOST = 10_000;
const POLL_MS = 500;
/** With several writers an entry may come to light behind a higher position: so many are read again. */
const OVERLAP = 200;

/** Adds the command to the program. It sets the exit code of the process. */
export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('look at the audit trail');
  audit
    .command('tail')
    .description('say what happened last, oldest first')
    .option('--config <dir>', 'configuration folder', 'config')
    .option('--tenant <tenant>', 'only of this tenant: its id or verified domain')
    .option('--since <instant>', 'only from then on, e.g. 2026-01-15T00:00:00Z')
    .option('--event <prefix>', 'only events that begin like this, e.g. guest.')
    .option('--email <address>', 'only what is about this address')
    .option('--limit <n>', `most entries of the past, 1 to ${MOST}`, '20')
    .option('--follow', 'go on with what happens from now on, until Ctrl+C', false)
    .option('--json', 'one JSON object a line, with everything', false)
    .addHelpText(
      'after',
      '\nA line: instant, tenant, event, outcome, actor, address, row/rule, reference.' +
        '\nExample:\n  guestpass audit tail --tenant fabrikam --event sign-in. --follow',
    )
    .action(async (options: TailOptions) => {
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort());
      process.exitCode = await tailAudit(options, terminal, stop.signal);
    });
}

/**
 * Prints what the trail has, the newest `limit` entries of what was asked; with `follow` also what
 * comes, until `stop`. Changes nothing.
 *
 * @returns the exit code: 0, 1 without such a tenant, 2 for a question that makes no sense
 * @throws {ConfigurationError} with every fault; {GuestError} `unavailable`
 */
export async function tailAudit(
  options: TailOptions,
  output: Output = terminal,
  stop: AbortSignal = AbortSignal.timeout(2 ** 31 - 1),
): Promise<number> {
  const limit = /^\d{1,5}$/.test(options.limit) ? Number(options.limit) : 0;
  if (limit < 1 || limit > MOST) return misused(output, `--limit is 1 to ${MOST}`);
  const { since, email, tenant } = options;
  if (since !== undefined && !z.iso.datetime({ offset: true }).safeParse(since).success) {
    return misused(output, `${since} is not an instant; write it like 2026-01-15T00:00:00Z`);
  }
  const address = email === undefined ? undefined : parseEmailAddress(email);
  if (email !== undefined && !address) return misused(output, `${email} is not an e-mail address`);
  const { database, tenants } = await lookAtConfiguration(options.config, output);
  const named = tenant === undefined ? undefined : resolveTenant(tenants, tenant);
  if (named && named.outcome !== 'tenant') return failed(output, `there is no tenant ${tenant}`);
  return withTrail(database, async (audit) => {
    // Only now: reading the secrets of an installation that never ran would make them.
    const hash = address && (await addressHashOf(options.config))(address.key);
    const asked = {
      ...(named && { tenant: named.tenant.id }),
      ...(since !== undefined && { since: Math.floor(Date.parse(since) / 1000) }),
      ...(options.event !== undefined && { event: options.event }),
      ...(hash !== undefined && { addressHash: hash }),
    };
    const print = options.json ? JSON.stringify : lineOf;
    const past = await audit.list({ ...asked, order: 'newest', limit });
    for (const entry of past.toReversed()) output.say(print(entry));
    if (!options.follow) return EXIT.fine;
    for await (const entry of follow(audit, asked, past, limit, stop)) output.say(print(entry));
    return EXIT.fine;
  });
}

async function* follow(
  audit: Pick<AuditStore, 'list'>,
  asked: Omit<AuditQuery, 'limit'>,
  past: readonly StoredAuditEntry[],
  limit: number,
  stop: AbortSignal,
): AsyncGenerator<StoredAuditEntry> {
  // Entries that the limit kept out of the past do not come as news.
  const floor = past.length < limit ? 0 : (past.at(-1)?.position ?? 0);
  let newest = past[0]?.position ?? 0;
  let told = new Set(past.map(({ position }) => position));
  while (await wait(stop)) {
    let page: readonly StoredAuditEntry[];
    let after = Math.max(floor, newest - OVERLAP);
    do {
      page = await audit.list({ ...asked, after, limit: 1000 });
      for (const entry of page) {
        if (!told.has(entry.position)) yield entry;
        told.add(entry.position);
        after = entry.position;
        newest = Math.max(newest, entry.position);
      }
    } while (page.length === 1000);
    told = new Set([...told].filter((position) => position >= newest - OVERLAP));
  }
}

/** @returns false when it is over */
async function wait(stop: AbortSignal): Promise<boolean> {
  try {
    await pass(POLL_MS, undefined, { signal: stop });
    return true;
  } catch {
    return false;
  }
}

/** Lines of one entry, by two spaces: a name that is not there is `-`. */
function lineOf(entry: StoredAuditEntry): string {
  const { at, tenant, event, outcome, errorCode, actor, address, row, rule, reference } = entry;
  const instant = new Date(at * 1000).toISOString().replace('.000', '');
  const results = [outcome, errorCode].filter((name) => name !== null).join(':') || null;
  const decided = row === null && rule === null ? null : `${row ?? '-'}/${rule ?? '-'}`;
  return [instant, tenant, event, results, actor, address, decided, reference]
    .map((name) => name ?? '-')
    .join('  ');
}

async function addressHashOf(config: string): Promise<(addressKey: string) => string> {
  const { settings } = await loadConfiguration(config);
  return createAddressHash(deriveKey(settings.secrets.sealingKey, AUDIT_ADDRESS));
}

async function withTrail(
  settings: DatabaseSettings,
  work: (audit: AuditStore) => Promise<number>,
): Promise<number> {
  if (settings.kind === 'sqlite' && !existsSync(settings.file)) {
    const cause = new Error(`there is no ${settings.file} yet; guestpass serve makes it`);
    throw new GuestError('unavailable', { cause });
  }
  const store = createStore(openDatabase(settings, 1));
  try {
    return await work(store.audit);
  } catch (error) {
    // A database that an older version made has no trail.
    throw error instanceof GuestError ? error : new GuestError('unavailable', { cause: error });
  } finally {
    await store.close();
  }
}
