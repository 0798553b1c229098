// Owns the pages of a sign-in: parse, check the form token, call one step, draw what comes next.

import { Router } from '@koa/router';
import type { Context, Middleware } from 'koa';
import type Provider from 'oidc-provider';
import { parseEmailAddress } from '../domain/email-address.ts';
import { GuestError } from '../domain/errors.ts';
import { LINK_KEY, PASSCODE_LABEL } from '../domain/passcode.ts';
import type { Tenant, TenantIndex } from '../domain/tenant.ts';
import type { Invitations } from '../guests/invitations.ts';
import type { Problem } from '../interaction/problem.ts';
import type { SignInSteps } from '../interaction/sign-in.ts';
import type { Submission } from '../interaction/submission.ts';
import { openVisit, type Visit } from '../interaction/visit.ts';
import type { BrowserBinding } from '../oidc/cookies.ts';
import { browserFamilyOf, isEmbedded } from './client.ts';
import { evidenceOf, field, readForm } from './form.ts';
import { createSignInPages, isProven, type SignInPagesDeps } from './interaction-page.ts';
import type { KeptRequests } from './kept-request.ts';
import type { KnownBrowserCookie } from './known-browser-cookie.ts';
import { noteUiLocales, type PageLanguage } from './language.ts';
import type { LoopGuard } from './loop-guard.ts';
import { mountOf } from './mount.ts';
import type { Page, SignInFrame } from './page.ts';
import type { TicketCookie } from './ticket-cookie.ts';
import type { Csrf } from './security.ts';
import { seeOther } from './see-other.ts';
import { isSaidAt, type Slip, SLIP_PARAMETER, type Slips } from './slip.ts';
import type { PagesOf } from './start-again.ts';
import type { Views } from './views.ts';

export interface InteractionPagesDeps extends SignInPagesDeps {
  readonly steps: SignInSteps;
  readonly browser: BrowserBinding;
  readonly csrf: Csrf;
  readonly invitations: Pick<Invitations, 'open'>;
  readonly ticket: TicketCookie;
  readonly knownBrowser: KnownBrowserCookie;
  readonly kept: KeptRequests;
  readonly slips: Slips;
  readonly loops: Pick<LoopGuard, 'forget'>;
  readonly views: Views;
  readonly language: PageLanguage;
  readonly tenants: () => TenantIndex;
  /** The organisation of a request that belongs to no sign-in. */
  readonly tenantOf: (ctx: Context) => Tenant | undefined;
  /** Origin of the pages, what a form's Origin header must say. */
  readonly origin: string;
}

interface PageState {
  provider: Provider;
  namespace: string;
  visit: Visit;
  frame: SignInFrame;
}

type PageContext = Context & { state: PageState; params: { uid?: string } };

/**
 * The pages below `/signin/:uid` of one Provider's mount.
 *
 * @returns a function from a Provider and its namespace to Koa middleware that answers these paths and passes others
 * @source experience P2 to P6, P8, P11; rules R18; S1, S25, S26
 */
export function createInteractionPages(
  deps: InteractionPagesDeps,
): (pages: Pick<PagesOf, 'provider' | 'namespace'>) => Middleware {
  const { steps, browser, csrf, views, language, invitations, ticket, knownBrowser } = deps;
  const { kept, slips } = deps;
  const pages = createSignInPages(deps);
  const router = new Router<PageState>({ prefix: '/signin/:uid' });
  const visited: Middleware = async (ctx, next) => open(ctx as PageContext, next);
  const posted: Middleware = async (ctx, next) => checkForm(ctx as PageContext, next);

  router.get('/', visited, (ctx) => show(ctx));
  router.get('/address', visited, (ctx) => showAddress(ctx));
  router.post('/address', readForm, visited, posted, async (ctx) => {
    const typed = field(ctx, 'email');
    const done = await steps.chooseAddress(ctx.state.visit, typed);
    await follow(ctx, done, { path: '/address', typed });
  });
  router.post('/method', readForm, visited, posted, async (ctx) =>
    follow(ctx as PageContext, await steps.chooseMethod(ctx.state.visit, field(ctx, 'door'))),
  );
  // Back from another place. Nothing but a proof already made is looked at, so a GET is enough.
  router.get('/returned', visited, async (ctx) =>
    follow(ctx as PageContext, await steps.arrive(ctx.state.visit)),
  );
  router.post('/passcode', readForm, visited, posted, async (ctx) =>
    follow(ctx as PageContext, await steps.submitPasscode(ctx.state.visit, field(ctx, 'code'))),
  );
  // Whoever opens it, scanners too, changes nothing: only the button does, in the browser that asked.
  router.get('/link', (ctx) => showLink(ctx as PageContext));
  router.post('/link', readForm, visited, posted, async (ctx) =>
    follow(ctx as PageContext, await steps.submitLink(ctx.state.visit, field(ctx, 'key'))),
  );
  router.post('/leave', readForm, visited, posted, async (ctx) =>
    follow(
      ctx as PageContext,
      await steps.leave(ctx.state.visit, {
        anyway: field(ctx, 'anyway') === 'yes',
        again: field(ctx, 'again') === 'yes',
      }),
    ),
  );
  const buttons: Readonly<Record<string, (visit: Visit) => Promise<Submission>>> = {
    send: (visit) => steps.sendPasscode(visit),
    retry: (visit) => steps.retry(visit),
    accept: (visit) => steps.accept(visit),
    decline: (visit) => steps.decline(visit),
    continue: (visit) => steps.proceed(visit),
  };
  for (const [name, press] of Object.entries(buttons)) {
    router.post(`/${name}`, readForm, visited, posted, async (ctx) =>
      follow(ctx as PageContext, await press(ctx.state.visit)),
    );
  }
  // A page that says no stands at the address of its form; asked for again, by Enter in the address bar,
  // it would be the wrong method (900561).
  for (const name of ['method', 'leave', 'passcode', ...Object.keys(buttons)]) {
    router.get(`/${name}`, (ctx) => {
      // Not from us: no form of ours puts anything into an address.
      if (ctx.querystring !== '') throw new GuestError('method_not_allowed');
      seeOther(ctx, `${mountOf(ctx.req)}/signin/${ctx.params['uid'] ?? ''}`);
    });
  }
  const routes = router.routes() as unknown as Middleware;
  const allowed = router.allowedMethods({
    throw: true,
    methodNotAllowed: () => new GuestError('method_not_allowed'),
    notImplemented: () => new GuestError('method_not_allowed'),
  }) as unknown as Middleware;

  return (of) => async (ctx, next) => {
    if (!ctx.path.startsWith('/signin/')) return next();
    Object.assign(ctx.state, { provider: of.provider, namespace: of.namespace });
    await routes(ctx, async () => {
      await allowed(ctx, async () => {});
      if (ctx.status === 404) throw new GuestError('not_found');
    });
  };

  async function open(ctx: PageContext, next: () => Promise<unknown>): Promise<void> {
    const { provider } = ctx.state;
    const uid = ctx.params.uid ?? '';
    const rooms = { tenants: deps.tenants(), invitations };
    const visit = await openVisit(provider, ctx, rooms, {
      uid,
      browser: browser.read(ctx),
      ticket: ticket.read(ctx),
      knownBrowserOf: (tenant) => knownBrowser.read(ctx, tenant),
      pagesUrl: `${deps.origin}${mountOf(ctx.req)}/signin`,
      isEmbedded: isEmbedded(ctx.get('user-agent')),
      clientAddress: ctx.ip,
      browserFamily: () => browserFamilyOf(ctx.get('user-agent')),
      localeOf: (tenant, uiLocales) => language.of(ctx, tenant, uiLocales),
    });
    ctx.state.visit = visit;
    noteUiLocales(ctx, visit.interaction.params['ui_locales']);
    ctx.state.frame = {
      tenantName: visit.tenant.displayName,
      clientName: visit.client.name,
      base: `${mountOf(ctx.req)}/signin/${uid}`,
      csrf: csrf.token(uid, visit.browser),
      restart: null,
      support: visit.tenant.support ?? null,
      privacyUrl: visit.tenant.privacyUrl ?? null,
    };
    await next();
  }

  async function checkForm(ctx: PageContext, next: () => Promise<unknown>): Promise<void> {
    const { uid, browser: digest } = ctx.state.visit;
    if (!csrf.accepts(evidenceOf(ctx), deps.origin, uid, digest))
      throw new GuestError('request_forged');
    await next();
  }

  async function show(ctx: PageContext, problem?: Problem): Promise<void> {
    const view = await steps.look(ctx.state.visit);
    if ('to' in view) return leadOn(ctx, view.to);
    keepRequest(ctx, view.signIn?.address);
    const said = problem ?? slipOf(ctx, view.step.step)?.problem ?? view.problem;
    const { retryAfterSeconds } = said?.params ?? {};
    if (typeof retryAfterSeconds === 'number') ctx.set('Retry-After', String(retryAfterSeconds));
    await draw(ctx, pages.pageOf(ctx.state, { ...view, problem: said }));
  }

  async function showAddress(ctx: PageContext): Promise<void> {
    const view = await steps.look(ctx.state.visit);
    if ('to' in view) return leadOn(ctx, view.to);
    keepRequest(ctx, view.signIn?.address);
    const { step } = view.step;
    const isPast = step === 'continue' || step === 'review' || step === 'terms';
    // Refused before a proof: another address may be let in.
    const isOver = step === 'refused' && (view.signIn === undefined || isProven(view));
    if (isPast || isOver) return draw(ctx, pages.pageOf(ctx.state, view));
    const { typed = view.signIn?.address ?? '', problem } = slipOf(ctx, 'address') ?? {};
    const page = { ...ctx.state.frame, page: 'address', typed } as const;
    await draw(ctx, problem ? { ...page, problem } : page);
  }

  /** What was wrong with the form before, where the page shown has that form. */
  function slipOf(ctx: PageContext, shown: string): Slip | undefined {
    const slip = slips.open(ctx.state.visit, ctx.query[SLIP_PARAMETER]);
    return slip && isSaidAt(shown, slip.problem) ? slip : undefined;
  }

  function keepRequest(ctx: PageContext, address: string | undefined): void {
    ctx.state.frame = { ...ctx.state.frame, restart: kept.keep(ctx, ctx.state, address) };
  }

  async function showLink(ctx: PageContext): Promise<void> {
    const { label, key } = ctx.query;
    const named = typeof label === 'string' && PASSCODE_LABEL.test(label) ? label : null;
    try {
      await open(ctx, () => Promise.resolve());
    } catch (error) {
      if (!(error instanceof GuestError) || error.code !== 'interaction_expired') throw error;
      const tenant = deps.tenantOf(ctx);
      const tenantName = tenant?.displayName ?? null;
      const page = { page: 'sign-in-link-elsewhere', tenantName, label: named } as const;
      return views.render(ctx, page, { tenant });
    }
    const view = await steps.look(ctx.state.visit);
    if ('to' in view) return seeOther(ctx, view.to);
    const isAsked = view.step.step === 'enter-code' && view.step.live;
    if (!isAsked || named === null || typeof key !== 'string' || !LINK_KEY.test(key)) {
      return seeOther(ctx, ctx.state.frame.base);
    }
    const { address } = view.signIn ?? { address: '' };
    await draw(ctx, { ...ctx.state.frame, page: 'sign-in-link', address, label: named, key });
  }

  function draw(ctx: PageContext, page: Page): Promise<void> {
    // Somebody has to press something now: whatever brought the browser here is no loop.
    deps.loops.forget(ctx);
    return views.render(ctx, page, { tenant: ctx.state.visit.tenant });
  }

  function leadOn(ctx: PageContext, to: string): void {
    // To another place: its answer comes to an address of its own, and an answer that comes twice, by
    // Back, belongs to no sign-in any more.
    if (URL.canParse(to) && new URL(to).origin !== deps.origin) {
      kept.keepForAnswer(ctx, ctx.state, parseEmailAddress(field(ctx, 'email'))?.address);
    }
    seeOther(ctx, to);
  }

  /**
   * POST, then 303, then GET: reload and Back never submit again.
   *
   * @param form where the page is that has the form, and what was typed there
   */
  async function follow(
    ctx: PageContext,
    done: Submission,
    form: { readonly path: string; readonly typed: string } = { path: '', typed: '' },
  ): Promise<void> {
    const { visit, frame } = ctx.state;
    if (done.outcome === 'moved') {
      const token = done.knownBrowser;
      if (token !== undefined) knownBrowser.write(ctx, visit.tenant.id, token);
      return leadOn(ctx, done.to ?? frame.base);
    }
    if (done.outcome === 'refused') {
      keepRequest(ctx, undefined);
      return draw(ctx, pages.refusedPage(ctx.state, done.code, done.row));
    }
    const { problem } = done;
    if (problem.code === 'interaction_expired') throw new GuestError(problem.code);
    // Too much of it already: answered at once, and not asked for a second time.
    if (problem.code === 'throttled') return show(ctx, problem);
    const slip = slips.seal(visit, { problem, typed: form.typed });
    seeOther(ctx, `${frame.base}${form.path}?${SLIP_PARAMETER}=${slip}`);
  }
}

/** The tenant of the sign-in a request belongs to, once that is known. */
export function tenantOfVisit({ state }: Context): Tenant | undefined {
  return (state as Partial<PageState>).visit?.tenant;
}
