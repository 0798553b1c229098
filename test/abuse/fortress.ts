// Owns what is attacked: two `guestpass serve` processes as they are shipped, on https behind a
// proxy, with a relay and a store of their own; and everything secret that was ever seen there.

import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type ClientRequest, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { domainToUnicode } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import * as client from 'openid-client';
import { stringify } from 'yaml';
import { ADMIN_SCOPES } from '../../src/domain/admin-scope.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { parseEmailAddress } from '../../src/domain/email-address.ts';
import { createDirectory } from '../../src/guests/directory.ts';
import { openDatabase } from '../../src/storage/open-database.ts';
import { createStore } from '../../src/storage/open-store.ts';
import type { Database } from '../../src/storage/sql.ts';
import type { Guest, Store, StoredAuditEntry } from '../../src/storage/store.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { faketime, signed } from '../support/faketime.ts';
import { type Answer, hidden, Jar } from '../support/jar.ts';
import { type Mariadb, startPrivateMariadb } from '../support/mariadb.ts';
import {
  type CommandResult,
  runCommand,
  type ServerProcess,
  startProcess,
} from '../support/processes.ts';
import { type ReceivedMail, startSmtp, type TestRelay } from '../support/smtp.ts';
import { startTlsProxy, type TlsProxy } from '../support/tls-proxy.ts';
import { beginAt, type Begun, freePort, passcodeIn, type StoreKind } from '../support/world.ts';
import { secrets } from './secrets.ts';

export const CALLBACK = 'https://app.example/cb';
export const OUT = 'https://app.example/out';

/** What a fortress is built from; the default is what is shipped. */
export interface FortressOptions {
  readonly store: StoreKind;
  /** Plain http on this machine: only such an installation may call places that are on it, too. */
  readonly plain?: boolean;
  /** Default 2. */
  readonly servers?: number;
  /** Merged into guestpass.yaml. */
  readonly settings?: object;
  /** Files of tenants by id, beside those every fortress has. */
  readonly tenants?: Readonly<Record<string, object>>;
  /** Whether the time can be moved by {@link Fortress.travel}. */
  readonly movable?: boolean;
  /**
   * Whether the clock that judges stands a minute past midnight when it starts. What is counted by
   * day, hour or quarter of one begins anew at the full ones: not in the middle of counting it.
   */
  readonly atDawn?: boolean;
}

/** A browser of its own network, known by cookies and address. */
export class Browser extends Jar {
  readonly #fortress: Pick<Fortress, 'proxy'>;
  readonly network: string;

  constructor(fortress: Pick<Fortress, 'proxy'>, network: string) {
    super();
    this.#fortress = fortress;
    this.network = network;
  }

  override clone(): Browser {
    const other = new Browser(this.#fortress, this.network);
    for (const [key, cookie] of this.cookies) other.cookies.set(key, cookie);
    return other;
  }

  override async send(...given: Parameters<Jar['send']>): Promise<Answer> {
    const answer = await super.send(...given);
    secrets.learn(answer);
    const isSecure = answer.url.protocol === 'https:';
    for (const line of answer.headers['set-cookie'] ?? []) if (isSecure) setCookies.push(line);
    return answer;
  }

  protected override open(url: URL, options: RequestOptions): ClientRequest {
    const { proxy } = this.#fortress;
    const reached = {
      ...options,
      host: '127.0.0.1',
      port: proxy.port,
      localAddress: this.network,
      path: url.pathname + url.search,
      headers: { host: url.host, ...(options.headers as Record<string, string>) },
    };
    if (url.protocol === 'http:') return httpRequest(reached);
    return httpsRequest({
      ...reached,
      agent,
      servername: url.hostname,
      ca: proxy.certificate,
    });
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const HOST = 'guest.test';
const PATIENCE_MS = 15_000;
const DAY = 86_400;
let networks = 0;
const setCookies: string[] = [];

/** Every Set-Cookie line of every answer by https so far. */
export function allLines(): readonly string[] {
  return setCookies;
}

/** An address of 127.0.0.0/8 nobody has called from yet: to the proxy it is a client like any. */
export function nextNetwork(): string {
  networks += 1;
  return `127.${20 + (networks >> 16)}.${(networks >> 8) & 255}.${networks & 255}`;
}

/** What is attacked. */
export interface Fortress {
  readonly store: StoreKind;
  readonly origin: string;
  readonly folders: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly database: string;
  readonly relay: TestRelay;
  readonly proxy: TlsProxy;
  /** Where the servers really listen, and their private listeners. */
  readonly ports: readonly number[];
  readonly adminPorts: readonly number[];
  readonly servers: ServerProcess[];
  /** Opened beside the servers: what is in the tables. */
  readonly data: Store;
  readonly sql: Database;
  /** A browser nobody has seen before, in a network of its own unless one is named. */
  browser(network?: string): Browser;
  /** A guest who has redeemed by passcode before; `pending` was only invited. */
  invite(address: string, tenant?: string, state?: 'pending'): Promise<Guest>;
  /** Begins an authorization request of a tenant's client. */
  begin(
    tenant?: string,
    parameters?: Readonly<Record<string, string>>,
    clientId?: string,
  ): Promise<Begun>;
  redeem(begun: Begun, location: string): ReturnType<typeof client.authorizationCodeGrant>;
  /** To the page with the address field. */
  arrive(browser: Jar, begun?: Begun): Promise<Answer>;
  /** To the page with the send button. */
  choose(browser: Jar, address: string, begun?: Begun): Promise<Answer>;
  /** To the page with the code field. */
  walkToCode(browser: Jar, address: string, begun?: Begun): Promise<CodePage>;
  /** All the way; the answer is the redirect to the relying party. */
  signIn(browser: Jar, address: string, begun?: Begun): Promise<string>;
  consent(browser: Jar, page: Answer): Promise<Answer>;
  /** The passcode of the newest mail to an address, once there are `count` of them. */
  codeFor(address: string, count?: number): Promise<string>;
  /** Waits until no mail of a tenant, or of any, is on its way: what was to come has come. */
  mailsAtRest(tenant?: string): Promise<void>;
  /** How many mails came for an address that somebody asked for; notices are not among them. */
  mailsTo(address: string): number;
  /** Runs a command of the first server's folder. */
  command(...words: string[]): Promise<CommandResult>;
  /** Entries of the audit trail, once everything the servers logged so far is there. */
  trail(query: {
    readonly tenant?: string;
    /** How the event begins. */
    readonly event: string;
  }): Promise<readonly StoredAuditEntry[]>;
  /** Waits until every server has taken over another file of a tenant so many times since it started. */
  reloaded(id: string, times?: number): Promise<void>;
  /** Every line the servers wrote, those that were ended included. */
  output(): readonly string[];
  /** Writes a tenant's file for every server, or removes it; waits for no server to notice. */
  writeTenant(id: string, tenant: object | string | undefined): Promise<void>;
  /**
   * Ends all servers as a power cut would, and starts them again.
   * @param clock environment, e.g. of a clock that is off
   */
  restart(clock?: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Moves the clock that judges, which is the database's or, with SQLite, the machine's.
   * @param seconds from the true time, not from where it was moved before
   */
  travel(seconds: number): Promise<void>;
  /** What that clock says now, epoch seconds. */
  now(): number;
  close(): Promise<void>;
}

/** The page with the code field, and what a form there takes. */
export interface CodePage {
  readonly page: Answer;
  readonly csrf: string;
  /** Answers as a browser's address bar would show it, before redirects are followed. */
  submit(code: string, browser?: Jar, headers?: Record<string, string>): Promise<Answer>;
  /** … and after. */
  type(code: string, browser?: Jar): Promise<Answer>;
  send(browser?: Jar): Promise<Answer>;
}

/** A tenant's file: a confidential client `docs` and a public one `spa`. */
export function tenantFile(id: string, changes: object = {}): object {
  return {
    id,
    displayName: `Tenant ${id.toUpperCase()}`,
    verifiedDomains: [`${id}.example`],
    clients: [
      {
        client_id: 'docs',
        client_name: 'Docs',
        client_secret: { env: 'CLIENT_SECRET' },
        redirect_uris: [CALLBACK],
        post_logout_redirect_uris: [OUT],
      },
      { client_id: 'spa', client_name: 'Page', redirect_uris: [CALLBACK] },
      {
        client_id: 'ops',
        client_secret: { env: 'OPS_SECRET' },
        grant_types: ['client_credentials'],
        admin: { scopes: [...ADMIN_SCOPES] },
      },
    ],
    ...changes,
  };
}

/** Mails to an address but those that say that somebody guesses, which nobody asks for. */
function askedFor(relay: TestRelay, address: string): readonly ReceivedMail[] {
  return relay.messages.filter(
    ({ recipients, parsed }) =>
      recipients.includes(asRelayed(address)) &&
      !/^(?:Wrong codes|New sign-in)/.test(parsed.subject ?? ''),
  );
}

/** An address as the relay shows it: it decodes the names of domains. */
export function asRelayed(address: string): string {
  const [local = '', domain = ''] = address.split('@');
  return `${local}@${domainToUnicode(domain)}`;
}

/** Builds one and starts it. */
export async function buildFortress(options: FortressOptions): Promise<Fortress> {
  const { store, servers: count = 2 } = options;
  const root = await mkdtemp(join(tmpdir(), 'guestpass-abuse-'));
  const relay = await startSmtp();
  const clockFile = join(root, 'clock');
  let offset = options.atDawn ? secondsToDawn() : 0;
  await writeFile(clockFile, signed(offset));
  const mariadb: Mariadb | undefined =
    store === 'mariadb'
      ? await startPrivateMariadb({
          // Blind for case and accents: two guests whose addresses differ in those are one to it.
          collation: 'utf8mb4_general_ci',
          ...(options.atDawn && { env: faketime(offset) }),
          ...(options.movable && { env: faketime({ file: clockFile }) }),
        })
      : undefined;
  const database =
    (await mariadb?.createDatabase()) ?? `sqlite:${join(root, 'data', 'guestpass.db')}`;
  const ports = await Promise.all(Array.from({ length: count }, freePort));
  const adminPorts = await Promise.all(Array.from({ length: count }, freePort));
  const proxy = await startTlsProxy(options.plain ? undefined : HOST, ...ports);
  const origin = options.plain ? `http://127.0.0.1:${proxy.port}` : `https://${HOST}`;
  const env = {
    // With room to spare V8 clears up late: what is kept for ever would look like what is not cleared yet.
    NODE_OPTIONS: '--max-old-space-size=256',
    GUESTPASS_PEPPER: randomBytes(32).toString('hex'),
    GUESTPASS_SEALING_KEY: randomBytes(32).toString('hex'),
    GUESTPASS_COOKIE_KEY: randomBytes(32).toString('hex'),
    DATABASE_URL: database,
    CLIENT_SECRET: randomBytes(32).toString('base64url'),
    OPS_SECRET: randomBytes(32).toString('base64url'),
  };
  const { DATABASE_URL, NODE_OPTIONS: _flags, ...keys } = env;
  secrets.add('configuration', ...Object.values(keys));
  if (mariadb) secrets.add('configuration', DATABASE_URL);
  const folders = ports.map((_, index) => join(root, `server-${index}`));
  for (const [index, folder] of folders.entries()) {
    await mkdir(join(folder, 'tenants'), { recursive: true });
    const settings = {
      publicUrl: origin,
      listen: `127.0.0.1:${ports[index]}`,
      adminListen: `127.0.0.1:${adminPorts[index]}`,
      database: { env: 'DATABASE_URL' },
      mail: { transport: `smtp://127.0.0.1:${relay.port}`, from: 'no-reply@guestpass.example' },
      trustedProxies: ['127.0.0.1'],
      logLevel: 'debug',
      ...options.settings,
    };
    await writeFile(join(folder, 'guestpass.yaml'), stringify(settings));
  }
  const writeTenant: Fortress['writeTenant'] = async (id, tenant) => {
    for (const folder of folders) {
      const file = join(folder, 'tenants', `${id}.yaml`);
      if (tenant === undefined) await rm(file);
      else await writeFile(file, typeof tenant === 'string' ? tenant : stringify(tenant));
    }
  };
  const tenants = { a: tenantFile('a'), b: tenantFile('b'), ...options.tenants };
  for (const [id, tenant] of Object.entries(tenants)) await writeTenant(id, tenant);

  const usual = options.atDawn ? faketime(offset) : {};
  const start = (clock: Readonly<Record<string, string>> = usual): Promise<ServerProcess[]> =>
    Promise.all(folders.map((folder) => startProcess(folder, { env: { ...env, ...clock } })));
  const servers = await start();
  const said: string[] = [];
  const { settings } = await loadConfiguration(folders[0]!, env);
  const sql = openDatabase(settings.database);
  const data = createStore(sql);
  const directory = createDirectory({ store: data, clock: systemClock });
  const issuers = new Map<string, client.Configuration>();

  const fortress: Fortress = {
    store,
    origin,
    folders,
    env,
    database,
    relay,
    proxy,
    ports,
    adminPorts,
    servers,
    data,
    sql,
    browser: (network = nextNetwork()) => new Browser(fortress, network),
    async invite(text, tenant = 'a', state) {
      const address = parseEmailAddress(text);
      if (!address) throw new TypeError(`${text} is no address`);
      secrets.meet(text);
      const { guest } = await directory.invite({ tenant, address });
      if (state === 'pending') return guest;
      await directory.redeem(guest, {
        method: 'emailOneTimePasscode',
        connection: null,
        identity: null,
        idp: 'mail',
      });
      return (await directory.findBySubject(tenant, guest.id)) ?? guest;
    },
    async begin(tenant = 'a', parameters = {}, clientId = 'docs') {
      const key = `${tenant} ${clientId}`;
      const known = issuers.get(key);
      const found = known ?? (await discover(tenant, clientId));
      issuers.set(key, found);
      return beginAt(found, { redirect_uri: CALLBACK, ...parameters });
    },
    async redeem(begun, location) {
      return client.authorizationCodeGrant(begun.configuration, new URL(location), {
        pkceCodeVerifier: begun.verifier,
        expectedState: begun.state,
        expectedNonce: begun.nonce,
      });
    },
    async arrive(browser, begun) {
      const { url } = begun ?? (await fortress.begin());
      return browser.follow(await browser.get(url));
    },
    async choose(browser, address, begun) {
      secrets.meet(address);
      const page = await fortress.arrive(browser, begun);
      const form = { csrf: hidden(page, 'csrf'), email: address };
      return browser.follow(await browser.post(`${page.url.href}/address`, form));
    },
    async walkToCode(browser, address, begun) {
      const chosen = await fortress.choose(browser, address, begun);
      const csrf = hidden(chosen, 'csrf');
      const page = await browser.follow(await browser.post(`${chosen.url.href}/send`, { csrf }));
      const at = (action: string): string => `${chosen.url.href}/${action}`;
      const submit: CodePage['submit'] = (code, from = browser, headers = {}) =>
        from.post(at('passcode'), { csrf, code }, headers);
      return {
        page,
        csrf,
        submit,
        type: async (code, from = browser) => from.follow(await submit(code, from)),
        send: async (from = browser) => from.follow(await from.post(at('send'), { csrf })),
      };
    },
    async signIn(browser, address, begun) {
      const before = fortress.mailsTo(address);
      const door = await fortress.walkToCode(browser, address, begun);
      const proven = await door.type(await fortress.codeFor(address, before + 1));
      const { location, text } = await fortress.consent(browser, proven);
      if (location === undefined) throw new Error(`not signed in: ${text}`);
      return location;
    },
    async consent(browser, page) {
      let shown = page;
      for (;;) {
        const path = /action="([^"]*\/accept)"/.exec(shown.text)?.[1];
        if (shown.location !== undefined || path === undefined) return shown;
        const form = { csrf: hidden(shown, 'csrf') };
        shown = await browser.follow(await browser.post(new URL(path, shown.url), form));
      }
    },
    async codeFor(address, count = 1) {
      for (let after = count - 1; ; after += 1) {
        await relay.nextMail(asRelayed(address), { after });
        const mail = askedFor(relay, address)[count - 1];
        if (mail) return passcodeIn(mail.parsed.text ?? '');
      }
    },
    mailsAtRest,
    mailsTo: (address) => askedFor(relay, address).length,
    command: (...words) => runCommand([...words, '--config', folders[0]!], env),
    async trail({ tenant, event }) {
      const logged = [...said, ...servers.flatMap(({ output }) => output)].filter(
        (line) =>
          line.includes(`"event":"${event}`) &&
          line.includes('"audit":true') &&
          (tenant === undefined || line.includes(`"tenant":"${tenant}"`)),
      ).length;
      const query = { event, limit: 1_000_000, ...(tenant !== undefined && { tenant }) };
      const late = performance.now() + PATIENCE_MS;
      let found = await data.audit.list(query);
      // The table follows the log by a fraction of a second, and tells nobody when it has.
      while (found.length < logged && performance.now() < late) {
        await setTimeout(20);
        found = await data.audit.list(query);
      }
      return found;
    },
    writeTenant,
    async reloaded(id, times = 1) {
      const isNews = (line: string): boolean =>
        line.includes('"event":"configuration.reloaded"') && line.includes(`"${id}"`);
      for (const server of servers) {
        while (server.output.filter(isNews).length < times) await server.nextLine();
      }
    },
    output: () => [...said, ...servers.flatMap(({ output }) => output)],
    async travel(seconds) {
      await mailsAtRest();
      offset = seconds;
      await writeFile(clockFile, signed(seconds));
      await fortress.restart(store === 'sqlite' ? faketime(seconds) : {});
    },
    now: () => systemClock() + offset,
    async restart(clock) {
      await fortress.trail({ event: '' });
      await Promise.all(servers.map((server) => server.kill()));
      said.push(...servers.flatMap(({ output }) => output));
      servers.splice(0, servers.length, ...(await start(clock)));
    },
    async close() {
      await Promise.all(servers.map((server) => server.stop()));
      await data.close();
      await proxy.stop();
      await relay.stop();
      await mariadb?.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
  return fortress;

  // A relay has a mail before its server has written that down. A server killed in between, or a
  // clock set past the lease, sends it again, as it should; and a test waiting for the next mail
  // would take the old code for the new one.
  async function mailsAtRest(tenant = '%'): Promise<void> {
    const late = performance.now() + PATIENCE_MS;
    for (;;) {
      const waiting = await sql.get<{ id: string }>(
        "SELECT id FROM outbox WHERE state IN ('queued', 'sending') AND tenant LIKE ? LIMIT 1",
        [tenant],
      );
      if (!waiting) return;
      if (performance.now() > late) throw new Error('mails are still on their way');
      await setTimeout(20);
    }
  }

  async function discover(tenant: string, clientId: string): Promise<client.Configuration> {
    const proof = clientId === 'spa' ? client.None() : client.ClientSecretBasic(env.CLIENT_SECRET);
    const configuration = await client.discovery(
      new URL(`${origin}/${tenant}/v2.0`),
      clientId,
      undefined,
      proof,
      {
        [client.customFetch]: fetchThrough(fortress),
        ...(options.plain && { execute: [client.allowInsecureRequests] }),
      },
    );
    return configuration;
  }
}

/** Seconds from now to a minute past the next midnight. */
function secondsToDawn(): number {
  const now = systemClock();
  return Math.ceil(now / DAY) * DAY + 60 - now;
}

/**
 * Writes bytes to the proxy exactly as they are, over TLS, and reads the answer to its end.
 *
 * @returns status 0 when the connection was ended without one
 */
export function sendRaw(
  { proxy, origin }: Pick<Fortress, 'proxy' | 'origin'>,
  text: string | Buffer,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve) => {
    let answer = '';
    const reached = connectTcp({
      host: '127.0.0.1',
      port: proxy.port,
      localAddress: nextNetwork(),
    });
    const servername = new URL(origin).hostname;
    const socket = connect({ socket: reached, servername, ca: proxy.certificate }, () =>
      socket.write(text),
    );
    socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
    // A server that hangs up has answered, too.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0), text: answer });
    });
  });
}

/** A fetch through the proxy of a fortress: what relying parties call with. */
export function fetchThrough(fortress: Pick<Fortress, 'proxy'>): client.CustomFetch {
  return async (url, { method, headers: given, body: content }) => {
    const browser = new Browser(fortress, nextNetwork());
    const body = content === undefined ? undefined : await new Response(content as BodyInit).text();
    const answer = await browser.send(method, url, { ...given, accept: 'application/json' }, body);
    const headers = new Headers();
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined) headers.set(name, String(value));
    }
    return new Response(answer.text === '' ? null : answer.text, {
      status: answer.status,
      headers,
    });
  };
}

const shared = new Map<StoreKind, Promise<Fortress>>();

/** The one fortress of a store all files of this suite attack, built by the first who asks. */
export function fortressOf(store: StoreKind): Promise<Fortress> {
  const known = shared.get(store) ?? buildFortress({ store, tenants: SHARED_TENANTS });
  shared.set(store, known);
  return known;
}

/** Closes the shared ones: the last file does. */
export async function closeFortresses(): Promise<void> {
  const open = [...shared.values()];
  shared.clear();
  for (const fortress of open) await (await fortress).close();
}

// One for each file that spends what a tenant has: failures and mails are counted by tenant, too.
const SHARED_TENANTS = Object.fromEntries(
  [
    'guess',
    'race',
    'mail',
    'enum',
    'timed',
    'gone',
    'away',
    'door',
    'off',
    'crowd0',
    'crowd1',
    'crowd2',
    'crowd3',
  ].map((id) => [id, tenantFile(id)]),
);
