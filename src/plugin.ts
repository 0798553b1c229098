// Owns the plug-in's face: one object that configures a Provider, attaches to it, and closes.

import type { Context } from 'koa';
import type Provider from 'oidc-provider';
import type { Configuration, errors, KoaContextWithOIDC } from 'oidc-provider';
import { type EmailAddress, parseEmailAddress } from './domain/email-address.ts';
import { GuestError } from './domain/errors.ts';
import { maskNetwork } from './domain/network.ts';
import type { ClientMetadata, Tenant } from './domain/tenant.ts';
import type { InvitationOrder } from './guests/invitation-order.ts';
import type { InvitationOutcome } from './guests/invitations.ts';
import { answerBranding, BRANDING_PATH } from './http/branding.ts';
import { FEDERATION_PATH } from './http/federation.ts';
import { tenantOfRouted } from './http/front.ts';
import { browserFamilyOf } from './http/client.ts';
import { HOME_PATH } from './http/home.ts';
import { tenantOfVisit } from './http/interaction.ts';
import { INVITATION_PATH } from './http/invitation.ts';
import { mountOf } from './http/mount.ts';
import { createSecurityHeaders } from './http/security.ts';
import { createOidcConfiguration, responseModes } from './oidc/configuration.ts';
import { capTenantCookies } from './oidc/cookie-cap.ts';
import { fixedTenant, requestedTenant } from './oidc/tenant-context.ts';
import { assemble, type GuestsOptions, type Parts } from './plugin/assemble.ts';
import { defaultAuditDays } from './settings/settings.ts';
import type { Guest } from './storage/store.ts';

export type { GuestsOptions } from './plugin/assemble.ts';

/** Which tenants an issuer serves. */
export type IssuerOptions =
  /** One tenant per issuer: what the ready server does. */
  | {
      readonly tenant: Tenant;
      /** Path of the pages without a trailing slash; requests below it must reach the Provider
       *  with `req.url` beginning at `/signin/`. */
      readonly pagesAt: string;
    }
  /** One issuer for all tenants: the `tenantid` authorization parameter names one, or this function. */
  | { readonly tenantFrom?: (ctx: KoaContextWithOIDC) => string | undefined };

/** Guest sign-in for oidc-provider. */
export interface Guests {
  /**
   * Makes a Provider's configuration of yours: guests' interactions, accounts, claims, storage and
   * hardened defaults are added; what a guest's sign-in depends on replaces yours.
   */
  configuration(yours: Configuration, issuer?: IssuerOptions): Configuration;
  /** Serves the sign-in pages from the Provider itself, below `/signin/` of its mount. */
  attach(provider: Provider, issuer?: IssuerOptions): void;
  /**
   * Invites, as the tenant's policy allows; sends a mail only when `sendMessage` says so. With
   * `resetRedemption`, a guest who has accepted redeems anew under the same `sub` (R68).
   * @throws {TypeError} when the address is none or the tenant unknown
   */
  invite(invitation: Invitation): Promise<InvitationOutcome>;
  /**
   * Puts other tenants in place of all, at once. Whoever did not change should stay the same object:
   * what is known of its upstreams is kept by it. Sign-ins under way go on where their tenant stays.
   * Providers of one tenant are the host's to rebuild: their clients are in them.
   */
  replaceTenants(tenants: GuestsOptions['tenants']): void;
  /** What the ready server is built from: the joined rooms. */
  readonly parts: Parts;
  /** Finishes deliveries in flight and closes the database. */
  close(): Promise<void>;
}

/** Whom to invite, where. */
export type Invitation = Omit<InvitationOrder, 'address' | 'cc' | 'role' | 'sendMessage'> & {
  readonly tenant: string;
  readonly address: string;
  readonly cc?: string;
  /** Who asks, for `whoMayInvite`; default `administrator`. */
  readonly role?: InvitationOrder['role'];
  /** Default false, as in Graph (R60). */
  readonly sendMessage?: boolean;
};

/** Storage namespace of an issuer that serves many tenants; no tenant id can be spelled so. */
const HOST_NAMESPACE = '@host';
/** Where a host's Provider serves what the pages refer to; no uid is so short. */
const HOST_ASSETS = '/signin/assets';
const PURGE_MS = 60_000;
const PURGE_BATCH = 1000;
const DAY = 86_400;

/**
 * Opens the database, starts the mail worker, and returns guest sign-in for your Provider:
 *
 * ```ts
 * const guests = await createGuests({ publicUrl, tenants, database, mail, secrets });
 * const provider = new Provider(issuer, guests.configuration({ clients, jwks }));
 * guests.attach(provider);
 * ```
 *
 * @throws {GuestError} `unavailable` when the database cannot be reached
 */
export async function createGuests(options: GuestsOptions): Promise<Guests> {
  const owners = new WeakMap<object, () => Tenant>();
  const hosts = new WeakSet<object>();
  const parts = await assemble(options, {
    tenantOf: (ctx) => owners.get(ctx.app)?.() ?? tenantOfVisit(ctx) ?? tenantOfRouted(ctx.req),
    brandingPath: (ctx, { id }) =>
      hosts.has(ctx.app) ? `${mountOf(ctx.req)}${HOST_ASSETS}/${id}` : `/${id}`,
    assetsPath: (ctx) => (hosts.has(ctx.app) ? `${mountOf(ctx.req)}${HOST_ASSETS}` : '/assets'),
    goodLink: (ctx) =>
      hosts.has(ctx.app)
        ? `${options.publicUrl}${mountOf(ctx.req)}/auth?tenantid={tenant}`
        : `${options.publicUrl}/{tenant}/v2.0`,
  });
  const protect = createSecurityHeaders({ https: parts.engine.secure });
  parts.outbox.start();
  const purging = startPurge(parts, options.auditDays ?? defaultAuditDays);
  const tenantOf = (id: string): Tenant => {
    const tenant = parts.tenants().byId.get(id);
    if (!tenant) throw new TypeError(`there is no tenant ${id}`);
    return tenant;
  };

  return {
    parts,
    configuration(yours, issuer = {}) {
      const tenantId = 'tenant' in issuer ? issuer.tenant.id : undefined;
      if (tenantId === undefined) {
        for (const known of yours.clients ?? []) parts.hostClients.add(known as ClientMetadata);
      }
      const context =
        'tenant' in issuer
          ? fixedTenant(issuer.tenant, parts.tenants)
          : requestedTenant(parts.tenants, issuer.tenantFrom);
      return createOidcConfiguration(
        parts.engine,
        {
          namespace: tenantId ?? HOST_NAMESPACE,
          tenantId,
          languages: 'tenant' in issuer ? issuer.tenant.languages : undefined,
          ...context,
          pagesPath: (ctx, uid) =>
            `${'pagesAt' in issuer ? issuer.pagesAt : `${mountOf(ctx.req)}/signin`}/${uid}`,
        },
        yours,
      );
    },
    attach(provider, issuer = {}) {
      record(provider, parts, 'tenant' in issuer ? issuer.tenant.id : null);
      const owner = 'tenant' in issuer ? issuer.tenant : undefined;
      const fixed = owner && ((): Tenant => parts.tenants().byId.get(owner.id) ?? owner);
      const namespace = owner?.id ?? HOST_NAMESPACE;
      const of = { provider, namespace, tenant: (): Tenant | undefined => fixed?.() };
      const pages = parts.interactionPages(of);
      const orStartAgain = parts.startAgain(of);
      const unlessLoop = parts.loops.around(of);
      if (fixed) owners.set(provider, fixed);
      else hosts.add(provider);
      const answer = async (ctx: Context, next: () => Promise<unknown>): Promise<void> => {
        const tenant = fixed?.();
        if (FEDERATION_PATH.test(ctx.path)) return parts.federationRoutes(ctx, tenant);
        if (INVITATION_PATH.test(ctx.path)) {
          // A host's clients begin sign-ins themselves: it has no page of ours to do it.
          const begin =
            tenant &&
            (({ address }: Guest) => {
              const browser = parts.engine.browser.ensure(ctx);
              return parts.homeRequests.urlOf(tenant, browser, { hint: address });
            });
          return parts.invitationRoutes(ctx, tenant, begin);
        }
        if (tenant && HOME_PATH.test(ctx.path)) return parts.homeRoutes(ctx, provider, tenant);
        await pages(ctx, next);
      };
      provider.use(async (ctx, next) => {
        if (ctx.path.startsWith(`${HOST_ASSETS}/`)) {
          const name = ctx.path.slice(HOST_ASSETS.length + 1);
          protect(ctx.req, ctx.res);
          // oxlint-disable-next-line typescript/require-await -- a throw must become a rejection
          return parts.gate.middleware(ctx, async () => answerFile(ctx, parts, name));
        }
        if (ctx.path.startsWith('/signin/')) {
          // The ready server has set them already; a host may have none of its own.
          protect(ctx.req, ctx.res);
          await parts.gate.middleware(ctx, () => orStartAgain(ctx, () => answer(ctx, next)));
          return capTenantCookies(ctx, parts.engine.secure);
        }
        const browser = () => browserFamilyOf(ctx.get('user-agent'));
        await parts.engine.gathered.around(
          ctx,
          () => unlessLoop(ctx, next),
          // A host of many tenants has no page that would show it.
          () =>
            owner ? parts.guestSessions.of(ctx as KoaContextWithOIDC, owner.id, browser) : null,
        );
        capTenantCookies(ctx, parts.engine.secure);
        if (ctx.path.startsWith('/.well-known/')) describeResponseModes(ctx.body);
      });
    },
    async invite({ tenant, address, cc, role, sendMessage, ...rest }) {
      return parts.invitations.create(tenantOf(tenant), {
        ...rest,
        address: addressOf(address),
        cc: cc === undefined ? null : addressOf(cc),
        role: role ?? 'administrator',
        sendMessage: sendMessage ?? false,
      });
    },
    replaceTenants: parts.replaceTenants,
    async close() {
      clearInterval(purging);
      await parts.close();
    },
  };
}

/** Files of ours by name; those of a tenant behind its id, which has no dot. */
function answerFile(ctx: Context, { assets, tenants }: Parts, name: string): void {
  const end = name.indexOf('/');
  if (end < 0) return assets(ctx, name);
  const tenant = tenants().byId.get(name.slice(0, end));
  const file = BRANDING_PATH.exec(name.slice(end))?.[1];
  if (!tenant || file === undefined) throw new GuestError('not_found');
  answerBranding(ctx, tenant, `${mountOf(ctx.req)}${HOST_ASSETS}/${tenant.id}`, file);
}

function addressOf(text: string): EmailAddress {
  const parsed = parseEmailAddress(text);
  if (!parsed) throw new TypeError(`${text} is not an e-mail address`);
  return parsed;
}

/** The engine always claims to support fragments; clients are told what they will get. */
function describeResponseModes(metadata: unknown): void {
  if (typeof metadata !== 'object' || metadata === null) return;
  if ('response_modes_supported' in metadata) metadata.response_modes_supported = responseModes;
}

/**
 * Engine errors that no page of ours answers (token, userinfo, what goes to a redirect URI), and
 * signing out, which the engine does (S64).
 */
function record(provider: Provider, { log }: Parts, tenant: string | null): void {
  provider.on('server_error', (ctx, error) => {
    log.error('engine.failed', { route: ctx.oidc.route, error });
  });
  const refused = (ctx: KoaContextWithOIDC, error: errors.OIDCProviderError): void => {
    const { message, error_description, error_detail } = error;
    log.info('engine.refused', {
      route: ctx.oidc.route,
      client: ctx.oidc.client?.clientId,
      error: message,
      detail: error_detail ?? error_description,
    });
  };
  provider.on('authorization.error', refused);
  provider.on('grant.error', refused);
  provider.on('end_session.success', (ctx) => {
    const { client, params, route, session } = ctx.oidc;
    // Without a question, or after one that offered less.
    const isEverywhere = route === 'end_session' || Boolean(params?.['logout']);
    // Whoever was not signed in has left nothing.
    if (session?.accountId === undefined) return;
    log.info('session.end', {
      audit: true,
      tenant,
      subject: session.accountId,
      client: client?.clientId,
      outcome: isEverywhere ? 'everywhere' : 'application',
      network: maskNetwork(ctx.ip),
    });
  });
}

function startPurge({ store, clock, log }: Parts, auditDays: number): NodeJS.Timeout {
  const purge = async (): Promise<void> => {
    let gone = PURGE_BATCH;
    while (gone >= PURGE_BATCH) gone = await store.purge(clock(), PURGE_BATCH);
    await store.audit.purge(clock() - auditDays * DAY, PURGE_BATCH);
  };
  return setInterval(() => {
    purge().catch((error: unknown) => log.warn('purge.failed', { error }));
  }, PURGE_MS).unref();
}
