// Owns what is left when a sign-in is gone: why, the button that begins the same request anew, and
// the way to the application.

import type { Context, Middleware } from 'koa';
import type Provider from 'oidc-provider';
import { parseEmailAddress } from '../domain/email-address.ts';
import { GuestError } from '../domain/errors.ts';
import type { Tenant, TenantIndex } from '../domain/tenant.ts';
import {
  restartableOf,
  restartPath,
  type Restartable,
  type RestartRequest,
  type Restarts,
} from '../interaction/restart.ts';
import { applicationOf, bindingOf } from '../interaction/visit.ts';
import type { BrowserBinding } from '../oidc/cookies.ts';
import type { SignInStore } from '../storage/store.ts';
import { isEmbedded } from './client.ts';
import type { ErrorGate } from './errors.ts';
import { field, readForm } from './form.ts';
import { mountOf } from './mount.ts';
import type { Page } from './page.ts';
import type { RestartCookie } from './restart-cookie.ts';
import { seeOther } from './see-other.ts';
import type { Views } from './views.ts';

export interface StartAgainDeps {
  readonly restarts: Restarts;
  readonly restartCookie: RestartCookie;
  readonly browser: BrowserBinding;
  readonly signIns: Pick<SignInStore, 'find'>;
  readonly gate: Pick<ErrorGate, 'note'>;
  readonly views: Views;
  readonly tenants: () => TenantIndex;
  readonly origin: string;
}

/** Whose pages these are. */
export interface PagesOf {
  readonly provider: Provider;
  /** Storage namespace of the issuer. */
  readonly namespace: string;
  /** The one tenant of the issuer; undefined for a host's that serves many. */
  readonly tenant: () => Tenant | undefined;
}

/** Below the mount of the pages; no uid is so short. */
export const RESTART_PATH = '/signin/restart';
/** Where the engine's own dead end leads: behind the uid, whatever became of the sign-in. */
const OVER_PATH = /^\/signin\/[\w-]+\/over$/;
const UID = /^\/signin\/([\w-]{21,64})(?:\/|$)/;
/** Says that a cookie was set before this request. */
const TRIED = 'cookies=tried';

/**
 * Middleware around the pages of one Provider. `POST /signin/restart` needs no form token: all it does
 * is to send the browser to an authorization request, which any link can do.
 *
 * @source experience P10 and owner's decisions; S24, S25 (nothing of another browser's sign-in is told
 *   but the application's name: its state and nonce would let the holder of a uid sign the guest in
 *   as somebody else)
 */
export function createStartAgain(deps: StartAgainDeps): (pages: PagesOf) => Middleware {
  const { restarts, restartCookie, browser, signIns, gate, views } = deps;

  return (pages) => async (ctx, next) => {
    try {
      if (ctx.path === RESTART_PATH) {
        if (ctx.method === 'POST') return await readForm(ctx, async () => begin(ctx, pages));
        // The address stays in the bar after a token that was none: whoever asks for it again is told.
        if (ctx.method === 'GET') throw gone('no form');
        throw new GuestError('method_not_allowed');
      }
      if (ctx.method === 'GET' && OVER_PATH.test(ctx.path)) throw gone('the engine has none');
      await next();
    } catch (error) {
      const isGone = error instanceof GuestError && error.code === 'interaction_expired';
      // Programs get the code as JSON, from the gate around.
      if (!isGone || ctx.accepts('json', 'html') !== 'html') throw error;
      await show(ctx, pages, error);
    }
  };

  // oxlint-disable-next-line typescript/require-await -- a throw must become a rejection
  async function begin(ctx: Context, { namespace }: PagesOf): Promise<void> {
    const request = restarts.open(namespace, field(ctx, 'restart'));
    const path = request && restartPath(request);
    if (path === undefined) throw gone('no restart token');
    // Of our own origin whatever the path is: nothing here leads anywhere else.
    seeOther(ctx, `${deps.origin}${path}`);
  }

  async function show(ctx: Context, pages: PagesOf, error: GuestError): Promise<void> {
    if (isForeignPost(ctx)) return seeOther(ctx, `${mountOf(ctx.req)}/signin/federation/over`);
    const { blocked, moved } = tryCookies(ctx);
    if (moved) return;
    const uid = UID.exec(ctx.path)?.[1];
    const interaction = uid === undefined ? undefined : await pages.provider.Interaction.find(uid);
    const binding = interaction && bindingOf(interaction);
    const digest = browser.read(ctx);
    const mine = digest !== undefined && binding?.browser === digest ? interaction : undefined;
    const kept = keptRequest(ctx, pages);
    const tenantId = binding?.tenant ?? tenantIn(kept) ?? '';
    const tenant = pages.tenant() ?? deps.tenants().byId.get(tenantId);
    const found = uid && tenant ? await signIns.find(tenant.id, uid) : undefined;
    const signIn = found && found.browser === digest ? found : undefined;
    const request = mine ? restartableOf(mine, (signIn?.address || kept?.address) ?? null) : kept;
    const address = typedIn(ctx) ?? request?.address ?? null;
    const token =
      request && request.parameters !== null
        ? restarts.seal(pages.namespace, { ...withoutTimes(request), address })
        : undefined;
    const clientId = request?.clientId ?? interaction?.params['client_id'];
    const client =
      typeof clientId === 'string' ? await applicationOf(pages.provider, clientId) : undefined;
    const isFinished = !interaction && signIn !== undefined && signIn.verifiedAt !== null;
    // Whoever holds the token had the page: its browser has lost a cookie.
    const isElsewhere = interaction !== undefined && mine === undefined && token === undefined;
    const why = isElsewhere ? 'elsewhere' : isFinished ? 'finished' : 'over';
    const page: Page = {
      page: 'expired',
      reason: blocked ? 'cookies' : why,
      tenantName: tenant?.displayName ?? null,
      reference: gate.note(ctx, error),
      client: client ? { name: client.name, url: client.url } : null,
      restart: token === undefined ? null : { action: `${mountOf(ctx.req)}${RESTART_PATH}`, token },
      inApp: isEmbedded(ctx.get('user-agent')),
    };
    await views.render(ctx, page, { tenant });
  }

  /** By the form that was posted, else by the cookie of this page. */
  function keptRequest(ctx: Context, { namespace }: PagesOf): RestartRequest | undefined {
    for (const token of [field(ctx, 'restart'), restartCookie.read(ctx)]) {
      const request = token ? restarts.open(namespace, token) : undefined;
      if (request) return request;
    }
    return undefined;
  }

  /**
   * Whether the browser keeps cookies, found out by a round trip: it has none, is given one, and asks
   * again. Of browsers alone, by what they say of a navigation; anything else is answered at once.
   */
  function tryCookies(ctx: Context): { readonly blocked: boolean; readonly moved: boolean } {
    const isNavigation = ctx.method === 'GET' && ctx.get('sec-fetch-mode') === 'navigate';
    if (!isNavigation || browser.read(ctx) !== undefined) return { blocked: false, moved: false };
    if (ctx.querystring === TRIED) return { blocked: true, moved: false };
    browser.ensure(ctx);
    seeOther(ctx, `${mountOf(ctx.req)}${ctx.path}?${TRIED}`);
    return { blocked: false, moved: true };
  }
}

/** The answer of another place, posted by its page: cookies come along with the GET after it alone. */
function isForeignPost(ctx: Context): boolean {
  const isPosted = ctx.method === 'POST' && ctx.path.startsWith('/signin/federation/');
  const isCross = ctx.get('sec-fetch-site') === 'cross-site';
  return isPosted && isCross && ctx.get('sec-fetch-mode') === 'navigate';
}

function gone(because: string): GuestError {
  return new GuestError('interaction_expired', { detail: { because } });
}

/** An address typed into a page whose sign-in was gone already. */
function typedIn(ctx: Context): string | undefined {
  return parseEmailAddress(field(ctx, 'email'))?.address;
}

function tenantIn(request: RestartRequest | undefined): string | undefined {
  const named = request?.parameters?.['tenantid'];
  return typeof named === 'string' ? named : undefined;
}

function withoutTimes({ clientId, endpoint, parameters }: Restartable) {
  return { clientId, endpoint, parameters };
}
