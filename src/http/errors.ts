// Owns the leak gate: what leaves the process when something goes wrong, as a page for people and
// as JSON for programs. Everything else goes to the log under the same reference.

import { randomBytes } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { type ErrorCode, errorTable, GuestError } from '../domain/errors.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Log } from '../telemetry/log.ts';
import { noteError } from '../telemetry/trace.ts';
import type { Page } from './page.ts';
import { isTenantless } from './route.ts';
import { problemJson, type Views } from './views.ts';

export interface ErrorGate {
  /** Catches what later middleware throws and answers it. */
  readonly middleware: Middleware;
  /** Answers a request with one error. */
  answer(ctx: Context, error: unknown): Promise<void>;
  /** Logs a refusal that is answered elsewhere. @returns the reference its page tells */
  note(ctx: Context, error: GuestError): string;
  /** The engine's own errors, those it may not send to a redirect URI. */
  answerEngine(
    ctx: KoaContextWithOIDC,
    out: { readonly error: string; readonly error_description?: string | undefined },
    error: unknown,
  ): Promise<void>;
}

/** The id that ties an answer to its log line: 12 characters, told to people. */
export function createReference(): string {
  return randomBytes(9).toString('base64url');
}

/**
 * @param deps `goodLink` shows on the no-tenant page what a link with tenant context looks like;
 *   `tenantOf` finds the organisation a request is about
 */
export function createErrorGate(deps: {
  readonly views: Views;
  readonly log: Log;
  readonly goodLink: (ctx: Context) => string;
  readonly tenantOf: (ctx: Context) => Tenant | undefined;
  /** Whether people may name the organisation themselves where the link does not (R16). */
  readonly tenantPicker: boolean;
}): ErrorGate {
  const { views, log } = deps;

  return {
    middleware: async (ctx, next) => {
      try {
        await next();
      } catch (error) {
        await answer(ctx, error);
      }
    },
    answer,
    note: (ctx, error) => record(ctx, error.code, error.status, error),
    async answerEngine(ctx, out, error) {
      const { status, statusCode } = error as { status?: number; statusCode?: number };
      const httpStatus = status ?? statusCode ?? 500;
      const code = engineCode(out.error, error);
      const detail = code === 'internal' ? null : (out.error_description ?? out.error);
      const reference = record(ctx, code, httpStatus, error);
      const body = { ...problemJson(code, reference, detail), error: out.error };
      await send(ctx, code, reference, detail, httpStatus, body);
    },
  };

  async function answer(ctx: Context, error: unknown): Promise<void> {
    const code = codeOf(error);
    const status = errorTable[code].status;
    const reference = record(ctx, code, status, error);
    if (error instanceof GuestError && error.retryAfterSeconds !== undefined) {
      ctx.set('Retry-After', String(error.retryAfterSeconds));
    }
    const detail =
      code === 'tenant_missing' ? `no tenant in the URL: use ${deps.goodLink(ctx)}` : null;
    await send(ctx, code, reference, detail, status, problemJson(code, reference, detail));
  }

  async function send(
    ctx: Context,
    code: ErrorCode,
    reference: string,
    detail: string | null,
    status: number,
    body: object,
  ): Promise<void> {
    if (code === 'unavailable') ctx.set('Retry-After', '10');
    // The order matters: programs that accept anything get JSON, browsers name text/html.
    if (ctx.accepts('json', 'html') === 'html') {
      const tenant = deps.tenantOf(ctx);
      const page = pageFor(ctx, code, reference, detail, tenant);
      await views.render(ctx, page, { status, tenant });
      return;
    }
    ctx.status = status;
    ctx.set('Cache-Control', 'no-store');
    ctx.body = body;
  }

  function pageFor(
    ctx: Context,
    code: ErrorCode,
    reference: string,
    detail: string | null,
    tenant: Tenant | undefined,
  ): Page {
    if (code === 'tenant_missing' || code === 'tenant_unknown' || code === 'tenant_conflict') {
      const picker = deps.tenantPicker ? pickerOf(ctx) : null;
      return { page: 'no-tenant', code, reference, example: deps.goodLink(ctx), picker };
    }
    return code === 'interaction_expired'
      ? expiredPage(tenant?.displayName ?? null, reference)
      : { page: 'error', code, reference, detail };
  }

  function record(ctx: Context, code: ErrorCode, status: number, error: unknown): string {
    const reference = createReference();
    const line = { reference, errorCode: code, status, method: ctx.method, path: ctx.path };
    noteError(code, status >= 500);
    if (status >= 500) log.error('request.failed', { ...line, error });
    else log.info('request.refused', { ...line, ...detailOf(error) });
    return reference;
  }
}

/** Where nothing is known of the sign-in. */
function expiredPage(tenantName: string | null, reference: string): Page {
  const unknown = { client: null, restart: null, inApp: false } as const;
  return { page: 'expired', reason: 'over', tenantName, reference, ...unknown };
}

/**
 * The form that says the same request again, with the organisation: only where the request came to
 * an address that belongs to no tenant. Nothing is suggested, and only exact names are found.
 */
function pickerOf(ctx: Context): { action: string; fields: Record<string, string> } | null {
  if (ctx.method !== 'GET' || !isTenantless(ctx.path)) return null;
  const query = new URLSearchParams(ctx.querystring);
  for (const name of ['tenantid', 'tenant']) query.delete(name);
  return { action: ctx.path, fields: Object.fromEntries(query) };
}

function codeOf(error: unknown): ErrorCode {
  const named = namedCode(error);
  if (named) return named;
  const { status } = Object(error) as { status?: unknown };
  if (status === 404) return 'not_found';
  if (status === 405) return 'method_not_allowed';
  if (status === 413) return 'body_too_large';
  if (status === 415) return 'media_type_unsupported';
  // A URI or a header that cannot be decoded is the caller's fault, not ours.
  return status === 400 || error instanceof URIError ? 'parameter_malformed' : 'internal';
}

/** The code an error of ours carries, whichever class it had to be. */
function namedCode(error: unknown): ErrorCode | undefined {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === 'string' && Object.hasOwn(errorTable, code)
    ? (code as ErrorCode)
    : undefined;
}

function engineCode(oauthError: string, error: unknown): ErrorCode {
  const named = namedCode(error);
  if (named) return named;
  const { name } = Object(error) as { name?: unknown };
  if (oauthError === 'server_error') return 'internal';
  return name === 'SessionNotFound' ? 'interaction_expired' : 'request_refused';
}

function detailOf(error: unknown): { detail?: unknown } {
  if (error instanceof GuestError) return { detail: error.detail };
  const { error_description, error_detail } = Object(error) as Record<string, unknown>;
  return { detail: error_detail ?? error_description };
}
