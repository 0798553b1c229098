// Owns changing a tenant's file by command: judged, foreseen and asked for before it is written.

import { existsSync } from 'node:fs';
import { systemClock } from '../domain/clock.ts';
import { resolveTenant, type Tenant } from '../domain/tenant.ts';
import { foreseeChange } from '../guests/foresee-change.ts';
import { describeLockout, type Lockout } from '../guests/lockout.ts';
import { formatFault } from '../settings/fault.ts';
import { isLoopbackOrigin } from '../settings/public-url.ts';
import type { DatabaseSettings } from '../settings/settings.ts';
import type { GuestCount } from '../storage/store.ts';
import { type TenantChange, type TenantEdit, writeTenantEdit } from '../tenants/edit.ts';
import type { Ask } from './ask.ts';
import { lookAtConfiguration, lookAtGuests, noTenant, type TenantOptions } from './installation.ts';
import { EXIT, failed, type Output } from './output.ts';

/** A change that may be made, and what would come of it. */
export interface ForeseenChange {
  readonly tenant: Tenant;
  /** undefined when the file says so already. */
  readonly edit: TenantEdit | undefined;
  readonly lockouts: readonly Lockout[];
  /** Of the tenant's guests. */
  readonly counts: readonly GuestCount[];
}

/** Guests of a tenant, and the moment by which they are judged. */
export interface Census {
  readonly counts: readonly GuestCount[];
  /** Epoch seconds. */
  readonly now: number;
}

/**
 * Thinks a change through. Writes nothing.
 *
 * @returns the exit code when it cannot be made; every fault was said as `validate` says it
 * @throws {ConfigurationError} when the files are faulty as they are; {GuestError} `unavailable`
 */
export async function foresee(
  options: TenantOptions,
  changes: readonly TenantChange[],
  output: Output,
): Promise<ForeseenChange | number> {
  const known = new Set<string>();
  const looked = await lookAtConfiguration(options.config, {
    ...output,
    warn: (line) => void known.add(line),
  });
  const { tenants, publicUrl, database } = looked;
  const named = resolveTenant(tenants, options.tenant);
  if (named.outcome !== 'tenant') return noTenant(output, options.tenant);
  const { tenant } = named;
  const { counts, now } = await countGuests(database, tenant);
  const scene = {
    directory: options.config,
    isLoopback: isLoopbackOrigin(publicUrl),
    tenant,
    tenants: tenants.byId.values(),
    counts,
    now,
  };
  const foreseen = await foreseeChange(scene, changes);
  switch (foreseen.outcome) {
    case 'unchanged':
      return { tenant, edit: undefined, lockouts: [], counts };
    case 'missing':
      return failed(output, 'its file is not there');
    case 'refused':
      return failed(output, foreseen.fault);
    case 'faulty':
      return failed(output, foreseen.faults.map(formatFault).join('\n'));
    case 'foreseen': {
      const { edit, lockouts, notices } = foreseen;
      for (const notice of notices) if (!known.has(notice)) output.warn(notice);
      return { tenant, edit, lockouts, counts };
    }
  }
}

/** Counts a tenant's guests; an embedded database that nobody has begun holds none. */
export async function countGuests(database: DatabaseSettings, { id }: Tenant): Promise<Census> {
  if (database.kind === 'sqlite' && !existsSync(database.file)) {
    return { counts: [], now: systemClock() };
  }
  return lookAtGuests(database, async (guests, now) => ({
    counts: await guests.countBy(id),
    now,
  }));
}

/** Says what would come of a change, a line each. */
export function tellLockouts(lockouts: readonly Lockout[], say: Output['say']): void {
  for (const lockout of lockouts) say(describeLockout(lockout));
}

/**
 * Asks whether to go on.
 *
 * @param yes said beforehand
 * @returns undefined for a yes, else the exit code
 */
export async function confirm(
  question: string,
  yes: boolean,
  output: Output,
  ask: Ask,
): Promise<number | undefined> {
  if (yes) return undefined;
  const answer = await ask(question);
  if (answer === true) return undefined;
  const how = answer === undefined ? '; add --yes to do it all the same' : '';
  return failed(output, `Nothing was changed${how}.`);
}

/** Writes a change. @returns 0, or the exit code after saying why it could not be written */
export async function write(edit: TenantEdit, output: Output): Promise<number> {
  const { name } = edit.yaml;
  switch (await writeTenantEdit(edit)) {
    case 'edited':
      output.warn(`Wrote ${name}; a running server picks it up.`);
      return EXIT.fine;
    case 'busy':
      return failed(output, `${name} was changed by somebody else in this moment; try again`);
    default:
      return failed(output, `${name} is read-only; change it where it comes from`);
  }
}
