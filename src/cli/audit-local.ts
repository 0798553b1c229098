// Owns reading the audit trail out of the database.

import { existsSync } from 'node:fs';
import { GuestError } from '../domain/errors.ts';
import { resolveTenant } from '../domain/tenant.ts';
import { deriveKey } from '../settings/derive-key.ts';
import type { DatabaseSettings } from '../settings/settings.ts';
import { openDatabase } from '../storage/open-database.ts';
import { createStore } from '../storage/open-store.ts';
import type { AuditQuery, AuditStore, StoredAuditEntry } from '../storage/store.ts';
import { AUDIT_ADDRESS, createAddressHash } from '../telemetry/audit-entry.ts';
import { loadConfiguration } from '../tenants/configuration.ts';
import type { TailQuestion } from './audit.ts';
import { lookAtConfiguration, noTenant } from './installation.ts';
import { passes } from './instant.ts';
import { EXIT, type Output } from './output.ts';

const POLL_MS = 500;
/** With several writers an entry may come to light behind a higher position: so many are read again. */
const OVERLAP = 200;

/** Tells what the database has. @returns the exit code: 1 without such a tenant */
export async function tailLocal(
  config: string,
  question: TailQuestion,
  output: Output,
): Promise<number> {
  const { tenant, since, event, address, limit, stop, tell } = question;
  const { database, tenants } = await lookAtConfiguration(config, output);
  const named = tenant === undefined ? undefined : resolveTenant(tenants, tenant);
  if (tenant !== undefined && named?.outcome !== 'tenant') return noTenant(output, tenant);
  return withTrail(database, async (audit) => {
    // Only now: reading the secrets of an installation that never ran would make them.
    const hash = address && (await addressHashOf(config))(address.key);
    const asked = {
      ...(named?.outcome === 'tenant' && { tenant: named.tenant.id }),
      ...(since !== undefined && { since }),
      ...(event !== undefined && { event }),
      ...(hash !== undefined && { addressHash: hash }),
    };
    const past = await audit.list({ ...asked, order: 'newest', limit });
    for (const entry of past.toReversed()) tell(entry);
    if (!question.follow) return EXIT.fine;
    for await (const entry of follow(audit, asked, past, limit, stop)) tell(entry);
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
  while (await passes(POLL_MS, stop)) {
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
