// Owns the engine's view of a guest: findAccount.

import type { Account, KoaContextWithOIDC } from 'oidc-provider';
import { claimsOf } from '../domain/claims.ts';
import type { Directory } from '../guests/directory.ts';
import type { Guest } from '../storage/store.ts';

/** An account that carries the guest it stands for. */
export interface GuestAccount extends Account {
  readonly guest: Guest;
}

/** The guest of the request's account, if it is one of ours. */
export function guestOf(ctx: KoaContextWithOIDC): Guest | undefined {
  const account = ctx.oidc.account as Partial<GuestAccount> | undefined;
  return account?.guest;
}

/**
 * Finds the account of a `sub`. A guest who was removed or blocked has none, and with it no
 * session, token or userinfo (S29).
 *
 * @param tenantId the tenant of the issuer, or undefined where one issuer serves all tenants
 */
export function createFindAccount(directory: Directory, tenantId: string | undefined) {
  return async function findAccount(
    _ctx: KoaContextWithOIDC,
    subject: string,
    token?: { readonly iat?: number | undefined },
  ): Promise<GuestAccount | undefined> {
    const guest = await directory.findBySubject(tenantId, subject);
    // A token written while its guest was being reset must not outlive the reset (R68).
    if (guest && guest.revokedAt !== null && (token?.iat ?? Infinity) < guest.revokedAt) {
      return undefined;
    }
    return guest && { accountId: guest.id, guest, claims: () => claimsOf(guest) };
  };
}
