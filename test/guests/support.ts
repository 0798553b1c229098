// Owns what the tests of guests stand on: stores, tenants nobody else uses, and a tray for mail that
// stands and falls with its transaction.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmailAddress, parseEmailAddress } from '../../src/domain/email-address.ts';
import type { Connection } from '../../src/domain/identity-provider.ts';
import type { ClientMetadata, Tenant } from '../../src/domain/tenant.ts';
import { createAdministration } from '../../src/guests/administration.ts';
import { createDirectory } from '../../src/guests/directory.ts';
import type { InvitationOrder } from '../../src/guests/invitation-order.ts';
import { createInvitations, type InvitationsDeps } from '../../src/guests/invitations.ts';
import { createTickets } from '../../src/guests/tickets.ts';
import type { InvitationCopyMail, InvitationMail, MailContent } from '../../src/mail/content.ts';
import { openContent, sealContent } from '../../src/mail/sealed-content.ts';
import { createSealer } from '../../src/settings/sealer.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { GuestBinding, Store } from '../../src/storage/store.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { startMariadb } from '../support/mariadb.ts';

export const NOW = 1_800_000_000;
export const DAY = 86_400;
export const INVITER = 'host@contoso.example';

export const PASSCODE: GuestBinding = {
  method: 'emailOneTimePasscode',
  connection: null,
  identity: null,
  idp: 'mail',
};

/** Redemption by a home directory. */
export function bindingOf(identity: string): GuestBinding {
  return { method: 'homeDirectory', connection: 'contoso', identity, idp: 'https://c.example' };
}

let tenants = 0;

/** A tenant no other test uses. */
export function tenantOf(changes: Partial<Tenant> = {}): Tenant {
  tenants += 1;
  return {
    id: `t${tenants}`,
    displayName: 'Contoso',
    verifiedDomains: ['contoso.example', 'contoso.net'],
    emailOneTimePasscode: 'default',
    clients: [CLIENT],
    ...changes,
  };
}

const CLIENT: ClientMetadata = {
  client_id: 'docs',
  redirect_uris: ['https://docs.example/cb', 'com.docs.app:/cb'],
};

/** The home directory of partner.example. */
export function homeDirectory(changes: Partial<Connection> = {}): Connection {
  return {
    id: 'partner',
    method: 'homeDirectory',
    displayName: 'Partner',
    domains: ['partner.example'],
    members: { by: 'domain' },
    upstream: {
      protocol: 'oidc',
      issuer: 'https://login.partner.example',
      clientId: 'x',
      clientSecret: 'y',
      scope: 'openid email profile',
    },
    inbound: 'allowed',
    automaticRedemption: { inbound: false, outbound: false },
    regionScope: undefined,
    refusedDomains: [],
    consumerDomains: [],
    ...changes,
  };
}

export function addressOf(text: string): EmailAddress {
  const address = parseEmailAddress(text);
  if (!address) throw new TypeError(`${text} is no address`);
  return address;
}

/** What a member asks for when they invite Teri, with mail. */
export function orderOf(changes: Partial<InvitationOrder> = {}): InvitationOrder {
  return {
    address: addressOf('Teri@partner.example'),
    invitedBy: INVITER,
    role: 'member',
    sendMessage: true,
    ...changes,
  };
}

const ENGINES = {
  SQLite: (folder: string) => openStore({ kind: 'sqlite', file: join(folder, 'guests.db') }),
  MariaDB: async () => openStore({ kind: 'mysql', url: await mariadb() }),
};

let database: Promise<string> | undefined;

function mariadb(): Promise<string> {
  database ??= startMariadb().then((server) => server.createDatabase());
  return database;
}

/** The guests' room on one store, with a clock that stands until it is moved. */
export interface Room extends Awaited<ReturnType<typeof openRoom>> {}

/** Opens the room; `close` it in the end. */
export async function openRoom(engine: keyof typeof ENGINES = 'SQLite') {
  const folder = mkdtempSync(join(tmpdir(), 'guestpass-guests-'));
  const store = await ENGINES[engine](folder);
  const sealer = createSealer(randomBytes(32), 'outbox');
  const lines: string[] = [];
  const log = createLog({ level: 'debug', destination: { write: (line) => lines.push(line) } });
  const time = { now: NOW };
  const clock = () => time.now;
  const woken: string[] = [];
  const outbox: InvitationsDeps['outbox'] = {
    enqueue: async (tx, { tenant, content, expiresAt }) => {
      const id = randomBytes(16).toString('base64url');
      const sealed = sealContent(sealer, { tenant, id }, content);
      const times = { nextAttemptAt: clock(), expiresAt, createdAt: clock() };
      await tx.outbox.enqueue({ id, tenant, sealed, state: 'queued', ...times });
      return id;
    },
    wake: (id) => woken.push(String(id)),
  };
  const directory = createDirectory({ store, clock });
  const tickets = createTickets(randomBytes(32));
  return {
    store,
    /** Of the database, on SQLite. */
    file: join(folder, 'guests.db'),
    time,
    log: {
      /** What was written so far. */
      text: () => lines.join(''),
      /** The lines of an event. */
      of: (event: string) =>
        lines
          .map((line) => JSON.parse(line) as Record<string, unknown>)
          .filter((line) => line['event'] === event),
    },
    directory,
    tickets,
    administration: createAdministration({ store, clock, log }),
    invitations: createInvitations({
      store,
      directory,
      tickets,
      outbox,
      landingUrl: ({ id }) => `https://guest.example/${id}/invitation`,
      clientsOf: ({ clients }) => clients,
      clock,
      log,
    }),
    /** Mails of committed transactions that were woken, oldest first. */
    async mails(): Promise<readonly MailContent[]> {
      const messages = await Promise.all(woken.map((id) => store.outbox.find(id)));
      return messages.flatMap((message) =>
        message?.sealed ? [openContent(sealer, message, message.sealed)] : [],
      );
    },
    async close() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The mails to one address, by kind. */
export function invitationsTo(mails: readonly MailContent[], to: string) {
  const mine = mails.filter((mail) => mail.to === to);
  return {
    invitations: mine.filter((mail): mail is InvitationMail => mail.kind === 'invitation'),
    copies: mine.filter((mail): mail is InvitationCopyMail => mail.kind === 'invitation-copy'),
  };
}

/** Something of every kind that a signed-in guest has, in two namespaces. */
export async function signIn(store: Store, tenant: string, accountId: string, addressKey: string) {
  const records = [
    { tenant, model: 'Session', id: `session-${accountId}` },
    { tenant, model: 'Grant', id: `grant-${accountId}` },
    { tenant, model: 'RefreshToken', id: `refresh-${accountId}` },
    { tenant: 'host', model: 'AccessToken', id: `access-${accountId}` },
  ];
  for (const record of records) {
    const payload = { accountId, kind: record.model };
    await store.oidc.upsert({
      ...record,
      payload,
      grantId: null,
      uid: null,
      userCode: null,
      expiresAt: null,
    });
  }
  const key = { tenant, uid: `uid-${accountId}-${addressKey}`, browser: 'b' };
  const chosen = { ...key, address: addressKey, addressKey, decision: null };
  await store.signIns.chooseAddress({ ...chosen, expiresAt: NOW + 3600 });
  const limits = { maxSends: 4, maxAttempts: 5, cooldownSeconds: 30, liveUntil: NOW + 1800 };
  await store.signIns.takeSend({
    ...key,
    ...limits,
    label: 'K7',
    messageId: 'mail',
    now: NOW,
    strong: false,
  });
  return {
    /** Models of which the record is still there. */
    async left(): Promise<readonly string[]> {
      const found = await Promise.all(
        records.map(({ tenant, model, id }) => store.oidc.find(tenant, model, id)),
      );
      return found.flatMap((record) => record?.model ?? []);
    },
    /** Whether the mailed passcode may still be tried. */
    async isLive(): Promise<boolean> {
      return (await store.signIns.takeAttempt({ ...key, maxAttempts: 5 })) !== undefined;
    },
  };
}
