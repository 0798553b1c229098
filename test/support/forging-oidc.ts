// Owns an OpenID Provider that lies: what a real one cannot be made to say.

import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { forgeClaims, type Forgery } from './forged-claims.ts';
import { type LoopbackServer, readForm, sendJson, startLoopback } from './loopback-server.ts';

interface Code {
  readonly nonce: string;
  readonly challenge: string;
  readonly redirectUri: string;
}

/** The liar, running. */
export interface ForgingOidc extends LoopbackServer {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The account everybody has there. */
  readonly address: string;
  readonly subject: string;
  /** Lies from now on; undefined tells the truth. */
  forge(how: Forgery | undefined): void;
  /** Signs with a new key from now on, and lists no other. */
  rollKeys(): Promise<void>;
  /** Signs in at once: the parameters of the redirect back, good for one redemption. */
  answerTo(location: string): URLSearchParams;
  /** Says by which methods clients may authenticate; undefined says nothing. */
  advertise(methods: readonly string[] | undefined): void;
  /** How the client authenticated last. */
  readonly authenticatedBy: 'basic' | 'post' | undefined;
}

/** Starts the liar on a free port of 127.0.0.1. */
export async function startForgingOidc(): Promise<ForgingOidc> {
  const [clientId, clientSecret] = ['guestpass', `secret of +&=: ${randomUUID()}`];
  const [address, subject] = ['guest@partner.example', 'subject-1'];
  const codes = new Map<string, Code>();
  let key = await newKey();
  // Listed for all to see, so that only the algorithm stands against it.
  const longer = await newKey('ES384');
  let forgery: Forgery | undefined;
  let methods: readonly string[] | undefined = ['client_secret_basic'];
  let authenticatedBy: 'basic' | 'post' | undefined;

  const server = await startLoopback((issuer) => async (request, response) => {
    const path = new URL(request.url ?? '/', issuer).pathname;
    if (path === '/.well-known/openid-configuration') return discover(issuer, response);
    if (path === '/jwks') {
      if (forgery === 'keys_redirect') return redirect(response, `${issuer}/other-keys`);
      return sendJson(response, 200, { keys: [key.jwk, longer.jwk] });
    }
    if (path === '/other-keys') return sendJson(response, 200, { keys: [key.jwk, longer.jwk] });
    if (path === '/token') return redeem(issuer, request, response);
    if (path === '/userinfo' && forgery !== 'userinfo_missing') {
      const sub = forgery === 'userinfo_of_another_subject' ? 'subject-2' : subject;
      return sendJson(response, 200, { sub, email: address, email_verified: true });
    }
    return sendJson(response, 404, { error: 'not_found' });
  });

  function discover(issuer: string, response: ServerResponse): void {
    if (forgery === 'discovery_redirects') return redirect(response, `${issuer}/elsewhere`);
    if (forgery === 'discovery_is_html') return void response.end('<h1>Maintenance</h1>');
    const said: Record<string, unknown> = {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      userinfo_endpoint: `${issuer}/userinfo`,
      // Says that it signs with these; whether we believe them is another matter.
      id_token_signing_alg_values_supported: ['ES256', 'ES384', 'HS256', 'none'],
      token_endpoint_auth_methods_supported: methods,
      authorization_response_iss_parameter_supported: true,
    };
    if (forgery === 'discovery_of_another_issuer') said['issuer'] = 'https://another.example';
    if (forgery === 'discovery_with_placeholder_issuer') said['issuer'] = `${issuer}/{tenantid}`;
    if (forgery === 'discovery_without_authorization') delete said['authorization_endpoint'];
    if (forgery === 'keys_inside_the_network') said['jwks_uri'] = 'https://169.254.169.254/keys';
    sendJson(response, 200, said);
  }

  async function redeem(issuer: string, request: IncomingMessage, response: ServerResponse) {
    const form = await readForm(request);
    authenticatedBy = form.has('client_secret') ? 'post' : 'basic';
    const secret = form.get('client_secret') ?? basicSecret(request);
    if (forgery === 'client_refused' || secret !== clientSecret) {
      return sendJson(response, 401, { error: 'invalid_client' });
    }
    const code = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const verifier = form.get('code_verifier') ?? '';
    const proven = createHash('sha256').update(verifier).digest('base64url') === code?.challenge;
    if (!code || !proven || form.get('redirect_uri') !== code.redirectUri) {
      return sendJson(response, 400, { error: 'invalid_grant' });
    }
    if (forgery === 'token_redirects') return redirect(response, `${issuer}/elsewhere`);
    if (forgery === 'token_answer_is_html') return void response.end('<h1>Maintenance</h1>');
    if (forgery === 'token_answer_without_end') return flood(response);
    const token = forgery === 'id_token_missing' ? undefined : await mint(issuer, code.nonce);
    sendJson(response, 200, { access_token: 'at', token_type: 'Bearer', id_token: token });
  }

  async function mint(issuer: string, nonce: string): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const claims = forgeClaims(
      {
        iss: issuer,
        sub: subject,
        aud: clientId,
        exp: now + 300,
        iat: now,
        nonce,
        email: address,
        email_verified: true,
        name: 'Guest of Partner',
      },
      forgery,
    );
    switch (forgery) {
      case 'id_token_is_noise':
        return 'e30.e30.!';
      case 'alg_none':
        return new UnsecuredJWT(claims).encode();
      case 'hs256_with_client_secret':
        return sign(claims, 'HS256', new TextEncoder().encode(clientSecret));
      case 'hs256_with_public_key':
        return sign(claims, 'HS256', new TextEncoder().encode(JSON.stringify(key.jwk)));
      case 'es384':
        return sign(claims, 'ES384', longer.privateKey, longer.kid);
      case 'signed_by_another_key':
        return sign(claims, 'ES256', (await newKey()).privateKey, key.kid);
      case 'unknown_key_id':
        return sign(claims, 'ES256', key.privateKey, 'nobody');
      default:
        return sign(claims, 'ES256', key.privateKey, key.kid);
    }
  }

  return {
    ...server,
    issuer: server.origin,
    clientId,
    clientSecret,
    address,
    subject,
    get authenticatedBy() {
      return authenticatedBy;
    },
    forge(how) {
      forgery = how;
    },
    async rollKeys() {
      key = await newKey();
    },
    answerTo(location) {
      const asked = new URL(location).searchParams;
      const code = randomUUID();
      codes.set(code, {
        nonce: asked.get('nonce') ?? '',
        challenge: asked.get('code_challenge') ?? '',
        redirectUri: asked.get('redirect_uri') ?? '',
      });
      const state = asked.get('state') ?? '';
      return new URLSearchParams({ code, state, iss: server.origin });
    },
    advertise(given) {
      methods = given;
    },
  };
}

async function newKey(alg = 'ES256') {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  const kid = randomUUID();
  return {
    kid,
    privateKey,
    jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' },
  };
}

function sign(claims: JWTPayload, alg: string, key: CryptoKey | Uint8Array, kid?: string) {
  const header = kid === undefined ? { alg } : { alg, kid };
  return new SignJWT(claims).setProtectedHeader(header).sign(key);
}

function basicSecret({ headers }: IncomingMessage): string {
  const encoded = headers.authorization?.slice('Basic '.length) ?? '';
  const [, secret = ''] = Buffer.from(encoded, 'base64').toString().split(':');
  return decodeURIComponent(secret.replaceAll('+', '%20'));
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end();
}

function flood(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const pour = (): void => {
    while (response.writable && response.write(' '.repeat(65_536)));
  };
  response.on('drain', pour);
  pour();
}
