// Owns building the admin API from the rooms it works in.

import type { Middleware } from 'koa';
import type { Clock } from '../../domain/clock.ts';
import type { Tenant, TenantIndex } from '../../domain/tenant.ts';
import type { Administration } from '../../guests/administration.ts';
import type { Invitations } from '../../guests/invitations.ts';
import type { Explain } from '../../home-realm/explain.ts';
import { createReadAdminToken } from '../../oidc/admin-resource.ts';
import type { BrowserBinding } from '../../oidc/cookies.ts';
import type { Sealer } from '../../settings/sealer.ts';
import type { Store } from '../../storage/store.ts';
import type { Log } from '../../telemetry/log.ts';
import { createOnce } from './idempotency.ts';
import { createOperations } from './operations.ts';
import { createChangePasscodes, type ServedFiles } from './policy-change.ts';
import { createProtectedResource } from './protected-resource.ts';
import { createAdminRoutes } from './routes.ts';

export interface AdminApiDeps {
  readonly store: Store;
  readonly tenants: () => TenantIndex;
  readonly administration: Administration;
  readonly invitations: Invitations;
  readonly explain: Explain;
  readonly browser: BrowserBinding;
  readonly issuerOf: (tenant: Tenant) => string;
  /** Made for this purpose alone. */
  readonly sealer: Sealer;
  /** Without them no policy can be changed. */
  readonly files: ServedFiles | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The admin API for a listener of its own: a Koa middleware for `/{tenantId}/v1.0/…`, and for where
 * programs find out whose tokens it takes.
 */
export function createAdminApi(deps: AdminApiDeps): Middleware {
  const { store, tenants, clock, log } = deps;
  const routes = createAdminRoutes({
    operations: createOperations({
      ...deps,
      guests: store.guests,
      audit: store.audit,
      mails: store.outbox,
      changePasscodes: createChangePasscodes({ ...deps, guests: store.guests }),
    }),
    tenants,
    readToken: createReadAdminToken({ ...deps, store: store.oidc }),
    once: createOnce({ ...deps, store: store.oidc }),
    clock,
    log,
  });
  const metadata = createProtectedResource(deps);
  return (ctx, next) => metadata(ctx, () => routes(ctx, next));
}
