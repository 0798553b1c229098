// Owns what the mails of an invitation say: made of the guest alone, so that one sent again says the
// same.

import { defaultInvitations, mailLanguageOf, ownMailOf, type Tenant } from '../domain/tenant.ts';
import type { InvitationCopyMail, InvitationMail } from '../mail/content.ts';
import type { Guest } from '../storage/store.ts';
import { homeOf } from './invitation-order.ts';

const DAY = 86_400;

/** Where a guest's own link leads. */
export interface InvitationLinks {
  readonly url: string;
  readonly blockUrl: string;
}

/**
 * The mail to the guest, at the address stored for them (S17). Pure.
 *
 * @source rules R63 to R65, R72
 */
export function invitationLetter(
  tenant: Tenant,
  guest: Guest,
  links: InvitationLinks,
): InvitationMail {
  const { lifetimeSeconds } = tenant.invitations ?? defaultInvitations;
  const redirectUrl = guest.invitation?.redirectUrl ?? null;
  return {
    kind: 'invitation',
    to: guest.address,
    ...whatBothSay(tenant, guest),
    ...links,
    target: redirectUrl === null ? null : new URL(redirectUrl).host,
    lifetimeDays: Math.ceil(lifetimeSeconds / DAY),
    automatic: isAutomatic(tenant, guest),
    ...(tenant.branding?.accent !== undefined && { accent: tenant.branding.accent }),
  };
}

/** The mail to one other reader, without any link (R63). Pure. */
export function invitationCopy(tenant: Tenant, guest: Guest, cc: string): InvitationCopyMail {
  return {
    kind: 'invitation-copy',
    to: cc,
    ...whatBothSay(tenant, guest),
    guest: guest.address,
  };
}

function whatBothSay(tenant: Tenant, { invitation, invitedBy }: Guest) {
  const message = invitation?.message ?? null;
  // A message speaks a language already: around it the mail speaks the tenant's (R63, R64).
  const asked = message === null ? (invitation?.language ?? null) : null;
  return {
    locale: asked ?? mailLanguageOf(tenant),
    tenantName: tenant.displayName,
    tenantDomain: tenant.verifiedDomains[0] ?? null,
    invitedBy,
    message,
    support: tenant.support ?? null,
    privacyUrl: tenant.privacyUrl ?? null,
    ...ownMailOf(tenant),
  };
}

/** Both sides must want it: the guest's home lets its people go, the tenant takes them in (R72). */
function isAutomatic(tenant: Tenant, { addressKey }: Guest): boolean {
  const home = homeOf(tenant, addressKey.slice(addressKey.lastIndexOf('@') + 1));
  return (
    home !== undefined && home.automaticRedemption.inbound && home.automaticRedemption.outbound
  );
}
