// Owns the end of an endless redirect: an application that sends the browser here again and again,
// and is answered each time without anybody having pressed anything.

import { createHash } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Clock } from '../domain/clock.ts';
import { GuestError } from '../domain/errors.ts';
import type { Tenant } from '../domain/tenant.ts';
import { applicationOf, type Visit } from '../interaction/visit.ts';
import { type CookieSigner, ownCookie } from '../oidc/cookies.ts';
import type { ErrorGate } from './errors.ts';
import { mountOf } from './mount.ts';
import type { Page } from './page.ts';
import { createSecurityHeaders } from './security.ts';
import type { PagesOf } from './start-again.ts';
import type { Views } from './views.ts';

/**
 * Answers in a row to one application after which the next request is told to the guest instead.
 * Browsers give up by themselves after some twenty redirects, and their page leads nowhere: an
 * application that takes four for a round comes here a fifth time before that.
 */
export const MOST_ROUNDS = 4;
/** Seconds since the first of them: people do not sign in so often, redirects do. */
export const ROUND_SECONDS = 20;
/** Applications that are counted apart in one browser. */
const MOST_CLIENTS = 4;

/** Ends loops; one of an installation. */
export interface LoopGuard {
  /** Middleware around the engine of one Provider. */
  around(pages: PagesOf): Middleware;
  /** A page is shown, and somebody has to act: whatever comes then is no loop. */
  forget(ctx: Context): void;
}

type Application = Visit['client'];

interface Round {
  /** Which application at which issuer. */
  readonly tag: string;
  readonly count: number;
  /** Epoch seconds of the first. */
  readonly since: number;
}

/**
 * Counts in a signed cookie: in a table every single sign-on would have to write a row.
 *
 * @param deps `secure` is whether the pages are https
 * @source rules R18 (50196)
 */
export function createLoopGuard(deps: {
  readonly signer: CookieSigner;
  readonly gate: Pick<ErrorGate, 'note' | 'middleware'>;
  readonly views: Views;
  readonly clock: Clock;
  readonly secure: boolean;
}): LoopGuard {
  const { signer, gate, views, clock, secure } = deps;
  const name = `${secure ? '__Host-' : ''}rounds`;
  const attributes = ownCookie(secure);
  const protect = createSecurityHeaders({ https: secure });
  return { around, forget };

  function around({ provider, namespace, tenant }: PagesOf): Middleware {
    const path = provider.pathFor('authorization', { mountPath: '' });
    const begun = new WeakSet<object>();
    provider.on('interaction.started', (ctx) => begun.add(ctx));
    return async (ctx, next) => {
      const isAuthorization = ctx.method === 'GET' && ctx.path === path;
      const id = ctx.query['client_id'];
      if (isAuthorization && typeof id === 'string' && isOneTooMany(ctx, namespace, id)) {
        const client = await applicationOf(provider, id);
        if (client) return gate.middleware(ctx, () => show(ctx, tenant(), client));
      }
      await next();
      const { oidc } = ctx as Partial<KoaContextWithOIDC>;
      const isAnswered = oidc?.route === 'authorization' || oidc?.route === 'resume';
      // A sign-in that has begun is no answer: its pages wait for somebody.
      if (isAnswered && ctx.status < 400 && !begun.has(ctx) && isNavigation(ctx)) {
        count(ctx, namespace, oidc.client?.clientId ?? '');
      }
    };
  }

  function isOneTooMany(ctx: Context, namespace: string, clientId: string): boolean {
    const tag = tagOf(namespace, clientId);
    const rounds = isNavigation(ctx) ? read(ctx) : [];
    return rounds.some((round) => round.tag === tag && round.count >= MOST_ROUNDS);
  }

  async function show(ctx: Context, tenant: Tenant | undefined, client: Application) {
    // A host's own Provider may have no such headers.
    protect(ctx.req, ctx.res);
    forget(ctx);
    const error = new GuestError('client_loop', { detail: { client: client.id } });
    if (ctx.accepts('json', 'html') !== 'html') throw error;
    const page: Page = {
      page: 'loop',
      code: 'client_loop',
      tenantName: tenant?.displayName ?? null,
      reference: gate.note(ctx, error),
      client: { name: client.name, url: client.url },
      again: `${mountOf(ctx.req)}${ctx.path}?${ctx.querystring}`,
    };
    await views.render(ctx, page, { tenant });
  }

  function count(ctx: Context, namespace: string, clientId: string): void {
    const tag = tagOf(namespace, clientId);
    const rounds = read(ctx);
    const known = rounds.find((round) => round.tag === tag);
    const next = { tag, count: (known?.count ?? 0) + 1, since: known?.since ?? clock() };
    const text = [next, ...rounds.filter((round) => round !== known)]
      .slice(0, MOST_CLIENTS)
      .map((round) => `${round.tag}.${round.count}.${round.since}`)
      .join('~');
    const value = `${text}~${signer.sign(`${name} ${text}`)}`;
    ctx.cookies.set(name, value, { ...attributes, maxAge: ROUND_SECONDS * 1000 });
  }

  function forget(ctx: Context): void {
    if (ctx.cookies.get(name, { signed: false }) !== undefined) {
      ctx.cookies.set(name, null, attributes);
    }
  }

  function read(ctx: Context): readonly Round[] {
    const value = ctx.cookies.get(name, { signed: false }) ?? '';
    const end = value.lastIndexOf('~');
    const text = value.slice(0, Math.max(0, end));
    // Unsigned, another site of the same domain could count for it, and put the page in the way.
    if (end < 0 || !signer.verify(`${name} ${text}`, value.slice(end + 1))) return [];
    return text
      .split('~')
      .map((part): Round => {
        const [tag = '', count, since] = part.split('.');
        return { tag, count: Number(count), since: Number(since) };
      })
      .filter(({ since }) => clock() - since < ROUND_SECONDS);
  }
}

/**
 * A whole window, as far as the browser says: frames that renew a session in the background come often
 * and end by themselves, and what is no browser follows no loop.
 */
function isNavigation(ctx: Context): boolean {
  return ctx.get('sec-fetch-mode') === 'navigate' && ctx.get('sec-fetch-dest') === 'document';
}

function tagOf(namespace: string, clientId: string): string {
  const bytes = createHash('sha256')
    .update(JSON.stringify([namespace, clientId]))
    .digest();
  return bytes.toString('base64url').slice(0, 12);
}
