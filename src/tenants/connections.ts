// Owns reading the places that can know guests, and judging them against each other.

import { z } from 'zod';
import { toDomain } from '../domain/email-address.ts';
import { type Connection, GOOGLE_DOMAINS } from '../domain/identity-provider.ts';
import { formatPath, quote } from '../settings/fault.ts';
import { type Path, type Reading, report, valueAt } from '../settings/reading.ts';
import {
  resolveConsumers,
  resolveFederation,
  resolveGoogleConnection,
  resolveHome,
  resolveUnmanaged,
} from './connection.ts';
import {
  consumerAccountsSchema,
  federationSchema,
  homeDirectorySchema,
  unmanagedAccountsSchema,
} from './connection-schema.ts';
import { googleSchema } from './upstream-schema.ts';

/** Where a domain of a connection stands, for faults that only the network can tell. */
export interface DomainPlace {
  /** Tenant id. */
  readonly tenant: string;
  /** Connection id. */
  readonly connection: string;
  /** Lower-case A-labels. */
  readonly domain: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `federations[0].domains[0]` */
  readonly path: string;
}

/** The connections of one tenant. */
export interface ConnectionsReading {
  /** Those without a fault, in the order of the kinds, then of the file. */
  readonly connections: readonly Connection[];
  /** Of home directories and federations. */
  readonly places: readonly DomainPlace[];
}

interface Entry {
  readonly path: Path;
  /** As written, or the default of its kind; undefined when it has a fault and none is written. */
  readonly id: string | undefined;
  readonly connection: Connection | undefined;
}

/**
 * Reads all connections of a tenant's file.
 *
 * @param tenant its id
 * @source rules R47 to R49; security requirements S50, S57
 */
export async function readConnections(
  reading: Reading,
  tenant: string,
): Promise<ConnectionsReading> {
  const homes = await readList(reading, 'homeDirectories', homeDirectorySchema, resolveHome);
  const federations = await readList(reading, 'federations', federationSchema, resolveFederation);
  const entries = [
    ...homes,
    ...federations,
    ...(await readOne(reading, ['google'], googleSchema, resolveGoogleConnection)),
    ...(await readOne(reading, ['consumerAccounts'], consumerAccountsSchema, resolveConsumers)),
    ...(await readOne(reading, ['unmanagedAccounts'], unmanagedAccountsSchema, resolveUnmanaged)),
  ];
  judgeIds(reading, entries);
  // One domain may be in both kinds: the tenant's order of redemption decides (R49).
  judgeDomains(reading, 'homeDirectories', 'home directory');
  judgeDomains(reading, 'federations', 'federation');
  const organisations = [...homes, ...federations];
  return {
    connections: entries.flatMap(({ connection }) => connection ?? []),
    places: organisations.flatMap((entry) => placesOf(reading, tenant, entry)),
  };
}

type Resolve<T> = (reading: Reading, path: Path, file: T) => Promise<Connection | undefined>;

async function readList<T>(
  reading: Reading,
  key: string,
  schema: z.ZodType<T>,
  resolve: Resolve<T>,
): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const index of listAt(reading, [key]).keys()) {
    entries.push(...(await readOne(reading, [key, index], schema, resolve)));
  }
  return entries;
}

// Each entry is judged by itself, so that a fault in one does not hide the faults of the others.
async function readOne<T>(
  reading: Reading,
  path: Path,
  schema: z.ZodType<T>,
  resolve: Resolve<T>,
): Promise<readonly Entry[]> {
  const written = valueAt(reading.yaml.value, path);
  if (written === undefined) return [];
  const file = schema.safeParse(written);
  if (!file.success) return [];
  const connection = await resolve(reading, path, file.data);
  const id = z.string().safeParse(valueAt(written, ['id'])).data ?? connection?.id;
  return [{ path, id, connection }];
}

// A shared id would let the guests of one place in by the other: what binds them is keyed by it.
function judgeIds(reading: Reading, entries: readonly Entry[]): void {
  const known = new Map<string, Path>();
  for (const { path, id } of entries) {
    if (id === undefined) continue;
    const at = [...path, 'id'];
    const taken = known.get(id);
    if (taken === undefined) known.set(id, at);
    else {
      const { line } = reading.yaml.position(taken);
      const message = `a second connection with the id ${quote(id)}, as on line ${line}`;
      report(reading, at, message, 'give one of the two another id');
    }
  }
}

function judgeDomains(reading: Reading, key: string, kind: string): void {
  const known = new Map<string, Path>();
  for (const index of listAt(reading, [key]).keys()) {
    const list: Path = [key, index, 'domains'];
    for (const [position, written] of listAt(reading, list).entries()) {
      const domain = typeof written === 'string' ? toDomain(written) : undefined;
      if (domain !== undefined) judgeDomain(reading, known, [...list, position], domain, kind);
    }
  }
}

function judgeDomain(
  reading: Reading,
  known: Map<string, Path>,
  path: Path,
  domain: string,
  kind: string,
): void {
  if (GOOGLE_DOMAINS.includes(domain)) {
    report(reading, path, "a domain of Google's own mailboxes", 'use the key google for it');
    return;
  }
  const taken = known.get(domain);
  if (taken === undefined) {
    known.set(domain, path);
    return;
  }
  const { line } = reading.yaml.position(taken);
  const message = `the domain ${quote(domain)} has a ${kind} already, on line ${line}`;
  report(reading, path, message, 'remove it from one of the two');
}

function placesOf(
  reading: Reading,
  tenant: string,
  { path, connection }: Entry,
): readonly DomainPlace[] {
  if (!connection || connection.domains === 'any') return [];
  return connection.domains.map((domain, index) => {
    const at = [...path, 'domains', index];
    return {
      tenant,
      connection: connection.id,
      domain,
      file: reading.yaml.name,
      path: formatPath(at),
      // Only asked for a domain that DNS says nothing of.
      get line() {
        return reading.yaml.position(at).line;
      },
      get column() {
        return reading.yaml.position(at).column;
      },
    };
  });
}

function listAt(reading: Reading, path: Path): readonly unknown[] {
  const found = valueAt(reading.yaml.value, path);
  return Array.isArray(found) ? found : [];
}
