// Owns how a MySQL database is named in the settings.

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
 * Pure.
 *
 * @throws {TypeError} when it is not of that form; the message does not repeat it, for it holds a
 *   password
 */
export function parseMysqlUrl(url: string): MysqlAddress {
  const parsed = URL.parse(url);
  const database = parsed?.pathname.slice(1);
  const socketPath = parsed?.searchParams.get('socketPath');
  if (
    !parsed ||
    parsed.protocol !== 'mysql:' ||
    !database ||
    database.includes('/') ||
    (!parsed.hostname && !socketPath)
  ) {
    throw new TypeError('the database url is not mysql://user:password@host:port/name');
  }
  return {
    ...(socketPath ? { socketPath } : { host: parsed.hostname, port: Number(parsed.port || 3306) }),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database: decodeURIComponent(database),
  };
}
