// Owns the span of a request: its name, its tenant, and whether its caller's trace is believed.

import type { IncomingMessage } from 'node:http';
import { resolveTenant, type TenantIndex } from '../domain/tenant.ts';
import type { RequestHandler } from '../http/dispatcher.ts';
import { traceRequest } from '../telemetry/trace.ts';
import { templateOf } from './route-template.ts';

/** Asked by machines every few seconds: they would be most of what is kept. */
const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz', '/healthz', '/metrics']);

/**
 * Traces every request of a handler until its answer is out or its client is gone.
 *
 * @param isBelieved whether the caller is one of ours. Anybody else's `traceparent` is not read: with it a
 *   stranger would decide what is sampled, fill the traces of others, and tie two guests together.
 */
export function traceRequests(
  handler: RequestHandler,
  tenants: () => TenantIndex,
  isBelieved: (request: IncomingMessage) => boolean,
): RequestHandler {
  return (request, response) => {
    const { method = '', url = '', headers } = request;
    if (PROBES.has(url.split('?', 1)[0] ?? '')) {
      handler(request, response);
      return;
    }
    const parent = headers['traceparent'] !== undefined && isBelieved(request);
    const end = traceRequest(
      { method, route: templateOf(url), parent: parent ? headers : undefined },
      () => tenantOf(url, tenants()),
      () => handler(request, response),
    );
    response.once('close', () => end(response.statusCode));
  };
}

function tenantOf(url: string, tenants: TenantIndex): { 'guestpass.tenant'?: string } {
  // Only the id of one that is configured: anything else in its place is the caller's own word.
  const found = resolveTenant(tenants, url.split(/[/?]/, 2)[1]);
  return found.outcome === 'tenant' ? { 'guestpass.tenant': found.tenant.id } : {};
}
