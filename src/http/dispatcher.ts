// Owns the front door: one function in front of every Provider that pins the host, names the
// tenant and hands the request on. It works on Node's own objects, so the engine's routes pay
// nothing for it.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Tenant, TenantIndex } from '../domain/tenant.ts';
import type { ClientAddressOf } from './client.ts';
import type { RoutedRequest } from './front.ts';
import { routeRequest } from './route.ts';
import type { SecurityHeaders } from './security.ts';

/** Answers one request. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface DispatcherDeps {
  readonly publicUrl: string;
  readonly tenants: () => TenantIndex;
  /** The handler of a tenant's Provider, built on first use. */
  readonly engineOf: (tenant: Tenant) => RequestHandler | Promise<RequestHandler>;
  readonly front: RequestHandler;
  readonly headers: SecurityHeaders;
  readonly clientAddressOf: ClientAddressOf;
}

/** @source S35, S36, S60 */
export function createDispatcher(deps: DispatcherDeps): RequestHandler {
  const { host, protocol } = new URL(deps.publicUrl);
  const scheme = protocol.slice(0, -1);

  return (request, response) => {
    deps.headers(request, response);
    const { headers } = request;
    const url = request.url ?? '';
    const hosts = request.headersDistinct['host'] ?? [];
    const route = routeRequest({ url, hosts }, deps.tenants(), host);
    // From here on these headers say what we know, not what somebody wrote: the engine and Koa
    // build every URL from them (S36).
    headers['x-forwarded-for'] = deps.clientAddressOf(request);
    headers['x-forwarded-proto'] = scheme;
    delete headers['x-forwarded-host'];
    delete headers['forwarded'];
    if (route.to !== 'engine') {
      (request as RoutedRequest).route = route;
      deps.front(request, response);
      return;
    }
    (request as { originalUrl?: string }).originalUrl = route.originalUrl;
    request.url = route.url;
    const engine = deps.engineOf(route.tenant);
    if (typeof engine === 'function') {
      engine(request, response);
      return;
    }
    engine.then(
      (handle) => handle(request, response),
      (error: unknown) => {
        (request as RoutedRequest).fault = { error, tenant: route.tenant };
        deps.front(request, response);
      },
    );
  };
}
