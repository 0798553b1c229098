// Owns `npm run bench -- --tenants N`: what many tenants' files cost to read, all of them and again.

import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { KnownFiles } from '../../src/settings/yaml.ts';
import { loadConfiguration, readAgain } from '../../src/tenants/configuration.ts';
import { succeed } from '../../src/tenants/succession.ts';

const ROUNDS = 3;

/** The least of some rounds, seconds: what else the machine does makes them only longer. */
export interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

/** What one set of files cost. */
export interface TenantsReport {
  readonly tenants: number;
  readonly bytes: number;
  /** A start: nothing is known. */
  readonly first: Cost;
  /** One file changed since: what a reload costs, up to the set that is served. */
  readonly again: Cost;
  /** Tenants that became another object by it: their Providers are built anew. */
  readonly touched: number;
}

/** Writes `count` tenants and reads them, some times over. */
export async function measureTenants(count: number): Promise<TenantsReport> {
  const folder = await mkdtemp(join(tmpdir(), 'guestpass-tenants-'));
  try {
    const bytes = await writeTenants(folder, count);
    const first: Cost[] = [];
    const again: Cost[] = [];
    let touched = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const read = await costOf(() => loadConfiguration(folder, {}));
      first.push(read.cost);
      const { settings, tenants } = read.result;
      // As the watch does it once at the start.
      const known: KnownFiles = new Map();
      await readAgain(folder, settings, {}, known);
      await writeFile(fileOf(folder, 7), tenantText(7, `Changed ${round}`));
      const next = await costOf(async () => {
        const found = await readAgain(folder, settings, {}, known);
        return succeed(tenants, found.tenants);
      });
      again.push(next.cost);
      touched = [...next.result.tenants.byId.values()].filter(
        (tenant) => tenants.byId.get(tenant.id) !== tenant,
      ).length;
    }
    return { tenants: count, bytes, first: least(first), again: least(again), touched };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes a report for people. */
export function formatTenants({ tenants, bytes, first, again, touched }: TenantsReport): string {
  const size = (bytes / 1_048_576).toFixed(1);
  return [
    `${tenants} tenants, ${size} MiB of YAML, least of ${ROUNDS} rounds`,
    `  read and checked         ${say(first)}`,
    `  again, one file changed  ${say(again)}, ${touched} tenant${touched === 1 ? '' : 's'} touched`,
  ].join('\n');
}

/** Writes an installation of `count` tenants, as organisations have them. @returns bytes written */
async function writeTenants(folder: string, count: number): Promise<number> {
  const settings = {
    publicUrl: 'http://127.0.0.1:3000',
    database: `sqlite:${join(folder, 'guestpass.db')}`,
    mail: { transport: 'mailbox', from: 'no-reply@guestpass.example' },
    secrets: { pepper: key(), sealingKey: key(), cookieKeys: [key()] },
  };
  await mkdir(join(folder, 'tenants'), { recursive: true });
  await writeFile(join(folder, 'guestpass.yaml'), stringify(settings));
  let bytes = 0;
  for (let index = 0; index < count; index += 1) {
    const text = tenantText(index, `Organisation ${index}`);
    bytes += text.length;
    await writeFile(fileOf(folder, index), text);
  }
  return bytes;
}

function fileOf(folder: string, index: number): string {
  return join(folder, 'tenants', `t-${index}.yaml`);
}

/** Every third has a directory of another company, every tenth a policy of its own. */
function tenantText(index: number, displayName: string): string {
  const name = `t-${index}`;
  const client = (id: string) => ({
    client_id: id,
    client_name: `Application ${id}`,
    client_secret: `secret-${name}-${id}-0123456789abcdef`,
    redirect_uris: [`https://${id}.${name}.example/callback`],
    post_logout_redirect_uris: [`https://${id}.${name}.example/`],
  });
  const home = {
    id: 'partner',
    displayName: 'Partner',
    domains: [`partner-${index}.example`],
    oidc: {
      issuer: `https://login.partner-${index}.example`,
      clientId: 'guestpass',
      clientSecret: `upstream-${name}-0123456789abcdef`,
    },
  };
  return stringify({
    id: name,
    displayName,
    verifiedDomains: [`${name}.example`],
    support: `help@${name}.example`,
    privacyUrl: `https://${name}.example/privacy`,
    ...(index % 3 === 0 && { homeDirectories: [home] }),
    ...(index % 10 === 0 && { domains: { block: [`blocked-${index}.example`] } }),
    clients: [client('docs'), client('crm')],
  });
}

function key(): string {
  return randomBytes(32).toString('hex');
}

async function costOf<T>(work: () => Promise<T>): Promise<{ result: T; cost: Cost }> {
  const began = performance.now();
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  const cost = { cpu: (user + system) / 1e6, wall: (performance.now() - began) / 1000 };
  return { result, cost };
}

function least(costs: readonly Cost[]): Cost {
  return {
    cpu: Math.min(...costs.map(({ cpu }) => cpu)),
    wall: Math.min(...costs.map(({ wall }) => wall)),
  };
}

function say({ cpu, wall }: Cost): string {
  return `${cpu.toFixed(2)} s CPU, ${wall.toFixed(2)} s`;
}
