// Owns the guest's own page: where an invitation without a page of its own ends, and where a guest
// leaves an organisation.

import { createHash, randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import type Provider from 'oidc-provider';
import type { Clock } from '../domain/clock.ts';
import { GuestError } from '../domain/errors.ts';
import { type ClientMetadata, HOME_CLIENT_ID, type Tenant } from '../domain/tenant.ts';
import { type Administration, mayLeave } from '../guests/administration.ts';
import type { Directory } from '../guests/directory.ts';
import { redirectOf } from '../guests/invitation-order.ts';
import type { Invitations } from '../guests/invitations.ts';
import type { BrowserBinding } from '../oidc/cookies.ts';
import type { Guest } from '../storage/store.ts';
import { evidenceOf, field, readForm } from './form.ts';
import { mountOf } from './mount.ts';
import type { GuestHome } from './page.ts';
import type { Csrf } from './security.ts';
import { seeOther } from './see-other.ts';
import type { TicketCookie } from './ticket-cookie.ts';
import type { Views } from './views.ts';

export interface HomeRoutesDeps {
  readonly directory: Pick<Directory, 'findBySubject'>;
  readonly administration: Pick<Administration, 'leave'>;
  readonly invitations: Pick<Invitations, 'open'>;
  readonly browser: BrowserBinding;
  readonly csrf: Csrf;
  readonly views: Views;
  readonly ticket: TicketCookie;
  readonly origin: string;
  readonly clientsOf: (tenant: Tenant) => readonly ClientMetadata[];
  readonly sessionSeconds: number;
  readonly clock: Clock;
}

/** Answers one request below `/signin/home` of a tenant's own issuer. */
export type HomeRoutes = (ctx: Context, provider: Provider, tenant: Tenant) => Promise<void>;

/** The part of the path these routes answer. */
export const HOME_PATH = /^\/signin\/home(?:\/(sign-in|callback|leave))?\/?$/;

/** What a form token of these pages is bound to, in the place of a sign-in's uid. */
const FORM = 'home';

/**
 * An ordinary relying party of the tenant's own issuer, except that it redeems no code: the
 * session's cookie reaches it, so there is nothing a token would add.
 *
 * @source rules R70 (else the list of applications), R76, R77; experience "My apps"
 */
export function createHomeRoutes(deps: HomeRoutesDeps): HomeRoutes {
  const { browser, csrf, views, clock } = deps;

  return async function answer(ctx, provider, tenant) {
    const action = HOME_PATH.exec(ctx.path)?.[1];
    const base = `${mountOf(ctx.req)}/signin/home`;
    if (ctx.method === 'POST' && (action === 'sign-in' || action === 'leave')) {
      await readForm(ctx, async () => {
        check(ctx);
        if (action === 'sign-in') return seeOther(ctx, signInUrl(deps.origin, tenant));
        await leave(ctx, provider, tenant, base);
      });
      return;
    }
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') throw new GuestError('method_not_allowed');
    if (action === 'callback') return leadOn(ctx, provider, tenant);
    if (action !== undefined) return seeOther(ctx, `${mountOf(ctx.req)}/`);
    await show(ctx, tenant, base, await guestOf(ctx, provider, tenant));
  };

  async function show(
    ctx: Context,
    tenant: Tenant,
    base: string,
    guest: Guest | undefined,
    notice?: 'left',
  ): Promise<void> {
    const page = {
      ...frameOf(ctx, tenant, base),
      page: 'tenant-home',
      privacyUrl: tenant.privacyUrl ?? null,
      guest: guest ? homeOf(guest, tenant) : null,
      ...(notice && { notice }),
    } as const;
    await views.render(ctx, page, { tenant });
  }

  /** After a sign-in: to the page the invitation names, else here. */
  async function leadOn(ctx: Context, provider: Provider, tenant: Tenant): Promise<void> {
    const guest = await guestOf(ctx, provider, tenant);
    const given = deps.ticket.read(ctx);
    const invitation = given && (await deps.invitations.open(tenant.id, given));
    const isMine = guest && invitation && invitation.guest.id === guest.id;
    if (isMine) deps.ticket.clear(ctx);
    const target = isMine ? redirectOf(guest, deps.clientsOf(tenant)) : null;
    seeOther(ctx, target ?? `${mountOf(ctx.req)}/`);
  }

  async function leave(
    ctx: Context,
    provider: Provider,
    tenant: Tenant,
    base: string,
  ): Promise<void> {
    const guest = await guestOf(ctx, provider, tenant);
    // No button leads here where guests may not leave: only a form of somebody's own.
    if (!guest || !mayLeave(tenant)) return seeOther(ctx, `${mountOf(ctx.req)}/`);
    if (field(ctx, 'confirm') !== 'yes') {
      const frame = frameOf(ctx, tenant, base);
      return views.render(ctx, { ...frame, page: 'leave', address: guest.address }, { tenant });
    }
    await deps.administration.leave(tenant, guest);
    await show(ctx, tenant, base, undefined, 'left');
  }

  function frameOf(ctx: Context, tenant: Tenant, base: string) {
    return {
      tenantName: tenant.displayName,
      support: tenant.support ?? null,
      base,
      csrf: csrf.token(FORM, browser.ensure(ctx)),
    };
  }

  function check(ctx: Context): void {
    if (!csrf.accepts(evidenceOf(ctx), deps.origin, FORM, browser.ensure(ctx))) {
      throw new GuestError('request_forged');
    }
  }

  /** Whoever is signed in here, if that sign-in still counts. */
  async function guestOf(
    ctx: Context,
    provider: Provider,
    tenant: Tenant,
  ): Promise<Guest | undefined> {
    const session = await provider.Session.get(ctx);
    const { accountId, loginTs } = session;
    if (accountId === undefined || loginTs === undefined) return undefined;
    if (clock() - loginTs >= deps.sessionSeconds) return undefined;
    const guest = await deps.directory.findBySubject(tenant.id, accountId);
    const isRevoked = guest && guest.revokedAt !== null && loginTs < guest.revokedAt;
    return guest?.state === 'Accepted' && !isRevoked ? guest : undefined;
  }
}

/**
 * The authorization request of the guest's own page.
 * @param hint address that is expected; another guest's session in the browser does not count then
 */
export function signInUrl(origin: string, tenant: Tenant, hint?: string): string {
  const url = new URL(`${origin}/${tenant.id}/v2.0/auth`);
  url.search = new URLSearchParams({
    client_id: HOME_CLIENT_ID,
    response_type: 'code',
    scope: 'openid email profile',
    redirect_uri: homeCallback(origin, tenant),
    // No code is redeemed here: whoever steals one lacks a verifier that was never kept.
    code_challenge: createHash('sha256').update(randomBytes(32)).digest('base64url'),
    code_challenge_method: 'S256',
    state: randomBytes(16).toString('base64url'),
    ...(hint !== undefined && { login_hint: hint }),
  }).toString();
  return url.href;
}

/** Where a sign-in of the guest's own page ends. */
export function homeCallback(origin: string, tenant: Tenant): string {
  return `${origin}/${tenant.id}/signin/home/callback`;
}

/** What a guest's own page shows of the guest. Pure. */
export function homeOf(guest: Pick<Guest, 'address' | 'displayName'>, tenant: Tenant): GuestHome {
  const applications = tenant.clients.flatMap((client) => {
    const url = client['initiate_login_uri'] ?? client['client_uri'];
    return typeof url === 'string' ? [{ name: client.client_name ?? client.client_id, url }] : [];
  });
  return {
    address: guest.address,
    name: guest.displayName,
    applications,
    leaving: mayLeave(tenant) ? 'allowed' : 'contact',
  };
}
