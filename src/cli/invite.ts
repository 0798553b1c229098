// Owns `guestpass invite` of one guest, and what an invitation by command says.

import { randomUUID } from 'node:crypto';
import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import type { InvitationOrder } from '../guests/invitation-order.ts';
import { notAnAddress } from './named-guest.ts';
import { withAdmin } from './open-admin.ts';
import { answer, misused, type Output, refused, terminal } from './output.ts';
import type { GuestRecords, Invited, PlaceOptions } from './tenant-admin.ts';

export interface InviteOptions extends PlaceOptions {
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
  if (!address) return notAnAddress(output, email);
  const wrong = checkInviteOptions(options, output);
  if (wrong !== undefined) return wrong;
  if (options.url !== undefined && options.redirect === undefined) {
    // The admin API takes no invitation that leads nowhere (R60).
    return misused(output, '--url needs --redirect, a page of a registered application');
  }
  return withAdmin(options, output, async (admin) => {
    const order = orderOf({ address, displayName: options.name ?? null }, options);
    const invited = await admin.invite(order, randomUUID());
    if (options.mail) await admin.deliver(output);
    if (invited.outcome === 'refused') return refused(output, address.address, invited);
    return answerInvited(output, invited, address.address, admin);
  });
}

/** @returns the exit code when an option makes no sense; undefined when all do */
export function checkInviteOptions(
  { cc, invitedBy, message, url }: InviteOptions,
  output: Output,
): number | undefined {
  const wrong = [cc, invitedBy].find((text) => text !== undefined && !parseEmailAddress(text));
  if (wrong !== undefined) return notAnAddress(output, wrong);
  if (url !== undefined && (message !== undefined || invitedBy !== undefined)) {
    // The other side would leave both out (R66): better to be told than to be surprised.
    return misused(
      output,
      '--invited-by and --message do not go with --url: there an application invites',
    );
  }
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

/**
 * Ends a command that invited, as `address  what became of it  tenant  link`; a guest who has
 * accepted has no use for a link.
 *
 * @returns the exit code
 */
export function answerInvited(
  output: Output,
  invited: Invited,
  address: string,
  { tenant }: Pick<GuestRecords, 'tenant'>,
): number {
  const value = invitedValue(invited, address, tenant.id);
  return answer(output, value, invitationLine(invited, address, tenant.id));
}

/** An invitation for programs. */
export function invitedValue({ outcome, id, link }: Invited, address: string, tenant: string) {
  return { tenant, address, sub: id, outcome, link };
}

/** An invitation for people. */
export function invitationLine(
  { outcome, link }: Invited,
  address: string,
  tenant: string,
): string {
  const said = {
    invited: 'invited',
    invited_again: 'invited again',
    reset: 'reset',
    guest_already: 'is a guest already',
  }[outcome];
  return `${address}  ${said}  ${tenant}${link === null ? '' : `  ${link}`}`;
}
