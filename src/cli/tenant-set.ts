// Owns `guestpass tenant set`: one value of a tenant's file, with what it does to guests said first.

import { parseYaml } from '../settings/yaml.ts';
import { lockoutValue } from '../guests/lockout.ts';
import { isReadOnly, type TenantChange } from '../tenants/edit.ts';
import { type Ask, askOnTerminal } from './ask.ts';
import { actorOf } from './actor.ts';
import { atTenant } from './installation.ts';
import type { ActorOptions } from './open-admin.ts';
import { answer, EXIT, misused, type Output, terminal } from './output.ts';
import { confirm, foresee, tellLockouts, write } from './tenant-change.ts';
import { setRemoteTenant } from './tenant-remote.ts';

export interface SetOptions extends ActorOptions {
  /** Locks guests out without asking. */
  readonly yes: boolean;
  /** Says what would come of it, changes nothing. */
  readonly dryRun: boolean;
}

/** Keys that hold secrets: what they were set to is not for the auditor (S65). */
const WITH_SECRETS: ReadonlySet<PropertyKey> = new Set([
  'clients',
  'homeDirectories',
  'federations',
  'google',
  'consumerAccounts',
  'unmanagedAccounts',
]);

/**
 * Sets one value of a tenant's file in place. The file is judged whole before it is written; guests
 * who would be kept out are counted, and somebody has to say yes.
 *
 * @param key such as `redemption.fallback` or `federations[0].domains`
 * @param text the value in YAML; `null` takes the key away
 * @returns the exit code: 1 when nothing was changed, with `dryRun` when somebody would be asked
 * @throws {ConfigurationError} when the files are faulty as they are; {GuestError} `unavailable`
 * @source rules R41, R44, R54, R55; S57, S64
 */
export async function setTenant(
  key: string,
  text: string,
  options: SetOptions,
  output: Output = terminal,
  ask: Ask = askOnTerminal,
): Promise<number> {
  const change = readChange(key, text);
  if (typeof change === 'string') return misused(output, change);
  const { url } = options;
  if (url !== undefined) return setRemoteTenant(key, text, { ...options, url }, output, ask);
  const foreseen = await foresee(options, [change], output);
  if (typeof foreseen === 'number') return foreseen;
  const { tenant, edit } = foreseen;
  const lockouts = foreseen.lockouts.map(lockoutValue);
  if (!edit) {
    const value = { tenant: tenant.id, key, outcome: 'unchanged', lockouts };
    return answer(output, value, `${tenant.id}  ${key}  is so already`);
  }
  tellLockouts(foreseen.lockouts, options.dryRun ? output.say : output.warn);
  if (options.dryRun) {
    const value = { tenant: tenant.id, key, outcome: 'foreseen', lockouts };
    answer(output, value, `${tenant.id}  ${key}  would be set; nothing was changed`);
    return lockouts.length > 0 ? EXIT.problem : EXIT.fine;
  }
  // Nobody is asked to take upon them what cannot be written anyway.
  const isPlain = lockouts.length === 0 || (await isReadOnly(edit));
  const refused = await confirm(
    `Set ${key} of ${tenant.id} all the same?`,
    options.yes || isPlain,
    output,
    ask,
  );
  if (refused !== undefined) return refused;
  // The database is open before the file changes: nothing changes that the auditor cannot read of.
  return atTenant(options, output, async ({ log }) => {
    const code = await write(edit, output);
    const to = WITH_SECRETS.has(change.path[0]!) ? {} : { to: text };
    const outcome = code === EXIT.fine ? 'done' : 'refused';
    const actor = actorOf(options);
    log.info('tenant.set', { audit: true, tenant: tenant.id, actor, key, ...to, outcome });
    if (code !== EXIT.fine) return code;
    const value = { tenant: tenant.id, key, outcome: 'set', lockouts };
    return answer(output, value, `${tenant.id}  ${key}  set`);
  });
}

/** @returns what is wrong with it, when something is */
function readChange(key: string, text: string): TenantChange | string {
  if (!/^\w+(?:\.\w+|\[\d{1,4}\])*$/.test(key)) {
    return `${key} is not a key; write it like redemption.fallback or clients[0].client_name`;
  }
  const path = [...key.matchAll(/\w+/g)].map(([step], index) =>
    index > 0 && /^\d+$/.test(step) ? Number(step) : step,
  );
  if (path[0] === 'id') return 'the id stands in every link and token; it never changes';
  if (text.trim() === '') return 'a value is missing; null takes the key away';
  const read = parseYaml(text, 'VALUE');
  if (read.outcome === 'faulty') return `VALUE: ${read.faults[0]?.message ?? 'not valid YAML'}`;
  return { path, value: read.yaml.value ?? undefined };
}
