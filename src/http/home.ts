// Owns the guest's own page ("My apps"): where an invitation without a page of its own ends, where a
// guest sees what they may open and where they are signed in, and where they say no or leave.

import type { Context } from 'koa';
import type Provider from 'oidc-provider';
import type { Clock } from '../domain/clock.ts';
import { GuestError } from '../domain/errors.ts';
import type { ClientMetadata, Tenant } from '../domain/tenant.ts';
import { redirectOf } from '../guests/invitation-order.ts';
import type { Invitations } from '../guests/invitations.ts';
import type { ListOrganisations } from '../guests/organisations.ts';
import type { BrowserBinding } from '../oidc/cookies.ts';
import type { GuestSessions } from '../oidc/guest-sessions.ts';
import { redeemOwnCode } from '../oidc/redeem-own-code.ts';
import type { GuestStore } from '../storage/store.ts';
import { evidenceOf, readForm } from './form.ts';
import type { HomeForm, HomeForms } from './home-forms.ts';
import { homeOf } from './home-page.ts';
import type { HomeRequests } from './home-request.ts';
import type { FindResident, Resident } from './home-resident.ts';
import { mountOf } from './mount.ts';
import type { NoticeCookie } from './notice-cookie.ts';
import type { Csrf } from './security.ts';
import { seeOther } from './see-other.ts';
import type { TicketCookie } from './ticket-cookie.ts';
import type { Views } from './views.ts';

export interface HomeRoutesDeps {
  readonly findResident: FindResident;
  readonly forms: HomeForms;
  readonly invitations: Pick<Invitations, 'open'>;
  readonly guests: Pick<GuestStore, 'hasBlockedInvitations'>;
  readonly organisations: ListOrganisations;
  readonly sessions: Pick<GuestSessions, 'list'>;
  readonly requests: HomeRequests;
  readonly browser: BrowserBinding;
  readonly csrf: Csrf;
  readonly views: Views;
  readonly ticket: TicketCookie;
  readonly notice: NoticeCookie;
  /** Takes the session's cookie out of the browser. */
  readonly forgetSession: (ctx: Context, tenant: Tenant) => void;
  readonly origin: string;
  readonly clientsOf: (tenant: Tenant) => readonly ClientMetadata[];
  readonly clock: Clock;
}

/** Answers one request below `/signin/home` of a tenant's own issuer. */
export type HomeRoutes = (ctx: Context, provider: Provider, tenant: Tenant) => Promise<void>;

/** The part of the path these routes answer. */
export const HOME_PATH = /^\/signin\/home(?:\/(sign-in|callback|sign-out|invitations|leave))?\/?$/;

/** One request, and what it is about. */
interface Call {
  readonly ctx: Context;
  readonly provider: Provider;
  readonly tenant: Tenant;
  readonly resident: Resident | undefined;
}

/**
 * A relying party of the tenant's own issuer as any other: nobody is shown anything in a session in
 * which no authorization request of this page was granted.
 *
 * @source rules R67, R70 (else the list of applications), R76, R77; S26; experience "My apps";
 *   decision 12
 */
export function createHomeRoutes(deps: HomeRoutesDeps): HomeRoutes {
  const { browser, csrf, views, clock, sessions, notice } = deps;

  return async function answer(ctx, provider, tenant) {
    const action = HOME_PATH.exec(ctx.path)?.[1];
    if (ctx.method === 'POST' && action !== undefined && action !== 'callback') {
      await readForm(ctx, async () => {
        check(ctx, tenant);
        if (action === 'sign-in') return begin(ctx, tenant);
        const resident = await deps.findResident(ctx, provider, tenant);
        // Signed out meanwhile, by another tab or from elsewhere: there is nothing left to do.
        if (!resident) return home(ctx);
        await submit({ ctx, provider, tenant, resident }, action as keyof HomeForms);
      });
      return;
    }
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') throw new GuestError('method_not_allowed');
    if (action !== undefined && action !== 'callback') return home(ctx);
    const resident = await deps.findResident(ctx, provider, tenant);
    const call = { ctx, provider, tenant, resident };
    await (action === 'callback' ? arrive(call) : look(call));
  };

  async function submit(form: HomeForm, action: keyof HomeForms): Promise<void> {
    const { ctx, tenant, resident } = form;
    const { said, isOut, asks } = await deps.forms[action](form);
    if (asks) {
      const frame = frameOf(ctx, tenant);
      const { address } = resident.guest;
      return views.render(ctx, { ...frame, page: 'leave', address }, { tenant });
    }
    if (isOut) deps.forgetSession(ctx, tenant);
    if (said) notice.write(ctx, tenant.id, said);
    home(ctx);
  }

  async function look(call: Call): Promise<void> {
    const { ctx, tenant, resident } = call;
    // Signed in for an application: one more authorization request, which asks for nothing.
    if (resident && !resident.hasEntered) return begin(ctx, tenant, true);
    await show(call);
  }

  async function show({ ctx, tenant, resident }: Call): Promise<void> {
    const said = notice.take(ctx, tenant.id);
    const page = {
      ...frameOf(ctx, tenant),
      page: 'tenant-home',
      privacyUrl: tenant.privacyUrl ?? null,
      guest: resident ? await describe(ctx, tenant, resident) : null,
      ...(said && { notice: said }),
    } as const;
    await views.render(ctx, page, { tenant });
  }

  async function describe(ctx: Context, tenant: Tenant, { guest, session }: Resident) {
    const [noted, isBlocked] = await Promise.all([
      sessions.list(guest),
      deps.guests.hasBlockedInvitations(tenant.id, guest.addressKey),
    ]);
    const own = noted.find(({ uid }) => uid === session.uid);
    // The mailbox is proven by this very sign-in, or its owner may be somebody else.
    const organisations = own?.byMail ? await deps.organisations(guest) : [];
    return homeOf({
      guest,
      tenant,
      base: mountOf(ctx.req),
      issuer: `${deps.origin}/${tenant.id}/v2.0`,
      sessions: [own ?? session, ...noted.filter((other) => other !== own)],
      thisSession: session.uid,
      organisations,
      isBlocked,
      now: clock(),
    });
  }

  /** After a sign-in: to the page the invitation names, else here. */
  async function arrive(call: Call): Promise<void> {
    const { ctx, provider, tenant, resident } = call;
    const query = new URLSearchParams(ctx.querystring);
    const came = deps.requests.read(tenant, browser.read(ctx), query);
    // From nobody who was sent: nothing is used up and nothing begun.
    if (came.outcome === 'unasked') return home(ctx);
    const redeemed =
      came.outcome === 'code' ? await redeemOwnCode(provider, came.code, came.request) : undefined;
    const isMine =
      resident?.guest.id === redeemed?.subject && resident?.session.uid === redeemed?.sessionUid;
    // Drawn here and now: the page itself would ask again, for ever.
    if (!redeemed || !resident || !isMine) return show({ ...call, resident: undefined });
    const given = deps.ticket.read(ctx);
    const invitation = given && (await deps.invitations.open(tenant.id, given));
    const isInvited = invitation && invitation.guest.id === resident.guest.id;
    if (isInvited) deps.ticket.clear(ctx);
    const target = isInvited ? redirectOf(resident.guest, deps.clientsOf(tenant)) : null;
    if (target === null) home(ctx);
    else seeOther(ctx, target);
  }

  function begin(ctx: Context, tenant: Tenant, silent = false): void {
    seeOther(ctx, deps.requests.urlOf(tenant, browser.ensure(ctx), { silent }));
  }

  function frameOf(ctx: Context, tenant: Tenant) {
    return {
      tenantName: tenant.displayName,
      support: tenant.support ?? null,
      base: `${mountOf(ctx.req)}/signin/home`,
      csrf: csrf.token(formOf(tenant), browser.ensure(ctx)),
    };
  }

  function check(ctx: Context, tenant: Tenant): void {
    if (!csrf.accepts(evidenceOf(ctx), deps.origin, formOf(tenant), browser.ensure(ctx))) {
      throw new GuestError('request_forged');
    }
  }
}

/** What a form token of these pages is bound to, in the place of a sign-in's uid. */
function formOf({ id }: Tenant): string {
  return `home ${id}`;
}

function home(ctx: Context): void {
  seeOther(ctx, `${mountOf(ctx.req)}/`);
}
