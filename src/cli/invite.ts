// Owns `guestpass invite`: one guest, or every row of a file.

import { readFile } from 'node:fs/promises';
import { parse as parseCsv } from 'csv-parse/sync';
import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { InvitationOutcome } from '../guests/invitations.ts';
import type { Parts } from '../plugin/assemble.ts';
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

interface Row {
  readonly address: EmailAddress;
  readonly displayName: string | null;
}

/** Invites one address. @returns the exit code */
export async function invite(
  email: string,
  options: InviteOptions,
  output: Output = terminal,
): Promise<number> {
  const address = parseEmailAddress(email);
  if (!address) return failed(output, `${email} is not an e-mail address`);
  return inviteAll([{ address, displayName: options.name ?? null }], options, output);
}

/**
 * Invites every row of a CSV file with a header line: `email`, and `displayName` if you like. All
 * rows are read before the first guest is made, so a wrong row changes nothing.
 *
 * @returns the exit code
 */
export async function inviteList(
  file: string,
  options: InviteOptions,
  output: Output = terminal,
): Promise<number> {
  const rows: Row[] = [];
  const faults: string[] = [];
  const records = parseCsv(await readFile(file), {
    columns: true,
    bom: true,
    trim: true,
    skip_empty_lines: true,
    info: true,
  }) as unknown as { record: Record<string, string>; info: { lines: number } }[];
  for (const { record, info } of records) {
    const address = parseEmailAddress(record['email'] ?? '');
    if (address) rows.push({ address, displayName: record['displayName'] || null });
    else faults.push(`${file}:${info.lines}  email  not an e-mail address`);
  }
  if (records.length > 0 && !('email' in records[0]!.record)) {
    return failed(output, `${file}:1  no column "email"; the first line names the columns`);
  }
  return faults.length > 0 ? failed(output, faults.join('\n')) : inviteAll(rows, options, output);
}

async function inviteAll(
  rows: readonly Row[],
  options: InviteOptions,
  output: Output,
): Promise<number> {
  const { cc = null, invitedBy = null } = options;
  const wrong = [cc, invitedBy].find((text) => text !== null && !parseEmailAddress(text));
  if (wrong) return failed(output, `${wrong} is not an e-mail address`);
  if (options.message !== undefined && invitedBy === null) {
    // A guest can ask nobody whether it is true (R66).
    output.warn('The message is left out: nobody stands behind it; add --invited-by.');
  }
  return atTenant(options, output, async (parts, tenant) => {
    let code: number = EXIT.fine;
    for (const row of rows)
      code = Math.max(code, await inviteOne(parts, tenant, row, options, output));
    if (options.mail) await deliver(parts, output);
    return code;
  });
}

async function inviteOne(
  { invitations }: Parts,
  tenant: Tenant,
  row: Row,
  options: InviteOptions,
  output: Output,
): Promise<number> {
  const { message = null, language = null, redirect = null, invitedBy = null } = options;
  const invited = await invitations.create(tenant, {
    ...row,
    message,
    language,
    invitedBy,
    cc: parseEmailAddress(options.cc ?? '') ?? null,
    redirectUrl: redirect,
    role: 'administrator',
    sendMessage: options.mail,
    resetRedemption: options.reset ?? false,
  });
  const { address } = row.address;
  if (invited.outcome === 'refused') return refused(output, address, invited.code, tenant);
  output.say(invitationLine(address, tenant, invited));
  return EXIT.fine;
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
