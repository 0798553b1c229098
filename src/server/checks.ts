// Owns what the health of a server is made of.

import type { HealthCheck } from '../http/health.ts';
import type { Guests } from '../plugin.ts';

/** A mail that waits longer means a relay that takes none: its reader has given up. */
const MOST_WAIT_SECONDS = 300;
/** From here on machines disagree about which codes and tokens have expired. */
const MOST_SKEW_SECONDS = 30;

/**
 * @param stale the first fault of files that could not be taken over, if any
 */
export function createChecks(
  { parts }: Pick<Guests, 'parts'>,
  stale: () => string | undefined,
): readonly HealthCheck[] {
  const { store, signingKeys, tenants, clock } = parts;
  return [
    {
      name: 'database',
      isVital: true,
      check: async () => {
        await store.ping();
        return undefined;
      },
    },
    {
      name: 'migrations',
      isVital: true,
      check: async () => {
        const pending = await store.pendingMigrations();
        return pending.length > 0 ? `missing: ${pending.join(', ')}` : undefined;
      },
    },
    {
      name: 'signing keys',
      isVital: true,
      check: async () => {
        // One tenant's: opening them shows that the sealing key is still the one of the database.
        const [tenant] = tenants().byId.keys();
        if (tenant !== undefined) await signingKeys.jwksFor(tenant);
        return undefined;
      },
    },
    {
      name: 'config',
      // The last good one is served: to take every server away would make an outage of a typo.
      isVital: false,
      check: () => {
        const fault = stale();
        return fault === undefined ? undefined : `stale: ${fault}`;
      },
    },
    {
      name: 'mail',
      isVital: false,
      check: async () => {
        const { oldestAt } = await store.outbox.waiting();
        const seconds = oldestAt === null ? 0 : clock() - oldestAt;
        return seconds > MOST_WAIT_SECONDS ? `oldest waits for ${seconds} s` : undefined;
      },
    },
    {
      name: 'clock',
      isVital: false,
      check: async () => {
        const skew = Math.round(Date.now() / 1000 - (await store.databaseTime()));
        const isOff = Math.abs(skew) > MOST_SKEW_SECONDS;
        return isOff ? `${skew} s apart from the database` : undefined;
      },
    },
  ];
}
