// Owns Guestpass for the tests of an application: a whole server in their process, on loopback, with
// a database that goes with it.

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEmailAddress } from '../domain/email-address.ts';
import type { Limits } from '../domain/limits.ts';
import { type RunningServer, startServer } from '../server/start.ts';
import type { Store } from '../storage/store.ts';
import { createLog } from '../telemetry/log.ts';
import type { ClientFile } from '../tenants/client-schema.ts';
import { loadConfiguration } from '../tenants/configuration.ts';
import type { TenantFile } from '../tenants/tenant-schema.ts';
import { writeFolder } from './folder.ts';
import { createTestMailbox, type Mailbox } from './mailbox.ts';
import { createMovableClock, type MovableClock } from './movable-clock.ts';
import { type PageOf, signIn } from './sign-in.ts';

/** What {@link startGuestpass} is told. */
export interface StartOptions {
  /** Applications, with the keys of a tenant's file; registered at every tenant. */
  readonly clients?: readonly ClientFile[];
  /** Inviting organisations, with the keys of a tenant's file; default one, `fabrikam`. */
  readonly tenants?: readonly TenantFile[];
  /** Default a free one. */
  readonly port?: number;
  /** Limits other than as shipped. How many mails and sign-ins there may be is out of the way. */
  readonly limits?: Partial<Limits>;
  /** Lowest level of the log that is written to standard output; default `error`. */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

/** How somebody is invited. */
export interface InviteOptions {
  /** Default the first one. */
  readonly tenant?: string;
  readonly displayName?: string;
  /** Already accepted by passcode: the first sign-in shows no page of permissions. */
  readonly accepted?: boolean;
  /** A page of a registered application the invitation leads to. */
  readonly redirectUrl?: string;
  /** Whether the invitation is mailed; default false. */
  readonly mail?: boolean;
}

/** A guest. */
export interface InvitedGuest {
  /** As tokens say it. */
  readonly sub: string;
  /** The link of the invitation; null when the guest has accepted. */
  readonly link: string | null;
}

/** A server that runs. */
export interface Guestpass {
  /** Its origin, such as `http://127.0.0.1:40321`. `/dev/mailbox` below it shows the mails. */
  readonly url: string;
  /** Issuer of the first tenant. */
  readonly issuer: string;
  /** Issuer of a tenant. */
  issuerOf(tenant: string): string;
  readonly mailbox: Mailbox;
  readonly clock: MovableClock;
  /**
   * Makes somebody a guest.
   * @throws {TypeError} when the address is none or the tenant unknown
   * @throws {Error} with the code of a refusal
   */
  invite(address: string, options?: InviteOptions): Promise<InvitedGuest>;
  /**
   * Signs a guest in, in a page (of Playwright) that stands at a sign-in, or will once its application
   * has sent it there; resolves when the browser is back. Guests of other places are left there.
   * @throws {Error} that quotes the page, when the guest cannot come in
   */
  signIn(page: PageOf, address: string): Promise<void>;
  /** Ends it, and deletes its files. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const PURGE_BATCH = 1000;
const DEFAULT_TENANT: TenantFile = {
  id: 'fabrikam',
  displayName: 'Fabrikam',
  verifiedDomains: ['fabrikam.com'],
};

/**
 * Starts Guestpass for tests:
 *
 * ```ts
 * const guestpass = await startGuestpass({ clients: [{ client_id: 'docs', client_secret, redirect_uris }] });
 * await guestpass.invite('teri@gmail.com');
 * await page.goto(application);
 * await guestpass.signIn(page, 'teri@gmail.com');
 * ```
 *
 * @throws {ConfigurationError} when a tenant or client is not as docs/configuration.md has it; Node's
 *   error when the port is taken
 */
export async function startGuestpass(options: StartOptions = {}): Promise<Guestpass> {
  const { clients = [], tenants = [DEFAULT_TENANT], limits = {}, logLevel = 'error' } = options;
  const [first] = tenants;
  if (!first) throw new TypeError('there must be a tenant');
  const folder = await mkdtemp(join(tmpdir(), 'guestpass-testing-'));
  const port = options.port ?? (await freePort());
  const url = `http://${HOST}:${port}`;
  let server: RunningServer | undefined;
  const storeOf = (): Store => {
    if (!server) throw new TypeError('it is not running');
    return server.guests.parts.store;
  };
  const { clock, hand } = createMovableClock((now) => forget(storeOf(), now));
  const { mailbox, skip, notice } = createTestMailbox(() => storeOf().mailbox);
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await writeFolder(folder, { url, listen: `${HOST}:${port}`, tenants, clients, limits });
    const configuration = await loadConfiguration(folder, {});
    server = await startServer(configuration, {
      clock,
      log: notice(createLog({ level: logLevel })),
    });
  } catch (error) {
    await remove();
    throw error;
  }
  const running = server;
  const { guests } = running;
  const issuerOf = (tenant: string): string => `${url}/${tenant}/v2.0`;

  return {
    url,
    issuer: issuerOf(first.id),
    issuerOf,
    mailbox,
    clock: hand,
    async invite(address, invitation = {}) {
      const { tenant = first.id, accepted = false, mail = false, ...rest } = invitation;
      const made = await guests.invite({ ...rest, tenant, address, sendMessage: mail });
      if (made.outcome === 'refused') throw new Error(`the invitation is refused: ${made.code}`);
      if (!accepted) return { sub: made.guest.id, link: made.redeemUrl };
      await guests.parts.directory.redeem(made.guest, BY_PASSCODE);
      return { sub: made.guest.id, link: null };
    },
    signIn: (page, address) =>
      signIn(page, {
        origin: url,
        address,
        beforeCode: () => skip(addressOf(address)),
        code: () => mailbox.waitForCode(addressOf(address)),
      }),
    async close() {
      await running.close();
      await remove();
    },
  };
}

const BY_PASSCODE = {
  method: 'emailOneTimePasscode',
  connection: null,
  identity: null,
  idp: 'mail',
} as const;

/** As mails are addressed. */
function addressOf(text: string): string {
  return parseEmailAddress(text)?.address ?? text;
}

async function forget(store: Store, now: number): Promise<void> {
  let gone = PURGE_BATCH;
  while (gone >= PURGE_BATCH) gone = await store.purge(now, PURGE_BATCH);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, HOST, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
