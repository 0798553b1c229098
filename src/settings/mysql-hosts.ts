// Owns the hosts of a mysql:// address that names several: the URL of the platform knows one alone.

/** An address taken apart. */
export interface MysqlHosts {
  /** With the first host alone. */
  readonly url: URL;
  /** `host` or `host:port`, in order; at least one. */
  readonly hosts: readonly string[];
}

/**
 * Takes `mysql://user@one:3306,two:3306/name` apart. Pure.
 *
 * @returns undefined when it is no such address
 */
export function splitMysqlHosts(text: string): MysqlHosts | undefined {
  const [, before = '', named = '', rest = ''] =
    /^(mysql:\/\/(?:[^/?#\s\\]*@)?)([^/?#@\s\\]*)([/?#][^\s\\]*)?$/.exec(text) ?? [];
  const hosts = named.split(',');
  if (hosts.length > 1 && !hosts.every(isHost)) return undefined;
  const url = URL.parse(`${before}${hosts[0]}${rest}`);
  return url ? { url, hosts } : undefined;
}

/** Puts an address together again. Pure; the query and the rest of `url` are kept. */
export function joinMysqlHosts({ url, hosts }: MysqlHosts): string {
  const password = url.password === '' ? '' : `:${url.password}`;
  return `mysql://${url.username}${password}@${hosts.join(',')}${url.pathname}${url.search}`;
}

function isHost(text: string): boolean {
  const url = URL.parse(`mysql://${text}/`);
  return url !== null && url.hostname !== '';
}
