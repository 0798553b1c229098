// Owns the restart token: the authorization request of a sign-in, sealed, so that a page whose
// sign-in is gone can begin the very same request anew. It grants nothing: what comes out is an
// ordinary request, which the engine checks as any.

import { z } from 'zod';
import type { Clock } from '../domain/clock.ts';
import { createSealerRing } from '../settings/sealer.ts';

/** How long a request may be begun anew, in seconds: a day. */
export const RESTART_SECONDS = 86_400;

/** Characters of a token: what a cookie takes of every browser, with its name and attributes. */
const MOST_CHARACTERS = 3500;
/** Bytes that become as many characters, sealed. */
const MOST_BYTES = Math.floor((MOST_CHARACTERS * 3) / 4) - 28;
/** Spoken to the engine alone, or naming what is gone after its use. */
const NOT_SAID_AGAIN = new Set(['request', 'request_uri']);

const contents = z.strictObject({
  clientId: z.string(),
  endpoint: z.string().regex(/^\/(?:[^/\\\s?#][^\\\s?#]*)?$/),
  parameters: z.record(z.string(), z.union([z.string(), z.array(z.string())])).nullable(),
  address: z.string().nullable(),
  issuedAt: z.int(),
  expiresAt: z.int(),
});

/** What a token holds. */
export type RestartRequest = Readonly<z.infer<typeof contents>>;

/** What a sign-in has to begin anew. */
export type Restartable = Omit<RestartRequest, 'issuedAt' | 'expiresAt'>;

/** Seals requests and opens them again. */
export interface Restarts {
  /**
   * Seals a request.
   *
   * @param namespace of the issuer: at another one the token is worth nothing
   * @returns at most 3500 characters; too large a request is sealed without its parameters, and
   *   undefined when even the client's name is too long
   */
  seal(namespace: string, request: Restartable): string | undefined;
  /**
   * Opens a token. Never throws: whatever is none of ours is undefined.
   *
   * @returns without parameters after its end, for the sake of the application's name
   */
  open(namespace: string, token: string): RestartRequest | undefined;
}

/**
 * AES-256-GCM under keys of its own, so that neither browser nor proxy reads state, nonce or address.
 * Not used up by use: a second press of the button must lead on as the first did.
 *
 * @param keys the cookie keys, 32 bytes or more each, newest first; old ones still open
 * @source experience, owner's decisions (Interaction lifetime)
 */
export function createRestarts(keys: readonly Buffer[], clock: Clock): Restarts {
  const ring = createSealerRing(keys, 'restart');

  return {
    seal(namespace, request) {
      const now = clock();
      const times = { issuedAt: now, expiresAt: now + RESTART_SECONDS };
      const bare = { clientId: request.clientId, endpoint: request.endpoint };
      const all = { ...bare, parameters: request.parameters, address: request.address };
      for (const kept of [all, { ...bare, parameters: null, address: null }]) {
        const text = JSON.stringify({ ...kept, ...times });
        if (Buffer.byteLength(text) <= MOST_BYTES) return ring.seal(text, contextOf(namespace));
      }
      return undefined;
    },
    open(namespace, token) {
      if (token.length > MOST_CHARACTERS) return undefined;
      const opened = ring.open(token, contextOf(namespace));
      const read = opened && contents.safeParse(JSON.parse(opened.toString()));
      if (!read?.success) return undefined;
      const isGood = clock() < read.data.expiresAt;
      return isGood ? read.data : { ...read.data, parameters: null, address: null };
    },
  };
}

/**
 * What of a sign-in begins it anew. A pushed request is not said again: its parameters were kept from
 * the browser, and only the application may push them.
 *
 * @param address the guest has given, if any
 */
export function restartableOf(
  interaction: {
    readonly params: Readonly<Record<string, unknown>>;
    readonly returnTo: string;
    /** Where the request was pushed. */
    readonly parJti?: unknown;
  },
  address: string | null,
): Restartable {
  const { params, returnTo, parJti } = interaction;
  // The engine's own URL to come back to is the authorization endpoint's, and the uid.
  const endpoint = new URL(returnTo).pathname.replace(/\/[^/]*$/, '');
  const said = Object.entries(params).flatMap(([name, value]) =>
    NOT_SAID_AGAIN.has(name) ? [] : [[name, spoken(value)] as const],
  );
  const isPushed = parJti !== undefined && parJti !== null;
  const parameters = isPushed ? null : Object.fromEntries(said);
  return { clientId: String(params['client_id']), endpoint, parameters, address };
}

/**
 * Path and query of the same request, the address filled in.
 *
 * @returns undefined where there is none to make
 */
export function restartPath({ endpoint, parameters, address }: Restartable): string | undefined {
  if (parameters === null) return undefined;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value].flat()) query.append(name, one);
  }
  // The two contradict each other (R20); whoever asks for a choice gets one.
  const isChoice = (query.get('prompt') ?? '').split(' ').includes('select_account');
  if (address !== null && !isChoice) query.set('login_hint', address);
  return `${endpoint}?${query.toString()}`;
}

/** Whether two are one request, whatever address was given to them. Pure. */
export function isSameRequest(one: Restartable, other: Restartable): boolean {
  const said = ({ clientId, endpoint, parameters }: Restartable): string =>
    JSON.stringify([clientId, endpoint, parameters]);
  return said(one) === said(other);
}

function contextOf(namespace: string): string {
  return `restart 1 ${namespace}`;
}

function spoken(value: unknown): string | string[] {
  return Array.isArray(value) ? value.map(String) : String(value);
}
