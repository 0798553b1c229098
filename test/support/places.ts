// Owns a world with other places in it: organisations, Google and consumer accounts as real OpenID
// Providers and SAML identity providers of their own, and the configuration that names them.

import { startDemoApplication } from '../../src/demo/application.ts';
import { signInAt, startUpstreamOidc, type UpstreamOidc } from './upstream-oidc.ts';
import {
  type PostedForm,
  signInAtSaml,
  startUpstreamSaml,
  type UpstreamSaml,
} from './upstream-saml.ts';
import { type Answer, Jar } from './jar.ts';
import { freePort, secretOf, startWorld, type StoreKind, type World } from './world.ts';

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

/** What {@link startHouse} started. */
export type House = Awaited<ReturnType<typeof startHouse>>;

/**
 * Starts a world with one place of every kind, and the demo application: tenants a and b, where
 * passcodes are on, and `closed`, where they are not.
 */
export async function startHouse(store: StoreKind) {
  const partner = await startPlace('Partner');
  const contoso = await startPlace('Contoso', 'kim@contoso.example', 'lee@contoso.example');
  const google = await startPlace('Google', 'teri@gmail.com');
  const consumer = await startPlace('Consumer', 'kim@contoso.example', 'lee@contoso.example');
  const school = await startUpstreamSaml();
  // Another site than 127.0.0.1: the browser keeps our cookies from its POST.
  const singleSignOnUrl = school.singleSignOnUrl.replace('127.0.0.1', 'localhost');
  const proof = [`DirectFedAuthUrl=${partner.issuer}`, `DirectFedAuthUrl=${singleSignOnUrl}`];
  const port = await freePort();
  const tenant = (id: string) => ({
    support: 'help@a.example',
    clients: [
      {
        client_id: 'demo',
        client_name: 'Demo application',
        client_secret: secretOf(id),
        client_uri: `http://127.0.0.1:${port}/`,
        redirect_uris: [`http://127.0.0.1:${port}/${id}/cb`],
      },
    ],
    consumerAccounts: {
      displayName: 'Consumer',
      oidc: oidcOf(consumer),
      members: lookupOf(consumer),
    },
  });
  const federations = [
    { id: 'partner', displayName: 'Partner', domains: ['partner.example'], oidc: oidcOf(partner) },
    {
      id: 'school',
      displayName: 'School',
      domains: ['school.example'],
      saml: { issuer: school.issuer, singleSignOnUrl, certificates: school.certificates() },
    },
  ];
  const world = await startWorld({
    store,
    settings: { limits: { sendsPerNetworkPer15Minutes: 1000 }, unsafeLimits: true },
    resolveTxt: () => Promise.resolve(proof.map((record) => [record])),
    tenants: {
      a: {
        ...tenant('a'),
        federations,
        homeDirectories: [
          {
            id: 'contoso',
            displayName: 'Contoso',
            domains: ['contoso.example'],
            oidc: oidcOf(contoso),
            members: lookupOf(contoso),
          },
        ],
        google: { issuer: google.issuer, ...CLIENT },
      },
      b: {
        ...tenant('b'),
        federations,
        privacyUrl: 'https://b.example/privacy',
        termsUrl: 'https://b.example/terms',
      },
      closed: { ...tenant('closed'), emailOneTimePasscode: 'disabled' },
    },
  });
  connect(world, partner, 'partner', 'a', 'b');
  connect(world, contoso, 'contoso');
  connect(world, google, 'google');
  connect(world, consumer, 'consumer', 'a', 'b', 'closed');
  const tenants = [...world.server.guests.parts.tenants().byId.values()];
  const application = await startDemoApplication(world.publicUrl, tenants);
  return {
    world,
    application,
    partner,
    contoso,
    consumer,
    school,
    async close() {
      await application.close();
      await world.close();
      await Promise.all([partner, contoso, google, consumer, school].map((place) => place.stop()));
    },
  };
}
