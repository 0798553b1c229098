// Owns when the engine must ask the guest to sign in again, and what a sign-in is bound to.

import { errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { Clock } from '../domain/clock.ts';
import { parseEmailAddress } from '../domain/email-address.ts';
import { isPasscodeOn } from '../domain/passcode-setting.ts';
import { policyOf, type Tenant } from '../domain/tenant.ts';
import type { Guest } from '../storage/store.ts';
import { guestOf } from './account.ts';
import type { AdmitSignIn } from './admission.ts';
import type { BrowserBinding } from './cookies.ts';

/** What the policy judges by. */
export interface PolicyDeps {
  readonly browser: BrowserBinding;
  /** The tenant of an authorization request; throws the engine's error when there is none. */
  readonly tenantOf: (ctx: KoaContextWithOIDC) => Tenant;
  readonly admit: AdmitSignIn;
  readonly sessionSeconds: number;
  readonly clock: Clock;
}

/** What the policy leaves in `prompt.details` of an Interaction. */
export interface PromptBinding {
  /** Digest of the browser that began the sign-in (S24). */
  readonly browser: string;
  /** Tenant id the authorization request named. */
  readonly tenant: string;
}

type Condition = (ctx: KoaContextWithOIDC) => boolean;

/**
 * The engine's own prompts plus the checks its defaults miss. Fresh for every Provider.
 *
 * @source S24, S28, S34, S51; rules R7, R20, R25, R29, R41, R68
 */
export function createPolicy(deps: PolicyDeps): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  const login = policy.get('login');
  const consent = policy.get('consent');
  if (!login || !consent) throw new TypeError('the engine has no login or consent prompt');
  const selectAccount = new interactionPolicy.Prompt({ name: 'select_account', requestable: true });
  selectAccount.checks.add(
    new interactionPolicy.Check('hint_and_selection', 'one account or any', (ctx) => {
      // One names an account, the other asks the guest for one (R20).
      if (ctx.oidc.prompts.has('select_account') && ctx.oidc.params?.['login_hint'] !== undefined) {
        throw new errors.InvalidRequest('login_hint and prompt=select_account contradict');
      }
      return false;
    }),
  );
  policy.add(selectAccount, 0);

  for (const prompt of [selectAccount, login, consent]) {
    const details = prompt.details.bind(prompt);
    prompt.details = async (ctx) => {
      deps.admit(ctx);
      return { ...(await details(ctx)), ...bind(ctx) };
    };
  }
  const add = (reason: string, description: string, condition: Condition): void =>
    login.checks.add(new interactionPolicy.Check(reason, description, 'login_required', condition));
  // Without it a blocked guest's live session makes the engine fail with a 500.
  add('account_unavailable', 'the account cannot be used', (ctx) => {
    return isSignedIn(ctx) && !ctx.oidc.account;
  });
  add('session_expired', 'the session has ended', (ctx) => {
    return isSignedIn(ctx) && isFromEarlier(ctx) && isSessionOver(ctx, deps);
  });
  add('tenant_changed', 'the session belongs to another tenant', (ctx) => {
    const guest = guestOf(ctx);
    return guest !== undefined && guest.tenant !== deps.tenantOf(ctx).id;
  });
  add('session_revoked', 'what was given out before is worth nothing any more', (ctx) => {
    const guest = guestOf(ctx);
    return guest !== undefined && isFromEarlier(ctx) && isRevoked(ctx, guest);
  });
  add('method_not_allowed', 'the method is switched off', (ctx) => {
    const guest = guestOf(ctx);
    // A login just made is not asked for again: that would loop for ever.
    return guest !== undefined && isFromEarlier(ctx) && !isMethodAllowed(ctx, guest);
  });
  add('login_hint_mismatch', 'login_hint names another account', (ctx) => {
    const guest = guestOf(ctx);
    return guest !== undefined && isFromEarlier(ctx) && isHintForAnother(ctx, guest.addressKey);
  });
  add('client_changed', 'the client has changed', (ctx) => {
    const redirectUri = ctx.oidc.params?.['redirect_uri'];
    // On resume the engine trusts the URI it checked at the start; it may have been taken off the
    // client while the guest was reading mail.
    if (typeof redirectUri === 'string' && !ctx.oidc.client?.redirectUriAllowed(redirectUri)) {
      throw new errors.InvalidRedirectUri();
    }
    return false;
  });
  return policy;

  function isMethodAllowed(ctx: KoaContextWithOIDC, guest: Guest): boolean {
    const tenant = deps.tenantOf(ctx);
    if (guest.method === 'emailOneTimePasscode') {
      const policy = policyOf(tenant, ctx.oidc.client?.clientId);
      return policy.clientTakesPasscodes && isPasscodeOn(policy, deps.clock());
    }
    // The place the guest is bound to was taken out of the configuration.
    return (tenant.connections ?? []).some(({ id }) => id === guest.connection);
  }

  function bind(ctx: KoaContextWithOIDC): PromptBinding {
    return { browser: deps.browser.ensure(ctx), tenant: deps.tenantOf(ctx).id };
  }
}

/** Tells whether a session has reached its absolute end: 24 h after sign-in by default (R25, S28). */
export function isSessionOver(
  ctx: KoaContextWithOIDC,
  { sessionSeconds, clock }: Pick<PolicyDeps, 'sessionSeconds' | 'clock'>,
): boolean {
  const signedInAt = ctx.oidc.session?.loginTs;
  return signedInAt === undefined || clock() - signedInAt >= sessionSeconds;
}

/** Tells whether the session was made before this request, not by it. */
export function isFromEarlier(ctx: KoaContextWithOIDC): boolean {
  return !ctx.oidc.result?.login;
}

function isSignedIn(ctx: KoaContextWithOIDC): boolean {
  return Boolean(ctx.oidc.session?.accountId);
}

/** A reset, a block or a removal takes every session from before with it (R68, T84). */
function isRevoked(ctx: KoaContextWithOIDC, guest: Guest): boolean {
  const signedInAt = ctx.oidc.session?.loginTs ?? 0;
  return guest.state !== 'Accepted' || (guest.revokedAt !== null && signedInAt < guest.revokedAt);
}

function isHintForAnother(ctx: KoaContextWithOIDC, addressKey: string): boolean {
  const hint = ctx.oidc.params?.['login_hint'];
  const address = typeof hint === 'string' ? parseEmailAddress(hint) : undefined;
  return address !== undefined && address.key !== addressKey;
}
