// Owns where a Provider is mounted, found as the engine finds it.

import type { IncomingMessage } from 'node:http';

/**
 * The path a Provider is mounted at: what was cut off the original URL before the Provider saw it.
 *
 * @returns '' at the root; no trailing slash otherwise
 */
export function mountOf(request: IncomingMessage): string {
  const url = request.url ?? '';
  const { originalUrl = url } = request as { originalUrl?: string };
  return originalUrl.slice(0, originalUrl.length - url.length);
}
