// Owns asking the admin API of a running server: tokens, paging, keys, and what is said in a refusal.

import { z } from 'zod';
import type { AdminScope } from '../domain/admin-scope.ts';
import { passes } from './instant.ts';
import { RemoteError } from './remote-error.ts';
import { sendRequest } from './remote-fetch.ts';
import type { RemotePlace } from './remote-place.ts';
import { createGetToken } from './remote-token.ts';

/** One request. */
export interface RemoteRequest {
  readonly scopes: readonly AdminScope[];
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/{tenant}/v1.0`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: object;
  /** The same for the same deed: done once, answered as often as it is asked (a day). */
  readonly key?: string;
}

/** A refusal, as the API says it. */
export interface RemoteProblem {
  readonly status: number;
  /** The server's own code, else Graph's. */
  readonly code: string;
  readonly message: string;
  readonly lockOuts: readonly LockOut[];
}

/** Guests who would be kept out by a change. */
export type LockOut = z.infer<typeof lockOut>;

/** The admin API of one tenant. Throws {@link RemoteError} where there is no answer to go on with. */
export interface RemoteApi {
  readonly tenant: string;
  /** @returns what was answered, or the refusal */
  ask<Answer>(
    request: RemoteRequest,
    answer: z.ZodType<Answer>,
  ): Promise<{ readonly answer: Answer } | { readonly problem: RemoteProblem }>;
  /** @throws {RemoteError} for a refusal as well */
  get<Answer>(request: RemoteRequest, answer: z.ZodType<Answer>): Promise<Answer>;
  /** Every entry of a list, part by part. */
  list<Entry>(request: RemoteRequest, entry: z.ZodType<Entry>): AsyncGenerator<Entry>;
}

/** What an answer without a body is read as. */
export const nothing = z.unknown();

const lockOut = z.object({
  effect: z.string(),
  count: z.number(),
  method: z.string().nullish().default(null),
  message: z.string(),
  remedy: z.string(),
});

const refusal = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    innerError: z
      .object({ code: z.string().optional(), lockOuts: z.array(lockOut).optional() })
      .optional(),
  }),
});

const PAGE = '500';
/** A request that died on its way blocks its key for a minute. */
const UNDER_WAY_MS = 65_000;
const PAUSE_MS = 500;

/** @param place checked */
export function createRemoteApi(place: RemotePlace): RemoteApi {
  const { base, tenant } = place;
  const getToken = createGetToken(place, (url) => sendRequest(url));
  const api: RemoteApi = {
    tenant,
    async ask(request, answer) {
      const until = Date.now() + UNDER_WAY_MS;
      for (;;) {
        const response = await send(request);
        if (response.ok) return { answer: await read(response, answer) };
        const problem = await problemOf(response);
        const { status, code } = problem;
        const isUnderWay = status === 409 && code === 'Conflict' && request.key !== undefined;
        if (!isUnderWay || Date.now() > until) return { problem };
        await passes(PAUSE_MS);
      }
    },
    async get(request, answer) {
      const got = await api.ask(request, answer);
      if ('answer' in got) return got.answer;
      throw new RemoteError(got.problem.message, got.problem.code);
    },
    async *list(request, entry) {
      const page = z.object({
        value: z.array(entry),
        '@odata.nextLink': z.string().optional(),
      });
      let query: RemoteRequest['query'] = { $top: PAGE, ...request.query };
      for (;;) {
        const got: z.output<typeof page> = await api.get({ ...request, query }, page);
        const next = got['@odata.nextLink'];
        yield* got.value;
        if (next === undefined) return;
        // Only its query: the token goes to the address that was typed, wherever the link leads.
        query = Object.fromEntries(new URL(next).searchParams);
      }
    },
  };
  return api;

  async function send(request: RemoteRequest): Promise<Response> {
    const { scopes, method = 'GET', path, query = {}, body, key } = request;
    const token = await getToken(scopes);
    const asked = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as [string, string]],
    );
    const search = asked.length === 0 ? '' : `?${new URLSearchParams(asked).toString()}`;
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body && { 'content-type': 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
    };
    const isRepeatable = method !== 'POST' || key !== undefined;
    return sendRequest(
      `${base}/${tenant}/v1.0${path}${search}`,
      { method, headers, ...(body && { body: JSON.stringify(body) }) },
      isRepeatable,
    );
  }

  async function problemOf(response: Response): Promise<RemoteProblem> {
    const { status } = response;
    const said = refusal.safeParse(await response.json().catch(() => undefined));
    if (status === 401) {
      const message = `the token is worth nothing at ${tenant}: it is another tenant's, or has ended`;
      throw new RemoteError(message, 'invalid_token');
    }
    const challenge = response.headers.get('www-authenticate') ?? '';
    const [, scope] = /insufficient_scope.*scope="([^"]+)"/.exec(challenge) ?? [];
    if (scope !== undefined) {
      const message = `this takes the scope ${scope}; add it to admin.scopes of the client's entry`;
      throw new RemoteError(message, 'insufficient_scope');
    }
    if (status >= 500) {
      const why = said.success ? said.data.error.message : `status ${status}`;
      throw new RemoteError(`${base} cannot serve: ${why}`, 'unavailable', true);
    }
    if (!said.success) {
      throw new RemoteError(`${base} is no admin listener of Guestpass`, 'not_an_admin_api');
    }
    const { code, message, innerError } = said.data.error;
    return {
      status,
      code: innerError?.code ?? code,
      message,
      lockOuts: innerError?.lockOuts ?? [],
    };
  }

  async function read<Answer>(response: Response, answer: z.ZodType<Answer>): Promise<Answer> {
    const text = await response.text();
    let json: unknown;
    try {
      json = text === '' ? undefined : JSON.parse(text);
    } catch {
      json = undefined;
    }
    const got = answer.safeParse(json);
    if (got.success) return got.data;
    throw new RemoteError(`${base} answers what this version does not know`, 'not_an_admin_api');
  }
}
