// Owns how a MySQL database is named in the settings.

import { splitMysqlHosts } from '../settings/mysql-hosts.ts';

/** Where and as whom to connect. */
export interface MysqlAddress {
  readonly host?: string;
  readonly port?: number;
  readonly socketPath?: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/**
 * Reads `mysql://user:password@host:port/name`. Parts are percent-decoded; the port is 3306 unless
 * said; `?socketPath=/run/mysqld/mysqld.sock` connects by unix socket instead of host and port.
 * Several hosts have commas between them. Pure.
 *
 * @returns one address per host, in order
 * @throws {TypeError} when it is not of that form; the message does not repeat it, for it holds a
 *   password
 */
export function parseMysqlUrl(url: string): readonly MysqlAddress[] {
  const parts = splitMysqlHosts(url);
  const database = parts?.url.pathname.slice(1);
  const socketPath = parts?.url.searchParams.get('socketPath');
  if (!parts || !database || database.includes('/') || (!parts.url.hostname && !socketPath)) {
    throw new TypeError('the database url is not mysql://user:password@host:port/name');
  }
  const account = {
    user: decodeURIComponent(parts.url.username),
    password: decodeURIComponent(parts.url.password),
    database: decodeURIComponent(database),
  };
  if (socketPath) return [{ socketPath, ...account }];
  return parts.hosts.map((text) => {
    const { hostname, port } = new URL(`mysql://${text}/`);
    // The URL keeps the brackets of IPv6, which no resolver knows.
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    return { host, port: Number(port || 3306), ...account };
  });
}
