// Owns `guestpass invite` of one guest, and what an invitation by command says.

import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { InvitationOrder } from '../guests/invitation-order.ts';
import type { InvitationOutcome } from '../guests/invitations.ts';
import { atTenant, deliver, type TenantOptions } from './installation.ts';
import { EXIT, failed, type Output, refused, terminal } from './output.ts';

export interface InviteOptions extends TenantOptions {
  readonly name?: string;
  readonly invitedBy?: string;
  readonly message?: string;
  readonly redirect?: string;
  readonly language?: string;
  /** One more reader, without the link. */
  readonly cc?: string;
  /** false with `--no-mail`. */
  readonly mail: boolean;
  /** Lets guests who have accepted redeem anew (R68). */
  readonly reset?: boolean;
}

/** Whom to invite, and what is said to them alone. */
export interface InviteRow {
  readonly address: EmailAddress;
  readonly displayName: string | null;
  readonly language?: string | null;
  readonly message?: string | null;
  readonly redirectUrl?: string | null;
}

/** Invites one address. @returns the exit code */
export async function invite(
  email: string,
  options: InviteOptions,
  output: Output = terminal,
): Promise<number> {
  const address = parseEmailAddress(email);
  if (!address) return failed(output, `${email} is not an e-mail address`);
  const wrong = checkInviteOptions(options, output);
  if (wrong !== undefined) return wrong;
  return atTenant(options, output, async (parts, tenant) => {
    const order = orderOf({ address, displayName: options.name ?? null }, options);
    const invited = await parts.invitations.create(tenant, order);
    if (options.mail) await deliver(parts, output);
    if (invited.outcome === 'refused') {
      return refused(output, address.address, invited.code, tenant);
    }
    output.say(invitationLine(address.address, tenant, invited));
    return EXIT.fine;
  });
}

/** @returns the exit code when an option makes no sense; undefined when all do */
export function checkInviteOptions(
  { cc, invitedBy, message }: InviteOptions,
  output: Output,
): number | undefined {
  const wrong = [cc, invitedBy].find((text) => text !== undefined && !parseEmailAddress(text));
  if (wrong !== undefined) return failed(output, `${wrong} is not an e-mail address`);
  if (message !== undefined && invitedBy === undefined) {
    // A guest can ask nobody whether it is true (R66).
    output.warn('The message is left out: nobody stands behind it; add --invited-by.');
  }
  return undefined;
}

/** The order of one row: what it leaves out is as the options say. Pure. */
export function orderOf(row: InviteRow, options: InviteOptions): InvitationOrder {
  const { message, language, redirect, invitedBy = null } = options;
  return {
    address: row.address,
    displayName: row.displayName,
    message: row.message ?? message ?? null,
    language: row.language ?? language ?? null,
    redirectUrl: row.redirectUrl ?? redirect ?? null,
    invitedBy,
    cc: parseEmailAddress(options.cc ?? '') ?? null,
    role: 'administrator',
    sendMessage: options.mail,
    resetRedemption: options.reset ?? false,
  };
}

/** `address  what became of it  tenant  link`; a guest who has accepted has no use for a link. */
export function invitationLine(
  address: string,
  tenant: Tenant,
  { outcome, status, redeemUrl }: Exclude<InvitationOutcome, { outcome: 'refused' }>,
): string {
  const said = {
    invited: 'invited',
    invited_again: 'invited again',
    reset: 'reset',
    guest_already: 'is a guest already',
  }[outcome];
  const link = status === 'Completed' || redeemUrl === null ? '' : `  ${redeemUrl}`;
  return `${address}  ${said}  ${tenant.id}${link}`;
}
