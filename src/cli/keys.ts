// Owns `guestpass keys list` and `keys rotate`: what tokens of a tenant are signed with.

import { actorOf } from './actor.ts';
import { instantOf } from './guest-words.ts';
import { atTenant, type TenantOptions } from './installation.ts';
import { answer, failed, type Output, terminal } from './output.ts';
import { printList } from './table.ts';

/**
 * Lists the signing keys of a tenant, without what is secret.
 *
 * @returns the exit code
 */
export async function listKeys(options: TenantOptions, output: Output = terminal): Promise<number> {
  return atTenant(options, output, async ({ signingKeys }, tenant) => {
    const keys = (await signingKeys.list(tenant.id)).map((key) => ({
      ...key,
      createdAt: instantOf(key.createdAt),
      activeFrom: instantOf(key.activeFrom),
      retiredAt: key.retiredAt === null ? null : instantOf(key.retiredAt),
    }));
    if (!output.give) {
      const rows = keys.map(({ kid, algorithm, state, activeFrom, retiredAt }) => {
        return [kid, algorithm, state, activeFrom, retiredAt ?? '-'];
      });
      printList(
        { columns: ['key', 'algorithm', 'state', 'signs from', 'kept until'], rows },
        output,
      );
    }
    return answer(output, keys);
  });
}

export interface RotateOptions extends TenantOptions {
  readonly actor?: string;
  /** Sign with them at once. */
  readonly now?: boolean;
}

/**
 * Makes the next signing keys of a tenant, and says when they sign. Running servers find them within a
 * minute.
 *
 * @returns the exit code: 1 when there are next keys already
 * @source S37
 */
export async function rotateKeys(
  options: RotateOptions,
  output: Output = terminal,
): Promise<number> {
  const isAtOnce = options.now === true;
  return atTenant(options, output, async ({ signingKeys, log }, tenant) => {
    const outcome = await signingKeys.rotate(tenant.id, isAtOnce);
    if (outcome === 'announced') {
      const command = `guestpass keys list --tenant ${tenant.id}`;
      return failed(output, `the next keys of ${tenant.id} are published already; ${command}`);
    }
    const fields = { tenant: tenant.id, actor: actorOf(options), outcome: 'done' };
    log.info('keys.rotate', { audit: true, ...fields });
    if (isAtOnce) {
      output.warn('Applications that keep the published keys refuse tokens until they ask again.');
    }
    const made = (await signingKeys.list(tenant.id)).filter(
      ({ state }) => state === (isAtOnce ? 'signing' : 'next'),
    );
    const values = made.map(({ kid, algorithm, activeFrom }) => {
      return { tenant: tenant.id, kid, algorithm, activeFrom: instantOf(activeFrom) };
    });
    const lines = values.map(
      (key) => `${key.kid}  ${key.algorithm}  signs from ${key.activeFrom}  ${key.tenant}`,
    );
    return answer(output, values, ...lines);
  });
}
