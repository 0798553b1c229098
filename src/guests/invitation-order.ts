// Owns what somebody asks for when they invite, and whether they may: everything that is known
// before the guest is looked up.

import type { EmailAddress } from '../domain/email-address.ts';
import { parseEmailAddress } from '../domain/email-address.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { type Connection, coversDomain } from '../domain/identity-provider.ts';
import { type InviterRole, isDomainAllowed, mayInvite } from '../domain/invitation.ts';
import {
  type ClientMetadata,
  defaultInvitations,
  defaultRedemption,
  type Tenant,
} from '../domain/tenant.ts';
import type { Guest, InvitationDetails } from '../storage/store.ts';

/** One invitation as asked for (R60). */
export interface InvitationOrder {
  readonly address: EmailAddress;
  readonly displayName?: string | null;
  /** Address of the inviter, when there is one. */
  readonly invitedBy?: string | null;
  readonly role: InviterRole;
  /** Who asks, for the log, when it is not the inviter: an address or the name of a token. */
  readonly actor?: string;
  /** Plain text, at most 500 characters. */
  readonly message?: string | null;
  readonly language?: string | null;
  /** One more reader, who gets no link (R63). */
  readonly cc?: EmailAddress | null;
  /** A page of a registered client. */
  readonly redirectUrl?: string | null;
  /** Whether mail goes out at all. */
  readonly sendMessage: boolean;
  /** Lets a guest who has accepted redeem anew (R68); for administrators and applications. */
  readonly resetRedemption?: boolean;
}

/**
 * Why an order is refused whoever the guest is, or undefined. Pure.
 *
 * @param clients those registered for the tenant
 * @source rules R43, R68, R73 to R75; S55
 */
export function refusalOf(
  tenant: Tenant,
  order: InvitationOrder,
  clients: readonly ClientMetadata[],
): ErrorCode | undefined {
  const { whoMayInvite } = tenant.invitations ?? defaultInvitations;
  // Resetting a guest who exists is not inviting: it must stay possible where nobody may invite.
  const isReset = order.resetRedemption === true && order.role === 'administrator';
  if (!mayInvite(whoMayInvite, order.role) && !isReset) return 'inviter_not_allowed';
  // A reset ends sessions: whoever may merely invite could throw any guest out with it.
  if (order.resetRedemption && order.role !== 'administrator' && order.role !== 'application') {
    return 'inviter_not_allowed';
  }
  return (
    refusalOfDomain(tenant, order.address.domain) ??
    (isRegistered(order.redirectUrl ?? null, clients) ? undefined : 'redirect_unregistered')
  );
}

/**
 * Why nobody of a domain can be invited now, or undefined. Pure.
 *
 * @param domain lower-case A-labels
 * @source rules R43, R73, R74
 */
export function refusalOfDomain(tenant: Tenant, domain: string): ErrorCode | undefined {
  const home = homeOf(tenant, domain);
  if (!isDomainAllowed(tenant.domainList, domain, home?.inbound ?? 'allowed')) {
    return 'domain_not_allowed';
  }
  const { cloud } = tenant.redemption ?? defaultRedemption;
  return cloud === 'gov' && home?.regionScope === 'USG' ? 'cloud_unsupported' : undefined;
}

/** The home directory of a domain, where the tenant has one. Pure. */
export function homeOf(tenant: Tenant, domain: string): Connection | undefined {
  return tenant.connections?.find(
    (connection) => connection.method === 'homeDirectory' && coversDomain(connection, domain),
  );
}

/**
 * What is kept of an order. The message goes when nobody stands behind it whom the guest could ask:
 * an application, or an inviter without an address (R66). Pure.
 */
export function detailsOf(order: InvitationOrder): InvitationDetails {
  const inviter = parseEmailAddress(order.invitedBy ?? '');
  const isSigned = order.role !== 'application' && inviter !== undefined;
  return {
    message: isSigned ? (order.message ?? null) : null,
    language: order.language ?? null,
    cc: order.cc?.address ?? null,
    redirectUrl: order.redirectUrl ?? null,
  };
}

/**
 * Where an accepted invitation leads: its page, while that is one of a registered client still.
 *
 * @returns null for the guest's own page
 * @source security requirement S55
 */
export function redirectOf(
  { invitation }: Pick<Guest, 'invitation'>,
  clients: readonly ClientMetadata[],
): string | null {
  const url = invitation?.redirectUrl ?? null;
  return isRegistered(url, clients) ? url : null;
}

/** A page elsewhere would make our mail a phisher's (S55). */
function isRegistered(url: string | null, clients: readonly ClientMetadata[]): boolean {
  if (url === null) return true;
  const target = webPage(url);
  if (!target || target.username !== '' || target.password !== '') return false;
  return clients.some(({ redirect_uris }) =>
    redirect_uris.some((uri) => webPage(uri)?.origin === target.origin),
  );
}

/** Only http and https have an origin worth comparing: `javascript:` and an app's own scheme share
 *  one, and a `blob:` borrows that of a site. */
function webPage(url: string): URL | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed && /^https?:$/.test(parsed.protocol) ? parsed : undefined;
}
