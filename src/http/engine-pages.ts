// Owns the pages the engine shows by itself: its errors, and signing out.

import type { Context } from 'koa';
import type { EnginePages } from '../oidc/configuration.ts';
import type { ErrorGate } from './errors.ts';
import type { Views } from './views.ts';

/** @param tenantName finds the organisation a request is about, or null */
export function createEnginePages(deps: {
  readonly views: Views;
  readonly gate: ErrorGate;
  readonly tenantName: (ctx: Context) => string | null;
}): EnginePages {
  const { views, gate } = deps;
  const tenantName = (ctx: Context): string => deps.tenantName(ctx) ?? '';
  return {
    error: (ctx, out, error) => gate.answerEngine(ctx, out, error),
    signOut: (ctx, form) =>
      views.render(ctx, { page: 'sign-out', tenantName: tenantName(ctx), form }),
    signedOut: (ctx) => views.render(ctx, { page: 'signed-out', tenantName: tenantName(ctx) }),
  };
}
