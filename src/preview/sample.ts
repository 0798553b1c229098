// Owns the sample data of the preview: one tenant as configured, and the people, places and
// requests that its pages and mails are shown with.

import type { Connection, UpstreamMethod } from '../domain/identity-provider.ts';
import type { Limits } from '../domain/limits.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { InvitationFrame, SignInFrame } from '../http/page.ts';
import type { Guest } from '../storage/store.ts';

/** What of a configuration the pages of one tenant are made of. */
export interface Configured {
  readonly tenant: Tenant;
  readonly publicUrl: string;
  /** The sender's address of all mail. */
  readonly sender: string;
  readonly limits: Limits;
  readonly tenantPicker: boolean;
}

/** One tenant with everything that only a request or a guest would bring. */
export interface Sample extends Configured {
  /** As configured, and with sample places and terms where it has none to show. */
  readonly tenant: Tenant;
  readonly client: { readonly id: string; readonly name: string; readonly url: string | null };
  readonly frame: SignInFrame;
  readonly landing: InvitationFrame;
  readonly guest: Guest;
  /** Two places that know guests; the second is Google. */
  readonly places: readonly [Connection, Connection];
  /** Whether the terms are the tenant's own. */
  readonly termsConfigured: boolean;
  /** Epoch seconds. */
  readonly now: number;
}

/** The address the pages are shown with. */
export const ADDRESS = 'teri@gmail.com';
/** As long as an address may be: 254 characters. */
export const LONG_ADDRESS = `${'theresa.maria.anastasia.'.repeat(3).slice(0, 63)}@${`${'subsidiary.'.repeat(16)}international`.slice(0, 182)}.example`;
/** A name without a place to break it, as long as names may be. */
export const LONG_NAME = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbe';
/** A name that is read from right to left. */
export const RIGHT_TO_LEFT = 'مريم العلي';

/** In place of what is random. */
export const REFERENCE = '4kDq2m9xTb1c';
const CSRF = 'sample-form-token';
// 25 October 2026, 14:02 UTC: pictures of two days are the same.
const NOW = 1_792_936_920;

/** Fills in what the configuration cannot say. Pure. */
export function createSample(configured: Configured): Sample {
  const { tenant } = configured;
  const domain = tenant.verifiedDomains[0] ?? `${tenant.id}.example`;
  const inviter = `ana@${domain}`;
  const usual = place('contoso', 'Contoso', 'homeDirectory', ['contoso.com']);
  const places = [
    tenant.connections?.find(({ method }) => method !== 'google') ?? usual,
    tenant.connections?.find(({ method }) => method === 'google') ??
      place('google', 'Google', 'google', ['gmail.com']),
  ] as const;
  const known = tenant.connections ?? [];
  const whole: Tenant = {
    ...tenant,
    termsUrl: tenant.termsUrl ?? `https://${domain}/terms`,
    connections: [...known, ...places.filter((sample) => !known.includes(sample))],
  };
  const shown = {
    tenantName: tenant.displayName,
    csrf: CSRF,
    support: tenant.support ?? null,
    privacyUrl: tenant.privacyUrl ?? null,
  };
  const first = tenant.clients[0];
  const name = first?.client_name ?? first?.client_id ?? 'Sample application';
  const url = first?.['initiate_login_uri'] ?? first?.['client_uri'];
  return {
    ...configured,
    tenant: whole,
    places,
    now: NOW,
    termsConfigured: tenant.termsUrl !== undefined,
    client: {
      id: first?.client_id ?? 'sample',
      name,
      url: typeof url === 'string' ? url : null,
    },
    frame: {
      ...shown,
      clientName: name,
      base: `/${tenant.id}/signin/sample`,
      restart: { action: `/${tenant.id}/signin/restart`, token: 'sample-restart-token' },
    },
    landing: { ...shown, inviter, base: `/${tenant.id}/signin/invitation` },
    guest: sampleGuest(tenant, inviter, domain),
  };
}

function sampleGuest(tenant: Tenant, invitedBy: string, domain: string): Guest {
  return {
    tenant: tenant.id,
    id: 'sample',
    address: ADDRESS,
    addressKey: ADDRESS,
    displayName: 'Teri',
    invitedBy,
    state: 'PendingAcceptance',
    kind: 'invited',
    method: null,
    connection: null,
    identity: null,
    idp: null,
    invitationId: 'sample',
    invitationExpiresAt: null,
    invitation: {
      message: `Hello Teri,\nthe documents for Tuesday are here.\nAna`,
      language: null,
      cc: null,
      redirectUrl: `https://docs.${domain}/welcome`,
    },
    invitedAt: NOW,
    redeemedAt: null,
    blockedAt: null,
    resetAt: null,
    revokedAt: null,
    removedAt: null,
  };
}

function place(
  id: string,
  displayName: string,
  method: UpstreamMethod,
  domains: readonly string[],
): Connection {
  const issuer = `https://login.${domains[0]}`;
  return {
    id: `sample-${id}`,
    method,
    displayName,
    domains,
    members: { by: 'domain' },
    upstream: { protocol: 'oidc', issuer, clientId: '', clientSecret: '', scope: '' },
    inbound: 'allowed',
    automaticRedemption: { inbound: false, outbound: false },
    regionScope: undefined,
    refusedDomains: [],
    consumerDomains: [],
  };
}
