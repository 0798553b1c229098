// Owns what a tenant is and how a request names one. Lookup is exact; nothing is ever guessed (R14).

import type { AdminScope } from './admin-scope.ts';
import type { Branding, BrandingFile } from './branding.ts';
import type { Connection, RedemptionMethod } from './identity-provider.ts';
import type { WhoMayInvite } from './invitation.ts';
import type { Era, FallbackProvider, PrimaryProvider, RedemptionPolicy } from './redemption.ts';

/** The three states of the tenant's passcode setting, named as Graph names them (R31, R36). */
export type EmailOneTimePasscode = 'default' | 'enabled' | 'disabled';

/** One inviting organisation: what every room needs to know of it. Frozen by the loader. */
export interface Tenant {
  /** Path segment and `tid` claim, `^[a-z0-9][a-z0-9-]{0,62}$`; never changes. */
  readonly id: string;
  /** At most 64 characters, no control characters, not URL-like (S22). */
  readonly displayName: string;
  /** Lower-case A-labels; each is an alias of the id. */
  readonly verifiedDomains: readonly string[];
  readonly emailOneTimePasscode: EmailOneTimePasscode;
  /** How its pages look; default as Guestpass does. */
  readonly branding?: Branding;
  /** Where guests turn for help: an address or URL shown as text. */
  readonly support?: string;
  /** Answers to what guests ask: linked from every page. */
  readonly guestHelp?: string;
  readonly privacyUrl?: string;
  readonly termsUrl?: string;
  /** Client metadata under RFC 7591 names, secrets resolved; what oidc-provider takes. */
  readonly clients: readonly ClientMetadata[];
  /** What the tenant says of a client beyond its metadata, by client id. */
  readonly clientPolicies?: Readonly<Record<string, ClientPolicy>>;
  /** Places that know guests; default none. */
  readonly connections?: readonly Connection[];
  /** How redemption chooses among them; default {@link defaultRedemption}. */
  readonly redemption?: RedemptionSettings;
  /** Domains guests may, or may not, be of (R73); default every domain may. */
  readonly domainList?: DomainList;
  readonly invitations?: InvitationSettings;
  /** Language of pages and mail where nothing else says one; default `en`. */
  readonly language?: string;
  /** Languages pages and mail are offered in, {@link language} first; default all there are. */
  readonly languages?: readonly string[];
  /** Sentences in the tenant's own words. */
  readonly wording?: Wording;
  /** Whether guests may leave by themselves (R77); default true where `privacyUrl` is set. */
  readonly guestsMayLeave?: boolean;
  /** Whether the owner of an invited address sees this tenant on the pages of others; default true. */
  readonly listedElsewhere?: boolean;
  /** What of its mail is its own; default all as the installation has it. */
  readonly mail?: TenantMail;
  /** Whether a stranger who asks for a code is mailed that there is no invitation; default false. */
  readonly mailStrangers?: boolean;
}

/** What of a tenant's mail is its own. */
export interface TenantMail {
  /** Its sender; default the installation's. */
  readonly from?: string;
  /** Where answers go; default `support`, where that is an address. */
  readonly replyTo?: string;
  /** Whether the mail with a code also has a link that signs in; default false. */
  readonly signInLink?: boolean;
}

/** Allow list or block list, never both (R73). Lower-case A-labels, compared exactly. */
export type DomainList =
  { readonly allow: readonly string[] } | { readonly block: readonly string[] };

/** How a tenant redeems (R37, R39, R42, R53). Times are epoch seconds. */
export interface RedemptionSettings {
  readonly era: Era;
  readonly cloud: 'public' | 'gov';
  readonly rolloutAt: number;
  readonly createdAt: number | null;
  readonly order: readonly PrimaryProvider[];
  readonly fallback: readonly FallbackProvider[];
}

/** Who invites, and for how long an invitation is good. */
export interface InvitationSettings {
  readonly whoMayInvite: WhoMayInvite;
  readonly lifetimeSeconds: number;
  /** Language of mails to guests whose own is not known (R64); default that of the pages. */
  readonly language?: string;
}

/** Sentences of a tenant's own, by language and message id. */
export type Wording = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What a tenant says of one client beyond its metadata. */
export interface ClientPolicy {
  /** Strangers become guests by signing in here (R10). */
  readonly selfServiceSignUp: boolean;
  /** Whether guests may come by passcode; an integration of its own, not pulled in (R11). */
  readonly emailOneTimePasscode: boolean;
  /** What it may do through the admin API; default nothing. */
  readonly adminScopes?: readonly AdminScope[];
  /** Its picture on the guest's own page. */
  readonly icon?: BrandingFile;
}

/** The nominal date of the seed: 1 November 2021. */
export const NOMINAL_ROLLOUT = Date.UTC(2021, 10, 1) / 1000;

/** What holds for a tenant that says nothing about redemption. */
export const defaultRedemption: RedemptionSettings = Object.freeze({
  era: 'current',
  cloud: 'public',
  rolloutAt: NOMINAL_ROLLOUT,
  createdAt: null,
  order: Object.freeze(['homeDirectory', 'externalFederation', 'socialIdentityProviders'] as const),
  fallback: Object.freeze(['consumerAccount', 'emailOneTimePasscode'] as const),
});

/** What holds for a tenant that says nothing about invitations. */
export const defaultInvitations: InvitationSettings = Object.freeze({
  whoMayInvite: 'everyone',
  lifetimeSeconds: 30 * 86_400,
});

/** What holds for a client of which nothing is said. */
export const defaultClientPolicy: ClientPolicy = Object.freeze({
  selfServiceSignUp: false,
  emailOneTimePasscode: true,
});

/** RFC 7591 client metadata; secrets already resolved to their values. */
export interface ClientMetadata {
  readonly client_id: string;
  readonly client_name?: string;
  readonly client_secret?: string;
  readonly redirect_uris: readonly string[];
  readonly [metadata: string]: unknown;
}

/** All tenants of one configuration snapshot, found by id or by verified domain. */
export interface TenantIndex {
  readonly byId: ReadonlyMap<string, Tenant>;
  readonly byDomain: ReadonlyMap<string, Tenant>;
}

/** What a name in the place of a tenant turned out to be. */
export type TenantResolution =
  | { readonly outcome: 'tenant'; readonly tenant: Tenant; readonly alias: boolean }
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'unknown' };

/** The built-in client of the guest's own page; no tenant may configure one of this name. */
export const HOME_CLIENT_ID = 'guestpass-home';

/** The shape of a tenant id; a GUID is one. */
export const TENANT_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Names that are never a tenant: Entra's audiences (R15) and the paths this server owns. */
export const RESERVED_TENANT_IDS: ReadonlySet<string> = new Set([
  'common',
  'organizations',
  'consumers',
  'dev',
  'assets',
  'auth',
  'authorize',
  'oauth2',
  'admin',
]);

/**
 * Builds the lookup of one snapshot.
 *
 * @throws {TypeError} when two tenants share an id or a verified domain (a loader bug: the loader
 *   reports it with file and line first)
 */
export function createTenantIndex(tenants: Iterable<Tenant>): TenantIndex {
  const byId = new Map<string, Tenant>();
  const byDomain = new Map<string, Tenant>();
  for (const tenant of tenants) {
    if (byId.has(tenant.id)) throw new TypeError(`two tenants with id ${tenant.id}`);
    byId.set(tenant.id, tenant);
    for (const domain of tenant.verifiedDomains) {
      if (byDomain.has(domain)) throw new TypeError(`two tenants with domain ${domain}`);
      byDomain.set(domain, tenant);
    }
  }
  return { byId, byDomain };
}

/**
 * Finds the tenant a path segment or `tenantid` parameter names: its id or a verified domain,
 * compared exactly on the raw, undecoded text (only ASCII case is folded for domains).
 *
 * @param name as received; undefined or '' means nothing was said
 * @source rules R12 to R15; S35
 */
export function resolveTenant(index: TenantIndex, name: string | undefined): TenantResolution {
  if (name === undefined || name === '') return { outcome: 'missing' };
  if (RESERVED_TENANT_IDS.has(name.toLowerCase())) return { outcome: 'missing' };
  const direct = TENANT_ID.test(name) ? index.byId.get(name) : undefined;
  if (direct) return { outcome: 'tenant', tenant: direct, alias: false };
  const byDomain = /^[A-Za-z0-9.-]{3,253}$/.test(name)
    ? index.byDomain.get(name.toLowerCase())
    : undefined;
  return byDomain ? { outcome: 'tenant', tenant: byDomain, alias: true } : { outcome: 'unknown' };
}

/** The language of a mail to a guest whose own is not known (R64). */
export function mailLanguageOf({ invitations, language }: Tenant): string {
  return invitations?.language ?? language ?? 'en';
}

/** What is said of a client of the tenant; the defaults where nothing is. */
export function clientPolicyOf(tenant: Tenant, clientId: string | undefined): ClientPolicy {
  const said = tenant.clientPolicies ?? {};
  return clientId !== undefined && Object.hasOwn(said, clientId)
    ? (said[clientId] ?? defaultClientPolicy)
    : defaultClientPolicy;
}

/** Sender and address for answers, where they are the tenant's own. Pure. */
export function ownMailOf({ mail }: Pick<Tenant, 'mail'>): Pick<TenantMail, 'from' | 'replyTo'> {
  const { from, replyTo } = mail ?? {};
  return { ...(from !== undefined && { from }), ...(replyTo !== undefined && { replyTo }) };
}

/** What the tenant has decided, as the decision table asks it. */
export function policyOf(tenant: Tenant, clientId: string | undefined): RedemptionPolicy {
  return {
    ...(tenant.redemption ?? defaultRedemption),
    emailOneTimePasscode: tenant.emailOneTimePasscode,
    clientTakesPasscodes: clientPolicyOf(tenant, clientId).emailOneTimePasscode,
  };
}

/**
 * Whether a guest may sign in to a client: not with a passcode where it takes none (R11), and nobody
 * where guests cannot sign in at all.
 *
 * @param method the guest is bound to; null before redemption
 */
export function isOpenTo(
  tenant: Tenant,
  { client_id: id, grant_types: grants }: ClientMetadata,
  method: RedemptionMethod | null,
): boolean {
  if (Array.isArray(grants) && !grants.includes('authorization_code')) return false;
  return method !== 'emailOneTimePasscode' || clientPolicyOf(tenant, id).emailOneTimePasscode;
}
