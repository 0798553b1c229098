// Owns what of a request the engine never gets to see, because its own answer would be less clear.

import type { Context } from 'koa';
import { GuestError } from '../domain/errors.ts';
import { evidenceOf } from './form.ts';
import { isFromOwnPage } from './security.ts';

const MOST_BYTES = 16_384;

/** Paths the engine answers, below the issuer and without case, by one method or the other. */
const PATHS =
  /^\/(?:auth|token|token\/introspection|token\/revocation|me|jwks|request|session\/end|session\/end\/confirm|session\/end\/success|\.well-known\/(?:openid-configuration|oauth-authorization-server))\/?$/i;

/** The one form of the engine's that a page of ours shows. */
const SIGN_OUT = /^\/session\/end\/confirm\/?$/i;

/**
 * Refuses a form that is none, or is larger than any of OAuth has to be, and the answer to the question
 * of signing out from anywhere but its page. Forms of the pages have limits of their own.
 *
 * @param origin of `publicUrl`
 * @throws {GuestError} `media_type_unsupported`, `body_too_large`, `request_forged`
 * @source S26, S59
 */
export function checkEngineRequest(ctx: Context, origin: string): void {
  if (ctx.method !== 'POST' || ctx.path.startsWith('/signin/')) return;
  // Without a length the engine counts by itself, and stops at 56 KiB.
  if ((ctx.request.length ?? 0) > MOST_BYTES) throw new GuestError('body_too_large');
  // Said to be something else; who says nothing and sends nothing, signs out or asks for userinfo.
  const isOther = ctx.is('application/x-www-form-urlencoded') === false;
  if (isOther && ctx.get('content-type') !== '') {
    throw new GuestError('media_type_unsupported');
  }
  // The engine compares the token alone.
  if (SIGN_OUT.test(ctx.path) && !isFromOwnPage(evidenceOf(ctx), origin)) {
    throw new GuestError('request_forged');
  }
}

/** Why the engine did not answer: it knows the path by another method, or not at all. */
export function unansweredError(ctx: Context): GuestError {
  return new GuestError(PATHS.test(ctx.path) ? 'method_not_allowed' : 'not_found');
}
