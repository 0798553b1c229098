// Owns building the rooms once and joining them: no container, plain parameters.

import { createSecretKey } from 'node:crypto';
import { resolveTxt } from 'node:dns/promises';
import type { Context } from 'koa';
import type { Clock } from '../domain/clock.ts';
import { systemClock } from '../domain/clock.ts';
import { defaultLimits, type Limits } from '../domain/limits.ts';
import {
  type ClientMetadata,
  createTenantIndex,
  type Tenant,
  type TenantIndex,
} from '../domain/tenant.ts';
import type { ResolveTxt } from '../federation/domain-proof.ts';
import { type Administration, createAdministration } from '../guests/administration.ts';
import { createDirectory, type Directory } from '../guests/directory.ts';
import { createInvitations, type Invitations } from '../guests/invitations.ts';
import { createListOrganisations } from '../guests/organisations.ts';
import { createTickets } from '../guests/tickets.ts';
import type { Discover } from '../home-realm/discover.ts';
import type { Explain } from '../home-realm/explain.ts';
import { createAssets } from '../http/assets.ts';
import { createEnginePages } from '../http/engine-pages.ts';
import { createErrorGate, type ErrorGate } from '../http/errors.ts';
import { createFederationRoutes, type FederationRoutes } from '../http/federation.ts';
import { createHomeRoutes, type HomeRoutes } from '../http/home.ts';
import { createHomeForms } from '../http/home-forms.ts';
import { createHomeRequests, type HomeRequests } from '../http/home-request.ts';
import { createKeptRequests } from '../http/kept-request.ts';
import { createKnownBrowserCookie } from '../http/known-browser-cookie.ts';
import { createInvitationRoutes, type InvitationRoutes } from '../http/invitation.ts';
import { createFindResident } from '../http/home-resident.ts';
import { createNoticeCookie } from '../http/notice-cookie.ts';
import { createInteractionPages } from '../http/interaction.ts';
import { createPageLanguage } from '../http/language.ts';
import { createLoopGuard, type LoopGuard } from '../http/loop-guard.ts';
import { createRestartCookie } from '../http/restart-cookie.ts';
import { createCsrf } from '../http/security.ts';
import { createSlips } from '../http/slip.ts';
import { createStartAgain } from '../http/start-again.ts';
import { createTicketCookie } from '../http/ticket-cookie.ts';
import { createViews, type Views } from '../http/views.ts';
import { createTranslator } from '../i18n.ts';
import { createRestarts } from '../interaction/restart.ts';
import { createOutbox, type Outbox } from '../mail/outbox.ts';
import { findMailFault } from '../mail/relay-check.ts';
import { createRelayHealth } from '../mail/relay-health.ts';
import { createTemplates } from '../mail/templates.ts';
import { createMailer } from '../mail/transport.ts';
import { createAdmission } from '../oidc/admission.ts';
import type { ConfigurationDeps } from '../oidc/configuration.ts';
import { createBrowserBinding, createCookieSigner, forgetSessionCookie } from '../oidc/cookies.ts';
import { createGatheredWrites } from '../oidc/gathered-writes.ts';
import { createGuestSessions, type GuestSessions } from '../oidc/guest-sessions.ts';
import { createSigningKeys, type SigningKeys } from '../oidc/keys.ts';
import { deriveKey } from '../settings/derive-key.ts';
import { createSealer } from '../settings/sealer.ts';
import type { DatabaseSettings, MailSettings, Secrets } from '../settings/settings.ts';
import { startDatabaseClock } from '../storage/database-clock.ts';
import { openStore } from '../storage/open-store.ts';
import type { Store } from '../storage/store.ts';
import { type Audit, createAudit } from '../telemetry/audit.ts';
import { type AddressHash, AUDIT_ADDRESS, createAddressHash } from '../telemetry/audit-entry.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { joinSignIn } from './sign-in-rooms.ts';

/** What Guestpass is called where people read it. */
export const PRODUCT = 'Guestpass';

/** What {@link createGuests} is told. `Settings` of `config/guestpass.yaml` fits. */
export interface GuestsOptions {
  /** Origin of the pages without a trailing slash; https anywhere but loopback. */
  readonly publicUrl: string;
  /** The inviting organisations: a list, or an index from `loadConfiguration`. */
  readonly tenants: readonly Tenant[] | TenantIndex;
  readonly database: DatabaseSettings;
  readonly mail: MailSettings;
  readonly secrets: Secrets;
  /** Default: the limits as shipped. */
  readonly limits?: Limits;
  /** Default: JSON lines on standard output at `info`. */
  readonly log?: Log;
  /** Days the audit trail is kept, default 365. */
  readonly auditDays?: number;
  /** Default: the database's clock. */
  readonly clock?: Clock;
  /** Most database connections at a time (MySQL), default 10. */
  readonly poolSize?: number;
  /** Asks people without tenant context for the organisation; default false: an error (R16). */
  readonly tenantPicker?: boolean;
  /** Where the link of an invitation leads, without its ticket; default `{publicUrl}/{tenant}/invitation`.
   *  A host names `{its Provider}/signin/invitation`. */
  readonly invitationUrl?: (tenant: Tenant) => string;
  /** Looks up TXT records for the proof of a federation's domains; default the system's resolver. */
  readonly resolveTxt?: ResolveTxt;
}

/** The joined rooms. */
export interface Parts {
  readonly store: Store;
  readonly directory: Directory;
  readonly administration: Administration;
  readonly invitations: Invitations;
  /** Facts for the decision about an address, as a sign-in would gather them. */
  readonly discover: Discover;
  /** What would become of an address, and why. */
  readonly explain: Explain;
  readonly outbox: Outbox;
  readonly signingKeys: SigningKeys;
  readonly views: Views;
  /** Answers with a file of `views/assets`. */
  readonly assets: ReturnType<typeof createAssets>;
  readonly gate: ErrorGate;
  readonly engine: ConfigurationDeps;
  readonly interactionPages: ReturnType<typeof createInteractionPages>;
  readonly startAgain: ReturnType<typeof createStartAgain>;
  readonly loops: LoopGuard;
  readonly federationRoutes: FederationRoutes;
  readonly invitationRoutes: InvitationRoutes;
  readonly homeRoutes: HomeRoutes;
  /** Begins sign-ins of the guest's own page. */
  readonly homeRequests: HomeRequests;
  readonly guestSessions: GuestSessions;
  /** Clients a host configured itself: invitations may lead to their pages too. */
  readonly hostClients: Set<ClientMetadata>;
  readonly tenants: () => TenantIndex;
  /** Puts other tenants in place of all, at once; requests under way may end with the old ones. */
  readonly replaceTenants: (tenants: GuestsOptions['tenants']) => void;
  readonly clock: Clock;
  /** Lines with `audit: true` reach the audit trail too. */
  readonly log: Audit;
  /** Finds the entries of an address in the audit trail. */
  readonly hashAddress: AddressHash;
  close(): Promise<void>;
}

/** What the rooms cannot know of a request by themselves. */
export interface RequestFacts {
  /** The organisation a request is about, where it is known. */
  readonly tenantOf: (ctx: Context) => Tenant | undefined;
  /** Path a tenant's own theme and pictures are under. */
  readonly brandingPath: (ctx: Context, tenant: Tenant) => string;
  /** Path the assets of a request's pages are under. */
  readonly assetsPath: (ctx: Context) => string;
  /** What a link with tenant context looks like here, for whoever came without. */
  readonly goodLink: (ctx: Context) => string;
}

/**
 * @throws {GuestError} `unavailable` when the database cannot be reached
 */
export async function assemble(
  options: GuestsOptions,
  { tenantOf, assetsPath, brandingPath, goodLink }: RequestFacts,
): Promise<Parts> {
  const { publicUrl, secrets, limits = defaultLimits } = options;
  let index = toTenantIndex(options.tenants);
  const tenants = (): TenantIndex => index;
  const poolSize = options.poolSize === undefined ? {} : { poolSize: options.poolSize };
  const store = await openStore(options.database, poolSize);
  // SQLite lives on this machine, so its clock is the machine's.
  const time =
    options.clock || options.database.kind === 'sqlite'
      ? { clock: options.clock ?? systemClock, stop: () => undefined }
      : await startDatabaseClock(store);
  const { clock } = time;
  const hashAddress = createAddressHash(deriveKey(secrets.sealingKey, AUDIT_ADDRESS));
  const log = createAudit({
    log: options.log ?? createLog({ level: 'info' }),
    store: store.audit,
    hash: hashAddress,
    clock,
  });

  const translator = createTranslator();
  const mailer = createMailer(options.mail, store, clock);
  const outbox = createOutbox({
    store,
    sealer: createSealer(secrets.sealingKey, 'outbox'),
    mailer,
    templates: createTemplates(translator, PRODUCT),
    tenantOf: (id) => index.byId.get(id),
    clock,
    log,
  });
  const secure = publicUrl.startsWith('https:');
  const language = createPageLanguage(translator, secure);
  const views = createViews({
    translator,
    product: PRODUCT,
    language,
    limits,
    assetsPath,
    brandingPath,
  });
  const assets = createAssets();
  const gate = createErrorGate({
    views,
    log,
    goodLink,
    tenantOf,
    tenantPicker: options.tenantPicker ?? false,
  });
  const directory = createDirectory({ store, clock });
  const browser = createBrowserBinding(secure);
  const hostClients = new Set<ClientMetadata>();
  const clientsOf = (tenant: Tenant) => [...tenant.clients, ...hostClients];
  const administration = createAdministration({ store, clock, log });
  const invitations = createInvitations({
    store,
    directory,
    tickets: createTickets(deriveKey(secrets.sealingKey, 'invitation-ticket')),
    outbox,
    landingUrl: options.invitationUrl ?? (({ id }) => `${publicUrl}/${id}/invitation`),
    clientsOf,
    clock,
    log,
  });
  const { discover, explain, upstreams, upstream, steps } = joinSignIn({
    store,
    directory,
    outbox,
    tenants,
    secrets,
    limits,
    clock,
    log,
    secure,
    resolveTxt: options.resolveTxt ?? resolveTxt,
  });
  const csrf = createCsrf(deriveKey(secrets.sealingKey, 'csrf'));
  const cookie = { secure, lifetimeSeconds: limits.interactionSeconds };
  const ticket = createTicketCookie('invitation', cookie);
  const origin = publicUrl;
  const homeRequests = createHomeRequests({
    key: deriveKey(secrets.sealingKey, 'home-request'),
    origin,
  });
  const { sessionSeconds } = limits;
  const guestSessions = createGuestSessions({ store, sessionSeconds, clock, log });
  const pages = { browser, csrf, views, invitations, ticket, tenants, clientsOf, origin };
  const signer = createCookieSigner(secrets.cookieKeys);
  const loops = createLoopGuard({ signer, gate, views, clock, secure });
  // The keys that have successors: one put before another makes no request unreadable.
  const keysFor = (purpose: string) => secrets.cookieKeys.map((key) => deriveKey(key, purpose));
  const restart = {
    restarts: createRestarts(keysFor('restart'), clock),
    restartCookie: createRestartCookie(secure),
  };

  return {
    store,
    directory,
    administration,
    invitations,
    discover,
    explain,
    hostClients,
    outbox,
    signingKeys: createSigningKeys({
      store: store.keys,
      sealer: createSealer(secrets.sealingKey, 'signing-key'),
      clock,
    }),
    views,
    assets,
    gate,
    engine: {
      store,
      directory,
      browser,
      gathered: createGatheredWrites(store.oidc),
      signer,
      pages: createEnginePages({ views, gate, tenantOf }),
      guestSessions,
      limits,
      clock,
      secure,
      admit: createAdmission(limits.signInsPerNetworkPerMinute, clock),
      dpopSecret: deriveKey(secrets.sealingKey, 'dpop-nonce'),
      pairwiseKey: createSecretKey(deriveKey(secrets.sealingKey, 'pairwise-subject')),
    },
    interactionPages: createInteractionPages({
      ...pages,
      kept: createKeptRequests(restart),
      slips: createSlips(keysFor('slip'), clock),
      loops,
      tenantOf,
      knownBrowser: createKnownBrowserCookie(secure),
      steps,
      language,
      limits,
      log,
      clock,
      sender: options.mail.from,
      relay: createRelayHealth({ findFault: () => findMailFault(options.mail), clock }),
    }),
    startAgain: createStartAgain({ ...pages, ...restart, signIns: store.signIns, gate }),
    loops,
    federationRoutes: createFederationRoutes({ ...pages, upstream, upstreams }),
    invitationRoutes: createInvitationRoutes({
      ...pages,
      guests: store.guests,
      opened: createTicketCookie('opened', cookie),
    }),
    homeRequests,
    guestSessions,
    homeRoutes: createHomeRoutes({
      ...pages,
      findResident: createFindResident({ directory, sessionSeconds, clock }),
      forms: createHomeForms({ administration, invitations, sessions: guestSessions, log }),
      guests: store.guests,
      organisations: createListOrganisations({ guests: store.guests, tenants, clock }),
      sessions: guestSessions,
      requests: homeRequests,
      notice: createNoticeCookie(secure),
      forgetSession: (ctx, { id }) => forgetSessionCookie(ctx, id, secure),
      clock,
    }),
    tenants,
    replaceTenants: (next) => {
      index = toTenantIndex(next);
    },
    clock,
    log,
    hashAddress,
    async close() {
      await outbox.stop();
      mailer.close();
      await log.close();
      time.stop();
      await store.close();
    },
  };
}

function toTenantIndex(tenants: GuestsOptions['tenants']): TenantIndex {
  return 'byId' in tenants ? tenants : createTenantIndex(tenants);
}
