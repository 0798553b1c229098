// Owns the configuration folder of a test: written as an admin would write it, so that everything is
// checked and means what it means in production.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type LimitName, type Limits, limitTable } from '../domain/limits.ts';
import type { ClientFile } from '../tenants/client-schema.ts';
import type { TenantFile } from '../tenants/tenant-schema.ts';

/** What stands in the folder. */
export interface FolderContents {
  /** Origin of the pages. */
  readonly url: string;
  readonly listen: string;
  readonly tenants: readonly TenantFile[];
  readonly clients: readonly ClientFile[];
  readonly limits: Partial<Limits>;
}

const MANY = 1_000_000;

/** Writes guestpass.yaml and a file for every tenant. @param folder an empty one */
export async function writeFolder(folder: string, contents: FolderContents): Promise<void> {
  const { url, listen, tenants, clients, limits } = contents;
  const settings = {
    publicUrl: url,
    listen,
    database: 'sqlite:data/guestpass.db',
    mail: { transport: 'mailbox', from: 'no-reply@guestpass.example' },
    limits: { ...withoutBudgets(), ...limits },
    unsafeLimits: true,
  };
  await mkdir(join(folder, 'tenants'));
  await writeFile(join(folder, 'guestpass.yaml'), stringify(settings));
  for (const tenant of tenants) {
    const whole = { ...tenant, clients: [...(tenant.clients ?? []), ...clients] };
    await writeFile(join(folder, 'tenants', `${tenant.id}.yaml`), stringify(whole));
  }
}

/** A test sends more mails to one reader in a minute than people would in a week. */
function withoutBudgets(): Partial<Limits> {
  const names = Object.keys(limitTable) as LimitName[];
  const budgets = names.filter((name) => /^(?:sends|signIns)Per/.test(name));
  return Object.fromEntries(budgets.map((name) => [name, MANY]));
}
