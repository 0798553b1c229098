// Owns one request within one sign-in: what the engine, the browser and the address bar agree on.

import type { KoaContextWithOIDC } from 'oidc-provider';
import type Provider from 'oidc-provider';
import type { BrowserName } from '../domain/browser-name.ts';
import { ACR_VALUES } from '../domain/claims.ts';
import { type EmailAddress, parseEmailAddress, toDomain } from '../domain/email-address.ts';
import { GuestError } from '../domain/errors.ts';
import { resolveTenant, type Tenant, type TenantIndex } from '../domain/tenant.ts';
import type { OpenedInvitation } from '../guests/invitation-visits.ts';
import type { Invitations } from '../guests/invitations.ts';
import type { PromptBinding } from '../oidc/policy.ts';

/** The engine's record of the sign-in. */
export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** One request within one sign-in. */
export interface Visit {
  readonly tenant: Tenant;
  readonly uid: string;
  /** Digest of the browser (S24). */
  readonly browser: string;
  readonly client: {
    readonly id: string;
    readonly name: string;
    /** Where a sign-in can be started from outside, else the home page; null when not said. */
    readonly url: string | null;
  };
  /** The address the client suggests; as little trusted as one that was typed. */
  readonly loginHint: EmailAddress | undefined;
  /** The domain the client suggests: its place is asked without asking for an address (R20). */
  readonly domainHint: string | undefined;
  /** The invitation this browser came by, still good for this tenant. */
  readonly invited: OpenedInvitation | undefined;
  /** By what this browser may be known to the tenant, unchecked (S10). */
  readonly knownBrowser: string | undefined;
  /** Absolute URL of the sign-in pages, without a trailing slash: callbacks are below it. */
  readonly pagesUrl: string;
  /** Whether the page is shown inside another application, where Google shows nothing (R59). */
  readonly isEmbedded: boolean;
  /** Textual client address. */
  readonly clientAddress: string;
  /** null when unknown. A function: only a mail needs it, and it costs. */
  readonly browserFamily: () => BrowserName | null;
  /** Language of the pages, and so of the mails that are asked for on them. */
  readonly locale: string;
  readonly issuerHost: string;
  readonly interaction: Interaction;
}

/** Where the request comes from, as the HTTP room read it. */
export type Visitor = Pick<Visit, 'clientAddress' | 'browserFamily' | 'pagesUrl' | 'isEmbedded'> & {
  /** The language of the pages. @param uiLocales what the application asked for */
  readonly localeOf: (tenant: Tenant, uiLocales: unknown) => string;
  readonly uid: string;
  readonly browser: string | undefined;
  /** The ticket of an invitation accepted in this browser. */
  readonly ticket: string | undefined;
  /** By what the browser may be known to a tenant, unchecked. */
  readonly knownBrowserOf: (tenant: string) => string | undefined;
};

/**
 * Opens the sign-in a request belongs to.
 *
 * @throws {GuestError} `interaction_expired` when the engine has no such sign-in, when its uid is
 *   not the one in the address bar (S25), or when another browser began it (S24); `tenant_unknown`
 *   when its tenant is gone, `request_refused` when its client is
 */
export async function openVisit(
  provider: Provider,
  ctx: Pick<KoaContextWithOIDC, 'req' | 'res'>,
  {
    tenants,
    invitations,
  }: { readonly tenants: TenantIndex; readonly invitations: Pick<Invitations, 'open'> },
  { ticket, knownBrowserOf, localeOf, ...visitor }: Visitor,
): Promise<Visit> {
  const interaction = await findInteraction(provider, ctx);
  const { browser: began, tenant: named } = bindingOf(interaction);
  if (interaction.uid !== visitor.uid) {
    throw new GuestError('interaction_expired', { detail: { because: 'uid of another sign-in' } });
  }
  if (visitor.browser === undefined || visitor.browser !== began) {
    throw new GuestError('interaction_expired', { detail: { because: 'another browser' } });
  }
  const resolution = resolveTenant(tenants, named);
  if (resolution.outcome !== 'tenant') throw new GuestError('tenant_unknown');
  const { tenant } = resolution;
  const hint = interaction.params['login_hint'];
  const domain = interaction.params['domain_hint'];
  return {
    ...visitor,
    browser: began,
    tenant,
    invited: ticket === undefined ? undefined : await invitations.open(tenant.id, ticket),
    knownBrowser: knownBrowserOf(tenant.id),
    domainHint: typeof domain === 'string' ? toDomain(domain) : undefined,
    client: await clientOf(provider, String(interaction.params['client_id'])),
    loginHint: typeof hint === 'string' ? parseEmailAddress(hint) : undefined,
    locale: localeOf(tenant, interaction.params['ui_locales']),
    issuerHost: new URL(provider.issuer).host,
    interaction,
  };
}

/**
 * Whether this browser came by the link of an invitation to the address: it may be told what a typed
 * address must not, for only its mailbox had the link (S62). Pure.
 */
export function cameByTicket({ invited }: Pick<Visit, 'invited'>, addressKey: string): boolean {
  return (
    invited !== undefined && invited.state !== 'expired' && invited.guest.addressKey === addressKey
  );
}

/**
 * Tells whether the client demands an authentication context that no sign-in here can be. Asking
 * the guest would then loop for ever, and claiming it would be a lie (S45).
 */
export function isContextUnattainable(interaction: Interaction): boolean {
  return ACR_VALUES.every((acr) => isContextUnmet(interaction, acr));
}

/** Tells whether the client demands exactly other contexts than the one the guest has proven. */
export function isContextUnmet({ prompt }: Interaction, acr: string): boolean {
  const demanded = prompt.reasons.some((reason) => reason.startsWith('essential_acr'));
  const asked = prompt.details['acr'] as { value?: unknown; values?: unknown } | undefined;
  const values = Array.isArray(asked?.values) ? asked.values : [asked?.value];
  return demanded && !values.includes(acr);
}

/** Whose a sign-in is: what the policy left with it. Pure. */
export function bindingOf({ prompt }: Pick<Interaction, 'prompt'>): Partial<PromptBinding> {
  return prompt.details;
}

/** The application of a client id, by the names it has for guests; undefined when there is none. */
export async function applicationOf(
  provider: Provider,
  id: string,
): Promise<Visit['client'] | undefined> {
  const client = await provider.Client.find(id);
  if (!client) return undefined;
  const url = client['initiateLoginUri'] ?? client.clientUri;
  return { id, name: client.clientName ?? id, url: typeof url === 'string' ? url : null };
}

async function findInteraction(
  provider: Provider,
  ctx: Pick<KoaContextWithOIDC, 'req' | 'res'>,
): Promise<Interaction> {
  try {
    return await provider.interactionDetails(ctx.req, ctx.res);
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'SessionNotFound') {
      throw new GuestError('interaction_expired', { cause });
    }
    throw cause;
  }
}

async function clientOf(provider: Provider, id: string): Promise<Visit['client']> {
  const client = await applicationOf(provider, id);
  // Taken out of the configuration meanwhile: the engine would say so after the mail was sent.
  if (!client) throw new GuestError('request_refused', { detail: { because: 'unknown client' } });
  return client;
}
