// Owns what the parts of the contract share: a time, tenants nobody else uses, parallel calls, guests.

import type { Guest, GuestBinding, InvitationRenewal } from '../../../src/storage/store.ts';

/** The time of all rows except those made for purge, which are long past. */
export const NOW = 1_800_000_000;

let made = 0;

/** A name no other test uses: as tenant, subject or id it keeps tests apart in one database. */
export function unique(prefix: string): string {
  made += 1;
  return `${prefix}-${made}`;
}

/** Starts `count` calls before any can end; returns their results. */
export function parallel<T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => call(index)));
}

/** How many of the results are truthy. */
export function successes(results: readonly unknown[]): number {
  return results.filter(Boolean).length;
}

/** A guest just invited, every optional field of an invitation filled. */
export function guestOf(
  tenant: string,
  address = 'Teri@partner.example',
  id = unique('id'),
): Guest {
  return {
    tenant,
    id,
    ...addressOf(address),
    displayName: 'Teri Ωmega 🦊',
    invitedBy: 'host@contoso.example',
    state: 'PendingAcceptance',
    kind: 'invited',
    method: null,
    connection: null,
    identity: null,
    idp: null,
    invitationId: 'first',
    invitationExpiresAt: NOW + 86_400,
    invitation: { message: 'Grüß dich 🦊', language: 'de', cc: null, redirectUrl: null },
    invitedAt: NOW,
    redeemedAt: null,
    blockedAt: null,
    resetAt: null,
    revokedAt: null,
    removedAt: null,
  };
}

/** An address as the store takes it. */
export function addressOf(address: string): { address: string; addressKey: string } {
  return { address, addressKey: address.toLowerCase() };
}

/** An address of the partner's. */
export function atPartner(name: string): string {
  return `${name}@partner.example`;
}

/** Redemption by a mailed passcode. */
export const PASSCODE: GuestBinding = {
  method: 'emailOneTimePasscode',
  connection: null,
  identity: null,
  idp: 'mail',
};

/** Redemption by a home directory. */
export function bindingOf(identity: string): GuestBinding {
  return {
    method: 'homeDirectory',
    connection: 'contoso',
    identity,
    idp: 'https://login.contoso.example',
  };
}

/** A new invitation, later and by somebody else. */
export function renewalOf(invitationId: string): InvitationRenewal {
  return {
    invitationId,
    expiresAt: NOW + 99_999,
    details: { message: null, language: null, cc: 'cc@contoso.example', redirectUrl: null },
    invitedBy: 'boss@contoso.example',
    now: NOW + 7,
  };
}
