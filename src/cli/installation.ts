// Owns what commands about guests begin and end with: the configuration, its tenant, its database.

import { existsSync } from 'node:fs';
import { GuestError } from '../domain/errors.ts';
import {
  createTenantIndex,
  resolveTenant,
  type Tenant,
  type TenantIndex,
} from '../domain/tenant.ts';
import { createGuests } from '../plugin.ts';
import type { Parts } from '../plugin/assemble.ts';
import { ConfigurationError } from '../settings/fault.ts';
import type { DatabaseSettings } from '../settings/settings.ts';
import { openDatabase } from '../storage/open-database.ts';
import { createStore } from '../storage/open-store.ts';
import type { GuestStore, OutboxStore, Store } from '../storage/store.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { checkConfiguration, loadConfiguration } from '../tenants/configuration.ts';
import { failed, type Output } from './output.ts';

/** What every command about guests is told. */
export interface TenantOptions {
  /** The configuration folder. */
  readonly config: string;
  /** Id or verified domain. */
  readonly tenant: string;
}

/** What can be looked up of guests. Nothing of it writes. */
export type GuestLookup = Pick<
  GuestStore,
  | 'findByAddress'
  | 'findByOtherAddress'
  | 'list'
  | 'countBy'
  | 'listTenants'
  | 'listAddresses'
  | 'listRemoved'
  | 'hasBlockedInvitations'
> & { readonly listMails: OutboxStore['listOf'] };

/** What of a store can be looked up. */
export function lookupOf({ guests, outbox }: Pick<Store, 'guests' | 'outbox'>): GuestLookup {
  return { ...guests, listMails: (...asked) => outbox.listOf(...asked) };
}

/** What a command that only looks has to know. */
export interface LookedAt {
  readonly tenants: TenantIndex;
  readonly publicUrl: string;
  readonly database: DatabaseSettings;
}

/**
 * Reads a configuration as far as that changes nothing on this machine: no secret is made.
 *
 * @throws {ConfigurationError} with every fault
 */
export async function lookAtConfiguration(config: string, output: Output): Promise<LookedAt> {
  const check = await checkConfiguration(config);
  const { faults, notices, tenants, publicUrl, database } = check;
  if (faults.length > 0 || publicUrl === undefined || database === undefined) {
    throw new ConfigurationError(faults);
  }
  for (const notice of notices) output.warn(notice);
  return { tenants: createTenantIndex(tenants), publicUrl, database };
}

/**
 * Does something with all rooms joined. May run while a server does.
 *
 * @returns the exit code of `work`
 * @throws {GuestError} `unavailable` when the database cannot be reached
 */
export async function withParts(
  config: string,
  output: Output,
  work: (parts: Parts) => Promise<number>,
): Promise<number> {
  const { settings, tenants, notices } = await loadConfiguration(config);
  for (const notice of notices) output.warn(notice);
  const guests = await createGuests({ ...settings, tenants, log: createCommandLog(output) });
  try {
    return await work(guests.parts);
  } finally {
    await guests.close();
  }
}

/**
 * The same at one tenant.
 *
 * @returns the exit code of `work`; 1 when there is no such tenant
 * @throws {GuestError} `unavailable` when the database cannot be reached
 */
export function atTenant(
  options: TenantOptions,
  output: Output,
  work: (parts: Parts, tenant: Tenant) => Promise<number>,
): Promise<number> {
  return withParts(options.config, output, async (parts) => {
    const named = resolveTenant(parts.tenants(), options.tenant);
    return named.outcome === 'tenant'
      ? work(parts, named.tenant)
      : noTenant(output, options.tenant);
  });
}

/** Tries waiting mail once, and says so when some is still waiting. */
export async function deliver({ outbox, store }: Parts, output: Output): Promise<void> {
  await outbox.idle();
  if ((await store.outbox.nextDueAt()) !== undefined) {
    output.warn('Mail is still waiting; a running server tries again.');
  }
}

/**
 * Looks into the database and changes nothing there: no table is made or migrated, no mail worker
 * and no purge runs, and what `look` is given can only read.
 *
 * @param look also gets the database's time, epoch seconds
 * @throws {GuestError} `unavailable` when it cannot be reached, or has not this version's tables
 */
export async function lookAtGuests<Found>(
  settings: DatabaseSettings,
  look: (guests: GuestLookup, now: number) => Promise<Found>,
): Promise<Found> {
  if (settings.kind === 'sqlite' && !existsSync(settings.file)) {
    throw unavailable(`there is no ${settings.file} yet; guestpass serve makes it`);
  }
  const store = createStore(openDatabase(settings, 1));
  try {
    await assertReadable(store);
    return await look(lookupOf(store), Math.floor(await store.databaseTime()));
  } finally {
    await store.close();
  }
}

/**
 * Looks into the database for one tenant, as {@link lookAtGuests}.
 *
 * @returns the exit code of `look`; 1 when there is no such tenant
 * @throws {GuestError} `unavailable`
 */
export async function lookAtTenant(
  options: TenantOptions,
  output: Output,
  look: (guests: GuestLookup, tenant: Tenant, now: number) => Promise<number>,
): Promise<number> {
  const { database, tenants } = await lookAtConfiguration(options.config, output);
  const named = resolveTenant(tenants, options.tenant);
  if (named.outcome !== 'tenant') return noTenant(output, options.tenant);
  return lookAtGuests(database, (guests, now) => look(guests, named.tenant, now));
}

/** Ends a command whose tenant is none. @returns the exit code */
export function noTenant(output: Output, tenant: string): number {
  return failed(output, `there is no tenant ${tenant}`, 'tenant_unknown');
}

async function assertReadable({ guests }: Store): Promise<void> {
  try {
    // Nobody has this id. Reads every column: a table of another version is found out here.
    await guests.findById('');
  } catch (error) {
    throw error instanceof GuestError ? error : new GuestError('unavailable', { cause: error });
  }
}

function unavailable(because: string): GuestError {
  return new GuestError('unavailable', { cause: new Error(because) });
}

/** The log of a command: what is wrong, and what the auditor wants to know (S64). */
function createCommandLog({ warn }: Output): Log {
  const destination = { write: (line: string) => warn(line.trimEnd()) };
  const log = createLog({ level: 'info', destination });
  return {
    ...log,
    info(event, fields) {
      if (fields?.['audit'] === true) log.info(event, fields);
    },
  };
}
