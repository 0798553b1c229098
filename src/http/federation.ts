// Owns where other places send guests back to: the callback, and what they may know of us.

import type { Context } from 'koa';
import { GuestError } from '../domain/errors.ts';
import type { Tenant, TenantIndex } from '../domain/tenant.ts';
import type { Upstreams } from '../federation/upstreams.ts';
import type { UpstreamSteps } from '../interaction/upstream.ts';
import type { BrowserBinding } from '../oidc/cookies.ts';
import { readLargeForm } from './form.ts';
import { mountOf } from './mount.ts';
import { seeOther } from './see-other.ts';

export interface FederationRoutesDeps {
  readonly upstream: Pick<UpstreamSteps, 'receive'>;
  readonly upstreams: Upstreams;
  readonly browser: BrowserBinding;
  readonly tenants: () => TenantIndex;
  /** Origin of the pages. */
  readonly origin: string;
}

/** Answers one request below `/signin/federation/`. */
export type FederationRoutes = (ctx: Context, tenant: Tenant | undefined) => Promise<void>;

/** The part of the path these routes answer. */
export const FEDERATION_PATH =
  /^\/signin\/federation\/([a-z0-9][a-z0-9-]{0,31})\/(callback|metadata)$/;

/**
 * `callback` takes the answer of an identity provider: the query of an OIDC redirect, or the form
 * of a SAML POST, which arrives without cookies because it comes from another site. Both lead by
 * 303 to the sign-in's own page, where the browser's cookies are looked at.
 *
 * @source S26 (the state stands for the form token), S52, S54; stack: cookies are not sent on a
 *   cross-site POST
 */
export function createFederationRoutes(deps: FederationRoutesDeps): FederationRoutes {
  const { upstream, upstreams, browser, tenants, origin } = deps;

  return async function answer(ctx, tenant) {
    const [, connection = '', action] = FEDERATION_PATH.exec(ctx.path) ?? [];
    const base = `${origin}${mountOf(ctx.req)}/signin`;
    const callbackUrl = `${base}/federation/${connection}/callback`;
    if (action === 'metadata') return describe(ctx, tenant, connection, callbackUrl);
    if (ctx.method !== 'GET' && ctx.method !== 'POST') throw new GuestError('method_not_allowed');
    const isPost = ctx.method === 'POST';
    const received = await upstream.receive({
      connection,
      callbackUrl,
      parameters: isPost ? await readLargeForm(ctx) : new URLSearchParams(ctx.querystring),
      tenant: tenant?.id,
      browser: isPost ? null : browser.read(ctx),
    });
    if (received.outcome === 'expired') {
      throw new GuestError('interaction_expired', { detail: { because: 'no journey upstream' } });
    }
    // The GET this leads to carries the browser's cookie.
    if (received.outcome === 'held') return seeOther(ctx, `${callbackUrl}?held=${received.held}`);
    seeOther(ctx, `${base}/${received.uid}${received.proven ? '/returned' : ''}`);
  };

  function describe(
    ctx: Context,
    tenant: Tenant | undefined,
    connection: string,
    callbackUrl: string,
  ): void {
    if (ctx.method !== 'GET') throw new GuestError('method_not_allowed');
    const named = tenant ?? tenants().byId.get(String(ctx.query['tenantid'] ?? ''));
    const found = named?.connections?.find(({ id }) => id === connection);
    const metadata = found && upstreams.of(found).metadata?.(callbackUrl);
    if (metadata === undefined) throw new GuestError('not_found');
    ctx.set('Cache-Control', 'no-store');
    ctx.type = 'application/samlmetadata+xml';
    ctx.body = metadata;
  }
}
