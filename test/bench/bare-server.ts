// Owns what Guestpass is measured against: oidc-provider with its memory adapter, the same three
// steps as template strings, and one mail. Nothing is protected beyond what the engine does itself.

import { randomInt } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import { createTransport } from 'nodemailer';
import { type Adapter, Provider } from 'oidc-provider';
import { client } from './client.ts';

interface Lookup {
  get(key: string): unknown;
}

/** Of the library, but not of its types. */
interface MemoryAdapterModule {
  readonly default: new (model: string, storage: Lookup) => Adapter;
}
interface LruModule {
  readonly default: new (options: { readonly maxSize: number }) => Lookup;
}

/** What one sign-in is at. */
interface Progress {
  address: string;
  code: string | undefined;
}

const [port = '', relayPort = ''] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const { default: MemoryAdapter }: MemoryAdapterModule = await import(
  library('adapters/memory_adapter.js')
);
const { default: Lru }: LruModule = await import(library('helpers/lru.js'));
// The default holds 1000 entries in all: sessions of 150 guests.
const storage = new Lru({ maxSize: 1_000_000 });
const { privateKey } = await generateKeyPair('RS256', { extractable: true, modulusLength: 2048 });
const progress = new Map<string, Progress>();
const mailer = createTransport({
  pool: true,
  maxConnections: 4,
  host: '127.0.0.1',
  port: Number(relayPort),
  ignoreTLS: true,
});

const provider = new Provider(issuer, {
  clients: [{ ...client, redirect_uris: [...client.redirect_uris] }],
  jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig' }] },
  adapter: (model) => new MemoryAdapter(model, storage),
  cookies: { keys: ['a key of thirty-two bytes or more.'] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  claims: { openid: ['sub'], email: ['email'], profile: ['name'] },
  interactions: { url: (_ctx, { uid }) => `/signin/${uid}` },
  findAccount: (_ctx, accountId) => ({
    accountId,
    claims: () => ({ sub: accountId, email: accountId, name: 'Guest' }),
  }),
  loadExistingGrant: async (ctx) => {
    const accountId = ctx.oidc.session?.accountId ?? '';
    const grant = new provider.Grant({ accountId, clientId: client.client_id });
    grant.addOIDCScope('openid email profile');
    await grant.save();
    return grant;
  },
});

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/signin/')) {
    await next();
    return;
  }
  const { uid } = await provider.interactionDetails(ctx.req, ctx.res);
  const at = progress.get(uid) ?? { address: '', code: undefined };
  if (ctx.method === 'GET') {
    ctx.type = 'html';
    ctx.body = pageOf(uid, at);
    return;
  }
  const form = await readForm(ctx.req);
  progress.set(uid, at);
  let to = `/signin/${uid}`;
  if (ctx.path.endsWith('/address')) at.address = form.get('email') ?? '';
  else if (ctx.path.endsWith('/send')) send(at);
  else if (at.code !== undefined && form.get('code') === at.code) {
    progress.delete(uid);
    to = await provider.interactionResult(ctx.req, ctx.res, { login: { accountId: at.address } });
  }
  ctx.status = 303;
  ctx.redirect(to);
});

const answer = provider.callback();
createServer((request, response) => void answer(request, response)).listen(
  Number(port),
  '127.0.0.1',
  () => {
    process.stderr.write(`Listening on ${issuer}\n`);
  },
);

// An exit, not a death by signal: the profiler writes its file at exit.
process.once('SIGTERM', () => process.exit());

function library(file: string): string {
  return new URL(file, import.meta.resolve('oidc-provider')).href;
}

function pageOf(uid: string, { address, code }: Progress): string {
  const step = address === '' ? 'address' : code === undefined ? 'send' : 'passcode';
  const field = { address: 'email', send: '', passcode: 'code' }[step];
  const input = field === '' ? '' : `<label>${field} <input name="${field}"></label>`;
  return `<!doctype html><html lang="en"><title>Sign in</title><h1>Sign in</h1>
<form method="post" action="/signin/${uid}/${step}">${input}<button>Next</button></form></html>`;
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

function send(at: Progress): void {
  at.code = String(randomInt(100_000_000)).padStart(8, '0');
  mailer
    .sendMail({
      from: 'no-reply@guestpass.example',
      to: at.address,
      subject: 'Your code',
      text: `Your code is\n\n${at.code}\n\nIt is good for 30 minutes.\n`,
      html: `<p>Your code is</p><p><b>${at.code}</b></p><p>It is good for 30 minutes.</p>`,
    })
    .catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
}
