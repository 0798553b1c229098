// Owns what a failed answer of an OpenID Provider upstream means.

import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import { OutboundError } from '../outbound/fetch.ts';
import type { UpstreamFault } from './identity.ts';

interface ReadFault {
  readonly outcome: 'fault';
  readonly fault: UpstreamFault;
  readonly detail: string;
}

// What RFC 6749 section 4.1.2.1 has in place of a 500 and a 503, which no redirect can carry.
const TRY_AGAIN: ReadonlySet<string> = new Set(['server_error', 'temporarily_unavailable']);
const NO_ANSWER: ReadonlySet<string> = new Set([
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
]);

/** A fault with what is to be logged of it. */
export function fault(fault: UpstreamFault, detail: string): ReadFault {
  return { outcome: 'fault', fault, detail };
}

/**
 * Reads what the client library threw. Whatever is not known to be harmless is not believed.
 *
 * @returns a fault whose detail holds only words of ours, of the library, or of a registry: never
 *   a token or an address
 * @source S52; T77
 */
export function readFault(error: unknown): ReadFault {
  if (error instanceof AuthorizationResponseError) return readRefusal(error.error);
  if (error instanceof ResponseBodyError) {
    // A code that is not good any more was used before, or is somebody else's.
    if (error.error === 'invalid_grant') return fault('untrusted', 'token endpoint: invalid_grant');
    const { fault: meaning, detail } = readRefusal(error.error);
    return fault(meaning === 'cancelled' ? 'refused' : meaning, `token endpoint: ${detail}`);
  }
  if (error instanceof WWWAuthenticateChallengeError) {
    return fault(error.status >= 500 ? 'unreachable' : 'refused', `status ${error.status}`);
  }
  if (!(error instanceof ClientError)) return fault('untrusted', nameOf(error));
  const { code, cause } = error;
  if (cause instanceof OutboundError) return fault('unreachable', cause.message);
  if (code === undefined) return fault('untrusted', nameOf(cause));
  if (NO_ANSWER.has(code)) {
    return fault('unreachable', cause instanceof Response ? `status ${cause.status}` : code);
  }
  // Texts of the library are fixed where it gives a code; elsewhere they may quote the answer.
  return fault('untrusted', cause instanceof Error ? `${code}: ${cause.message}` : code);
}

/** Tells whether a signature fitted none of the keys we know: the upstream may have new ones. */
export function isKeyFault(error: unknown): boolean {
  if (!(error instanceof ClientError)) return false;
  return (
    error.code === 'OAUTH_KEY_SELECTION_FAILED' ||
    (error.cause instanceof Error && error.cause.message === 'JWT signature verification failed')
  );
}

function readRefusal(error: string): ReadFault {
  if (error === 'access_denied') return fault('cancelled', error);
  const detail = /^[a-z_]{1,40}$/.test(error) ? error : 'an unregistered error';
  return fault(TRY_AGAIN.has(error) ? 'unreachable' : 'refused', detail);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
