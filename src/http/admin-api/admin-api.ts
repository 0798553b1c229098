// Owns building the admin API from the rooms it works in.

import type { Middleware } from 'koa';
import type { Clock } from '../../domain/clock.ts';
import type { Tenant, TenantIndex } from '../../domain/tenant.ts';
import type { Administration } from '../../guests/administration.ts';
import type { Invitations } from '../../guests/invitations.ts';
import { createReadAdminToken } from '../../oidc/admin-resource.ts';
import type { BrowserBinding } from '../../oidc/cookies.ts';
import type { Sealer } from '../../settings/sealer.ts';
import type { Store } from '../../storage/store.ts';
import type { Log } from '../../telemetry/log.ts';
import { type EditOutcome, editTenantFile } from '../../tenants/edit.ts';
import { createOnce } from './idempotency.ts';
import { createOperations } from './operations.ts';
import { createAdminRoutes } from './routes.ts';

export interface AdminApiDeps {
  readonly store: Store;
  readonly tenants: () => TenantIndex;
  readonly administration: Administration;
  readonly invitations: Invitations;
  readonly browser: BrowserBinding;
  readonly issuerOf: (tenant: Tenant) => string;
  /** Made for this purpose alone. */
  readonly sealer: Sealer;
  /** The configuration folder; without one no policy can be changed. */
  readonly directory: string | undefined;
  /** Lets the running server read a tenant's file that was just changed. */
  readonly onTenantFileChanged?: (tenantId: string) => Promise<void> | void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The admin API for a listener of its own: a Koa middleware for `/{tenantId}/v1.0/…`. */
export function createAdminApi(deps: AdminApiDeps): Middleware {
  const { store, tenants, clock, log, directory } = deps;
  const operations = createOperations({
    ...deps,
    guests: store.guests,
    audit: store.audit,
    setPasscodes,
  });
  return createAdminRoutes({
    operations,
    tenants,
    readToken: createReadAdminToken({ ...deps, store: store.oidc }),
    once: createOnce({ ...deps, store: store.oidc }),
    clock,
    log,
  });

  async function setPasscodes(
    { id }: Tenant,
    value: Tenant['emailOneTimePasscode'],
  ): Promise<EditOutcome> {
    if (directory === undefined) return { outcome: 'missing' };
    const edit = await editTenantFile(directory, id, ['emailOneTimePasscode'], value);
    // Awaited, so that whoever asks next is told what was set.
    if (edit.outcome === 'edited') await deps.onTenantFileChanged?.(id);
    return edit;
  }
}
