// Owns turning one entry of `clients` into the metadata oidc-provider takes.

import type { BrandingFile } from '../domain/branding.ts';
import { type ClientMetadata, type ClientPolicy, defaultClientPolicy } from '../domain/tenant.ts';
import { type Path, type Reading, report } from '../settings/reading.ts';
import { resolveSecretText } from '../settings/secrets.ts';
import type { ClientFile } from './client-schema.ts';

/**
 * Resolves the secret and judges what depends on another key. oidc-provider would refuse the same,
 * but only when a guest first arrives, and without file and line.
 *
 * @param path where the entry stands, `['clients', 0]`
 * @returns undefined after reporting
 * @source oidc-provider 9.13 lib/helpers/client_schema.js
 */
export async function resolveClient(
  reading: Reading,
  path: Path,
  client: ClientFile,
): Promise<ClientMetadata | undefined> {
  const faultsBefore = reading.faults.length;
  const {
    client_secret: reference,
    client_name: name,
    guests: _guests,
    icon: _icon,
    admin: _admin,
    ...rest
  } = client;
  const secret =
    reference === undefined
      ? undefined
      : await resolveSecretText(reading, [...path, 'client_secret'], reference);
  const method = client.token_endpoint_auth_method ?? defaultMethod(client);
  reportMethod(reading, path, client, method);
  reportSignIn(reading, path, client);
  if (reading.faults.length > faultsBefore) return undefined;
  const codeless = client.grant_types && !client.grant_types.includes('authorization_code');
  return {
    ...rest,
    ...(name !== undefined && { client_name: name }),
    redirect_uris: client.redirect_uris ?? [],
    ...(codeless && { response_types: [] }),
    ...(method !== undefined && { token_endpoint_auth_method: method }),
    ...(secret !== undefined && { client_secret: secret }),
  };
}

/**
 * What an entry says of its guests and of the admin API; undefined when it says nothing.
 *
 * @param icon its picture, read
 * @source rules R10, R11, R44
 */
export function clientPolicy(
  { guests, admin }: ClientFile,
  icon: BrandingFile | undefined,
): ClientPolicy | undefined {
  if (!guests && !admin && !icon) return undefined;
  const {
    selfServiceSignUp = defaultClientPolicy.selfServiceSignUp,
    emailOneTimePasscode = defaultClientPolicy.emailOneTimePasscode,
  } = guests ?? {};
  return {
    selfServiceSignUp,
    emailOneTimePasscode,
    ...(admin && { adminScopes: admin.scopes }),
    ...(icon && { icon }),
  };
}

type Method = ClientFile['token_endpoint_auth_method'];

// With a secret the engine's own default holds: client_secret_basic.
function defaultMethod(client: ClientFile): Method {
  if (client.client_secret !== undefined) return undefined;
  return client.jwks || client.jwks_uri ? 'private_key_jwt' : 'none';
}

function reportMethod(reading: Reading, path: Path, client: ClientFile, method: Method): void {
  const at = [...path, 'token_endpoint_auth_method'];
  const hasSecret = client.client_secret !== undefined;
  if (client.jwks && client.jwks_uri) {
    report(reading, [...path, 'jwks'], 'both jwks and jwks_uri', 'keep one of the two', 'key');
  }
  if (method?.startsWith('client_secret') && !hasSecret) {
    report(reading, at, `${method} without a client_secret`, 'add client_secret, or write none');
  }
  if (method === 'private_key_jwt' && !client.jwks && !client.jwks_uri) {
    report(reading, at, 'private_key_jwt without keys', 'add jwks or jwks_uri');
  }
  // A public client with a secret looks protected and is not.
  if (method === 'none' && hasSecret) {
    report(reading, at, 'none, although there is a client_secret', 'delete one of the two');
  }
  if (method === 'none' && client.grant_types?.includes('client_credentials')) {
    const mend = 'add client_secret, jwks or jwks_uri';
    report(reading, [...path, 'grant_types'], 'client_credentials for anybody', mend);
  }
}

function reportSignIn(reading: Reading, path: Path, client: ClientFile): void {
  const grants = client.grant_types ?? ['authorization_code'];
  const signsIn = grants.includes('authorization_code');
  const at = [...path, 'redirect_uris'];
  if (signsIn && client.redirect_uris === undefined) {
    report(reading, at, 'required key missing', 'add "redirect_uris"');
  } else if (signsIn && client.redirect_uris?.length === 0) {
    report(reading, at, 'no address to send guests back to', 'add one');
  }
  if (!signsIn && client.response_types?.includes('code')) {
    const mend = 'add authorization_code to grant_types, or delete response_types';
    report(reading, [...path, 'response_types'], 'code without authorization_code', mend);
  }
  if (signsIn && client.response_types?.length === 0) {
    report(reading, [...path, 'response_types'], 'empty, although guests sign in', 'write [code]');
  }
  if (grants.includes('refresh_token') && !signsIn) {
    const mend = 'add authorization_code';
    report(reading, [...path, 'grant_types'], 'refresh_token without authorization_code', mend);
  }
  // Only the application itself may administer, never a guest by way of it.
  if (client.admin && !grants.includes('client_credentials')) {
    const mend = 'add client_credentials to grant_types';
    report(reading, [...path, 'admin'], 'admin without client_credentials', mend, 'key');
  }
  const hosts = new Set((client.redirect_uris ?? []).map((uri) => URL.parse(uri)?.host));
  if (client.subject_type === 'pairwise' && hosts.size > 1) {
    const mend = 'keep the redirect_uris on one host, or write public';
    report(reading, [...path, 'subject_type'], 'pairwise over several hosts', mend);
  }
}
