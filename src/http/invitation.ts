// Owns the landing page of an invitation, and saying no to further ones.

import type { Context } from 'koa';
import { GuestError } from '../domain/errors.ts';
import type { ClientMetadata, Tenant, TenantIndex } from '../domain/tenant.ts';
import type { OpenedInvitation } from '../guests/invitation-visits.ts';
import { redirectOf } from '../guests/invitation-order.ts';
import type { Invitations } from '../guests/invitations.ts';
import type { BrowserBinding } from '../oidc/cookies.ts';
import type { Guest, GuestStore } from '../storage/store.ts';
import { createReference } from './errors.ts';
import { evidenceOf, field, readForm } from './form.ts';
import { mountOf } from './mount.ts';
import type { InvitationFrame } from './page.ts';
import type { Csrf } from './security.ts';
import { seeOther } from './see-other.ts';
import type { TicketCookie } from './ticket-cookie.ts';
import type { Views } from './views.ts';

export interface InvitationRoutesDeps {
  readonly invitations: Pick<Invitations, 'open' | 'setBlocked'>;
  readonly guests: Pick<GuestStore, 'hasBlockedInvitations'>;
  readonly browser: BrowserBinding;
  readonly csrf: Csrf;
  readonly views: Views;
  readonly tenants: () => TenantIndex;
  readonly clientsOf: (tenant: Tenant) => readonly ClientMetadata[];
  readonly origin: string;
  /** Holds the ticket of a link that was opened: it means nothing yet. */
  readonly opened: TicketCookie;
  /** Holds the ticket that sign-ins in this browser may use. */
  readonly ticket: TicketCookie;
}

/**
 * Answers one request below `/signin/invitation`.
 * @param tenant of the issuer; undefined where the ticket says it
 * @param signInUrl makes the address a sign-in of the guest begins at; without it the guest is sent
 *   to the invitation's own page, which has to begin one
 */
export type InvitationRoutes = (
  ctx: Context,
  tenant: Tenant | undefined,
  signInUrl?: (guest: Guest) => string,
) => Promise<void>;

/** The part of the path these routes answer. */
export const INVITATION_PATH = /^\/signin\/invitation(?:\/(accept|block))?\/?$/;

interface Opened {
  readonly ticket: string;
  readonly tenant: Tenant;
  readonly invitation: OpenedInvitation;
}

/**
 * Opening a link changes nothing, however many mail scanners do it: the ticket goes into a cookie
 * and out of the address by 303 (S55). Only the button makes sign-ins of this browser use it.
 *
 * @source experience P1, P1b; rules R21, R65, R67; S55; T80
 */
export function createInvitationRoutes(deps: InvitationRoutesDeps): InvitationRoutes {
  const { invitations, browser, csrf, views, tenants, opened, ticket } = deps;

  return async function answer(ctx, tenant, signInUrl) {
    const action = INVITATION_PATH.exec(ctx.path)?.[1];
    const base = `${mountOf(ctx.req)}/signin/invitation`;
    const named = ctx.query['ticket'];
    if (ctx.method === 'POST' && action === 'block' && typeof named === 'string') {
      return unsubscribe(ctx, tenant, named);
    }
    if (ctx.method === 'POST' && action) {
      await readForm(ctx, () => submit(ctx, tenant, { action, base, signInUrl }));
      return;
    }
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') throw new GuestError('method_not_allowed');
    if (named !== undefined) {
      // Two tickets are none: what was opened before must not stand in for them.
      opened.write(ctx, typeof named === 'string' ? named : '');
      return seeOther(ctx, action === 'block' ? `${base}/block` : base);
    }
    const found = await find(tenant, opened.read(ctx));
    if (!found) return broken(ctx, tenant);
    await (action === 'block' ? showBlock(ctx, found, base) : show(ctx, found, base));
  };

  async function submit(
    ctx: Context,
    tenant: Tenant | undefined,
    {
      action,
      base,
      signInUrl,
    }: { action: string; base: string; signInUrl: ((guest: Guest) => string) | undefined },
  ): Promise<void> {
    const found = await find(tenant, opened.read(ctx));
    if (!found) return broken(ctx, tenant);
    const { guest } = found.invitation;
    if (!csrf.accepts(evidenceOf(ctx), deps.origin, formOf(guest.id), browser.ensure(ctx))) {
      throw new GuestError('request_forged');
    }
    if (action === 'block') {
      await invitations.setBlocked(guest, field(ctx, 'unblock') === '');
      return seeOther(ctx, `${base}/block`);
    }
    const target = signInUrl?.(guest) ?? redirectOf(guest, deps.clientsOf(found.tenant));
    if (found.invitation.state === 'expired') return seeOther(ctx, base);
    // The link of an accepted invitation stays a way back (R65).
    ticket.write(ctx, found.ticket);
    seeOther(ctx, target ?? base);
  }

  /** RFC 8058: a mail program posts the link of List-Unsubscribe, without cookies or form token. */
  async function unsubscribe(
    ctx: Context,
    tenant: Tenant | undefined,
    named: string,
  ): Promise<void> {
    const found = await find(tenant, named);
    if (!found) throw new GuestError('invitation_unknown');
    await invitations.setBlocked(found.invitation.guest, true);
    ctx.status = 200;
    ctx.set('Cache-Control', 'no-store');
    ctx.body = '';
  }

  async function show(ctx: Context, found: Opened, base: string): Promise<void> {
    const { guest, state } = found.invitation;
    const redirectUrl = redirectOf(guest, deps.clientsOf(found.tenant));
    const page = {
      ...frameOf(ctx, found, base),
      page: 'invitation',
      state,
      address: guest.address,
      message: guest.invitation?.message ?? null,
      target: redirectUrl === null ? null : new URL(redirectUrl).host,
    } as const;
    await views.render(ctx, page, { tenant: found.tenant });
  }

  async function showBlock(ctx: Context, found: Opened, base: string): Promise<void> {
    const { tenant, addressKey } = found.invitation.guest;
    const blocked = await deps.guests.hasBlockedInvitations(tenant, addressKey);
    const page = { ...frameOf(ctx, found, base), page: 'block-invitations', blocked } as const;
    await views.render(ctx, page, { tenant: found.tenant });
  }

  function frameOf(ctx: Context, { tenant, invitation }: Opened, base: string): InvitationFrame {
    return {
      tenantName: tenant.displayName,
      inviter: invitation.guest.invitedBy,
      base,
      csrf: csrf.token(formOf(invitation.guest.id), browser.ensure(ctx)),
      support: tenant.support ?? null,
      privacyUrl: tenant.privacyUrl ?? null,
    };
  }

  async function find(
    fixed: Tenant | undefined,
    given: string | undefined,
  ): Promise<Opened | undefined> {
    if (given === undefined) return undefined;
    const invitation = await invitations.open(fixed?.id, given);
    const tenant = invitation && tenants().byId.get(invitation.guest.tenant);
    return invitation && tenant ? { ticket: given, tenant, invitation } : undefined;
  }

  function broken(ctx: Context, tenant: Tenant | undefined): Promise<void> {
    const tenantName = tenant?.displayName ?? '';
    const reference = createReference();
    return views.render(ctx, { page: 'invitation-broken', tenantName, reference }, { tenant });
  }
}

/** What a form token of these pages is bound to, in the place of a sign-in's uid. */
function formOf(guest: string): string {
  return `invitation ${guest}`;
}
