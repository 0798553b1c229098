// Owns a Guestpass installation for the bench: its folder and its guests.

import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { systemClock } from '../../src/domain/clock.ts';
import { parseEmailAddress } from '../../src/domain/email-address.ts';
import { defaultLimits } from '../../src/domain/limits.ts';
import { createDirectory } from '../../src/guests/directory.ts';
import { openStore } from '../../src/storage/open-store.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { client } from './client.ts';

/** Path of Guestpass's command line. */
export const COMMAND = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Id of the bench's one tenant. */
export const TENANT = 'bench';

const UNBOUNDED = 1_000_000_000;

/** The addresses of the bench's guests. */
export function guestAddresses(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `guest-${index}@partner.example`);
}

/**
 * Writes a configuration as shipped, but for the budgets of mails and sign-ins: one machine signs in more guests
 * a minute here than an organisation a day. They are counted all the same.
 */
export async function writeConfiguration(
  folder: string,
  given: { readonly port: number; readonly database: string; readonly relayPort: number },
): Promise<void> {
  const sends = Object.keys(defaultLimits).filter((name) => /^(?:sends|signIns)/.test(name));
  const settings = {
    publicUrl: `http://127.0.0.1:${given.port}`,
    listen: `127.0.0.1:${given.port}`,
    database: given.database,
    mail: { transport: `smtp://127.0.0.1:${given.relayPort}`, from: 'no-reply@guestpass.example' },
    secrets: { pepper: key(), sealingKey: key(), cookieKeys: [key()] },
    unsafeLimits: true,
    limits: Object.fromEntries(sends.map((name) => [name, UNBOUNDED])),
  };
  await mkdir(join(folder, 'tenants'), { recursive: true });
  await writeFile(join(folder, 'guestpass.yaml'), stringify(settings));
  await writeFile(
    join(folder, 'tenants', `${TENANT}.yaml`),
    stringify({ id: TENANT, displayName: 'Bench', clients: [{ ...client }] }),
  );
}

function key(): string {
  return randomBytes(32).toString('hex');
}

/** Makes guests who have redeemed by passcode before: what is measured is the daily sign-in. */
export async function inviteGuests(folder: string, addresses: readonly string[]): Promise<void> {
  const { settings } = await loadConfiguration(folder, {});
  const store = await openStore(settings.database);
  try {
    const directory = createDirectory({ store, clock: systemClock });
    for (const text of addresses) {
      const address = parseEmailAddress(text);
      if (!address) throw new TypeError(`${text} is no address`);
      const { guest } = await directory.invite({ tenant: TENANT, address });
      await directory.redeem(guest, {
        method: 'emailOneTimePasscode',
        connection: null,
        identity: null,
        idp: 'mail',
      });
    }
  } finally {
    await store.close();
  }
}
