// Owns `guestpass keys revoke`: a stolen signing key is believed no longer.

import type { Tenant } from '../domain/tenant.ts';
import type { ListedKey, RevokeOutcome } from '../oidc/keys.ts';
import { isBelieved } from '../oidc/key-state.ts';
import type { Parts } from '../plugin/assemble.ts';
import { actorOf } from './actor.ts';
import { type Ask, askOnTerminal } from './ask.ts';
import { instantOf } from './guest-words.ts';
import { atTenant, type TenantOptions } from './installation.ts';
import { answer, failed, type Output, terminal } from './output.ts';
import { confirm } from './tenant-change.ts';

export interface RevokeKeysOptions extends TenantOptions {
  readonly actor?: string;
  /** One key alone; default all that are believed. */
  readonly kid?: string;
  /** Signs every guest of the tenant out as well. */
  readonly endSessions?: boolean;
  /** Does it without asking. */
  readonly yes?: boolean;
}

const BATCH = 1000;

/**
 * Takes signing keys of a tenant out for good, after saying what breaks and asking. What signs instead
 * signs at once. Running servers follow within a minute.
 *
 * @returns the exit code: 1 when there is no such key, or nobody said yes
 * @source S37, S64; RFC 8725 section 3.8
 */
export async function revokeKeys(
  options: RevokeKeysOptions,
  output: Output = terminal,
  ask: Ask = askOnTerminal,
): Promise<number> {
  return atTenant(options, output, async (parts, tenant) => {
    const { signingKeys } = parts;
    const targets = (await signingKeys.list(tenant.id)).filter(
      ({ kid, state }) => isBelieved(state) && (options.kid ?? kid) === kid,
    );
    if (targets.length === 0) return unknownKey(output, options, tenant);
    tellWhatBreaks(targets, tenant, options, output);
    const question = `Revoke ${targets.length === 1 ? 'this key' : 'these keys'} for good?`;
    const refused = await confirm(question, options.yes === true, output, ask);
    if (refused !== undefined) return refused;
    const done = await signingKeys.revoke(tenant.id, options.kid);
    if (done.outcome === 'unknown') return unknownKey(output, options, tenant);
    const isEnding = options.endSessions === true;
    if (isEnding) await endSessions(parts, tenant);
    parts.log.info('keys.revoke', {
      audit: true,
      tenant: tenant.id,
      actor: actorOf(options),
      outcome: 'done',
      kids: done.revoked,
      sessionsEnded: isEnding,
    });
    return tellDone(done, tenant, isEnding, output);
  });
}

async function endSessions({ store }: Parts, { id }: Tenant): Promise<void> {
  let gone = BATCH;
  while (gone >= BATCH) gone = await store.oidc.destroySessions(id, BATCH);
}

function unknownKey(output: Output, { kid }: RevokeKeysOptions, { id }: Tenant): number {
  const what = kid === undefined ? 'no signing key yet' : `no signing key ${kid} that is believed`;
  return failed(output, `${id} has ${what}; guestpass keys list --tenant ${id}`);
}

function tellWhatBreaks(
  targets: readonly ListedKey[],
  { id }: Tenant,
  { endSessions: isEnding }: RevokeKeysOptions,
  { warn }: Output,
): void {
  for (const { kid, algorithm, state } of targets) {
    warn(`${kid}  ${algorithm}  ${state}  ${id}  is revoked: it is never believed again`);
  }
  warn('Applications refuse ID tokens it signed that they have not read yet: of minutes, no more.');
  warn('Those that keep the published keys ask for them again when they meet the new one.');
  warn(
    'A sign-out that shows an ID token it signed is refused; its guest signs out at their page.',
  );
  warn(
    isEnding === true
      ? 'Every guest of the tenant is signed out, and signs in anew.'
      : 'Sessions stay: no signature makes one. --end-sessions ends them too.',
  );
}

function tellDone(
  { revoked, signing }: Extract<RevokeOutcome, { outcome: 'revoked' }>,
  { id }: Tenant,
  sessionsEnded: boolean,
  output: Output,
): number {
  const now = signing.map(({ kid, algorithm, activeFrom }) => {
    return { kid, algorithm, activeFrom: instantOf(activeFrom) };
  });
  return answer(
    output,
    { tenant: id, revoked, signing: now, sessionsEnded },
    ...revoked.map((kid) => `${kid}  revoked  ${id}`),
    ...now.map(({ kid, algorithm }) => `${kid}  ${algorithm}  signs now  ${id}`),
    ...(sessionsEnded ? [`sessions ended  ${id}`] : []),
  );
}
