// Owns turning one entry of a tenant's file into a connection, its secrets and files resolved.

import { type Connection, GOOGLE_DOMAINS } from '../domain/identity-provider.ts';
import { type Path, type Reading, report } from '../settings/reading.ts';
import type {
  ConsumerAccountsFile,
  FederationFile,
  HomeDirectoryFile,
  UnmanagedAccountsFile,
} from './connection-schema.ts';
import { toDomains } from './domain-field.ts';
import { resolveMembers } from './members.ts';
import { resolveSaml } from './saml-upstream.ts';
import { resolveGoogle, resolveOidc } from './upstream.ts';
import type { GoogleFile } from './upstream-schema.ts';

const CONSUMER_DOMAINS = ['outlook.com', 'hotmail.com', 'live.com', 'msn.com'];

/** What holds for a connection of which nothing more is said. */
const plain = {
  members: { by: 'domain' },
  inbound: 'allowed',
  automaticRedemption: { inbound: false, outbound: false },
  regionScope: undefined,
  refusedDomains: [],
  consumerDomains: [],
} as const satisfies Partial<Connection>;

/** Reads one of `homeDirectories`. @returns undefined after reporting @source rules R72, R74 */
export async function resolveHome(
  reading: Reading,
  path: Path,
  file: HomeDirectoryFile,
): Promise<Connection | undefined> {
  const domains = toDomains(file.domains);
  const upstream = await resolveOidc(reading, [...path, 'oidc'], file.oidc);
  const members =
    typeof file.members === 'object'
      ? await resolveMembers(reading, [...path, 'members'], file.members, domains)
      : plain.members;
  if (!upstream || !members) return undefined;
  const { inbound = false, outbound = false } = file.automaticRedemption ?? {};
  return {
    ...plain,
    id: file.id,
    method: 'homeDirectory',
    displayName: file.displayName,
    domains,
    members,
    upstream,
    inbound: file.inbound ?? plain.inbound,
    automaticRedemption: { inbound, outbound },
    regionScope: file.regionScope,
  };
}

/** Reads one of `federations`. @returns undefined after reporting @source rules R47, R51 */
export async function resolveFederation(
  reading: Reading,
  path: Path,
  { id, displayName, domains, oidc, saml }: FederationFile,
): Promise<Connection | undefined> {
  if ((oidc === undefined) === (saml === undefined)) {
    const message = oidc ? 'both oidc and saml' : 'neither oidc nor saml';
    report(reading, path, message, 'write one of the two');
  }
  const openid = oidc && (await resolveOidc(reading, [...path, 'oidc'], oidc));
  const upstream = saml ? await resolveSaml(reading, [...path, 'saml'], saml) : openid;
  if (!upstream) return undefined;
  const method = 'externalFederation';
  return { ...plain, id, method, displayName, domains: toDomains(domains), upstream };
}

/** Reads `google`. @returns undefined after reporting @source rules R48 */
export async function resolveGoogleConnection(
  reading: Reading,
  path: Path,
  file: GoogleFile,
): Promise<Connection | undefined> {
  const upstream = await resolveGoogle(reading, path, file);
  if (!upstream) return undefined;
  const method = 'google';
  return { ...plain, id: method, method, displayName: 'Google', domains: GOOGLE_DOMAINS, upstream };
}

/** Reads `consumerAccounts`. @returns undefined after reporting */
export async function resolveConsumers(
  reading: Reading,
  path: Path,
  file: ConsumerAccountsFile,
): Promise<Connection | undefined> {
  const personal = await resolvePersonal(reading, path, file);
  if (!personal) return undefined;
  return {
    ...personal,
    id: file.id ?? 'consumer',
    method: 'consumerAccount',
    consumerDomains: toDomains(file.consumerDomains ?? CONSUMER_DOMAINS),
  };
}

/** Reads `unmanagedAccounts`. @returns undefined after reporting */
export async function resolveUnmanaged(
  reading: Reading,
  path: Path,
  file: UnmanagedAccountsFile,
): Promise<Connection | undefined> {
  const personal = await resolvePersonal(reading, path, file);
  if (!personal) return undefined;
  return {
    ...personal,
    id: file.id ?? 'unmanaged',
    method: 'unmanagedAccount',
    refusedDomains: toDomains(file.refusedDomains ?? []),
  };
}

async function resolvePersonal(
  reading: Reading,
  path: Path,
  { displayName, oidc, members: asked }: ConsumerAccountsFile | UnmanagedAccountsFile,
): Promise<Omit<Connection, 'id' | 'method'> | undefined> {
  const upstream = await resolveOidc(reading, [...path, 'oidc'], oidc);
  const members = await resolveMembers(reading, [...path, 'members'], asked, 'any');
  if (!upstream || !members) return undefined;
  return { ...plain, displayName, domains: 'any', upstream, members };
}
