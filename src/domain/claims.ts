// Owns what tokens say about a guest.

import type { RedemptionMethod } from './identity-provider.ts';

/** How a guest was authenticated by passcode, for `acr`. Never a level of assurance: mail is no second factor (S45). */
export const PASSCODE_ACR = 'urn:guestpass:acr:email-otp';

/** How a guest was authenticated by another place, for `acr`: no more is known of how. */
export const FEDERATED_ACR = 'urn:guestpass:acr:federated';

/** Every `acr` a sign-in can have. */
export const ACR_VALUES: readonly string[] = Object.freeze([PASSCODE_ACR, FEDERATED_ACR]);

/** How a guest was authenticated, for `amr` (RFC 8176). */
export const PASSCODE_AMR: readonly string[] = Object.freeze(['otp']);

/** The `acr` of a method. */
export function acrOf(method: RedemptionMethod): string {
  return method === 'emailOneTimePasscode' ? PASSCODE_ACR : FEDERATED_ACR;
}

/** What claims are made of. */
export interface ClaimedGuest {
  readonly id: string;
  readonly tenant: string;
  readonly address: string;
  readonly displayName: string | null;
  /** Who authenticated the guest; null counts as `mail`. */
  readonly idp: string | null;
}

/** Which claims each scope releases, as oidc-provider's `claims` option takes it. */
export const claimsByScope: Readonly<Record<string, readonly string[]>> = Object.freeze({
  openid: ['sub', 'tid', 'idp', 'auth_time', 'acr', 'amr'],
  email: ['email', 'email_verified'],
  profile: ['name'],
});

/**
 * The claims of one guest.
 *
 * `email_verified` is true because the address is the one just proven, or proven at the sign-in
 * that the session comes from; relying parties key on `iss` and `sub` all the same (S18).
 *
 * @source rules R27 (`idp` value `mail`, the real address); OIDC Core section 5.1
 */
export function claimsOf(guest: ClaimedGuest): Readonly<Record<string, unknown>> & { sub: string } {
  return {
    sub: guest.id,
    tid: guest.tenant,
    idp: guest.idp ?? 'mail',
    email: guest.address,
    email_verified: true,
    ...(guest.displayName === null ? {} : { name: guest.displayName }),
  };
}
