// Owns signing out without a question: by an ID token of the very sign-in that is to end.

import type { KoaContextWithOIDC } from 'oidc-provider';
import { forgetSessionCookie } from './cookies.ts';
import type { GuestSessions } from './guest-sessions.ts';

/** Ends the session a request shows, if its hint allows. @returns whether it is answered */
export type HintedSignOut = (ctx: KoaContextWithOIDC) => Promise<boolean>;

/**
 * Whoever has an ID token of this sign-in has asked the guest already; anybody else's, an older one
 * or none leads to the question, or any page could sign a guest out by a link. The engine has checked
 * signature, issuer, audience and address to return to before.
 *
 * @param deps.subjectOf what an account is called in ID tokens of the client that asks
 * @source S48; OpenID Connect RP-Initiated Logout section 2; experience P9
 */
export function createHintedSignOut(deps: {
  readonly namespace: string;
  readonly sessions: Pick<GuestSessions, 'end'>;
  readonly subjectOf: (ctx: KoaContextWithOIDC, accountId: string) => string;
  readonly secure: boolean;
}): HintedSignOut {
  const { namespace, sessions, subjectOf, secure } = deps;
  return async (ctx) => {
    const { oidc } = ctx;
    const { session, provider, params } = oidc;
    const hint = hintOf(ctx);
    if (!hint || !session?.accountId || session.loginTs === undefined) return false;
    const isThisSignIn =
      hint['auth_time'] === session.loginTs && hint['sub'] === subjectOf(ctx, session.accountId);
    if (!isThisSignIn) return false;
    await sessions.end(provider, { tenant: namespace, id: session.accountId }, session.uid);
    // Marks it as gone: the engine would save it again behind this.
    await session.destroy();
    forgetSessionCookie(ctx, namespace, secure);
    provider.emit('end_session.success', ctx);
    ctx.status = 303;
    ctx.redirect(targetOf(params, () => oidc.urlFor('end_session_success')));
    return true;
  };
}

function hintOf({ oidc }: KoaContextWithOIDC): Record<string, unknown> | undefined {
  // The engine's types name the entities they know, and this is none of them.
  const { IdTokenHint: token } = oidc.entities as {
    readonly IdTokenHint?: { readonly payload?: Record<string, unknown> };
  };
  return token?.payload;
}

function targetOf(params: Record<string, unknown> | undefined, otherwise: () => string): string {
  const { post_logout_redirect_uri: target, state } = params ?? {};
  if (typeof target !== 'string') return otherwise();
  const url = new URL(target);
  if (typeof state === 'string') url.searchParams.set('state', state);
  return url.href;
}
