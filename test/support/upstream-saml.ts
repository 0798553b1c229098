// Owns a stand-in for another company's SAML identity provider: real HTTP, real signatures.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inflateRawSync } from 'node:zlib';
import { type AnswerParts, EMAIL, PERSISTENT, writeAnswer } from '../fixtures/saml/answer.ts';
import { SAML_FAULTS } from '../fixtures/saml/faults.ts';
import { createSigningKey, type SigningKey } from './certificate.ts';

/** The form a browser posts to the service: `SAMLResponse` and `RelayState`. */
export interface PostedForm {
  readonly acs: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface UpstreamSaml {
  readonly issuer: string;
  readonly metadataUrl: string;
  readonly singleSignOnUrl: string;
  /** PEM of the keys it lists, the signing one last. */
  certificates(): readonly string[];
  /** Lists one key more and signs with it. */
  addKey(key?: SigningKey): void;
  /** Lists the oldest key no longer. */
  dropOldestKey(): void;
  /** How often its metadata has been read. */
  metadataReads(): number;
  /** Answers wrongly from now on, by the name of a fixture; undefined: rightly again. */
  misbehave(fault: string | undefined): void;
  /** Bends what a good answer says from now on. */
  say(change: Partial<AnswerParts>): void;
  /** Answers everything with 500 while true. */
  fail(isFailing: boolean): void;
  /** Out of reach, until `up`, which takes the same port. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

export interface UpstreamSamlOptions {
  /** Epoch seconds; what its answers and its certificate are dated by. */
  readonly clock?: () => number;
  /** Its first key; one good for a year unless given. */
  readonly key?: SigningKey;
  /** Names shown for addresses; those not listed have none. */
  readonly names?: Readonly<Record<string, string>>;
}

const YEAR = 365 * 24 * 3600;

/** Starts the provider on 127.0.0.1. It knows everybody and asks no password. */
export async function startUpstreamSaml(options: UpstreamSamlOptions = {}): Promise<UpstreamSaml> {
  const clock = options.clock ?? (() => Math.floor(Date.now() / 1000));
  let keys = [options.key ?? createSigningKey(clock() - 3600, clock() + YEAR)];
  let fault: string | undefined;
  let said: Partial<AnswerParts> = {};
  let isFailing = false;
  let reads = 0;
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const issuer = `${origin}/entity`;
  const singleSignOnUrl = `${origin}/sso`;

  const down = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return {
    issuer,
    singleSignOnUrl,
    metadataUrl: `${origin}/metadata`,
    certificates: () => keys.map(({ certificate }) => certificate),
    addKey: (key = createSigningKey(clock() - 3600, clock() + YEAR)) => (keys = [...keys, key]),
    dropOldestKey: () => (keys = keys.slice(1)),
    metadataReads: () => reads,
    misbehave: (name) => (fault = name),
    say: (change) => (said = change),
    fail: (failing) => (isFailing = failing),
    down,
    up: async () => {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    stop: () => (server.listening ? down() : Promise.resolve()),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', origin);
    if (isFailing) response.writeHead(500).end('out of order');
    else if (url.pathname === '/metadata') {
      reads += 1;
      const type = 'application/samlmetadata+xml';
      response.writeHead(200, { 'content-type': type }).end(metadata());
    } else if (url.pathname === '/sso' && request.method === 'GET') {
      page(response, loginForm(url.searchParams));
    } else if (url.pathname === '/login' && request.method === 'POST') {
      const chunks = await request.toArray();
      page(response, postForm(new URLSearchParams(Buffer.concat(chunks).toString('utf8'))));
    } else response.writeHead(404).end();
  }

  function metadata(): string {
    const listed = keys.map(
      ({ certificate }) =>
        '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>' +
        certificate.replace(/-----[A-Z ]+-----|\n/g, '') +
        '</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>',
    );
    return (
      '<?xml version="1.0" encoding="UTF-8"?>\n<!-- Partner -->\n' +
      '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"' +
      ` xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="${issuer}">` +
      '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">' +
      listed.join('') +
      '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"' +
      ` Location="${singleSignOnUrl}"/></md:IDPSSODescriptor></md:EntityDescriptor>`
    );
  }

  function postForm(form: URLSearchParams): string {
    const sent = readRequest(form.get('SAMLRequest') ?? '');
    const address = form.get('address') ?? '';
    const name = options.names?.[address];
    const now = clock();
    const parts: AnswerParts = {
      issuer,
      audience: sent.issuer,
      recipient: sent.acs,
      destination: sent.acs,
      inResponseTo: sent.id,
      nameId: createHash('sha256').update(address).digest('hex'),
      nameIdFormat: PERSISTENT,
      attributes: { [EMAIL]: [address], ...(name === undefined ? {} : { displayName: [name] }) },
      notBefore: now,
      notOnOrAfter: now + 300,
      key: keys.at(-1)!,
      hash: 'sha256',
      signed: ['assertion', 'response'],
      status: ['Success'],
      ...said,
    };
    const chosen = form.get('choice') === 'cancel' ? 'cancelled' : fault;
    const xml = chosen === undefined ? writeAnswer(parts) : SAML_FAULTS[chosen]!.write(parts);
    return (
      `<h1>Back to the service</h1><form method="post" action="${quote(sent.acs)}">` +
      hiddenField('SAMLResponse', Buffer.from(xml, 'utf8').toString('base64')) +
      hiddenField('RelayState', form.get('RelayState') ?? '') +
      '<button>Continue</button></form>'
    );
  }
}

/** Signs in at the page a service sent the browser to, and brings back the form it is to post. */
export async function signInAtSaml(location: string, address: string): Promise<PostedForm> {
  return submit(location, { address, choice: 'sign-in' });
}

/** Presses Cancel there. */
export async function cancelAtSaml(location: string): Promise<PostedForm> {
  return submit(location, { choice: 'cancel' });
}

/** What an AuthnRequest of the redirect binding says. */
export function readRequest(deflated: string): {
  id: string;
  acs: string;
  issuer: string;
  xml: string;
} {
  const xml = inflateRawSync(Buffer.from(deflated, 'base64')).toString('utf8');
  const find = (pattern: RegExp) => pattern.exec(xml)?.[1] ?? '';
  return {
    xml,
    id: find(/ ID="([^"]+)"/),
    acs: find(/AssertionConsumerServiceURL="([^"]+)"/),
    issuer: find(/<saml:Issuer[^>]*>([^<]+)</),
  };
}

async function submit(location: string, filled: Record<string, string>): Promise<PostedForm> {
  const page = await fetch(location);
  const { action, fields } = readForm(await page.text(), location);
  const body = new URLSearchParams({ ...fields, ...filled });
  const posted = await fetch(action, { method: 'POST', body });
  const back = readForm(await posted.text(), action);
  return { acs: back.action, fields: back.fields };
}

function readForm(html: string, base: string) {
  const action = /<form method="post" action="([^"]+)"/.exec(html)?.[1];
  if (action === undefined) throw new Error(`no form in: ${html.slice(0, 500)}`);
  const fields = [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(
    ([, name = '', value = '']) => [name, value.replace(/&quot;/g, '"').replace(/&amp;/g, '&')],
  );
  return {
    action: new URL(action.replace(/&amp;/g, '&'), base).href,
    fields: Object.fromEntries(fields) as Record<string, string>,
  };
}

function page(response: ServerResponse, body: string): void {
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Partner</title>${body}`;
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
}

function loginForm(query: URLSearchParams): string {
  return (
    '<h1>Partner sign-in</h1><form method="post" action="/login">' +
    hiddenField('SAMLRequest', query.get('SAMLRequest') ?? '') +
    hiddenField('RelayState', query.get('RelayState') ?? '') +
    `<label>Account <input name="address" value="${quote(query.get('login_hint') ?? '')}"></label>` +
    '<button name="choice" value="sign-in">Sign in</button>' +
    '<button name="choice" value="cancel">Cancel</button></form>'
  );
}

function hiddenField(name: string, value: string): string {
  return `<input type="hidden" name="${name}" value="${quote(value)}">`;
}

function quote(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');
}
