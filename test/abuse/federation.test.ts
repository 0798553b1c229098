import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { type Answer, heading, hidden, Jar } from '../support/jar.ts';
import { CLIENT, oidcOf, startPlace } from '../support/places.ts';
import {
  signInAt,
  type UpstreamMisbehaviour,
  type UpstreamOidc,
} from '../support/upstream-oidc.ts';
import { stores } from '../support/world.ts';
import {
  type Browser,
  buildFortress,
  type Fortress,
  fortressOf,
  nextNetwork,
  tenantFile,
} from './fortress.ts';
import { startTrap } from './trap.ts';

/** Three seconds for a request; nobody waits for a minute, whatever else the machine does. */
const IN_TIME_MS = 15_000;

for (const store of stores) {
  describe(`attacks by way of another place, on ${store}`, function () {
    this.timeout(120_000);
    let fortress: Fortress;
    let partner: UpstreamOidc;
    before(async () => {
      partner = await startPlace(
        'Partner',
        'ana@partner.example',
        'ceo@other.example',
        'kept@partner.example',
      );
      fortress = await buildFortress({
        store,
        plain: true,
        tenants: {
          a: tenantFile('a', {
            homeDirectories: [
              {
                id: 'partner',
                displayName: 'Partner',
                domains: ['partner.example'],
                oidc: oidcOf(partner),
              },
            ],
          }),
        },
      });
      partner.addClient({
        client_id: CLIENT.clientId,
        client_secret: CLIENT.clientSecret,
        redirect_uris: ['a', 'later'].map(
          (id) => `${fortress.origin}/${id}/signin/federation/partner/callback`,
        ),
      });
    });
    after(async () => {
      await fortress.close();
      await partner.stop();
    });
    beforeEach(() => {
      partner.misbehave(undefined);
      partner.recover();
    });

    /** At the place, sent there by us. */
    async function leave(address: string) {
      await fortress.invite(address, 'a', 'pending');
      const browser = fortress.browser();
      const begun = await fortress.begin();
      const left = await fortress.choose(browser, address, begun);
      assert.ok(left.location?.startsWith(partner.issuer), left.text.slice(0, 300));
      return { browser, begun, left };
    }

    it('T72 S50 domains that are nearly the federated one: to the mailbox, never to the place', async () => {
      for (const address of [
        'ana@sub.partner.example',
        'ana@evilpartner.example',
        'ana@partner.example.evil',
        'ana@partner-example.com',
        'ana@xn--prtner-pta.example',
      ]) {
        const shown = await fortress.choose(fortress.browser(), address);
        assert.equal(heading(shown), 'We will email you a code', address);
      }
    });

    const lies: readonly UpstreamMisbehaviour[] = [
      'unverified',
      'verified_as_text',
      'verified_missing',
      'address_apart_from_verified',
      'address_missing',
      'foreign_iss',
    ];
    it(`T73 S50 S52 a place that lies in ${lies.length + 1} ways, or speaks for a domain that is not its own: nobody is let in, nobody is redeemed`, async () => {
      for (const lie of lies) {
        const { browser, left } = await leave('ana@partner.example');
        partner.misbehave(lie);
        const shown = await back(browser, left, 'ana@partner.example');
        assert.equal(shown.status, 403, lie);
        assert.equal(shown.location, undefined, lie);
        partner.misbehave(undefined);
      }
      await fortress.invite('ceo@other.example', 'a', 'pending');
      const { browser, left } = await leave('ana@partner.example');
      assert.equal((await back(browser, left, 'ceo@other.example')).status, 403);
      const rows = await fortress.sql.all<{ state: string }>(
        "SELECT state FROM guests WHERE tenant = 'a'",
      );
      assert.ok(rows.every(({ state }) => state !== 'Accepted'));
    });

    it('S52 the answer of a place fifty times at two processes, in another browser, with another state: taken once, where it was asked', async () => {
      const { browser, left } = await leave('ana@partner.example');
      const answer = await signInAt(new Jar(), left.location!, 'ana@partner.example');
      const stranger = fortress.browser();
      await fortress.arrive(stranger);
      const forged = new URL(answer);
      forged.searchParams.set('state', 'A'.repeat(43));
      assert.equal((await browser.get(forged)).status, 400);
      const other = await leave('ana@partner.example');
      const own = await signInAt(new Jar(), other.left.location!, 'ana@partner.example');
      assert.equal((await stranger.get(own)).status, 400);
      const all = await Promise.all(Array.from({ length: 50 }, () => browser.get(answer)));
      const taken = all.filter(({ location }) => location?.endsWith('/returned'));
      assert.equal(taken.length, 1);
      // The others are not even taken to the place that would refuse its code a second time.
      assert.equal(all.filter(({ status }) => status === 400).length, 49);
    });

    it('T31 S51 a guest who redeemed by code stays with it when the domain is federated later, and the place cannot take the guest over', async () => {
      await fortress.invite('kept@partner.example');
      const browser = fortress.browser();
      const begun = await fortress.begin();
      const location = await fortress.signIn(browser, 'kept@partner.example', begun);
      assert.deepEqual((await fortress.redeem(begun, location)).claims()?.['amr'], ['otp']);
      // The place asserts that very address, in a sign-in of another guest.
      const { browser: other, left } = await leave('ana@partner.example');
      const shown = await back(other, left, 'kept@partner.example');
      assert.equal(shown.status, 403);
      assert.equal(shown.location, undefined);
    });

    const outages: Readonly<Record<string, () => unknown>> = {
      'answers 500': () => partner.fail('/token'),
      'says nothing': () => partner.hang('/token'),
      'is down': () => partner.stop(),
    };
    for (const [what, begin] of Object.entries(outages)) {
      it(`T77 the place ${what}: a page in time with a way to try again, and no code by mail instead`, async () => {
        const { browser, left } = await leave('ana@partner.example');
        const answer = await signInAt(new Jar(), left.location!, 'ana@partner.example');
        const before = await codes();
        await begin();
        const started = performance.now();
        const shown = await browser.follow(await browser.get(answer));
        assert.ok(performance.now() - started < IN_TIME_MS);
        assert.equal(shown.status, 503);
        assert.equal(heading(shown), 'Partner could not sign you in');
        const csrf = hidden(shown, 'csrf');
        await browser.post(`${shown.url.href}/send`, { csrf });
        await browser.post(`${shown.url.href}/method`, { csrf, door: '0' });
        if (what === 'is down') await partner.start();
        partner.recover();
        const again = await browser.follow(await browser.post(`${shown.url.href}/leave`, { csrf }));
        assert.ok(again.location?.startsWith(partner.issuer));
        const done = await fortress.consent(
          browser,
          await back(browser, again, 'ana@partner.example'),
        );
        assert.match(done.location ?? '', /[?&]code=/);
        assert.equal(await codes(), before);
        assert.equal(fortress.mailsTo('ana@partner.example'), 0);
      });
    }

    it('T77 R46 places that nobody could ever ask, down, failing, silent: a page in time with a way to try again, and no code by mail instead', async () => {
      const dark = await Promise.all(
        ['down', 'failing', 'silent'].map(async (what) => {
          const address = `guest@${what}.example`;
          return { what, address, place: await startPlace(what, address) };
        }),
      );
      try {
        const homeDirectories = dark.map(({ what, place }) => ({
          id: what,
          displayName: what,
          domains: [`${what}.example`],
          oidc: oidcOf(place),
        }));
        await fortress.writeTenant('dark', tenantFile('dark', { homeDirectories }));
        await fortress.reloaded('dark');
        for (const { what, address, place } of dark) {
          place.addClient({
            client_id: CLIENT.clientId,
            client_secret: CLIENT.clientSecret,
            redirect_uris: [`${fortress.origin}/dark/signin/federation/${what}/callback`],
          });
          await fortress.invite(address, 'dark', 'pending');
          if (what === 'down') await place.stop();
          else place[what === 'failing' ? 'fail' : 'hang']('/.well-known');
          const before = await codes();
          const browser = fortress.browser();
          const started = performance.now();
          const shown = await fortress.choose(browser, address, await fortress.begin('dark'));
          assert.ok(performance.now() - started < IN_TIME_MS, what);
          assert.equal(shown.status, 503, what);
          assert.equal(shown.location, undefined, what);
          const csrf = hidden(shown, 'csrf');
          const base = shown.url.href.replace(/\/(?:address|leave)$/, '');
          await browser.post(`${base}/send`, { csrf });
          await browser.post(`${base}/method`, { csrf, door: '0' });
          if (what === 'down') await place.start();
          place.recover();
          const left = await browser.follow(await browser.post(`${base}/leave`, { csrf }));
          assert.ok(left.location?.startsWith(place.issuer), what);
          const done = await fortress.consent(browser, await back(browser, left, address));
          assert.match(done.location ?? '', /[?&]code=/, what);
          assert.equal(await codes(), before, what);
          assert.equal(fortress.mailsTo(address), 0, what);
        }
      } finally {
        await Promise.all(dark.map(({ place }) => place.stop()));
      }
    });

    it('T31 S51 S63 a domain that is federated later: who redeemed by code stays with it, all others of the domain are answered alike', async () => {
      await fortress.writeTenant('later', tenantFile('later'));
      await fortress.reloaded('later');
      const alike = ['pending', 'stranger', 'removed', 'blocked', 'elsewhere'].map(at);
      const [pending = '', , removed = '', blocked = '', elsewhere = ''] = alike;
      const kept = at('kept');
      await fortress.invite(pending, 'later', 'pending');
      await fortress.invite(elsewhere, 'b');
      for (const address of [removed, blocked]) await fortress.invite(address, 'later');
      await fortress.command('guests', 'remove', removed, '--tenant', 'later');
      await fortress.command('guests', 'block', blocked, '--tenant', 'later');
      const { id } = await fortress.invite(kept, 'later', 'pending');
      const begun = await fortress.begin('later');
      const first = await fortress.signIn(fortress.browser(), kept, begun);
      assert.equal((await fortress.redeem(begun, first)).claims()?.sub, id);
      const beforehand = await Promise.all([kept, ...alike].map(look));
      assert.equal(new Set(beforehand).size, 1, beforehand.join('\n'));

      const homeDirectories = [
        {
          id: 'partner',
          displayName: 'Partner',
          domains: ['later.example.org'],
          oidc: oidcOf(partner),
        },
      ];
      await fortress.writeTenant('later', tenantFile('later', { homeDirectories }));
      await fortress.reloaded('later', 2);
      const answers = await Promise.all(alike.map(look));
      assert.equal(new Set(answers).size, 1, answers.join('\n'));
      assert.ok(answers[0]?.includes(partner.issuer), answers[0]);
      // RR6: the one who can be told, by the code that is still asked for.
      assert.equal(await look(kept), beforehand[0]);
      const again = await fortress.begin('later');
      const second = await fortress.signIn(fortress.browser(), kept, again);
      const claims = (await fortress.redeem(again, second)).claims();
      assert.deepEqual([claims?.sub, claims?.['amr']], [id, ['otp']]);
    });

    /** What choosing an address comes to, without what is random or the address itself. */
    async function look(address: string): Promise<string> {
      const page = await fortress.choose(
        fortress.browser(),
        address,
        await fortress.begin('later'),
      );
      if (page.location === undefined) return `${page.status} ${heading(page)}`;
      const gone = new URL(page.location);
      for (const name of ['state', 'nonce', 'code_challenge', 'login_hint']) {
        if (gone.searchParams.has(name)) gone.searchParams.set(name, '*');
      }
      return `${page.status} ${gone.href}`;
    }

    /** Codes and mails there are, sent or not. */
    async function codes(): Promise<string> {
      const rows = await fortress.sql.get<{ passcodes: number; mails: number }>(
        'SELECT (SELECT COUNT(*) FROM passcodes) AS passcodes, (SELECT COUNT(*) FROM outbox) AS mails',
      );
      return JSON.stringify(rows);
    }

    it('T31 S63 strangers and invited guests of a federated domain are sent the same way; who redeemed by code before is the one that can be told', async () => {
      const shown = async (address: string) => {
        const page = await fortress.choose(fortress.browser(), address, await fortress.begin());
        return page.location === undefined ? heading(page) : new URL(page.location).origin;
      };
      await fortress.invite('invited@partner.example', 'a', 'pending');
      assert.equal(await shown('stranger@partner.example'), partner.issuer);
      assert.equal(await shown('invited@partner.example'), partner.issuer);
      assert.equal(await shown('kept@partner.example'), 'We will email you a code');
    });
  });

  describe(`making the server call inside, on ${store}`, function () {
    this.timeout(120_000);

    it('T76 S53 T62 places, key sets and logout addresses that are inside the network: nobody there is called, and the guest is told in time', async () => {
      const fortress = await fortressOf(store);
      const trap = await startTrap();
      try {
        const hosts = [
          '127.0.0.1',
          'localhost',
          '[::1]',
          '[::ffff:127.0.0.1]',
          hostname(),
          '0.0.0.0',
          '2130706433',
          '0x7f.1',
          '169.254.169.254',
          '10.0.0.1',
          'ip6-localhost',
        ];
        const homeDirectories = hosts.map((host, index) => ({
          id: `inside${index}`,
          displayName: `Inside ${index}`,
          domains: [`inside${index}.example`],
          oidc: {
            issuer: `https://${host}:${trap.port}`,
            clientId: 'x',
            clientSecret: { env: 'CLIENT_SECRET' },
          },
        }));
        const at = (path: string): string => `https://127.0.0.1:${trap.port}/${path}`;
        const clients = [
          {
            client_id: 'docs',
            client_name: 'Docs',
            client_secret: { env: 'CLIENT_SECRET' },
            redirect_uris: ['https://app.example/cb'],
            backchannel_logout_uri: at('logout'),
          },
          { client_id: 'keys', jwks_uri: at('keys'), redirect_uris: ['https://app.example/cb'] },
        ];
        await fortress.writeTenant('inside', tenantFile('inside', { homeDirectories, clients }));
        await fortress.reloaded('inside');
        for (const [index, host] of hosts.entries()) {
          const address = `guest@inside${index}.example`;
          await fortress.invite(address, 'inside', 'pending');
          const started = performance.now();
          const shown = await fortress.choose(
            fortress.browser(),
            address,
            await fortress.begin('inside'),
          );
          assert.ok(performance.now() - started < IN_TIME_MS, host);
          assert.ok(shown.status < 500 || shown.status === 503, `${host} ${shown.status}`);
          assert.equal(shown.location, undefined, host);
        }
        const assertion = `eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.${Buffer.from(JSON.stringify({ iss: 'keys', sub: 'keys', aud: `${fortress.origin}/inside/v2.0`, jti: nextNetwork(), exp: Math.floor(Date.now() / 1000) + 60 })).toString('base64url')}.eA`;
        const { status } = await fortress.browser().send(
          'POST',
          `${fortress.origin}/inside/v2.0/token`,
          { 'content-type': 'application/x-www-form-urlencoded' },
          new URLSearchParams({
            grant_type: 'authorization_code',
            code: 'x',
            redirect_uri: 'https://app.example/cb',
            client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
            client_assertion: assertion,
          }).toString(),
        );
        assert.ok(status === 400 || status === 401, String(status));

        const guest = 'loggedout@partner.example';
        await fortress.invite(guest, 'inside');
        const browser = fortress.browser();
        const begun = await fortress.begin('inside');
        await fortress.redeem(begun, await fortress.signIn(browser, guest, begun));
        const end = `${fortress.origin}/inside/v2.0/session/end`;
        const page = await browser.get(end);
        const out = await browser.follow(
          await browser.post(`${end}/confirm`, { xsrf: hidden(page, 'xsrf'), logout: 'yes' }),
        );
        assert.equal(heading(out), 'You have signed out');
        assert.equal(trap.connections, 0);
      } finally {
        await trap.stop();
      }
    });
  });
}

/** Somebody of a domain that is federated later. */
function at(name: string): string {
  return `${name}@later.example.org`;
}

/** Signs in at the place, and comes back. */
async function back(browser: Browser, left: Answer, account: string): Promise<Answer> {
  return browser.follow(await browser.get(await signInAt(new Jar(), left.location!, account)));
}
