// Owns the demo application: a relying party as any developer would write one with openid-client.

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { Router } from '@koa/router';
import ejs from 'ejs';
import Koa from 'koa';
import * as client from 'openid-client';
import type { ClientMetadata, Tenant } from '../domain/tenant.ts';

/** A running demo application. */
export interface DemoApplication {
  /** Its origin. */
  readonly url: string;
  close(): Promise<void>;
}

interface Pending {
  readonly tenant: string;
  readonly verifier: string;
  readonly nonce: string;
}

interface SignedIn {
  readonly tenant: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly idToken: string;
}

/** The client id the sample tenants register for this application. */
export const DEMO_CLIENT_ID = 'demo';

const COOKIE = 'demo';

/**
 * Starts the application on the origin of its own redirect URIs.
 *
 * @param publicUrl where Guestpass is
 * @param tenants those that register a client `demo` with a redirect URI `{origin}/{tenantId}/cb`
 * @throws {TypeError} when no tenant does
 */
export async function startDemoApplication(
  publicUrl: string,
  tenants: readonly Tenant[],
): Promise<DemoApplication> {
  const registered = tenants.flatMap((tenant) => {
    const found = tenant.clients.find(({ client_id }) => client_id === DEMO_CLIENT_ID);
    return found ? [{ tenant, metadata: found }] : [];
  });
  const first = registered[0]?.metadata.redirect_uris[0];
  if (first === undefined) throw new TypeError(`no tenant registers a client ${DEMO_CLIENT_ID}`);
  const { origin, hostname, port } = new URL(first);
  const issuers = new Map<string, Promise<client.Configuration>>();
  const pending = new Map<string, Pending>();
  const sessions = new Map<string, SignedIn>();

  const router = new Router();
  router.get('/', (ctx) => {
    const session = sessions.get(ctx.cookies.get(COOKIE) ?? '');
    const names = registered.map(({ tenant: { id, displayName } }) => ({ id, displayName }));
    ctx.type = 'html';
    ctx.body = renderHome({ session, tenants: names, publicUrl });
  });
  router.get('/:tenant/sign-in', async (ctx) => {
    const tenant = ctx.params['tenant'] ?? '';
    const state = client.randomState();
    const verifier = client.randomPKCECodeVerifier();
    const nonce = client.randomNonce();
    pending.set(state, { tenant, verifier, nonce });
    const url = client.buildAuthorizationUrl(await issuerOf(tenant), {
      redirect_uri: `${origin}/${tenant}/cb`,
      scope: 'openid email profile',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    ctx.redirect(url.href);
  });
  router.get('/:tenant/cb', async (ctx) => {
    const state = String(ctx.query['state'] ?? '');
    const begun = pending.get(state);
    if (!begun || begun.tenant !== ctx.params['tenant']) return ctx.redirect('/');
    pending.delete(state);
    const tokens = await client.authorizationCodeGrant(
      await issuerOf(begun.tenant),
      new URL(ctx.originalUrl, origin),
      { pkceCodeVerifier: begun.verifier, expectedState: state, expectedNonce: begun.nonce },
    );
    const id = randomBytes(32).toString('base64url');
    sessions.set(id, {
      tenant: begun.tenant,
      claims: { ...tokens.claims() },
      idToken: tokens.id_token ?? '',
    });
    ctx.cookies.set(COOKIE, id, { httpOnly: true, sameSite: 'lax' });
    ctx.redirect('/');
  });
  router.get('/sign-out', async (ctx) => {
    const id = ctx.cookies.get(COOKIE) ?? '';
    const session = sessions.get(id);
    sessions.delete(id);
    if (!session) return ctx.redirect('/');
    const url = client.buildEndSessionUrl(await issuerOf(session.tenant), {
      id_token_hint: session.idToken,
      post_logout_redirect_uri: `${origin}/`,
    });
    ctx.redirect(url.href);
  });

  const app = new Koa();
  app.use(async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      ctx.status = 400;
      ctx.type = 'html';
      ctx.body = renderError({ message: error instanceof Error ? error.message : String(error) });
    }
  });
  app.use(router.routes());
  const answer = app.callback();
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(Number(port), hostname.replace(/[[\]]/g, ''), resolve);
  });
  return {
    url: origin,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  function issuerOf(tenantId: string): Promise<client.Configuration> {
    const known = issuers.get(tenantId);
    if (known) return known;
    const metadata = registered.find(({ tenant }) => tenant.id === tenantId)?.metadata;
    if (!metadata) throw new TypeError(`this application is not registered for ${tenantId}`);
    const discovered = discover(tenantId, metadata);
    issuers.set(tenantId, discovered);
    return discovered;
  }

  function discover(tenantId: string, metadata: ClientMetadata): Promise<client.Configuration> {
    const insecure = publicUrl.startsWith('http:');
    return client.discovery(
      new URL(`${publicUrl}/${tenantId}/v2.0`),
      DEMO_CLIENT_ID,
      undefined,
      client.ClientSecretBasic(metadata.client_secret ?? ''),
      insecure ? { execute: [client.allowInsecureRequests] } : {},
    );
  }
}

const STYLE = 'body{font:1.1rem/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}';
const FRAME = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Demo application</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><style>${STYLE}</style>`;

const renderHome = ejs.compile(`${FRAME}
<h1>Demo application</h1>
<% if (locals.session) { %>
<p>Signed in as <strong><%= session.claims.email %></strong> at <strong><%= session.tenant %></strong>.</p>
<pre><%= JSON.stringify(session.claims, null, 2) %></pre>
<p><a href="/sign-out">Sign out</a></p>
<% } else { %>
<p>This application is shared by two organisations. Sign in as their guest:</p>
<ul><% for (const tenant of tenants) { %>
<li><a href="/<%= tenant.id %>/sign-in">Sign in to <%= tenant.displayName %></a></li><% } %></ul>
<% } %>`);

const renderError = ejs.compile(`${FRAME}
<h1>Sign-in did not work</h1><p><%= message %></p><p><a href="/">Try again</a></p>`);
