// Owns a world with other places in it: organisations, Google and consumer accounts as real OpenID
// Providers and SAML identity providers of their own, and the configuration that names them.

import {
  createAccountAt,
  signInAt,
  startUpstreamOidc,
  type UpstreamOidc,
} from './upstream-oidc.ts';
import { type PostedForm, signInAtSaml, type UpstreamSaml } from './upstream-saml.ts';
import { type Answer, Jar } from './jar.ts';
import type { World } from './world.ts';

/** Client credentials every stand-in knows us by. */
export const CLIENT = { clientId: 'guestpass', clientSecret: 'secret-of-guestpass-at-the-place' };

/** How a tenant's file names an OpenID Provider. */
export function oidcOf(place: UpstreamOidc): object {
  return { issuer: place.issuer, ...CLIENT };
}

/** How a tenant's file names a SAML identity provider, by where its metadata is. */
export function samlOf(place: UpstreamSaml): object {
  return { issuer: place.issuer, metadata: { url: place.metadataUrl } };
}

/** How a tenant's file names the look-up of a place. */
export function lookupOf(place: UpstreamOidc): object {
  return { lookup: { url: place.lookupUrl, token: place.lookupToken } };
}

/** Starts a place that takes sign-ins of ours, with these accounts. */
export function startPlace(displayName: string, ...addresses: readonly string[]) {
  return startUpstreamOidc({ displayName, accounts: addresses.map((address) => ({ address })) });
}

/** Tells a place where answers to a connection of these tenants go; of tenant a unless named. */
export function connect(
  world: World,
  place: UpstreamOidc,
  connection: string,
  ...tenants: readonly string[]
): void {
  const ids = tenants.length === 0 ? ['a'] : tenants;
  place.addClient({
    client_id: CLIENT.clientId,
    client_secret: CLIENT.clientSecret,
    redirect_uris: ids.map(
      (id) => `${world.publicUrl}/${id}/signin/federation/${connection}/callback`,
    ),
  });
}

/** Gives the address on the page, wherever that leads. */
export async function giveAddress(jar: Jar, page: Answer, address: string): Promise<Answer> {
  const csrf = /name="csrf" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
  return jar.follow(await jar.post(`${page.url.href}/address`, { csrf, email: address }));
}

/** Signs in at a place, and comes back: the page shown next, or the redirect to the relying party. */
export async function throughPlace(
  jar: Jar,
  left: Answer,
  address: string,
  how: typeof signInAt = signInAt,
): Promise<Answer> {
  const back = await how(new Jar(), left.location ?? '', address);
  return jar.follow(await jar.get(back));
}

/** Posts the answer of a SAML identity provider as a browser does from another site: its cookies are
 *  Lax and stay at home. */
export function postAnswer({ acs, fields }: PostedForm): Promise<Answer> {
  const elsewhere = { origin: 'https://idp.example', 'sec-fetch-site': 'cross-site' };
  return new Jar().post(acs, fields, elsewhere);
}

/** Hands in the answer of a SAML identity provider, and goes where that leads. */
export async function comeBack(jar: Jar, answer: PostedForm): Promise<Answer> {
  const posted = await postAnswer(answer);
  if (posted.location === undefined) return posted;
  return jar.follow(await jar.get(new URL(posted.location, posted.url)));
}

/** Signs in at a SAML identity provider, and comes back. */
export async function throughSaml(jar: Jar, left: Answer, address: string): Promise<Answer> {
  return comeBack(jar, await signInAtSaml(left.location ?? '', address));
}
