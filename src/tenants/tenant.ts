// Owns turning one tenant's file into a tenant, every fault reported on the way.

import { parseEmailAddress } from '../domain/email-address.ts';
import type { ClientMetadata, ClientPolicy, Tenant } from '../domain/tenant.ts';
import { checkShape } from '../settings/explain.ts';
import { quote } from '../settings/fault.ts';
import { type Path, type Reading, report, valueAt } from '../settings/reading.ts';
import { resolveBranding, resolveIcon } from './branding.ts';
import { clientPolicy, resolveClient } from './client.ts';
import { clientSchema } from './client-schema.ts';
import { type ConnectionsReading, type DomainPlace, readConnections } from './connections.ts';
import {
  judgeLeaving,
  resolveDomainList,
  resolveInvitations,
  resolveLanguages,
} from './decisions.ts';
import { toDomains } from './domain-field.ts';
import { resolveRedemption } from './redemption.ts';
import { type TenantFile, tenantSchema } from './tenant-schema.ts';
import { resolveWording } from './wording.ts';

/** Ids and domains taken so far, and where. Neither looks like the other: domains have dots. */
export type Claims = Map<string, () => string>;

/** One file, read. */
export interface TenantReading {
  /** Undefined when its shape is wrong; worth nothing when a fault was reported. */
  readonly tenant: Tenant | undefined;
  readonly places: readonly DomainPlace[];
}

/**
 * Reads one tenant's file.
 *
 * @param claims of the files read before; this one's are added
 * @source rules R12 to R15, R31; security requirements S35, S39, S57
 */
export async function readTenant(reading: Reading, claims: Claims): Promise<TenantReading> {
  const whole = checkShape(reading, tenantSchema);
  const { value } = reading.yaml;
  // Judged in parts, so that a fault in one key does not hide a clash or a fault in another.
  const id = part(reading, 'id');
  if (id !== undefined) claim(reading, claims, ['id'], id, 'tenant id');
  const verifiedDomains = toDomains(part(reading, 'verifiedDomains') ?? []);
  for (const [index, domain] of verifiedDomains.entries()) {
    claim(reading, claims, ['verifiedDomains', index], domain, 'verified domain');
  }
  const connected = await readConnections(reading, id ?? '');
  const decisions = { ...readDecisions(reading), ...readLanguages(reading) };
  const branding = await readBranding(reading);
  const { clients, clientPolicies } = await readClients(reading, valueAt(value, ['clients']));
  if (!whole) return { tenant: undefined, places: [] };
  const { emailOneTimePasscode = 'default', support, privacyUrl, termsUrl } = whole;
  const { guestHelp, guestsMayLeave, listedElsewhere, mailStrangers } = whole;
  const mail = whole.mail && mailOf(whole.mail);
  const tenant: Tenant = {
    id: whole.id,
    displayName: whole.displayName,
    verifiedDomains,
    emailOneTimePasscode,
    ...(branding && { branding }),
    ...(support !== undefined && { support }),
    ...(guestHelp !== undefined && { guestHelp }),
    ...(privacyUrl !== undefined && { privacyUrl }),
    ...(termsUrl !== undefined && { termsUrl }),
    clients,
    ...(Object.keys(clientPolicies).length > 0 && { clientPolicies }),
    ...connectionsOf(connected),
    ...decisions,
    ...(guestsMayLeave !== undefined && { guestsMayLeave }),
    ...(listedElsewhere !== undefined && { listedElsewhere }),
    ...(mailStrangers !== undefined && { mailStrangers }),
    ...(mail && { mail }),
  };
  return { tenant, places: connected.places };
}

/** Its shape is right: both addresses are some. */
function mailOf({ from, replyTo, signInLink }: NonNullable<TenantFile['mail']>): Tenant['mail'] {
  const sender = from && parseEmailAddress(from)?.address;
  const answers = replyTo && parseEmailAddress(replyTo)?.address;
  return {
    ...(sender !== undefined && { from: sender }),
    ...(answers !== undefined && { replyTo: answers }),
    ...(signInLink !== undefined && { signInLink }),
  };
}

async function readBranding(reading: Reading): Promise<Tenant['branding']> {
  const section = part(reading, 'branding');
  return section && (await resolveBranding(reading, section));
}

function connectionsOf({ connections }: ConnectionsReading): Pick<Tenant, 'connections'> {
  return connections.length > 0 ? { connections } : {};
}

function readDecisions(
  reading: Reading,
): Pick<Tenant, 'redemption' | 'domainList' | 'invitations'> {
  const { value } = reading.yaml;
  const redemption = part(reading, 'redemption');
  const isWritten = valueAt(value, ['redemption']) !== undefined;
  // Also judged when nothing is said: a disabled passcode alone may leave no way in (R54).
  const resolved =
    isWritten && redemption === undefined
      ? undefined
      : resolveRedemption(reading, redemption ?? {}, {
          emailOneTimePasscode: part(reading, 'emailOneTimePasscode') ?? 'default',
          hasConsumerAccounts: valueAt(value, ['consumerAccounts']) !== undefined,
          hasUnmanagedAccounts: valueAt(value, ['unmanagedAccounts']) !== undefined,
        });
  const domains = part(reading, 'domains');
  const domainList = domains && resolveDomainList(reading, domains);
  const invitations = part(reading, 'invitations');
  judgeLeaving(reading, part(reading, 'guestsMayLeave'), valueAt(value, ['privacyUrl']));
  return {
    ...(redemption && resolved && { redemption: resolved }),
    ...(domainList && { domainList }),
    ...(invitations && { invitations: resolveInvitations(invitations) }),
  };
}

function readLanguages(reading: Reading): Pick<Tenant, 'language' | 'languages' | 'wording'> {
  const chosen = resolveLanguages(reading, {
    language: part(reading, 'language'),
    languages: part(reading, 'languages'),
    invitations: part(reading, 'invitations'),
  });
  const said = part(reading, 'wording');
  const wording = said && resolveWording(reading, said, chosen.languages);
  return { ...chosen, ...(wording && { wording }) };
}

/** A key whose own shape is right, whatever is wrong beside it. */
function part<Key extends keyof TenantFile>(
  reading: Reading,
  key: Key,
): TenantFile[Key] | undefined {
  const found = tenantSchema.shape[key].safeParse(valueAt(reading.yaml.value, [key]));
  return found.data as TenantFile[Key] | undefined;
}

async function readClients(
  reading: Reading,
  value: unknown,
): Promise<Required<Pick<Tenant, 'clients' | 'clientPolicies'>>> {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [];
  const ids = new Set<string>();
  const clients: ClientMetadata[] = [];
  const policies: [string, ClientPolicy][] = [];
  for (const [index, entry] of entries.entries()) {
    const path: Path = ['clients', index];
    const client = clientSchema.safeParse(entry);
    if (!client.success) continue;
    const { client_id: id } = client.data;
    if (ids.has(id)) {
      const message = `a second client with the id ${quote(id)}`;
      report(reading, [...path, 'client_id'], message, 'give it another id, or remove it');
    }
    ids.add(id);
    const metadata = await resolveClient(reading, path, client.data);
    if (metadata) clients.push(metadata);
    const icon = await resolveIcon(reading, [...path, 'icon'], client.data.icon);
    const policy = clientPolicy(client.data, icon);
    if (policy) policies.push([id, policy]);
  }
  return { clients, clientPolicies: Object.fromEntries(policies) };
}

function claim(reading: Reading, claims: Claims, path: Path, name: string, kind: string): void {
  const owner = claims.get(name);
  if (owner === undefined) {
    // Nearly none is ever asked where it stands.
    claims.set(name, () => `${reading.yaml.name}:${reading.yaml.position(path).line}`);
    return;
  }
  const message = `the ${kind} ${quote(name)} is taken by ${owner()}`;
  report(reading, path, message, 'remove it from one of the two');
}
