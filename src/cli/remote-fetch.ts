// Owns one HTTP request of the command line to a server's admin listener.

import { passes } from './instant.ts';
import { RemoteError } from './remote-error.ts';

const TIMEOUT_MS = 30_000;
const TRIES = 3;
const PAUSE_MS = 500;

/**
 * Sends a request. What may be sent twice is sent again where the connection broke; nobody listening
 * is told at once.
 *
 * @param isRepeatable whether a second time does no more than the first
 * @throws {RemoteError} unreachable
 */
export async function sendRequest(
  url: string,
  request: Omit<RequestInit, 'signal' | 'redirect'> = {},
  isRepeatable = true,
): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      // A redirect would take the token to where nobody sent it.
      return await fetch(url, { ...request, signal, redirect: 'error' });
    } catch (error) {
      const cause = causeOf(error);
      if (!isRepeatable || tries === TRIES || cause === 'ECONNREFUSED') {
        const message = `${new URL(url).origin} cannot be reached: ${cause}`;
        throw new RemoteError(message, 'unavailable', true);
      }
      await passes(PAUSE_MS * tries);
    }
  }
}

/** Why a connection failed, in a word. */
export function causeOf(error: unknown): string {
  const { cause, code, message } = Object(error) as {
    cause?: unknown;
    code?: unknown;
    message?: unknown;
  };
  if (cause !== undefined && cause !== error) return causeOf(cause);
  return String(code ?? message ?? error);
}
