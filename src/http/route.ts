// Owns the address bar: which request belongs to which tenant, and which is refused for want of one.

import { resolveTenant, type Tenant, type TenantIndex } from '../domain/tenant.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { BRANDING_PATH } from './branding.ts';

/** Where a request goes. */
export type Route =
  /** To the tenant's Provider. `url` is what the engine routes by, `originalUrl` what it cuts its
   *  mount path from; both canonical, whatever alias was asked. */
  | {
      readonly to: 'engine';
      readonly tenant: Tenant;
      readonly url: string;
      readonly originalUrl: string;
    }
  /** 307 to the canonical place, query kept. */
  | { readonly to: 'redirect'; readonly location: string }
  /** A page of the server itself: assets and the development mailbox. */
  | { readonly to: 'server' }
  /** A file of the tenant's own look. */
  | { readonly to: 'branding'; readonly tenant: Tenant; readonly name: string }
  /** `tenant` where the request named one. */
  | { readonly to: 'refusal'; readonly code: ErrorCode; readonly tenant?: Tenant };

/** What of a request decides its route; raw, as Node gives it. */
export interface RoutableRequest {
  readonly url: string;
  /** Every Host header, in order. */
  readonly hosts: readonly string[];
}

/** Authorization endpoints as they are written without a tenant. */
const ROOT_AUTHORIZATION = new Set(['/authorize', '/auth', '/oauth2/v2.0/authorize', '/v2.0/auth']);
const METADATA = /^\/\.well-known\/(openid-configuration|oauth-authorization-server)(\/.*)?$/;
/** Nothing asks for more; whoever sends thousands only makes parsers work (S59). */
const MOST_PARAMETERS = 64;
/**
 * What no browser sends in a path, because it resolves it first: dot segments, also encoded, and what
 * it takes for a slash, for the end of the path or for nothing. Sent on, a `..` behind the tenant of a
 * redirect would lead to another tenant.
 */
const UNRESOLVED = /[\t\n\r\\#]|\/(?:\.|%2e){1,2}(?:\/|$)/i;
const NO_TENANT_PATHS = new Set(['/favicon.ico', '/robots.txt']);

/** Whether a path is one that people reach without tenant context. */
export function isTenantless(path: string): boolean {
  return path === '/' || ROOT_AUTHORIZATION.has(foldPath(path));
}

/**
 * Routes one request. Pure; nothing is decoded or normalised before it is compared.
 *
 * @param host host and port of `publicUrl`; anything else is refused before it can poison discovery,
 *   returnTo or a mail (S36)
 * @source rules R12 to R15; S35, S36, S59
 */
export function routeRequest(request: RoutableRequest, tenants: TenantIndex, host: string): Route {
  if (request.hosts.length !== 1 || request.hosts[0]?.toLowerCase() !== host) {
    return refuse('host_unknown');
  }
  // The absolute form names a host of its own; no client of an origin server sends it.
  if (!request.url.startsWith('/')) return refuse('request_refused');
  const [path, search] = splitQuery(request.url);
  if (countParameters(search) > MOST_PARAMETERS) return refuse('parameter_malformed');
  const named = tenantParameters(search);
  if (path.startsWith('/assets/') || path === '/dev/mailbox' || path.startsWith('/dev/mailbox/')) {
    return { to: 'server' };
  }
  if (NO_TENANT_PATHS.has(path)) return refuse('not_found');
  if (isTenantless(path)) {
    return routeRoot(path, search, named, tenants);
  }
  const metadata = METADATA.exec(path);
  return metadata
    ? routeMetadata(metadata[1]!, metadata[2], search, tenants)
    : routeTenantPath(path, search, named, tenants);
}

function routeRoot(
  path: string,
  search: string,
  named: readonly string[],
  tenants: TenantIndex,
): Route {
  const resolution = resolveTenant(tenants, named[0]);
  if (resolution.outcome !== 'tenant') return refuseTenant(resolution.outcome);
  if (isConflict(named, resolution.tenant, tenants)) return refuse('tenant_conflict');
  const { id } = resolution.tenant;
  return {
    to: 'redirect',
    location: path === '/' ? `/${id}/` : `/${id}/v2.0/auth${search}`,
  };
}

/** RFC 8414 puts the well-known part first; the engine has it behind its mount path. */
function routeMetadata(
  name: string,
  rest: string | undefined,
  search: string,
  tenants: TenantIndex,
): Route {
  const issuerPath = /^\/([^/]+)\/v2\.0\/?$/.exec(rest ?? '');
  if (!issuerPath) return refuse('tenant_missing');
  const resolution = resolveTenant(tenants, issuerPath[1]);
  if (resolution.outcome !== 'tenant') return refuseTenant(resolution.outcome);
  return toEngine(resolution.tenant, `/v2.0`, `/.well-known/${name}${search}`);
}

function routeTenantPath(
  path: string,
  search: string,
  named: readonly string[],
  tenants: TenantIndex,
): Route {
  const end = path.indexOf('/', 1);
  const segment = path.slice(1, end < 0 ? undefined : end);
  const rest = end < 0 ? '' : path.slice(end);
  const resolution = resolveTenant(tenants, segment);
  if (resolution.outcome !== 'tenant') return refuseTenant(resolution.outcome);
  const { tenant, alias } = resolution;
  if (isConflict(named, tenant, tenants)) return refuse('tenant_conflict');
  if (UNRESOLVED.test(rest)) return { ...refuse('not_found'), tenant };
  const folded = foldPath(rest);
  if (rest === '') return { to: 'redirect', location: `/${tenant.id}/${search}` };
  const isBrowserPath =
    rest === '/' ||
    /^\/(?:invitation(?:\/.*)?|signin\/.*|v2\.0\/(?:auth|session\/end)(?:\/.*)?)$/.test(folded);
  // Cookies must live under one path, so an alias is left before the first of them is set.
  if (alias && isBrowserPath) {
    return { to: 'redirect', location: `/${tenant.id}${rest}${search}` };
  }
  // Short for people: the address of a mail, and the one of a bookmark.
  if (rest === '/') return toEngine(tenant, '', `/signin/home${search}`);
  if (/^\/invitation(?:\/|$)/.test(rest)) return toEngine(tenant, '', `/signin${rest}${search}`);
  if (rest.startsWith('/v2.0/')) return toEngine(tenant, '/v2.0', rest.slice(5) + search);
  if (rest.startsWith('/signin/')) return toEngine(tenant, '', rest + search);
  const file = BRANDING_PATH.exec(rest)?.[1];
  if (file !== undefined) return { to: 'branding', tenant, name: file };
  return { ...refuse('not_found'), tenant };
}

function toEngine(tenant: Tenant, mount: string, url: string): Route {
  return { to: 'engine', tenant, url, originalUrl: `/${tenant.id}${mount}${url}` };
}

/** Two names for the tenant must mean the same tenant; nothing picks one of them (S35). */
function isConflict(named: readonly string[], tenant: Tenant, tenants: TenantIndex): boolean {
  return named.some((name) => {
    const resolution = resolveTenant(tenants, name);
    return resolution.outcome !== 'tenant' || resolution.tenant !== tenant;
  });
}

function countParameters(search: string): number {
  let count = 1;
  for (let at = search.indexOf('&'); at >= 0; at = search.indexOf('&', at + 1)) count += 1;
  return count;
}

function tenantParameters(search: string): readonly string[] {
  if (!search.includes('tenant')) return [];
  const query = new URLSearchParams(search);
  return [...query.getAll('tenantid'), ...query.getAll('tenant')];
}

/** As the engine's router compares: without case, without one trailing slash. */
function foldPath(path: string): string {
  const lower = path.toLowerCase();
  return lower.endsWith('/') ? lower.slice(0, -1) : lower;
}

function splitQuery(url: string): [string, string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at)];
}

function refuseTenant(outcome: 'missing' | 'unknown'): Route {
  return refuse(outcome === 'missing' ? 'tenant_missing' : 'tenant_unknown');
}

function refuse(code: ErrorCode): Extract<Route, { to: 'refusal' }> {
  return { to: 'refusal', code };
}
