// Owns a place that knows accounts: a real HTTP server that answers look-ups and counts them.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Connection, Members } from '../../src/domain/identity-provider.ts';

export const TOKEN = 'look-up-token';

/** What the place answers: a status with a JSON value or a text, or `hang up`. */
export type Answer = readonly [status: number, body: unknown] | 'hang up';

export interface Place {
  readonly members: Members;
  /** Every look-up so far, as `address` was received. */
  readonly asked: string[];
  /** Answers by address; 404 for all others. */
  readonly answers: Map<string, Answer>;
  close(): void;
}

export async function startPlace(path = '/accounts'): Promise<Place> {
  const asked: string[] = [];
  const answers = new Map<string, Answer>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const address = url.searchParams.get('address') ?? '';
    asked.push(address);
    const isRight =
      request.method === 'GET' &&
      url.pathname === path.split('?')[0] &&
      request.headers.authorization === `Bearer ${TOKEN}`;
    const answer = isRight ? (answers.get(address) ?? [404, '']) : ([401, ''] as const);
    if (answer === 'hang up') {
      request.socket.destroy();
      return;
    }
    const [status, body] = answer;
    if (status === 302) response.setHeader('location', 'http://localhost/elsewhere');
    response.statusCode = status;
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  const { port } = server.address() as AddressInfo;
  return {
    members: { by: 'lookup', url: `http://127.0.0.1:${port}${path}`, token: TOKEN },
    asked,
    answers,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A connection as the loader makes it, of which little matters here. */
export function connectionOf(
  method: Connection['method'],
  id: string,
  more: Partial<Connection> = {},
): Connection {
  return {
    id,
    method,
    displayName: id,
    domains: ['contoso.com', 'contoso.net'],
    members: { by: 'domain' },
    upstream: {
      protocol: 'oidc',
      issuer: `https://${id}.example`,
      clientId: 'guestpass',
      clientSecret: 'x',
      scope: 'openid email',
    },
    inbound: 'allowed',
    automaticRedemption: { inbound: false, outbound: false },
    regionScope: undefined,
    refusedDomains: [],
    consumerDomains: [],
    ...more,
  };
}
