// Owns in which language a request is answered: what it asks for, in the order that counts.

import type { Context } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Tenant } from '../domain/tenant.ts';
import type { Translator } from '../i18n.ts';
import { ownCookie } from '../oidc/cookies.ts';
import { mountOf } from './mount.ts';
import type { Page } from './page.ts';
import { SLIP_PARAMETER } from './slip.ts';

/** Finds the language of a request. */
export interface PageLanguage {
  /**
   * The language of the answer.
   * @param uiLocales what the application asked for; default {@link noteUiLocales}, else the
   *   parameter of the request the engine answers
   */
  of(ctx: Context, tenant: Tenant | undefined, uiLocales?: unknown): string;
  /** Keeps what a link of the footer chose (`?lang=de`), where the request came by one. */
  keep(ctx: Context): void;
}

/** The query parameter of the links in the footer. */
export const LANGUAGE_PARAMETER = 'lang';

/** No other word in that place is so long. */
const SIGN_IN = /^\/signin\/([\w-]{16,64})(?:\/|$)/;
const KEPT = '([a-z]{2,3}(?:-[A-Za-z]{2,8})*)(?:\\.([\\w-]{16,64}))?';
const YEAR_MS = 365 * 86_400_000;
/** Nobody reads so many; a header of thousands only makes parsers work (S59). */
const MOST_WISHES = 16;
const MOST_QUERY = 2_048;

/**
 * A link of the footer counts before `ui_locales` within the sign-in it was pressed in: there the
 * guest has seen what the application asked for, and a link that does nothing helps nobody. In any
 * other sign-in the application counts first.
 *
 * @param secure whether the pages are https
 * @source experience, common rules (language); OpenID Connect Core 3.1.2.1, `ui_locales`
 */
export function createPageLanguage(translator: Translator, secure: boolean): PageLanguage {
  const cookie = `${secure ? '__Host-' : ''}lang`;
  // Not by ctx.cookies: that needs the connection, and it is gone where a form was too large.
  const inHeader = new RegExp(`(?:^|; ?)${cookie}=${KEPT}(?:;|$)`);
  return {
    of: (ctx, tenant, uiLocales = uiLocalesOf(ctx)) =>
      translator.negotiate(wishes(ctx, tenant, uiLocales), tenant?.languages),
    keep(ctx) {
      const asked = askedOf(ctx);
      if (asked === undefined || !translator.locales.includes(asked)) return;
      const signIn = signInOf(ctx);
      const kept = signIn === '' ? asked : `${asked}.${signIn}`;
      ctx.cookies.set(cookie, kept, { ...ownCookie(secure), maxAge: YEAR_MS });
    },
  };

  /** One after the other: mostly the first that is there decides. */
  function* wishes(
    ctx: Context,
    tenant: Tenant | undefined,
    uiLocales: unknown,
  ): Generator<string> {
    const asked = askedOf(ctx);
    if (asked !== undefined) yield asked;
    const [, kept, signIn] = inHeader.exec(ctx.get('cookie')) ?? [];
    if (kept !== undefined && signIn !== undefined && signIn === signInOf(ctx)) yield kept;
    if (typeof uiLocales === 'string') yield* uiLocales.split(' ', MOST_WISHES);
    if (kept !== undefined) yield kept;
    yield* ctx.acceptsLanguages().slice(0, MOST_WISHES);
    if (tenant?.language !== undefined) yield tenant.language;
  }
}

/**
 * Where the links of the footer lead, up to the language itself: the page that is shown, by GET.
 *
 * @returns begins with `?` where that is what the address bar says, whatever stands there
 */
export function languageHref(ctx: Context, page: Page): string {
  if (isRead(ctx)) {
    const rest = keptOf(ctx, page);
    return `?${rest === '' ? '' : `${rest}&`}${LANGUAGE_PARAMETER}=`;
  }
  return `${pathOf(ctx, page)}?${LANGUAGE_PARAMETER}=`;
}

/** What of the query makes the page what it is. */
function keptOf({ path, query, querystring }: Context, page: Page): string {
  if ('base' in page) {
    const said = query[SLIP_PARAMETER];
    const isSaid = typeof said === 'string';
    return isSaid ? new URLSearchParams({ [SLIP_PARAMETER]: said }).toString() : '';
  }
  // Tickets, codes and answers of other places.
  if (path.startsWith('/signin/')) return '';
  // Said once per language: what is longer is not worth it.
  if (querystring.length > MOST_QUERY) return '';
  const kept = new URLSearchParams(querystring);
  kept.delete(LANGUAGE_PARAMETER);
  return kept.toString();
}

function isRead({ method }: Context): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** The page behind the form that was answered: the form's own address takes no GET. */
function pathOf(ctx: Context, page: Page): string {
  if ('base' in page) {
    const own: Partial<Record<Page['page'], string>> = {
      address: '/address',
      'block-invitations': '/block',
    };
    return `${page.base}${own[page.page] ?? ''}`;
  }
  const signIn = signInOf(ctx);
  return signIn === '' ? '' : `${mountOf(ctx.req)}/signin/${signIn}`;
}

/** Remembers with a request what its application asked for, where the engine does not know it. */
export function noteUiLocales(ctx: Context, uiLocales: unknown): void {
  (ctx.state as { uiLocales?: unknown }).uiLocales = uiLocales;
}

function askedOf(ctx: Context): string | undefined {
  if (!isRead(ctx)) return undefined;
  const asked = ctx.query[LANGUAGE_PARAMETER];
  return typeof asked === 'string' ? asked : undefined;
}

function signInOf(ctx: Context): string {
  return SIGN_IN.exec(ctx.path)?.[1] ?? '';
}

function uiLocalesOf(ctx: Context): unknown {
  const { uiLocales } = ctx.state as { readonly uiLocales?: unknown };
  if (uiLocales !== undefined) return uiLocales;
  // Before a tenant is known the engine has read nothing: then the request itself says it.
  const { oidc } = ctx as Partial<KoaContextWithOIDC>;
  return oidc === undefined ? ctx.query['ui_locales'] : oidc.params?.['ui_locales'];
}
