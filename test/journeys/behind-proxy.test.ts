import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { decodeJwt } from 'jose';
import { type RunningServer, startServer } from '../../src/server/start.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { type Answer, hidden, Jar } from '../support/jar.ts';
import {
  createInstallation,
  createWalker,
  type Installation,
  passcodeIn,
} from '../support/world.ts';

const ORIGIN = 'https://guest.example';
const CALLBACK = 'https://app.example/cb';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';

/** A browser at https://guest.example, through a proxy that ends TLS on the server's machine. */
class ProxiedJar extends Jar {
  readonly #port: number;

  constructor(port: number) {
    super();
    this.#port = port;
  }

  protected override reach(
    url: URL,
    headers: Record<string, string>,
  ): { url: URL; headers: Record<string, string> } {
    const forwarded = { 'x-forwarded-for': '6.6.6.6, 203.0.113.7', host: url.host };
    return {
      url: new URL(url.pathname + url.search, `http://127.0.0.1:${this.#port}`),
      headers: { ...headers, ...forwarded },
    };
  }
}

describe('an installation on https behind a proxy', () => {
  let installation: Installation;
  let server: RunningServer;

  before(async () => {
    const env = {
      GUESTPASS_PEPPER: randomBytes(32).toString('hex'),
      GUESTPASS_SEALING_KEY: randomBytes(32).toString('hex'),
      GUESTPASS_COOKIE_KEY: randomBytes(32).toString('hex'),
      DOCS_SECRET: randomBytes(32).toString('hex'),
    };
    const clients = [
      { client_id: 'docs', client_secret: { env: 'DOCS_SECRET' }, redirect_uris: [CALLBACK] },
    ];
    installation = await createInstallation({
      settings: { publicUrl: ORIGIN, secrets: {}, trustedProxies: ['127.0.0.1'] },
      tenants: { a: { clients }, b: { clients } },
    });
    const configuration = await loadConfiguration(installation.folder, env);
    server = await startServer(configuration, { log: createLog({ level: 'silent' }) });
    await server.guests.invite({ tenant: 'a', address: 'teri@partner.example' });
  });
  after(async () => {
    await server.close();
    await installation.remove();
  });

  async function signIn(jar: ProxiedJar): Promise<Answer> {
    const query = new URLSearchParams({
      client_id: 'docs',
      response_type: 'code',
      scope: 'openid email',
      redirect_uri: CALLBACK,
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
    });
    const { length: after } = installation.relay.messages;
    const page = await jar.follow(await jar.get(`${ORIGIN}/a/v2.0/auth?${query}`));
    const csrf = hidden(page, 'csrf');
    await jar.post(`${page.url.href}/address`, { csrf, email: 'teri@partner.example' });
    await jar.post(`${page.url.href}/send`, { csrf });
    const mail = await installation.relay.nextMail('teri@partner.example', { after });
    const code = passcodeIn(mail.parsed.text ?? '');
    assert.match(mail.parsed.text ?? '', /@guest\.example #\d{8}/);
    assert.match(mail.parsed.text ?? '', /203\.0\.113\.x/);
    const done = await jar.follow(await jar.post(`${page.url.href}/passcode`, { csrf, code }));
    return createWalker(installation).consent(jar, done);
  }

  it('S24 S34 T66 sets only host-bound, secure cookies', async () => {
    const jar = new ProxiedJar(server.address.port);
    const done = await signIn(jar);
    assert.ok(done.location?.startsWith(`${CALLBACK}?code=`));
    const names = new Set<string>();
    for (const line of jar.lines) {
      const name = line.slice(0, line.indexOf('='));
      names.add(name.replace(/\.sig$/, ''));
      assert.match(line, /; secure/i, line);
      assert.match(line, /; httponly/i, line);
      assert.match(line, /; samesite=lax/i, line);
      assert.doesNotMatch(line, /; domain=/i, line);
      if (name.startsWith('__Host-')) assert.match(line, /; path=\/(;|$)/i, line);
      assert.ok(line.length < 4096);
    }
    const session = [...names].find((name) => name.startsWith('__Host-sid_'));
    assert.ok(session);
    const known = session.replace('sid', 'known');
    assert.deepEqual(
      names,
      new Set([
        '__Host-bid',
        '__Secure-interaction',
        '__Secure-restart',
        '__Secure-resume',
        session,
        known,
      ]),
    );
  });

  it('S43 names the https issuer everywhere, and gives tokens under it', async () => {
    const jar = new ProxiedJar(server.address.port);
    const location = new URL((await signIn(jar)).location!);
    assert.equal(location.searchParams.get('iss'), `${ORIGIN}/a/v2.0`);
    const metadata = await jar.get(`${ORIGIN}/a/v2.0/.well-known/openid-configuration`);
    for (const [name, value] of Object.entries(JSON.parse(metadata.text) as object)) {
      if (String(value).startsWith('http'))
        assert.ok(String(value).startsWith(`${ORIGIN}/a/`), name);
    }
    const secret = server.guests.parts.tenants().byId.get('a')?.clients[0]?.client_secret ?? '';
    const answer = await jar.send(
      'POST',
      `${ORIGIN}/a/v2.0/token`,
      { 'content-type': 'application/x-www-form-urlencoded' },
      new URLSearchParams({
        grant_type: 'authorization_code',
        code: location.searchParams.get('code') ?? '',
        redirect_uri: CALLBACK,
        code_verifier: VERIFIER,
        client_id: 'docs',
        client_secret: secret,
      }).toString(),
    );
    const { id_token } = JSON.parse(answer.text) as { id_token: string };
    assert.equal(decodeJwt(id_token).iss, `${ORIGIN}/a/v2.0`);
    assert.equal(answer.headers['cache-control'], 'no-store');
  });

  it('S30 T67 demands https of the browser for a year', async () => {
    const jar = new ProxiedJar(server.address.port);
    for (const path of ['/a/', '/nobody/', '/a/v2.0/jwks']) {
      const { headers } = await jar.get(`${ORIGIN}${path}`);
      assert.equal(headers['strict-transport-security'], 'max-age=31536000', path);
    }
  });
});
