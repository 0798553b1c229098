// Owns `guestpass invite`: one guest, or every row of a file.

import { readFile } from 'node:fs/promises';
import { parse as parseCsv } from 'csv-parse/sync';
import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import { resolveTenant, type Tenant } from '../domain/tenant.ts';
import type { InvitationMail } from '../mail/content.ts';
import { createGuests, type Guests } from '../plugin.ts';
import { createLog } from '../telemetry/log.ts';
import { type Configuration, loadConfiguration } from '../tenants/configuration.ts';

export interface InviteOptions {
  readonly config: string;
  readonly tenant: string;
  readonly name?: string;
  readonly invitedBy?: string;
  readonly message?: string;
  readonly redirect?: string;
  /** false with `--no-mail`. */
  readonly mail: boolean;
}

interface Row {
  readonly address: EmailAddress;
  readonly displayName: string | null;
}

const INVITATION_MAIL_SECONDS = 86_400;

/** Invites one address. @returns the exit code */
export async function invite(email: string, options: InviteOptions): Promise<number> {
  const address = parseEmailAddress(email);
  if (!address) return fail(`${email} is not an e-mail address`);
  return inviteAll([{ address, displayName: options.name ?? null }], options);
}

/**
 * Invites every row of a CSV file with a header line: `email`, and `displayName` if you like. All
 * rows are read before the first guest is made, so a wrong row changes nothing.
 *
 * @returns the exit code
 */
export async function inviteList(file: string, options: InviteOptions): Promise<number> {
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
    return fail(`${file}:1  no column "email"; the first line names the columns`);
  }
  return faults.length > 0 ? fail(faults.join('\n')) : inviteAll(rows, options);
}

async function inviteAll(rows: readonly Row[], options: InviteOptions): Promise<number> {
  const configuration = await loadConfiguration(options.config);
  for (const notice of configuration.notices) process.stderr.write(`${notice}\n`);
  const named = resolveTenant(configuration.tenants, options.tenant);
  if (named.outcome !== 'tenant') return fail(`there is no tenant ${options.tenant}`);
  const { tenant } = named;
  const url = invitationUrl(tenant, configuration, options.redirect);
  if (url === undefined) {
    return fail(`${options.redirect} is no page of an application registered for ${tenant.id}`);
  }
  const { settings, tenants } = configuration;
  // Standard output is for who was invited; another program may read it.
  const log = createLog({ level: 'warn', destination: process.stderr });
  const guests = await createGuests({ ...settings, tenants, log });
  try {
    for (const row of rows) await inviteOne(guests, tenant, row, url, options);
    await guests.parts.outbox.idle();
    if (options.mail && (await guests.parts.store.outbox.nextDueAt()) !== undefined) {
      process.stderr.write('Mail is still waiting; a running server tries again.\n');
    }
  } finally {
    await guests.close();
  }
  return 0;
}

async function inviteOne(
  guests: Guests,
  tenant: Tenant,
  row: Row,
  url: string,
  options: InviteOptions,
): Promise<void> {
  const { directory, store, outbox, clock } = guests.parts;
  const invitedBy = options.invitedBy ?? null;
  const { guest, created } = await directory.invite({ tenant: tenant.id, ...row, invitedBy });
  const line = created ? 'invited' : 'is a guest already';
  process.stdout.write(`${guest.address}  ${line}  ${tenant.id}\n`);
  if (!options.mail || !created) return;
  const content: InvitationMail = {
    kind: 'invitation',
    to: guest.address,
    locale: 'en',
    tenantName: tenant.displayName,
    tenantDomain: tenant.verifiedDomains[0] ?? null,
    invitedBy,
    message: options.message ?? null,
    url,
    support: tenant.support ?? null,
    privacyUrl: tenant.privacyUrl ?? null,
  };
  const expiresAt = clock() + INVITATION_MAIL_SECONDS;
  outbox.wake(await outbox.enqueue(store, { tenant: tenant.id, content, expiresAt }));
}

/** Where the invitation leads. A page elsewhere would make our mail a phisher's (S55). */
function invitationUrl(
  tenant: Tenant,
  { settings }: Configuration,
  redirect: string | undefined,
): string | undefined {
  if (redirect === undefined) return `${settings.publicUrl}/${tenant.id}/`;
  const origins = tenant.clients.flatMap(({ redirect_uris }) =>
    redirect_uris.map((uri) => new URL(uri).origin),
  );
  return URL.canParse(redirect) && origins.includes(new URL(redirect).origin)
    ? redirect
    : undefined;
}

function fail(message: string): number {
  process.stderr.write(`${message}\n`);
  return 1;
}
