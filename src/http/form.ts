// Owns what a form may contain: a few flat strings, nothing a parser could make more of (S61).

import { bodyParser } from '@koa/bodyparser';
import type { Context, Middleware, Next } from 'koa';
import { GuestError } from '../domain/errors.ts';
import type { FormEvidence } from './security.ts';

const MAX_FIELDS = 16;

const parse = bodyParser({
  enableTypes: ['form'],
  formLimit: '16kb',
  encoding: 'utf-8',
  onError: (cause) => {
    const { type } = cause as Error & { type?: string };
    const code = type === 'entity.too.large' ? 'body_too_large' : 'parameter_malformed';
    throw new GuestError(code, { cause });
  },
});

/**
 * Reads an `application/x-www-form-urlencoded` body into `ctx.request.body` as flat strings.
 *
 * @throws {GuestError} `media_type_unsupported`, `body_too_large` (16 KiB), `parameter_malformed`
 *   for repeated or nested fields, control characters or more than 16 fields
 */
export const readForm: Middleware = async (ctx: Context, next: Next) => {
  if (!ctx.is('application/x-www-form-urlencoded')) throw new GuestError('media_type_unsupported');
  await parse(ctx, async () => {
    const fields = Object.entries((ctx.request.body ?? {}) as Record<string, unknown>);
    if (fields.length > MAX_FIELDS || !fields.every(([, value]) => isPlain(value))) {
      throw new GuestError('parameter_malformed');
    }
    await next();
  });
};

const MAX_LARGE_BYTES = 400_000;

/**
 * Reads a form from another site, which may carry a SAML response: base64 of at most 256 KiB.
 *
 * @throws {GuestError} as {@link readForm}; repeated fields are refused
 */
export async function readLargeForm(ctx: Context): Promise<URLSearchParams> {
  if (!ctx.is('application/x-www-form-urlencoded')) throw new GuestError('media_type_unsupported');
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of ctx.req as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_LARGE_BYTES) throw new GuestError('body_too_large');
    parts.push(part);
  }
  const fields = new URLSearchParams(Buffer.concat(parts).toString());
  const names = [...fields.keys()];
  if (names.length > MAX_FIELDS || new Set(names).size !== names.length) {
    throw new GuestError('parameter_malformed');
  }
  return fields;
}

/** One field of a form read by {@link readForm}; '' when it is not there. */
export function field(ctx: Context, name: string): string {
  const body = ctx.request.body as Readonly<Record<string, string>> | undefined;
  return body && Object.hasOwn(body, name) ? (body[name] ?? '') : '';
}

/** What of a posted form speaks for its origin, for `Csrf.accepts`. */
export function evidenceOf(ctx: Context): FormEvidence {
  return {
    origin: ctx.get('origin') || undefined,
    secFetchSite: ctx.get('sec-fetch-site') || undefined,
    token: field(ctx, 'csrf'),
  };
}

function isPlain(value: unknown): value is string {
  // oxlint-disable-next-line no-control-regex -- NUL and C0 in a field are what is looked for.
  return typeof value === 'string' && !/[\u0000-\u0008\u000B\u000C\u000E-\u001F]/.test(value);
}
