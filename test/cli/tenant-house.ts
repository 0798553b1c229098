// Owns an installation whose tenant a has consumer accounts and guests, for commands that change it.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEmailAddress } from '../../src/domain/email-address.ts';
import { createDirectory } from '../../src/guests/directory.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Guest, Store, StoredAuditEntry } from '../../src/storage/store.ts';
import { addGuests, createInstallation, type Installation } from '../support/world.ts';

/** An installation, its database, and what stands in both. */
export interface TenantHouse extends Installation {
  readonly store: Store;
  /** The file of tenant a. */
  textOf(): Promise<string>;
  /** Entries of the audit trail, newest last. */
  auditOf(event: string): Promise<readonly StoredAuditEntry[]>;
  guestAt(email: string): Promise<Guest>;
  /** Makes guests who redeemed by a consumer account. @returns the id of the last */
  bind(...addresses: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

const consumerAccounts = {
  displayName: 'Consumers',
  oidc: { issuer: 'http://127.0.0.1:9/', clientId: 'x', clientSecret: 'topsecret-9Kd7-Lr2v' },
  members: { lookup: { url: 'http://127.0.0.1:9/known', token: 'toptoken-9Kd7-Lr2v' } },
};

/** Opens it with two guests of tenant a who redeemed by passcode. */
export async function openTenantHouse(): Promise<TenantHouse> {
  const installation = await createInstallation({ tenants: { a: { consumerAccounts } } });
  await addGuests(installation, 'ana@partner.example', 'bo@partner.example');
  const file = installation.database.slice('sqlite:'.length);
  const store = await openStore({ kind: 'sqlite', file });
  const directory = createDirectory({ store, clock: () => 1_800_000_000 });
  return {
    ...installation,
    store,
    textOf: () => readFile(join(installation.folder, 'tenants', 'a.yaml'), 'utf8'),
    auditOf: async (event) =>
      (await store.audit.list({ limit: 100 })).filter((entry) => entry.event === event),
    guestAt: async (email) => (await store.guests.findByAddress('a', email))!,
    async bind(...addresses) {
      let id = '';
      for (const text of addresses) {
        const address = parseEmailAddress(text)!;
        const { guest } = await directory.invite({ tenant: 'a', address });
        await directory.redeem(guest, {
          method: 'consumerAccount',
          connection: 'consumer',
          identity: `identity of ${text.replace('@', ' at ')}`,
          idp: 'http://127.0.0.1:9/',
        });
        id = guest.id;
      }
      return id;
    },
    close: async () => {
      await store.close();
      await installation.remove();
    },
  };
}
