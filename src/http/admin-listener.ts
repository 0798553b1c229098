// Owns what the private listener answers: health, metrics, and the routes that are mounted on it.

import type { IncomingMessage, ServerResponse } from 'node:http';
import Koa, { type Middleware } from 'koa';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Health } from './health.ts';

export interface AdminListenerDeps {
  readonly health: Health;
  readonly metrics: Pick<Metrics, 'text'>;
  /** Answers every path that is neither health nor metrics; default nothing does. */
  readonly routes: Middleware | undefined;
  readonly log: Log;
}

/**
 * Makes the handler of the private server. It serves nothing of the public side, and the public side
 * nothing of it: whoever is let in here is decided by where it listens.
 */
export function createAdminListener(
  deps: AdminListenerDeps,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { health, metrics, routes, log } = deps;
  const app = new Koa();
  app.on('error', (error: unknown) => log.error('admin.failed', { error }));
  app.use(async (ctx, next) => {
    ctx.set('X-Content-Type-Options', 'nosniff');
    await next();
  });
  app.use(health.middleware);
  app.use(async (ctx, next) => {
    if (ctx.path !== '/metrics' || ctx.method !== 'GET') return next();
    ctx.set('Cache-Control', 'no-store');
    ctx.set('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
    ctx.body = await metrics.text();
  });
  if (routes) app.use(routes);
  const answer = app.callback();
  return (request, response) => void answer(request, response);
}
