// Owns who is written to, and what the mail may say of the request.

import { maskNetwork } from '../domain/network.ts';
import { mailLanguageOf, ownMailOf } from '../domain/tenant.ts';
import type { NoInvitationMail } from '../mail/content.ts';
import type { PasscodeLetter } from '../passcodes/issue.ts';
import type { NoticeLetter } from '../passcodes/verify.ts';
import type { Guest, SignIn } from '../storage/store.ts';
import type { Visit } from './visit.ts';

/**
 * The mail around a passcode.
 *
 * @param guest undefined where a stranger signs up: only then is the typed address written to (R10)
 */
export function letterTo(
  guest: Guest | undefined,
  signIn: Pick<SignIn, 'address'>,
  visit: Visit,
): PasscodeLetter {
  return {
    // The stored address, never the string typed at sign-in (S17).
    to: guest?.address ?? signIn.address,
    ...about(visit),
    browserFamily: visit.browserFamily(),
    network: maskNetwork(visit.clientAddress),
    invitedBy: guest?.invitedBy ?? null,
    issuerHost: visit.issuerHost,
  };
}

/** Tells a guest what is done in their name (S67). */
export function noticeTo(guest: Guest, visit: Visit): NoticeLetter {
  return {
    to: guest.address,
    ...about(visit),
    // Whoever is at it chooses the language of the page; the guest has to understand the mail.
    locale: guest.invitation?.language ?? mailLanguageOf(visit.tenant),
    browserFamily: visit.browserFamily(),
    network: maskNetwork(visit.clientAddress),
    invitedBy: guest.invitedBy,
  };
}

/** Tells the owner of an address, and nobody else, that it was not invited (`mailStrangers`). */
export function letterToStranger(signIn: Pick<SignIn, 'address'>, visit: Visit): NoInvitationMail {
  return { kind: 'no-invitation', to: signIn.address, ...about(visit), invitedBy: null };
}

function about({ tenant, client, locale }: Visit) {
  return {
    locale,
    tenantName: tenant.displayName,
    clientName: client.name,
    support: tenant.support ?? null,
    privacyUrl: tenant.privacyUrl ?? null,
    ...ownMailOf(tenant),
  };
}
