// Owns where a server's admin API is, and what the command line shows it: from options and
// environment, checked before anything is sent.

import { isLoopbackHost } from '../settings/public-url.ts';
import type { PlaceOptions } from './tenant-admin.ts';

/** A server to be asked about one tenant. */
export interface RemotePlace {
  /** Base of the admin listener, without a slash at its end. */
  readonly base: string;
  /** Its id. */
  readonly tenant: string;
  readonly credentials: RemoteCredentials;
}

/** A bearer token, or what gets one at the tenant's issuer. */
export type RemoteCredentials =
  { readonly token: string } | { readonly clientId: string; readonly clientSecret: string };

/** Variables of the environment, by name. */
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads them. Credentials come from the environment alone: a command line stands in the list of
 * processes and in the history of the shell.
 *
 * @returns the place, or a sentence on what is wrong
 * @source security requirement S56
 */
export function readRemotePlace(
  { url: text = '', tenant }: Pick<PlaceOptions, 'url' | 'tenant'>,
  env: Environment = process.env,
): RemotePlace | string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) {
    return `--url ${text} is not a web address; write it like https://admin.guest.example`;
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return '--url is scheme, host and port; credentials stand in the environment';
  }
  // Else whoever listens in between has the secret of an administrator.
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    return `${url.origin} would send the secret in clear; use https, or http on this machine`;
  }
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(tenant)) {
    return `${tenant} is no tenant id; with --url a tenant is named by its id`;
  }
  const credentials = credentialsIn(env);
  if (!credentials) {
    return 'set GUESTPASS_CLIENT_ID and GUESTPASS_CLIENT_SECRET, or GUESTPASS_TOKEN';
  }
  return { base: `${url.origin}${url.pathname.replace(/\/+$/, '')}`, tenant, credentials };
}

function credentialsIn(env: Environment): RemoteCredentials | undefined {
  const token = env['GUESTPASS_TOKEN'];
  if (token) return { token };
  const clientId = env['GUESTPASS_CLIENT_ID'];
  const clientSecret = env['GUESTPASS_CLIENT_SECRET'];
  return clientId && clientSecret ? { clientId, clientSecret } : undefined;
}
