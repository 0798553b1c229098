// Owns how a page and its browser keep the authorization request of a sign-in, to begin it anew.

import type { Context } from 'koa';
import { isSameRequest, restartableOf, type Restarts } from '../interaction/restart.ts';
import type { Visit } from '../interaction/visit.ts';
import { mountOf } from './mount.ts';
import type { Restart, SignInFrame } from './page.ts';
import type { RestartCookie } from './restart-cookie.ts';
import { RESTART_PATH } from './start-again.ts';

/** A request for a page of one sign-in. */
export interface KeptState {
  /** Of the issuer. */
  readonly namespace: string;
  readonly visit: Pick<Visit, 'interaction' | 'loginHint'>;
  readonly frame: Pick<SignInFrame, 'base'>;
}

/** Keeps requests in pages and cookies. */
export interface KeptRequests {
  /**
   * Lets the page, and the browser for the time the page is asked for again, know how to begin the same
   * request anew. One token as long as nothing has changed: no cookie is set for the same again.
   *
   * @param address the guest has given, if any
   * @returns the form that begins it anew; null where nothing can, or it is too large to be kept
   */
  keep(ctx: Context, state: KeptState, address: string | undefined): Restart | null;
  /** As `keep`, for the answer of another place, which comes to an address of its own. */
  keepForAnswer(ctx: Context, state: KeptState, address: string | undefined): void;
}

/** @source experience, owner's decisions (Interaction lifetime) */
export function createKeptRequests(deps: {
  readonly restarts: Restarts;
  readonly restartCookie: RestartCookie;
}): KeptRequests {
  const { restarts, restartCookie } = deps;
  return {
    keep,
    keepForAnswer(ctx, state, address) {
      const restart = keep(ctx, state, address);
      if (restart) restartCookie.write(ctx, `${mountOf(ctx.req)}/signin/federation`, restart.token);
    },
  };

  function keep(
    ctx: Context,
    { namespace, visit, frame }: KeptState,
    address: string | undefined,
  ): Restart | null {
    const given = restartCookie.read(ctx);
    const kept = given === undefined ? undefined : restarts.open(namespace, given);
    const request = restartableOf(visit.interaction, address || null);
    // Of this very request: what a cookie holds may have been put there by somebody else.
    const isSame = kept !== undefined && isSameRequest(kept, request);
    const { address: hinted = null } = visit.loginHint ?? {};
    const wanted = { ...request, address: request.address ?? (isSame ? kept.address : hinted) };
    const isKept = isSame && kept.address === wanted.address;
    const token = isKept ? given : restarts.seal(namespace, wanted);
    if (token === undefined) return null;
    if (!isKept) restartCookie.write(ctx, frame.base, token);
    // Without parameters it only tells the application's name later on: no button is made of it.
    const isWhole = wanted.parameters !== null;
    return isWhole ? { action: `${mountOf(ctx.req)}${RESTART_PATH}`, token } : null;
  }
}
