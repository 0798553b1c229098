// Owns the pages the engine shows by itself: its errors, and signing out.

import type { Context } from 'koa';
import type { Tenant } from '../domain/tenant.ts';
import type { EnginePages } from '../oidc/configuration.ts';
import type { ErrorGate } from './errors.ts';
import type { Views } from './views.ts';

/** @param tenantOf finds the organisation a request is about */
export function createEnginePages(deps: {
  readonly views: Views;
  readonly gate: ErrorGate;
  readonly tenantOf: (ctx: Context) => Tenant | undefined;
}): EnginePages {
  const { views, gate, tenantOf } = deps;
  return {
    error: (ctx, out, error) => gate.answerEngine(ctx, out, error),
    signOut(ctx, form) {
      const tenant = tenantOf(ctx);
      const tenantName = tenant?.displayName ?? '';
      return views.render(ctx, { page: 'sign-out', tenantName, form }, { tenant });
    },
    signedOut(ctx) {
      const tenant = tenantOf(ctx);
      const tenantName = tenant?.displayName ?? '';
      // Whether this one did is not known any more, and which places there are is nobody's business.
      const elsewhere = (tenant?.connections ?? []).length > 0;
      return views.render(ctx, { page: 'signed-out', tenantName, elsewhere }, { tenant });
    },
  };
}
