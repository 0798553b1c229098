// Owns every request to another company: public addresses, https, no redirects, in time, in size.

import {
  Agent,
  type Dispatcher,
  fetch as send,
  type RequestInit,
  type Response as Sent,
} from 'undici';
import { isIP } from 'node:net';
import { createGuardedLookup, isCallable, isLoopback } from './address.ts';
import { traced } from '../telemetry/trace.ts';
import { OutboundError } from './outbound-error.ts';

export { OutboundError, type OutboundFault } from './outbound-error.ts';

/**
 * Asks another server and reads its whole answer, whatever the status.
 * @throws {OutboundError} always of this class
 */
export type OutboundFetch = (
  url: string,
  init?: {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  },
) => Promise<{ readonly status: number; readonly text: string }>;

/** The same in the shape of the platform's `fetch`, for libraries that bring their own requests. */
export type OutboundWebFetch = (url: string | URL, init?: WebRequest) => Promise<Response>;

interface WebRequest {
  readonly method?: string | undefined;
  readonly headers?: Record<string, string> | undefined;
  readonly body?: unknown;
  /** Ends the request early; it never gets more time by it. */
  readonly signal?: AbortSignal | null | undefined;
}

export interface OutboundDeps {
  /**
   * Whether this machine itself may be called, by http too. Only for an installation whose own
   * public URL is loopback.
   */
  readonly allowLoopback: boolean;
}

/** How long one request may take from DNS to the last byte. */
export const OUTBOUND_TIMEOUT_MS = 3_000;
/** Most bytes read of one answer, after decompression: a small archive must not fill the memory. */
export const OUTBOUND_BODY_BYTES = 262_144;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const BODYLESS: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Creates the guarded fetch.
 *
 * @source S53; T76
 */
export function createOutboundFetch(deps: OutboundDeps): OutboundFetch {
  const request = createRequest(deps);
  return async (url, init = {}) => {
    const { status, body } = await request(url, init);
    return { status, text: new TextDecoder().decode(body) };
  };
}

/**
 * Creates the guarded fetch in the shape of the platform's. The Response is real and its body is
 * here already: reading it can neither hang nor grow.
 *
 * @throws {OutboundError} from the returned function, always of this class
 * @source S53; T76
 */
export function createOutboundWebFetch(deps: OutboundDeps): OutboundWebFetch {
  const request = createRequest(deps);
  return async (url, init = {}) => {
    const { status, headers, body } = await request(String(url), init);
    return new Response(BODYLESS.has(status) ? null : body, { status, headers });
  };
}

interface Answered {
  readonly status: number;
  readonly headers: [string, string][];
  readonly body: Uint8Array<ArrayBuffer>;
}

function createRequest({ allowLoopback }: OutboundDeps) {
  const dispatcher = new Agent({
    connect: { lookup: createGuardedLookup(allowLoopback), timeout: OUTBOUND_TIMEOUT_MS },
    // No connection is used twice: a code is sent once, and one that dies with a connection the
    // other side was just closing cannot be sent again.
    pipelining: 0,
    allowH2: false,
  });

  return async function request(url: string, init: WebRequest): Promise<Answered> {
    // No trace goes along: which of our requests belong together is no business of other companies.
    const attributes = { 'server.address': URL.parse(url)?.hostname ?? '' };
    return traced('outbound.request', { attributes, isOutbound: true, codeOf }, async (step) => {
      requireCallable(url, allowLoopback);
      const late = AbortSignal.timeout(OUTBOUND_TIMEOUT_MS);
      const signal = init.signal ? AbortSignal.any([late, init.signal]) : late;
      try {
        const answered = await exchange(url, init, signal, dispatcher);
        step.note({ 'http.response.status_code': answered.status });
        return answered;
      } catch (error) {
        throw toOutboundError(error, signal);
      }
    });
  };
}

function codeOf(error: unknown): string {
  return error instanceof OutboundError ? error.reason : 'internal';
}

async function exchange(
  url: string,
  init: WebRequest,
  signal: AbortSignal,
  dispatcher: Dispatcher,
): Promise<Answered> {
  const answer = await send(url, {
    method: init.method ?? 'GET',
    ...(init.headers === undefined ? {} : { headers: init.headers }),
    // The platform's bodies are what undici takes; only its types are of another package.
    ...(init.body === undefined ? {} : { body: init.body as NonNullable<RequestInit['body']> }),
    redirect: 'manual',
    signal,
    dispatcher,
  });
  const { status } = answer;
  if (REDIRECTS.has(status)) {
    await answer.body?.cancel();
    throw new OutboundError('redirect', String(status));
  }
  // HTTP has no such status, and neither has a Response.
  if (status > 599) throw new OutboundError('unreachable', String(status));
  return { status, headers: [...answer.headers], body: await readBody(answer) };
}

async function readBody(answer: Sent): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop by throwing cancels the body, and with it the connection.
  for await (const chunk of answer.body ?? []) {
    size += chunk.byteLength;
    if (size > OUTBOUND_BODY_BYTES) throw new OutboundError('too_large');
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** What can be known before any connection; names are judged when they are looked up. */
function requireCallable(url: string, allowLoopback: boolean): void {
  const target = URL.parse(url);
  if (!target) throw new OutboundError('scheme');
  const host = target.hostname.replace(/^\[|\]$/g, '');
  const ownMachine = allowLoopback && (host === 'localhost' || isLoopback(host));
  if (target.protocol !== 'https:' && !(target.protocol === 'http:' && ownMachine)) {
    throw new OutboundError('scheme');
  }
  if (isIP(host) !== 0 && !isCallable(host, allowLoopback)) throw new OutboundError('address');
}

/** Reads what the library threw. Only its codes are kept, never its texts. */
function toOutboundError(error: unknown, signal: AbortSignal): OutboundError {
  if (signal.aborted) return new OutboundError('timeout');
  let code: string | undefined;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof OutboundError) return cause;
    if ('code' in cause && typeof cause.code === 'string') code ??= cause.code;
  }
  if (/TIMEDOUT|_TIMEOUT$/.test(code ?? '')) return new OutboundError('timeout', code);
  return new OutboundError('unreachable', code);
}
