// Owns what the health of a server is made of.

import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { HealthCheck } from '../http/health.ts';
import type { Guests } from '../plugin.ts';
import type { DatabaseSettings } from '../settings/settings.ts';
import type { Store } from '../storage/store.ts';

/** A mail that waits longer means a relay that takes none: its reader has given up. */
const MOST_WAIT_SECONDS = 300;
/** From here on machines disagree about which codes and tokens have expired. */
export const MOST_SKEW_SECONDS = 30;
/** With less than this the next commit may be the first that fails. */
const LEAST_BYTES = 1_048_576;
/** Tenants whose keys are looked at, until those of one can be opened. */
const MOST_KEYS = 5;

/** A full disk is not met by reading; with a database server it is the server's own to tell. */
function diskCheck(database: DatabaseSettings): readonly HealthCheck[] {
  if (database.kind !== 'sqlite') return [];
  const check = async (): Promise<string | undefined> => {
    const { bavail, bsize } = await statfs(dirname(database.file));
    return bavail * bsize < LEAST_BYTES ? 'full' : undefined;
  };
  return [{ name: 'disk', isVital: true, check }];
}

/** How many seconds the clock of this machine is ahead of the database's. */
export async function skewOf(store: Pick<Store, 'databaseTime'>): Promise<number> {
  return Math.round(Date.now() / 1000 - (await store.databaseTime()));
}

/**
 * @param stale the first fault of files that could not be taken over, if any
 */
export function createChecks(
  { parts }: Pick<Guests, 'parts'>,
  database: DatabaseSettings,
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
    ...diskCheck(database),
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
        // Opening them shows that the sealing key is still the one of the database. One tenant whose
        // keys are spoilt must not take the others off the air.
        const some = [...tenants().byId.keys()].slice(0, MOST_KEYS);
        let fault: unknown;
        for (const tenant of some) {
          try {
            await signingKeys.jwksFor(tenant);
            return undefined;
          } catch (error) {
            fault = error;
          }
        }
        if (fault !== undefined) throw fault;
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
        const skew = await skewOf(store);
        const isOff = Math.abs(skew) > MOST_SKEW_SECONDS;
        return isOff ? `${skew} s apart from the database` : undefined;
      },
    },
  ];
}
