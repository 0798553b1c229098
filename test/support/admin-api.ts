// Owns an admin API for tests: a world with its private listener, tokens as applications get them.

import * as client from 'openid-client';
import { ADMIN_SCOPES } from '../../src/domain/admin-scope.ts';
import { assertDescribed } from './admin-document.ts';
import { CALLBACK, secretOf, startWorld, type World, type WorldOptions } from './world.ts';

/** One answer. */
export interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON of the answer; undefined for an empty one. */
  readonly body: unknown;
}

/** What is sent beside the path. */
export interface AdminRequest {
  /** Default tenant a. */
  readonly tenant?: string;
  /** Default: every scope, of tenant a. */
  readonly token?: string | null;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface AdminWorld extends World {
  /** `http://127.0.0.1:PORT`, without a tenant. */
  readonly adminUrl: string;
  /** Gets a token as an application does; of client `ops` of tenant a unless told otherwise. */
  tokenOf(scope?: string, tenant?: string, clientId?: string): Promise<string>;
  /** Sends one request to `/{tenant}/v1.0{path}`, and holds the answer to docs/openapi.json. */
  send(method: string, path: string, request?: AdminRequest): Promise<AdminAnswer>;
}

/** The application that administers a tenant. */
export function opsClient(
  tenant: string,
  scopes: readonly string[] = ADMIN_SCOPES,
  id = 'ops',
): object {
  return {
    client_id: id,
    client_secret: secretOf(tenant),
    grant_types: ['client_credentials'],
    admin: { scopes },
  };
}

/** The client guests sign in at. */
export function docsClient(tenant: string, more: object = {}): object {
  return {
    client_id: 'docs',
    client_secret: secretOf(tenant),
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'client_credentials'],
    ...more,
  };
}

/** What a refusal says. */
export interface AdminRefusal {
  readonly code: string;
  readonly message: string;
  /** This server's own code. */
  readonly innerCode: string | undefined;
  readonly lockOuts: readonly Readonly<Record<string, unknown>>[] | undefined;
}

/** Reads a refusal. */
export function refusalOf({ body }: Pick<AdminAnswer, 'body'>): AdminRefusal {
  const { error } = body as {
    error: {
      code: string;
      message: string;
      innerError: { code?: string; lockOuts?: readonly Readonly<Record<string, unknown>>[] };
    };
  };
  const { code, message, innerError } = error;
  return { code, message, innerCode: innerError.code, lockOuts: innerError.lockOuts };
}

/** Starts a world whose tenants a and b are administered by their client `ops`. */
export async function startAdminWorld(options: WorldOptions = {}): Promise<AdminWorld> {
  const tenants = Object.fromEntries(
    [...new Set(['a', 'b', ...Object.keys(options.tenants ?? {})])].map((id) => [
      id,
      { clients: [docsClient(id), opsClient(id)], ...options.tenants?.[id] },
    ]),
  );
  const world = await startWorld({
    ...options,
    tenants,
    followsFiles: true,
    settings: { adminListen: '127.0.0.1:0', ...options.settings },
  });
  const adminUrl = `http://127.0.0.1:${world.server.adminAddress?.port}`;
  const tokens = new Map<string, string>();

  const tokenOf: AdminWorld['tokenOf'] = async (
    scope = ADMIN_SCOPES.join(' '),
    tenant = 'a',
    clientId = 'ops',
  ) => {
    const issuer = `${world.publicUrl}/${tenant}/v2.0`;
    const configuration = await client.discovery(
      new URL(issuer),
      clientId,
      undefined,
      client.ClientSecretBasic(secretOf(tenant)),
      { execute: [client.allowInsecureRequests] },
    );
    const resource = `${issuer}/admin`;
    return (await client.clientCredentialsGrant(configuration, { scope, resource })).access_token;
  };

  return {
    ...world,
    adminUrl,
    tokenOf,
    async send(method, path, { tenant = 'a', token, json, text, headers = {} } = {}) {
      const shown = token === undefined ? (tokens.get('a') ?? (await tokenOf())) : token;
      if (token === undefined) tokens.set('a', shown ?? '');
      const content = text ?? (json === undefined ? undefined : JSON.stringify(json));
      const answer = await fetch(`${adminUrl}/${tenant}/v1.0${path}`, {
        method,
        headers: {
          ...(shown !== null && { authorization: `Bearer ${shown}` }),
          ...(content !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(content !== undefined && { body: content }),
      });
      const said = await answer.text();
      const body: unknown = said === '' ? undefined : JSON.parse(said);
      assertDescribed(method, path, { status: answer.status, body });
      return { status: answer.status, headers: answer.headers, body };
    },
  };
}
