// Owns everything that is not a tenant's Provider: refusals, redirects, assets, the mailbox.

import type { IncomingMessage, ServerResponse } from 'node:http';
import Koa from 'koa';
import { GuestError } from '../domain/errors.ts';
import type { Tenant } from '../domain/tenant.ts';
import { answerBranding } from './branding.ts';
import type { ErrorGate } from './errors.ts';
import type { Route } from './route.ts';

/** A request that the dispatcher has routed already. */
export interface RoutedRequest {
  route?: Exclude<Route, { to: 'engine' }>;
  /** An error met before there was a Koa context to answer it, and whose Provider it kept away. */
  fault?: { readonly error: unknown; readonly tenant: Tenant };
}

/**
 * The application that answers what no Provider does.
 *
 * @returns a Node request handler; `request.route` or `request.fault` says what to do
 */
export function createFront(deps: {
  readonly gate: ErrorGate;
  readonly assets: (ctx: Koa.Context, name: string) => void;
  /** The development mailbox, where it is on. */
  readonly mailbox: ((ctx: Koa.Context) => Promise<void>) | undefined;
}): (request: IncomingMessage, response: ServerResponse) => void {
  const { gate, assets, mailbox } = deps;
  const app = new Koa();
  // The forwarded headers are our own by now; without them no cookie for https is ever set.
  app.proxy = true;
  app.use(gate.middleware);
  app.use(async (ctx) => {
    const { route, fault } = ctx.req as RoutedRequest;
    if (fault || !route) throw fault?.error;
    switch (route.to) {
      case 'refusal':
        throw new GuestError(route.code);
      case 'redirect':
        ctx.status = 307;
        ctx.set('Cache-Control', 'no-store');
        return ctx.redirect(route.location);
      case 'branding':
        return answerBranding(ctx, route.tenant, `/${route.tenant.id}`, route.name);
      case 'server':
        return ctx.path.startsWith('/assets/')
          ? assets(ctx, ctx.path.slice('/assets/'.length))
          : openMailbox(ctx);
    }
  });
  const answer = app.callback();
  return (request, response) => void answer(request, response);

  async function openMailbox(ctx: Koa.Context): Promise<void> {
    if (!mailbox) throw new GuestError('not_found');
    await mailbox(ctx);
  }
}

/** The tenant a request names that no Provider answers; undefined where it names none. */
export function tenantOfRouted(request: IncomingMessage): Tenant | undefined {
  const { route, fault } = request as RoutedRequest;
  return fault?.tenant ?? (route && 'tenant' in route ? route.tenant : undefined);
}
