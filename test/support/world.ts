// Owns a whole installation for tests: configuration folder, store, relay, server, relying party.

import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as client from 'openid-client';
import { stringify } from 'yaml';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import { parseEmailAddress } from '../../src/domain/email-address.ts';
import { createDirectory, type Directory } from '../../src/guests/directory.ts';
import { type RunningServer, startServer } from '../../src/server/start.ts';
import type { DatabaseSettings } from '../../src/settings/settings.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Guest } from '../../src/storage/store.ts';
import { createLog, type Log } from '../../src/telemetry/log.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { type Answer, hidden, type Jar } from './jar.ts';
import { assertNoLeaks, noteLine, noteSecret } from './leaks.ts';
import { startMariadb } from './mariadb.ts';
import { PASSCODE, startSmtp, type TestRelay } from './smtp.ts';

export type StoreKind = 'sqlite' | 'mariadb';

/** Both stores, for `for (const store of stores)`. */
export const stores: readonly StoreKind[] = ['sqlite', 'mariadb'];

export const CALLBACK = 'http://127.0.0.1:9999/cb';

export interface WorldOptions {
  readonly store?: StoreKind;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Merged into guestpass.yaml. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Merged into each tenant's file, by tenant id; tenants a and b exist always. */
  readonly tenants?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly mostProviders?: number;
  /** Whether the server follows its files; default it reads them once. */
  readonly followsFiles?: boolean;
  /** Stands in for DNS, which belongs to other companies. */
  readonly resolveTxt?: (name: string) => Promise<string[][]>;
}

/** One authorization request under way. */
export interface Begun {
  readonly url: URL;
  readonly verifier: string;
  readonly state: string;
  readonly nonce: string;
  readonly configuration: client.Configuration;
}

/** A guest and a relying party, as seen from outside. */
export interface Walker {
  /** Begins a sign-in as a relying party would. */
  begin(tenant?: string, parameters?: Readonly<Record<string, string>>): Promise<Begun>;
  /** Redeems the code of a redirect back, every check of openid-client included. */
  redeem(begun: Begun, location: string): ReturnType<typeof client.authorizationCodeGrant>;
  /** Walks to the page with the code field. */
  walkToCode(jar: Jar, begun: Begun, address: string): Promise<Answer>;
  /** Walks the whole way; the answer is the redirect back to the relying party. */
  signIn(jar: Jar, begun: Begun, address: string): Promise<string>;
  /** Accepts what a first sign-in asks to accept, if anything. */
  consent(jar: Jar, page: Answer): Promise<Answer>;
  /** The passcode in the next mail with one to an address, behind the first `after` mails of any kind. */
  passcodeFor(address: string, after?: number): Promise<string>;
}

/** An installation that runs in this process. */
export interface World extends Installation, Walker {
  readonly server: RunningServer;
  /** A guest who has redeemed by passcode before; with `pending`, one who was only invited. */
  invite(address: string, tenant?: string, state?: 'pending'): Promise<Guest>;
  close(): Promise<void>;
}

/** A configuration folder with its relay, nothing started yet. */
export interface Installation {
  readonly publicUrl: string;
  readonly folder: string;
  /** Of the store, as guestpass.yaml names it. */
  readonly database: string;
  readonly relay: TestRelay;
  remove(): Promise<void>;
}

/** Writes the configuration of an installation on a free port, with a relay of its own. */
export async function createInstallation(options: WorldOptions = {}): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'guestpass-world-'));
  const relay = await startSmtp();
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const database = await openDatabase(options.store ?? 'sqlite', folder);
  await writeConfiguration(folder, { publicUrl, port, database, relay, options });
  return {
    publicUrl,
    folder,
    database,
    relay,
    remove: async () => {
      try {
        await assertNoLeaks(folder, databaseOf(database));
      } finally {
        await relay.stop();
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Starts an installation in this process. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const installation = await createInstallation(options);
  const configuration = await loadConfiguration(installation.folder, {});
  const server = await startServer(configuration, {
    log: watchedLog(installation.folder, options.log),
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.mostProviders ? { mostProviders: options.mostProviders } : {}),
    ...(options.resolveTxt ? { resolveTxt: options.resolveTxt } : {}),
    ...(options.followsFiles ? { source: { directory: installation.folder, env: {} } } : {}),
  });
  return {
    ...installation,
    ...createWalker(installation),
    server,
    async invite(text, tenant = 'a', state) {
      const { directory } = server.guests.parts;
      if (state === undefined) return addGuest(directory, tenant, text);
      const address = parseEmailAddress(text);
      if (!address) throw new Error(`${text} is no address`);
      return (await directory.invite({ tenant, address })).guest;
    },
    async close() {
      await server.close();
      await installation.remove();
    },
  };
}

/** Makes guests of tenant a who have redeemed by passcode before, whatever process serves them. */
export async function addGuests(
  { folder }: Pick<Installation, 'folder'>,
  ...addresses: readonly string[]
): Promise<void> {
  const { settings } = await loadConfiguration(folder, {});
  const store = await openStore(settings.database);
  try {
    const directory = createDirectory({ store, clock: systemClock });
    for (const address of addresses) await addGuest(directory, 'a', address);
  } finally {
    await store.close();
  }
}

async function addGuest(directory: Directory, tenant: string, text: string): Promise<Guest> {
  const address = parseEmailAddress(text);
  if (!address) throw new Error(`${text} is no address`);
  const { guest } = await directory.invite({ tenant, address });
  await directory.redeem(guest, {
    method: 'emailOneTimePasscode',
    connection: null,
    identity: null,
    idp: 'mail',
  });
  return (await directory.findBySubject(tenant, guest.id)) ?? guest;
}

/** Walks through an installation from outside, wherever it runs. */
export function createWalker({
  publicUrl,
  relay,
}: Pick<Installation, 'publicUrl' | 'relay'>): Walker {
  const issuers = new Map<string, client.Configuration>();
  const walker: Walker = {
    async begin(tenant = 'a', parameters = {}) {
      const found = issuers.get(tenant) ?? (await discover(publicUrl, tenant));
      issuers.set(tenant, found);
      return beginAt(found, parameters);
    },
    async redeem(begun, location) {
      const tokens = await client.authorizationCodeGrant(begun.configuration, new URL(location), {
        pkceCodeVerifier: begun.verifier,
        expectedState: begun.state,
        expectedNonce: begun.nonce,
      });
      noteSecret('access token', tokens.access_token);
      noteSecret('refresh token', tokens.refresh_token);
      noteSecret('ID token', tokens.id_token);
      return tokens;
    },
    async walkToCode(jar, begun, address) {
      const page = await jar.follow(await jar.get(begun.url));
      const chosen = await jar.follow(
        await jar.post(`${page.url.href}/address`, { csrf: hidden(page, 'csrf'), email: address }),
      );
      return jar.follow(await jar.post(`${page.url.href}/send`, { csrf: hidden(chosen, 'csrf') }));
    },
    async signIn(jar, begun, address) {
      const sent = relay.messages.filter(({ recipients }) => recipients.includes(address)).length;
      const page = await walker.walkToCode(jar, begun, address);
      const code = await walker.passcodeFor(address, sent);
      const proven = await jar.follow(
        await jar.post(`${page.url.href}/passcode`, { csrf: hidden(page, 'csrf'), code }),
      );
      const answer = await walker.consent(jar, proven);
      if (answer.location === undefined) throw new Error(`not signed in: ${answer.text}`);
      return answer.location;
    },
    async consent(jar, page) {
      let shown = page;
      while (shown.location === undefined && /action="[^"]*\/accept"/.test(shown.text)) {
        const accept = new URL(/action="([^"]*\/accept)"/.exec(shown.text)![1]!, shown.url);
        shown = await jar.follow(await jar.post(accept, { csrf: hidden(shown, 'csrf') }));
      }
      return shown;
    },
    async passcodeFor(address, after = 0) {
      // A warning may come in between.
      const mail = await relay.nextMail(address, { after, about: /sign-in code/ });
      return passcodeIn(mail.parsed.text ?? '');
    },
  };
  return walker;
}

/** The passcode in the text of a mail. @throws when there is none */
export function passcodeIn(text: string): string {
  const found = PASSCODE.exec(text)?.[1];
  if (found === undefined) throw new Error(`no passcode in: ${text}`);
  return found;
}

/** Discovers an issuer and registers as its client `docs`. */
export function discover(publicUrl: string, tenant: string): Promise<client.Configuration> {
  return client.discovery(
    new URL(`${publicUrl}/${tenant}/v2.0`),
    'docs',
    undefined,
    client.ClientSecretBasic(secretOf(tenant)),
    { execute: [client.allowInsecureRequests] },
  );
}

/** Builds an authorization request with PKCE, state and nonce. */
export async function beginAt(
  configuration: client.Configuration,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Begun> {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: CALLBACK,
    scope: 'openid email profile',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...parameters,
  });
  return { url, verifier, state, nonce, configuration };
}

/** The secret of a test tenant's client. */
export function secretOf(tenant: string): string {
  const secret = `secret-of-tenant-${tenant}-for-tests-only`;
  noteSecret(`secret of tenant ${tenant}`, secret);
  return secret;
}

/** A log whose lines are looked through when the installation goes; at debug, which says most. */
export function watchedLog(folder: string, other?: Log): Log {
  const destination = { write: (line: string) => noteLine(folder, line) };
  const watched = createLog({ level: 'debug', destination });
  const at =
    (level: keyof Log): Log['info'] =>
    (event, fields) => {
      watched[level](event, fields);
      other?.[level](event, fields);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A store's URL as settings have it. */
export function databaseOf(url: string): DatabaseSettings {
  const file = /^sqlite:(.*)$/.exec(url)?.[1];
  return file === undefined ? { kind: 'mysql', url } : { kind: 'sqlite', file };
}

/** A port nobody listens on now. */
export async function freePort(): Promise<number> {
  const port = await new Promise<number>((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
  // Nobody may listen on it yet: the system would give it to the next who asks as well.
  if (givenPorts.has(port)) return freePort();
  givenPorts.add(port);
  return port;
}

const givenPorts = new Set<number>();

/** The store's URL: a file in the folder, or a new database of the shared MariaDB. */
export async function openDatabase(store: StoreKind, folder: string): Promise<string> {
  if (store === 'sqlite') return `sqlite:${join(folder, 'data', 'guestpass.db')}`;
  return (await startMariadb()).createDatabase();
}

async function writeConfiguration(
  folder: string,
  given: {
    publicUrl: string;
    port: number;
    database: string;
    relay: TestRelay;
    options: WorldOptions;
  },
): Promise<void> {
  const { publicUrl, port, database, relay, options } = given;
  await mkdir(join(folder, 'tenants'));
  const settings = {
    publicUrl,
    listen: `127.0.0.1:${port}`,
    database,
    mail: { transport: `smtp://127.0.0.1:${relay.port}`, from: 'no-reply@guestpass.example' },
    secrets: { pepper: newKey(), sealingKey: newKey(), cookieKeys: [newKey()] },
    ...options.settings,
  };
  await writeFile(join(folder, 'guestpass.yaml'), stringify(settings));
  for (const id of new Set(['a', 'b', ...Object.keys(options.tenants ?? {})])) {
    const tenant = {
      id,
      displayName: `Tenant ${id.toUpperCase()}`,
      verifiedDomains: [`${id}.example`],
      clients: [
        {
          client_id: 'docs',
          client_name: 'Docs',
          client_secret: secretOf(id),
          redirect_uris: [CALLBACK],
          post_logout_redirect_uris: ['http://127.0.0.1:9999/out'],
        },
      ],
      ...options.tenants?.[id],
    };
    await writeFile(join(folder, 'tenants', `${id}.yaml`), stringify(tenant));
  }
}

function newKey(): string {
  const key = randomBytes(32).toString('hex');
  noteSecret('key of an installation', key);
  return key;
}
