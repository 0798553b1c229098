// Owns one complete sign-in, from the authorization request to userinfo, as browser and relying party.

import { createHash, randomBytes } from 'node:crypto';
import { type Answer, Jar } from '../support/jar.ts';
import { client } from './client.ts';

/** Where the steps of one issuer begin and end. */
export interface Endpoints {
  readonly authorization: string;
  readonly token: string;
  readonly userinfo: string;
}

const AUTHORIZATION = `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`;

/** Reads an issuer's discovery document. */
export async function discover(issuer: string): Promise<Endpoints> {
  const answer = await new Jar().get(`${issuer}/.well-known/openid-configuration`);
  const found: Record<string, string> = JSON.parse(answer.text);
  return {
    authorization: found['authorization_endpoint'] ?? '',
    token: found['token_endpoint'] ?? '',
    userinfo: found['userinfo_endpoint'] ?? '',
  };
}

/**
 * Signs one guest in: address page, send page, code page, code, tokens, userinfo. Ten requests, a
 * new cookie jar each time.
 *
 * @param codeFor the code of the next mail to the address
 * @throws when any step answers otherwise than a sign-in that succeeds
 */
export async function signIn(
  endpoints: Endpoints,
  address: string,
  codeFor: (address: string) => Promise<string>,
): Promise<void> {
  const jar = new Jar();
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const begin = new URL(endpoints.authorization);
  begin.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: client.redirect_uris[0],
    response_type: 'code',
    scope: 'openid email profile',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state,
    nonce: randomBytes(16).toString('base64url'),
  }).toString();

  const addressPage = await jar.follow(await jar.get(begin));
  const base = addressPage.url.href;
  const submit = async (page: Answer, step: string, form: Record<string, string>) =>
    jar.follow(await jar.post(`${base}/${step}`, { ...tokenOf(page), ...form }));
  const sendPage = await submit(expectPage(addressPage), 'address', { email: address });
  const codePage = await submit(expectPage(sendPage), 'send', {});
  const code = await codeFor(address);
  const back = await submit(expectPage(codePage), 'passcode', { code });

  const returned = new URL(back.location ?? fail('not signed in', back));
  if (returned.searchParams.get('state') !== state) fail('another state came back', back);
  const grant = {
    grant_type: 'authorization_code',
    code: returned.searchParams.get('code') ?? '',
    redirect_uri: client.redirect_uris[0],
    code_verifier: verifier,
  };
  const relyingParty = new Jar();
  const headers = {
    authorization: AUTHORIZATION,
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  };
  const body = new URLSearchParams(grant).toString();
  const granted = await relyingParty.send('POST', endpoints.token, headers, body);
  if (granted.status !== 200) fail('no tokens', granted);
  const tokens: { access_token: string; id_token?: string } = JSON.parse(granted.text);
  if (!tokens.id_token) fail('no ID token', granted);
  const authorization = `Bearer ${tokens.access_token}`;
  const userinfo = await relyingParty.get(endpoints.userinfo, { authorization });
  if (userinfo.status !== 200) fail('no userinfo', userinfo);
  const { email }: { email?: string } = JSON.parse(userinfo.text);
  if (email !== address) fail('userinfo of somebody else', userinfo);
}

/** The form token, where the pages have one. */
function tokenOf(page: Answer): Record<string, string> {
  const csrf = /name="csrf" value="([^"]*)"/.exec(page.text)?.[1];
  return csrf === undefined ? {} : { csrf };
}

function expectPage(page: Answer): Answer {
  return page.status === 200 ? page : fail('no page', page);
}

function fail(what: string, { status, url, text }: Answer): never {
  throw new Error(`${what}: ${status} at ${url.pathname}: ${text.slice(0, 300)}`);
}
