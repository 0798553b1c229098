// Owns the Providers: one per tenant, built on first use, forgotten when long unused.

import { LRUCache } from 'lru-cache';
import { Provider } from 'oidc-provider';
import { GuestError } from '../domain/errors.ts';
import { HOME_CLIENT_ID, type Tenant } from '../domain/tenant.ts';
import type { RequestHandler } from '../http/dispatcher.ts';
import { checkEngineRequest, unansweredError } from '../http/engine-request.ts';
import { homeCallback } from '../http/home-request.ts';
import type { Guests } from '../plugin.ts';

/** A Provider takes 80 KB; a rebuild costs its tenant's next guests a millisecond of cold code. */
const MOST_PROVIDERS = 1000;

/** How long a revoked key may still be believed. The look costs one small query. */
const KEYS_FRESH_SECONDS = 60;

interface Entry {
  /** What it was built from: another object of the same id is another configuration. */
  readonly tenant: Tenant;
  /** Which signing keys it has; undefined while it is being built. */
  keys: string | undefined;
  /** Epoch seconds: when to look whether there are others. */
  lookAt: number;
  /** A look under way: requests that come meanwhile wait for the same one. */
  looking: Promise<RequestHandler> | undefined;
  handler: RequestHandler | Promise<RequestHandler>;
}

/** The handler of a tenant's Provider; at once when it is built already. */
export type EngineOf = (tenant: Tenant) => RequestHandler | Promise<RequestHandler>;

/**
 * @param publicUrl origin of the issuers `{publicUrl}/{tenantId}/v2.0`
 * @param most Providers kept at a time; sign-ins under way live in the store and survive eviction
 * @source S33 (a Provider per tenant shares nothing with another)
 */
export function createTenantProviders(
  guests: Guests,
  publicUrl: string,
  most: number = MOST_PROVIDERS,
): EngineOf {
  const built = new LRUCache<string, Entry>({ max: most });
  return engineOf;

  function engineOf(tenant: Tenant): RequestHandler | Promise<RequestHandler> {
    const known = built.get(tenant.id);
    if (known?.tenant === tenant) {
      const isDue = known.keys !== undefined && guests.parts.engine.clock() >= known.lookAt;
      if (isDue) known.looking ??= lookAtKeys(known);
      return known.looking ?? known.handler;
    }
    const entry: Entry = {
      tenant,
      keys: undefined,
      lookAt: guests.parts.engine.clock() + KEYS_FRESH_SECONDS,
      looking: undefined,
      handler: build(tenant).then(
        ({ handler, keys }) => {
          entry.keys = keys;
          return (entry.handler = handler);
        },
        (error: unknown) => {
          // Not kept: the database may be back for the next request.
          if (built.get(tenant.id) === entry) built.delete(tenant.id);
          throw error;
        },
      ),
    };
    built.set(tenant.id, entry);
    return entry.handler;
  }

  /**
   * The request at hand waits for it: at a tenant that is asked once an hour, the one request would
   * otherwise be the one that a stolen key was used for.
   */
  async function lookAtKeys(entry: Entry): Promise<RequestHandler> {
    try {
      await renew(entry);
    } catch (error) {
      // The database is away: the keys at hand are good until it is back.
      if (!(error instanceof GuestError && error.code === 'unavailable')) {
        guests.parts.log.error('keys.unreadable', { tenant: entry.tenant.id, error });
      }
    }
    entry.lookAt = guests.parts.engine.clock() + KEYS_FRESH_SECONDS;
    entry.looking = undefined;
    return entry.handler;
  }

  /** The Provider of before serves until one with the new keys is built: they may be unreadable. */
  async function renew(entry: Entry): Promise<void> {
    if ((await guests.parts.signingKeys.versionOf(entry.tenant.id)) === entry.keys) return;
    const { handler, keys } = await build(entry.tenant);
    Object.assign(entry, { handler, keys });
  }

  async function build(
    tenant: Tenant,
  ): Promise<{ readonly handler: RequestHandler; readonly keys: string }> {
    const jwks = await guests.parts.signingKeys.jwksFor(tenant.id);
    const issuer = { tenant, pagesAt: `/${tenant.id}/signin` };
    const clients = [...tenant.clients, homeClient(publicUrl, tenant)].map((client) => ({
      ...client,
    }));
    const provider = new Provider(
      `${publicUrl}/${tenant.id}/v2.0`,
      guests.configuration({ clients, jwks }, issuer),
    );
    // The dispatcher writes the forwarded headers itself: they are the truth here.
    provider.proxy = true;
    const { gate } = guests.parts;
    provider.use((ctx, next) =>
      gate.middleware(ctx, async () => {
        checkEngineRequest(ctx, publicUrl);
        await next();
        if (ctx.status === 404 && ctx.body === undefined) throw unansweredError(ctx);
      }),
    );
    guests.attach(provider, issuer);
    // The constructor does not look at client metadata; better to fail here than for one guest.
    for (const { client_id } of tenant.clients) await provider.Client.find(client_id);
    const answer = provider.callback();
    return {
      handler: (request, response) => void answer(request, response),
      keys: jwks.keys.map(({ kid }) => kid).join(' '),
    };
  }
}

/** The guest's own page as a client: public, one redirect URI, code alone. */
function homeClient(publicUrl: string, tenant: Tenant) {
  return {
    client_id: HOME_CLIENT_ID,
    client_name: tenant.displayName,
    redirect_uris: [homeCallback(publicUrl, tenant)],
    token_endpoint_auth_method: 'none' as const,
  };
}
