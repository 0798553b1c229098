// Owns `guestpass tenant show`: what holds for a tenant, defaults put in, and how many guests it has.

import { stringify } from 'yaml';
import type { Branding, BrandingFile } from '../domain/branding.ts';
import type { Connection } from '../domain/identity-provider.ts';
import { isPasscodeOn } from '../domain/passcode-setting.ts';
import {
  type ClientMetadata,
  clientPolicyOf,
  defaultInvitations,
  mailLanguageOf,
  policyOf,
  resolveTenant,
  type Tenant,
} from '../domain/tenant.ts';
import { mayLeave } from '../guests/administration.ts';
import type { GuestCount } from '../storage/store.ts';
import { instantOf } from './guest-words.ts';
import { lookAtConfiguration, noTenant } from './installation.ts';
import { answer, type Output, terminal } from './output.ts';
import type { PlaceOptions } from './tenant-admin.ts';
import { type Census, countGuests } from './tenant-change.ts';
import { showRemoteTenant } from './tenant-remote.ts';

/**
 * Says what holds for a tenant: YAML for people, JSON for programs. No secret is in it.
 *
 * @returns the exit code: 1 when there is no such tenant
 * @throws {ConfigurationError} with every fault; {GuestError} `unavailable`
 * @source rules R31; S65
 */
export async function showTenant(
  options: PlaceOptions,
  output: Output = terminal,
): Promise<number> {
  const { url } = options;
  if (url !== undefined) return showRemoteTenant({ ...options, url }, output);
  const { tenants, database } = await lookAtConfiguration(options.config, output);
  const named = resolveTenant(tenants, options.tenant);
  if (named.outcome !== 'tenant') return noTenant(output, options.tenant);
  const shown = describe(named.tenant, await countGuests(database, named.tenant));
  return answer(output, shown, stringify(shown).trimEnd());
}

// Named one by one: a key that is added to a tenant must not show its secret by itself.
function describe(tenant: Tenant, { counts, now }: Census): object {
  const { era, cloud, rolloutAt, createdAt, order, fallback } = policyOf(tenant, undefined);
  const { whoMayInvite, lifetimeSeconds } = tenant.invitations ?? defaultInvitations;
  return {
    id: tenant.id,
    displayName: tenant.displayName,
    verifiedDomains: tenant.verifiedDomains,
    emailOneTimePasscode: tenant.emailOneTimePasscode,
    passcodesAreOn: isPasscodeOn(policyOf(tenant, undefined), now),
    redemption: {
      era,
      cloud,
      rolloutAt: instantOf(rolloutAt),
      createdAt: createdAt === null ? null : instantOf(createdAt),
      order,
      fallback,
    },
    domains: tenant.domainList ?? null,
    language: tenant.language ?? 'en',
    languages: tenant.languages ?? null,
    invitations: {
      whoMayInvite,
      lifetimeDays: lifetimeSeconds / 86_400,
      language: mailLanguageOf(tenant),
    },
    guestsMayLeave: mayLeave(tenant),
    listedElsewhere: tenant.listedElsewhere ?? true,
    mailStrangers: tenant.mailStrangers ?? false,
    branding: describeBranding(tenant.branding),
    support: tenant.support ?? null,
    guestHelp: tenant.guestHelp ?? null,
    privacyUrl: tenant.privacyUrl ?? null,
    termsUrl: tenant.termsUrl ?? null,
    connections: (tenant.connections ?? []).map(describeConnection),
    clients: tenant.clients.map((client) => describeClient(tenant, client)),
    guests: describeCounts(counts),
  };
}

function describeBranding(branding: Branding | undefined): object | null {
  if (!branding) return null;
  const { logo, logoDark, favicon, accent, background, footerLinks } = branding;
  return {
    logo: picture(logo),
    logoDark: picture(logoDark),
    favicon: picture(favicon),
    accent: accent ?? null,
    background: typeof background === 'object' ? picture(background) : (background ?? null),
    footerLinks: footerLinks ?? [],
  };
}

function picture(file: BrandingFile | undefined): string | null {
  return file ? `${file.type}, ${file.bytes.length} bytes` : null;
}

function describeConnection({ members, upstream, ...connection }: Connection): object {
  const { id, method, displayName, domains, inbound } = connection;
  const { protocol, issuer } = upstream;
  return { id, method, displayName, domains, protocol, issuer, members: members.by, inbound };
}

function describeClient(tenant: Tenant, client: ClientMetadata): object {
  const { client_id, client_name, client_secret, redirect_uris } = client;
  const { icon, ...policy } = clientPolicyOf(tenant, client_id);
  return {
    client_id,
    client_name: client_name ?? null,
    client_secret: client_secret === undefined ? null : '(not shown)',
    redirect_uris,
    ...policy,
    icon: icon?.type ?? null,
  };
}

function describeCounts(counts: readonly GuestCount[]): object {
  const total: Record<string, number> = {};
  for (const { state, method, connection, blocked, count } of counts) {
    const redeemed = [method ?? 'unknown', connection].filter(Boolean).join(' at ');
    const name = blocked ? 'blocked' : state === 'Accepted' ? redeemed : state;
    total[name] = (total[name] ?? 0) + count;
  }
  return Object.fromEntries(Object.entries(total).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
