// Owns who is written to, and what the mail may say of the request.

import { maskNetwork } from '../domain/network.ts';
import type { PasscodeLetter } from '../passcodes/issue.ts';
import type { Guest } from '../storage/store.ts';
import type { Visit } from './visit.ts';

/** The mail around a guest's passcode. */
export function letterTo(guest: Guest, visit: Visit): PasscodeLetter {
  const { tenant } = visit;
  return {
    // The stored address, never the string typed at sign-in (S17).
    to: guest.address,
    locale: visit.locale,
    tenantName: tenant.displayName,
    clientName: visit.client.name,
    browserFamily: visit.browserFamily(),
    network: maskNetwork(visit.clientAddress),
    invitedBy: guest.invitedBy,
    support: tenant.support ?? null,
    privacyUrl: tenant.privacyUrl ?? null,
    issuerHost: visit.issuerHost,
  };
}
