// Owns turning `oidc` and `google` into an upstream that can be signed in at.

import type { OidcUpstream } from '../domain/identity-provider.ts';
import { type Path, type Reading, report } from '../settings/reading.ts';
import { resolveSecretText } from '../settings/secrets.ts';
import type { GoogleFile, OidcFile } from './upstream-schema.ts';

const GOOGLE_ISSUER = 'https://accounts.google.com';
const SCOPE = 'openid email profile';

/**
 * Reads an OpenID Provider, its secret resolved.
 *
 * @param path where the keys stand
 * @returns undefined after reporting
 */
export async function resolveOidc(
  reading: Reading,
  path: Path,
  { issuer, clientId, clientSecret, scope = SCOPE }: OidcFile,
): Promise<OidcUpstream | undefined> {
  const isReachable = refusePlainHttp(reading, [...path, 'issuer'], issuer);
  const secret = await resolveSecretText(reading, [...path, 'clientSecret'], clientSecret);
  if (!isReachable || secret === undefined) return undefined;
  // Without these two there is no subject and no address, and so never a guest.
  const scopes = new Set(['openid', 'email', ...scope.split(' ')]);
  return {
    protocol: 'oidc',
    issuer,
    clientId,
    clientSecret: secret,
    scope: [...scopes].join(' '),
  };
}

/**
 * Reads Google. A stand-in takes its place on this machine alone: elsewhere anybody's server could
 * speak for every Gmail mailbox.
 *
 * @returns undefined after reporting
 * @source rules R48
 */
export async function resolveGoogle(
  reading: Reading,
  path: Path,
  { issuer = GOOGLE_ISSUER, ...registration }: GoogleFile,
): Promise<OidcUpstream | undefined> {
  if (issuer !== GOOGLE_ISSUER && !reading.isLoopback) {
    const message = 'not the issuer of Google, while publicUrl is not on this machine';
    report(reading, [...path, 'issuer'], message, `write ${GOOGLE_ISSUER}, or delete the line`);
    return undefined;
  }
  return resolveOidc(reading, path, { issuer, ...registration });
}

/**
 * Reports an address that is not https where this server is reached from elsewhere: what is fetched
 * there decides who signs in.
 *
 * @returns true when it may stay
 * @source security requirement S53
 */
export function refusePlainHttp(reading: Reading, path: Path, url: string): boolean {
  if (reading.isLoopback || url.startsWith('https:')) return true;
  report(reading, path, 'http, while publicUrl is not on this machine', 'write https://');
  return false;
}
