// Owns what is allowed around invitations: who may invite, and which domains.

import type { DomainList } from './tenant.ts';

/** Who may invite, from the widest to nobody (R75). */
export type WhoMayInvite = 'everyone' | 'members' | 'guestInviters' | 'nobody';

/** Who asks for an invitation. An application acts without a user. */
export type InviterRole = 'guest' | 'member' | 'guestInviter' | 'administrator' | 'application';

const INVITERS: Readonly<Record<WhoMayInvite, readonly InviterRole[]>> = {
  everyone: ['guest', 'member', 'guestInviter', 'administrator', 'application'],
  members: ['member', 'guestInviter', 'administrator', 'application'],
  // No application: it has no role of its own, and would be a way around the people named here.
  guestInviters: ['guestInviter', 'administrator'],
  nobody: [],
};

/**
 * Tells whether somebody of a role may invite. Pure.
 *
 * @source rules R75
 */
export function mayInvite(who: WhoMayInvite, role: InviterRole): boolean {
  return INVITERS[who].includes(role);
}

/**
 * Tells whether guests of a domain may be invited, and may redeem while they are pending. Pure.
 *
 * @param list undefined lets every domain in
 * @param domain lower-case A-labels; compared exactly, so that neither a sub-domain nor a longer
 *   name passes for it (S50)
 * @param inbound cross-tenant access of the domain's home directory; `allowed` where it has none
 * @source rules R73, R74
 */
export function isDomainAllowed(
  list: DomainList | undefined,
  domain: string,
  inbound: 'allowed' | 'blocked',
): boolean {
  // Whichever says no wins: a block list over access that is allowed, blocked access over an
  // allow list.
  if (inbound === 'blocked') return false;
  if (list === undefined) return true;
  return 'allow' in list ? list.allow.includes(domain) : !list.block.includes(domain);
}

export type { DomainList };
