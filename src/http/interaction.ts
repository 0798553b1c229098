// Owns the pages of a sign-in: parse, check the form token, call one step, draw what comes next.

import { Router } from '@koa/router';
import type { Context, Middleware } from 'koa';
import type Provider from 'oidc-provider';
import { GuestError } from '../domain/errors.ts';
import type { Limits } from '../domain/limits.ts';
import type { TenantIndex } from '../domain/tenant.ts';
import type { Problem } from '../interaction/problem.ts';
import type { SignInSteps, Submission, View } from '../interaction/sign-in.ts';
import { openVisit, type Visit } from '../interaction/visit.ts';
import type { BrowserBinding } from '../oidc/cookies.ts';
import { browserFamilyOf } from './client.ts';
import { createReference } from './errors.ts';
import { field, readForm } from './form.ts';
import { mountOf } from './mount.ts';
import type { Page, SignInFrame } from './page.ts';
import type { Csrf } from './security.ts';
import type { Views } from './views.ts';
import type { Translator } from '../i18n.ts';

export interface InteractionPagesDeps {
  readonly steps: SignInSteps;
  readonly browser: BrowserBinding;
  readonly csrf: Csrf;
  readonly views: Views;
  readonly translator: Translator;
  readonly limits: Limits;
  readonly tenants: () => TenantIndex;
  /** Origin of the pages, what a form's Origin header must say. */
  readonly origin: string;
  /** The sender of mails, named on the page so that people can search for it. */
  readonly sender: string;
}

interface PageState {
  provider: Provider;
  visit: Visit;
  frame: SignInFrame;
}

type PageContext = Context & { state: PageState; params: { uid?: string } };

/**
 * The pages below `/signin/:uid` of one Provider's mount.
 *
 * @returns a function from a Provider to Koa middleware that answers these paths and passes others
 * @source experience P2, P4 to P6; S1, S25, S26
 */
export function createInteractionPages(
  deps: InteractionPagesDeps,
): (provider: Provider) => Middleware {
  const { steps, browser, csrf, views, translator, limits } = deps;
  const lifetimeMinutes = Math.round(limits.passcodeLifetimeSeconds / 60);
  const router = new Router<PageState>({ prefix: '/signin/:uid' });
  const visited: Middleware = async (ctx, next) => open(ctx as PageContext, next);
  const posted: Middleware = async (ctx, next) => checkForm(ctx as PageContext, next);

  router.get('/', visited, (ctx) => show(ctx));
  router.get('/address', visited, (ctx) => showAddress(ctx));
  router.post('/address', readForm, visited, posted, async (ctx) => {
    const typed = field(ctx, 'email');
    const done = await steps.chooseAddress(ctx.state.visit, typed);
    await follow(ctx, done, (problem) => showAddress(ctx, { typed, problem }));
  });
  router.post('/send', readForm, visited, posted, async (ctx) =>
    follow(ctx as PageContext, await steps.sendPasscode(ctx.state.visit)),
  );
  router.post('/passcode', readForm, visited, posted, async (ctx) =>
    follow(ctx as PageContext, await steps.submitPasscode(ctx.state.visit, field(ctx, 'code'))),
  );
  router.post('/continue', readForm, visited, posted, async (ctx) =>
    follow(ctx as PageContext, await steps.proceed(ctx.state.visit)),
  );
  const routes = router.routes() as unknown as Middleware;
  const allowed = router.allowedMethods({
    throw: true,
    methodNotAllowed: () => new GuestError('method_not_allowed'),
    notImplemented: () => new GuestError('method_not_allowed'),
  }) as unknown as Middleware;

  return (provider) => async (ctx, next) => {
    if (!ctx.path.startsWith('/signin/')) return next();
    (ctx.state as PageState).provider = provider;
    await routes(ctx, async () => {
      await allowed(ctx, async () => {});
      if (ctx.status === 404) throw new GuestError('not_found');
    });
  };

  async function open(ctx: PageContext, next: () => Promise<unknown>): Promise<void> {
    const { provider } = ctx.state;
    const uid = ctx.params.uid ?? '';
    const visit = await openVisit(provider, ctx, deps.tenants(), {
      uid,
      browser: browser.read(ctx),
      clientAddress: ctx.ip,
      browserFamily: () => browserFamilyOf(ctx.get('user-agent')),
      locale: translator.negotiate(ctx.acceptsLanguages()),
    });
    ctx.state.visit = visit;
    ctx.state.frame = {
      tenantName: visit.tenant.displayName,
      clientName: visit.client.name,
      base: `${mountOf(ctx.req)}/signin/${uid}`,
      csrf: csrf.token(uid, visit.browser),
      support: visit.tenant.support ?? null,
      privacyUrl: visit.tenant.privacyUrl ?? null,
    };
    await next();
  }

  async function checkForm(ctx: PageContext, next: () => Promise<unknown>): Promise<void> {
    const { uid, browser: digest } = ctx.state.visit;
    const evidence = {
      origin: ctx.get('origin') || undefined,
      secFetchSite: ctx.get('sec-fetch-site') || undefined,
      token: field(ctx, 'csrf'),
    };
    if (!csrf.accepts(evidence, deps.origin, uid, digest)) throw new GuestError('request_forged');
    await next();
  }

  async function show(ctx: PageContext, problem?: Problem): Promise<void> {
    const view = await steps.look(ctx.state.visit);
    if ('to' in view) return redirect(ctx, view.to);
    await views.render(ctx, pageOf(ctx, { ...view, problem: problem ?? view.problem }));
  }

  async function showAddress(
    ctx: PageContext,
    kept?: { readonly typed: string; readonly problem: Problem },
  ): Promise<void> {
    const view = await steps.look(ctx.state.visit);
    if ('to' in view) return redirect(ctx, view.to);
    if (view.step.step === 'continue' || view.step.step === 'refused') {
      return views.render(ctx, pageOf(ctx, view));
    }
    const { typed = view.signIn?.address ?? '', problem } = kept ?? {};
    const page = { ...ctx.state.frame, page: 'address', typed } as const;
    await views.render(ctx, problem ? { ...page, problem } : page);
  }

  /** POST, then 303, then GET: reload and Back never submit again. */
  async function follow(
    ctx: PageContext,
    done: Submission,
    rejected: (problem: Problem) => Promise<void> = (problem) => show(ctx, problem),
  ): Promise<void> {
    if (done.outcome === 'moved') return redirect(ctx, done.to ?? ctx.state.frame.base);
    const { code, params } = done.problem;
    if (code === 'interaction_expired') throw new GuestError(code);
    if (code === 'guest_unavailable') {
      const reference = createReference();
      return views.render(ctx, { ...ctx.state.frame, page: 'refused', code, reference });
    }
    if (typeof params['retryAfterSeconds'] === 'number') {
      ctx.set('Retry-After', String(params['retryAfterSeconds']));
    }
    await rejected(done.problem);
  }

  function pageOf(ctx: PageContext, view: View): Page {
    const { frame } = ctx.state;
    const { step, signIn } = view;
    const problem = view.problem ? { problem: view.problem } : {};
    switch (step.step) {
      case 'address':
        return { ...frame, page: 'address', typed: '', ...problem };
      case 'send-code':
        return { ...frame, page: 'send-code', address: step.address, ...problem };
      case 'continue':
        return { ...frame, page: 'continue' };
      case 'refused':
        return { ...frame, page: 'refused', code: step.code, reference: createReference() };
      case 'enter-code':
        if (view.problem?.code === 'passcode_expired') {
          return { ...frame, page: 'code-expired', lifetimeMinutes };
        }
        return {
          ...frame,
          page: 'enter-code',
          address: step.address,
          label: signIn?.label ?? '',
          strong: signIn?.strong ?? false,
          digits: limits.passcodeDigits,
          lifetimeMinutes,
          sender: deps.sender,
          live: step.live,
          canResend: step.canResend,
          ...problem,
          ...(view.notice ? { notice: view.notice } : {}),
        };
    }
  }
}

function redirect(ctx: Context, to: string): void {
  ctx.status = 303;
  ctx.set('Cache-Control', 'no-store');
  ctx.redirect(to);
}
