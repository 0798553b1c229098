// Owns another company's OpenID Provider: a real one, with accounts, pages and named misbehaviour.

import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ParameterizedContext } from 'koa';
import type { Provider } from 'oidc-provider';
import { type LoopbackServer, readForm, sendJson, startLoopback } from './loopback-server.ts';
import type { Records } from './memory-adapter.ts';
import { accountPage, createPage } from './upstream-pages.ts';
import { createProvider, switchAccount } from './upstream-provider.ts';

export { cancelAt, createAccountAt, signInAt } from './upstream-pages.ts';

/** An account there. */
export interface UpstreamAccount {
  readonly address: string;
  /** Default true. */
  readonly verified?: boolean;
  readonly name?: string;
  /** The name the account signs in by, where it is not the address; told by the look-up. */
  readonly userPrincipalName?: string;
  /** Other addresses of it; told by the look-up. */
  readonly aliases?: readonly string[];
}

/** How the provider misbehaves, for every account. */
export type UpstreamMisbehaviour =
  /** `email_verified: false`. */
  | 'unverified'
  /** `email_verified: "true"`. */
  | 'verified_as_text'
  /** No `email_verified`. */
  | 'verified_missing'
  /** No `email` anywhere. */
  | 'address_missing'
  /** `email` in userinfo, `email_verified: true` in the ID token. */
  | 'address_apart_from_verified'
  /** The redirect back carries another issuer as `iss`. */
  | 'foreign_iss'
  /** Whoever signs in is sent back with `error=unauthorized_client`. */
  | 'refuses_everyone'
  /** Not wrong, only rare: `email` and `email_verified` in userinfo and not in the ID token. */
  | 'address_in_userinfo';

export interface UpstreamClient {
  readonly client_id: string;
  readonly client_secret: string;
  readonly redirect_uris: readonly string[];
  readonly token_endpoint_auth_method?: 'client_secret_basic' | 'client_secret_post';
}

/** The provider, running. Paths to hang or fail: `/token`, `/me`, `/jwks`, `/.well-known`, `/accounts`. */
export interface UpstreamOidc extends LoopbackServer {
  readonly issuer: string;
  /** Who has an account is asked here, with `lookupToken` as bearer. */
  readonly lookupUrl: string;
  readonly lookupToken: string;
  /** Addresses that were looked up, oldest first. */
  readonly lookups: readonly string[];
  addClient(client: UpstreamClient): void;
  addAccount(account: UpstreamAccount): void;
  /** The `sub` of an account, by address. @throws when there is none */
  subjectOf(address: string): string;
  /** Misbehaves from now on; undefined behaves again. */
  misbehave(how: UpstreamMisbehaviour | undefined): void;
  /** Parameters of the authorization requests that came in, oldest first. */
  authorizations(): readonly URLSearchParams[];
}

interface KnownAccount extends UpstreamAccount {
  readonly sub: string;
}

/** Starts a provider on a free port of 127.0.0.1. */
export async function startUpstreamOidc(
  options: {
    /** Heads its pages. */
    readonly displayName?: string;
    readonly accounts?: readonly UpstreamAccount[];
    readonly clients?: readonly UpstreamClient[];
  } = {},
): Promise<UpstreamOidc> {
  const { displayName = 'Upstream' } = options;
  const accounts: KnownAccount[] = [];
  const records: Records = new Map();
  const lookups: string[] = [];
  const lookupToken = randomBytes(16).toString('hex');
  let misbehaviour: UpstreamMisbehaviour | undefined;

  const find = (address: string): KnownAccount | undefined =>
    accounts.find((account) => namesOf(account).includes(address.trim().toLowerCase()));
  const addAccount = (account: UpstreamAccount): void =>
    void accounts.push({ ...account, sub: randomUUID() });
  const addClient = (client: UpstreamClient): void =>
    void records.set(`Client ${client.client_id}`, { ...client });
  options.accounts?.forEach(addAccount);
  options.clients?.forEach(addClient);

  const server = await startLoopback(async (origin) => {
    const provider = await createProvider(origin, records, (sub, use) => {
      const account = accounts.find((account) => account.sub === sub);
      return account && { sub, name: account.name, ...emailClaims(account, use, misbehaviour) };
    });
    provider.use(async (ctx, next) => {
      if (ctx.path.startsWith('/interaction/')) await visit(provider, ctx);
      else await next();
      const location = ctx.response.get('location');
      if (misbehaviour === 'foreign_iss' && URL.parse(location)?.searchParams.has('iss')) {
        const back = new URL(location);
        back.searchParams.set('iss', 'https://another.example');
        ctx.set('location', back.href);
      }
    });
    const callback = provider.callback();
    return (request, response) =>
      request.url?.startsWith('/accounts?')
        ? lookUp(request, response)
        : callback(request, response);
  });

  async function visit(provider: Provider, ctx: ParameterizedContext): Promise<void> {
    const { params, prompt } = await provider.interactionDetails(ctx.req, ctx.res);
    const hint = typeof params['login_hint'] === 'string' ? params['login_hint'] : '';
    const creating = prompt.name === 'create';
    const show = (problem = ''): void => {
      ctx.type = 'html';
      ctx.body = creating
        ? createPage({ displayName, hint, problem })
        : accountPage({ displayName, hint, problem, accounts });
    };
    if (ctx.method !== 'POST') return show();
    const form = await readForm(ctx.req);
    const finish = async (result: object): Promise<void> => {
      ctx.status = 303;
      ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, { ...result }));
    };
    if (form.has('cancel')) return finish({ error: 'access_denied' });
    if (misbehaviour === 'refuses_everyone') return finish({ error: 'unauthorized_client' });
    const address = form.get('account') ?? '';
    if (creating && !find(address)) addAccount({ address });
    const account = find(address);
    if (!account) return show('There is no such account.');
    await finish({ login: { accountId: account.sub }, select_account: {}, create: {} });
    // Last: an interaction of another account's session takes no result.
    await switchAccount(provider, ctx, account.sub);
  }

  function lookUp(request: IncomingMessage, response: ServerResponse): void {
    const address =
      new URL(request.url ?? '/', 'http://localhost').searchParams.get('address') ?? '';
    lookups.push(address);
    if (request.headers.authorization !== `Bearer ${lookupToken}`) {
      return sendJson(response, 401, { error: 'invalid_token' });
    }
    const account = find(address);
    if (!account) return sendJson(response, 404, { member: false });
    const { userPrincipalName, aliases } = account;
    return sendJson(response, 200, { member: true, userPrincipalName, aliases });
  }

  return {
    ...server,
    issuer: server.origin,
    lookupUrl: `${server.origin}/accounts`,
    lookupToken,
    lookups,
    addClient,
    addAccount,
    subjectOf(address) {
      const account = find(address);
      if (!account) throw new Error(`no account ${address}`);
      return account.sub;
    },
    misbehave(how) {
      misbehaviour = how;
    },
    authorizations: () =>
      server.requests
        .filter((line) => line.startsWith('GET /auth?'))
        .map((line) => new URLSearchParams(line.slice(line.indexOf('?')))),
  };
}

function namesOf({ address, userPrincipalName, aliases = [] }: UpstreamAccount): readonly string[] {
  return [address, userPrincipalName ?? address, ...aliases].map((name) => name.toLowerCase());
}

function emailClaims(
  { address, verified = true }: UpstreamAccount,
  use: string,
  misbehaviour: UpstreamMisbehaviour | undefined,
): Readonly<Record<string, unknown>> {
  const inUserinfo = use === 'userinfo';
  switch (misbehaviour) {
    case 'unverified':
      return { email: address, email_verified: false };
    case 'verified_as_text':
      return { email: address, email_verified: 'true' };
    case 'verified_missing':
      return { email: address };
    case 'address_missing':
      return { email_verified: true };
    case 'address_apart_from_verified':
      return inUserinfo ? { email: address } : { email_verified: true };
    case 'address_in_userinfo':
      return inUserinfo ? { email: address, email_verified: verified } : {};
    default:
      return { email: address, email_verified: verified };
  }
}
