import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { explain } from '../../src/cli/explain.ts';
import { resetGuest } from '../../src/cli/reset.ts';
import { parseEmailAddress } from '../../src/domain/email-address.ts';
import type { Guest } from '../../src/storage/store.ts';
import { type RunningServer, startServer } from '../../src/server/start.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { type Answer, heading, hidden, Jar } from '../support/jar.ts';
import {
  CLIENT,
  giveAddress,
  lookupOf,
  oidcOf,
  startPlace,
  throughPlace,
} from '../support/places.ts';
import type { UpstreamOidc } from '../support/upstream-oidc.ts';
import {
  createInstallation,
  createWalker,
  type Installation,
  stores,
  type Walker,
} from '../support/world.ts';

const TERI = 'teri@gmail.com';
const OLGA = 'olga@outlook.example';

for (const store of stores) {
  describe(`a tenant whose configuration changes, on ${store}`, function () {
    this.timeout(60_000);
    let google: UpstreamOidc;
    let consumer: UpstreamOidc;
    let installation: Installation;
    let walker: Walker;
    let server: RunningServer;

    before(async () => {
      google = await startPlace('Google', TERI);
      consumer = await startPlace('Consumer', OLGA);
    });
    after(() => Promise.all([google, consumer].map((place) => place.stop())));
    beforeEach(async () => {
      installation = await createInstallation({
        store,
        tenants: {
          fabrikam: { displayName: 'Fabrikam', verifiedDomains: ['fabrikam.com'] },
        },
      });
      walker = createWalker(installation);
      server = await start();
      for (const [place, id] of [
        [google, 'google'],
        [consumer, 'consumer'],
      ] as const) {
        const at = `${installation.publicUrl}/fabrikam/signin/federation/${id}/callback`;
        const { clientId: client_id, clientSecret: client_secret } = CLIENT;
        place.addClient({ client_id, client_secret, redirect_uris: [at] });
      }
    });
    afterEach(async () => {
      await server.close();
      await installation.remove();
    });

    async function start(): Promise<RunningServer> {
      const configuration = await loadConfiguration(installation.folder, {});
      return startServer(configuration, { log: createLog({ level: 'silent' }) });
    }

    /** Writes the tenant's file and starts anew, as its administrator would. */
    async function configure(changes: object): Promise<void> {
      await server.close();
      const file = join(installation.folder, 'tenants', 'fabrikam.yaml');
      const tenant: Record<string, unknown> = parse(await readFile(file, 'utf8'));
      await writeFile(file, stringify({ ...tenant, ...changes }));
      server = await start();
    }
    const withGoogle = (): object => ({ google: { issuer: google.issuer, ...CLIENT } });
    const withConsumers = (): object => ({
      consumerAccounts: {
        displayName: 'Consumer',
        oidc: oidcOf(consumer),
        members: lookupOf(consumer),
      },
    });

    async function invite(text: string): Promise<Guest> {
      const { directory } = server.guests.parts;
      const address = parseEmailAddress(text)!;
      return (await directory.invite({ tenant: 'fabrikam', address })).guest;
    }

    async function reset(email: string): Promise<void> {
      const out: string[] = [];
      const code = await resetGuest(
        email,
        { config: installation.folder, tenant: 'fabrikam', mail: true, actor: 'ana@fabrikam.com' },
        { say: (line) => void out.push(line), warn: () => undefined },
      );
      assert.equal(code, 0);
      assert.match(out.join('\n'), new RegExp(`^${email}  reset  fabrikam  http`));
    }

    /** The deciding row, and its exit code, as the administrator is told. */
    async function explained(email: string): Promise<string> {
      const out: string[] = [];
      const code = await explain(
        {
          config: installation.folder,
          tenant: 'fabrikam',
          email,
          client: 'docs',
          arrival: 'direct',
        },
        { say: (line) => void out.push(line), warn: () => undefined },
      );
      return `${/^→ (\S+)/m.exec(out.join('\n'))?.[1]}, ${code}`;
    }

    /** Gives the address to a new browser: the page that is shown, or the way to another place. */
    async function arrive(email: string) {
      const jar = new Jar();
      const begun = await walker.begin('fabrikam');
      const page = await jar.follow(await jar.get(begun.url));
      return { jar, begun, next: await giveAddress(jar, page, email) };
    }

    /** Who signed in and how, as the application is told: `sub` and `idp`. */
    async function signIn(email: string, place: UpstreamOidc | 'passcode') {
      const { jar, begun, next } = await arrive(email);
      let proven: Answer;
      if (place === 'passcode') {
        assert.equal(heading(next), 'We will email you a code');
        const { messages } = installation.relay;
        const sent = messages.filter(({ recipients }) => recipients.includes(email)).length;
        const csrf = hidden(next, 'csrf');
        await jar.follow(await jar.post(`${next.url.href}/send`, { csrf }));
        const code = await walker.passcodeFor(email, sent);
        proven = await jar.follow(await jar.post(`${next.url.href}/passcode`, { csrf, code }));
      } else {
        assert.ok(next.location?.startsWith(place.issuer), next.location ?? next.text);
        proven = await throughPlace(jar, next, email);
      }
      const done = await walker.consent(jar, proven);
      assert.ok(done.location, `${done.status} ${heading(done)}`);
      const tokens = await walker.redeem(begun, done.location);
      const claims = tokens.claims();
      return [claims?.sub, claims?.['idp']];
    }

    it('R8 mails Teri of Gmail a passcode where Fabrikam has no Google and Teri no account', async () => {
      await configure(withConsumers());
      const { id } = await invite(TERI);
      assert.equal(await explained(TERI), '9, 0');
      assert.deepEqual(await signIn(TERI, 'passcode'), [id, 'mail']);
      assert.deepEqual(consumer.lookups.includes(TERI), true);
    });

    it('R8 sends the same Teri to Google where Fabrikam has it', async () => {
      await configure({ ...withConsumers(), ...withGoogle() });
      const { id } = await invite(TERI);
      assert.equal(await explained(TERI), '7, 0');
      assert.deepEqual(await signIn(TERI, google), [id, 'google.com']);
      assert.deepEqual(await signIn(TERI, google), [id, 'google.com']);
    });

    it('R5 R6 R68 keeps the passcode of who redeemed before Google came, until a reset', async () => {
      const { id } = await invite(TERI);
      assert.deepEqual(await signIn(TERI, 'passcode'), [id, 'mail']);
      await configure(withGoogle());
      assert.equal(await explained(TERI), '4c, 0');
      assert.deepEqual(await signIn(TERI, 'passcode'), [id, 'mail']);
      await reset(TERI);
      assert.equal(await explained(TERI), '7, 0');
      assert.deepEqual(await signIn(TERI, google), [id, 'google.com']);
      assert.equal(await explained(TERI), '4e, 0');
    });

    it('R6 R7 keeps the passcode of a guest who got a consumer account since', async () => {
      await configure(withConsumers());
      const late = 'late@outlook.example';
      const { id } = await invite(late);
      assert.deepEqual(await signIn(late, 'passcode'), [id, 'mail']);
      consumer.addAccount({ address: late });
      assert.equal(await explained(late), '4c, 0');
      assert.deepEqual(await signIn(late, 'passcode'), [id, 'mail']);
      await reset(late);
      assert.equal(await explained(late), '8a, 0');
      assert.deepEqual(await signIn(late, consumer), [id, consumer.issuer]);
    });

    it('R41 locks out who redeemed by passcode when passcodes go, until a reset', async () => {
      const { id } = await invite(OLGA);
      await signIn(OLGA, 'passcode');
      await configure({ emailOneTimePasscode: 'disabled', ...withConsumers() });
      assert.equal(await explained(OLGA), '4a, 1');
      const { next } = await arrive(OLGA);
      assert.equal(next.status, 403);
      await reset(OLGA);
      assert.equal(await explained(OLGA), '8a, 0');
      assert.deepEqual(await signIn(OLGA, consumer), [id, consumer.issuer]);
    });

    it('R55 lets guests go on with consumer accounts that are off for new ones, until a reset', async () => {
      await configure(withConsumers());
      const { id } = await invite(OLGA);
      assert.deepEqual(await signIn(OLGA, consumer), [id, consumer.issuer]);
      // Off for new redemptions; their place stays configured, for those who have redeemed there.
      const off = { redemption: { fallback: ['emailOneTimePasscode'] } };
      await configure(off);
      assert.equal(await explained(OLGA), '4e, 0');
      assert.deepEqual(await signIn(OLGA, consumer), [id, consumer.issuer]);
      const other = 'other@outlook.example';
      consumer.addAccount({ address: other });
      const guest = await invite(other);
      assert.equal(await explained(other), '9, 0');
      assert.deepEqual(await signIn(other, 'passcode'), [guest.id, 'mail']);
      await reset(OLGA);
      assert.equal(await explained(OLGA), '9, 0');
    });

    it('R45 moves guests from consumer accounts to passcodes by the documented steps', async () => {
      await configure({ emailOneTimePasscode: 'disabled', ...withConsumers() });
      const { id } = await invite(OLGA);
      assert.deepEqual(await signIn(OLGA, consumer), [id, consumer.issuer]);
      // 1. Consumer accounts off, passcodes on.
      const off = { redemption: { fallback: ['emailOneTimePasscode'] } };
      await configure({ emailOneTimePasscode: 'enabled', ...off });
      // 2. The guests who redeemed by consumer account are reset.
      await reset(OLGA);
      await installation.relay.nextMail(OLGA);
      // 3. They redeem by passcode, and sign in by it from then on.
      assert.equal(await explained(OLGA), '9, 0');
      assert.deepEqual(await signIn(OLGA, 'passcode'), [id, 'mail']);
      // 4. Nobody is left there: the place goes.
      await configure({ consumerAccounts: undefined });
      assert.equal(await explained(OLGA), '4c, 0');
      assert.deepEqual(await signIn(OLGA, 'passcode'), [id, 'mail']);
    });

    it('R44 lets no request change the setting or the configuration: only who writes the files', async () => {
      const before = filesOf(installation.folder);
      const { tenants } = server.guests.parts;
      const tenant = tenants().byId.get('fabrikam');
      const setting = { emailOneTimePasscode: 'disabled', redemption: { fallback: [] } };
      for (const path of publicPaths()) {
        for (const method of ['PUT', 'PATCH', 'POST', 'DELETE']) {
          for (const [type, body] of [
            ['application/json', JSON.stringify(setting)],
            ['application/x-www-form-urlencoded', 'emailOneTimePasscode=disabled'],
          ] as const) {
            const origin = installation.publicUrl;
            const headers = { 'content-type': type, origin, 'sec-fetch-site': 'same-origin' };
            const answer = await new Jar().send(method, `${origin}${path}`, headers, body);
            assert.ok(answer.status >= 300, `${method} ${path}: ${answer.status}`);
          }
        }
      }
      assert.deepEqual(filesOf(installation.folder), before);
      assert.equal(tenants().byId.get('fabrikam'), tenant);
      assert.equal(tenant?.emailOneTimePasscode, 'default');
      assert.ok(Object.isFrozen(tenant));
    });
  });
}

/** Every path that is served, and those somebody might try for a setting. */
function publicPaths(): readonly string[] {
  const page = readFileSync(
    fileURLToPath(new URL('../../docs/routes.md', import.meta.url)),
    'utf8',
  );
  const served = [...page.matchAll(/^\| [A-Z]+ \| `([^`]+)` \|/gm)].map(([, path = '']) =>
    path.replaceAll('{tenant}', 'fabrikam').replaceAll(/\{\w+\}/g, 'nothing'),
  );
  assert.ok(served.length > 20);
  const guessed = ['', '/settings', '/configuration', '/admin', '/policies/emailOneTimePasscode'];
  return [...new Set([...served, ...guessed.map((path) => `/fabrikam${path}`), '/admin/fabrikam'])];
}

/** The configuration, by file. */
function filesOf(folder: string): Readonly<Record<string, string>> {
  const names = [
    'guestpass.yaml',
    ...readdirSync(join(folder, 'tenants')).map((name) => `tenants/${name}`),
  ];
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}
