// Owns an application that guests sign in to, as its developer would test it.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as client from 'openid-client';

export const REGISTRATION = {
  client_id: 'docs',
  client_secret: 'a-secret-of-thirty-two-letters-or-more',
};

/** Listens first: its address has to be registered before it knows the issuer. */
export async function startApplication() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const redirectUri = `${origin}/cb`;

  return {
    origin,
    redirectUri,
    async connect(issuer: string) {
      const configuration = await client.discovery(
        new URL(issuer),
        REGISTRATION.client_id,
        undefined,
        client.ClientSecretBasic(REGISTRATION.client_secret),
        { execute: [client.allowInsecureRequests] },
      );
      const pkceCodeVerifier = client.randomPKCECodeVerifier();
      const expectedState = client.randomState();
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: 'openid email profile',
        code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
        state: expectedState,
      });
      server.on('request', (request, response) => {
        const current = new URL(request.url ?? '/', origin);
        if (current.pathname !== '/cb') {
          response.writeHead(302, { location: url.href }).end();
          return;
        }
        const checks = { pkceCodeVerifier, expectedState };
        client.authorizationCodeGrant(configuration, current, checks).then(
          (tokens) => response.end(`Signed in as ${JSON.stringify(tokens.claims()?.['email'])}`),
          (error: unknown) => response.writeHead(400).end(String(error)),
        );
      });
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
