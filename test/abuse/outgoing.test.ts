import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { hidden } from '../support/jar.ts';
import { type LoopbackServer, readForm, startLoopback } from '../support/loopback-server.ts';
import { stores } from '../support/world.ts';
import { buildFortress, CALLBACK, type Fortress, tenantFile } from './fortress.ts';
import { startTrap, type Trap } from './trap.ts';

const MEBIBYTE = 1_048_576;
/** Three seconds for the request, of which there is one, and what a busy machine needs besides. */
const IN_TIME_MS = 10_000;
const KINDS = ['redirect', 'endless', 'drip', 'silent', 'half'] as const;
const PARTIES = ['good', 'hanging', 'failing', 'redirecting'] as const;

for (const store of stores) {
  describe(`other companies' servers that do us harm, on ${store}`, function () {
    this.timeout(120_000);
    let fortress: Fortress;
    let trap: Trap;
    let bad: LoopbackServer;
    let parties: LoopbackServer;
    const tokens: string[] = [];
    before(async () => {
      trap = await startTrap();
      bad = await startLoopback(() => (request, response) => {
        const [, kind] = (request.url ?? '').split('/');
        const type = { 'content-type': 'application/json' };
        if (kind === 'redirect') {
          response.writeHead(302, { location: `http://127.0.0.1:${trap.port}/` }).end();
        } else if (kind === 'endless') {
          response.writeHead(200, type);
          const fill = (): void => {
            while (!response.destroyed && response.write(' '.repeat(65_536)));
            response.once('drain', fill);
          };
          fill();
        } else if (kind === 'drip') {
          response.writeHead(200, type);
          const drip = setInterval(() => response.write(' '), 100);
          response.on('close', () => clearInterval(drip));
        } else if (kind === 'half') {
          response.writeHead(200, { ...type, 'content-length': '1000' }).write('{"issuer":');
        }
      });
      parties = await startLoopback(() => async (request, response) => {
        const [, party] = (request.url ?? '').split('/');
        const token = (await readForm(request)).get('logout_token');
        if (party === 'hanging') return;
        if (party === 'good' && token !== null) tokens.push(token);
        if (party === 'redirecting')
          response.setHeader('location', `http://127.0.0.1:${trap.port}/`);
        response.writeHead({ redirecting: 307, failing: 500 }[party ?? ''] ?? 200).end();
      });
      fortress = await buildFortress({
        store,
        plain: true,
        tenants: {
          a: tenantFile('a', {
            homeDirectories: KINDS.map((kind) => ({
              id: kind,
              displayName: kind,
              domains: [`${kind}.example`],
              oidc: {
                issuer: `${bad.origin}/${kind}`,
                clientId: 'x',
                clientSecret: { env: 'CLIENT_SECRET' },
              },
            })),
            clients: PARTIES.map((party) => ({
              client_id: party === 'good' ? 'docs' : party,
              client_name: party,
              client_secret: { env: 'CLIENT_SECRET' },
              redirect_uris: [CALLBACK],
              backchannel_logout_uri: `${parties.origin}/${party}`,
            })),
          }),
        },
      });
    });
    after(async () => {
      await fortress.close();
      await Promise.all([trap.stop(), bad.stop(), parties.stop()]);
    });

    it('T76 S53 places that redirect inside, never end, drip, say nothing, stop half-way: told in time, nobody is called, no memory kept', async () => {
      const before = memory(fortress);
      for (const kind of KINDS) {
        const address = `guest@${kind}.example`;
        await fortress.invite(address, 'a', 'pending');
        const started = performance.now();
        const shown = await fortress.choose(fortress.browser(), address);
        const tookMs = performance.now() - started;
        assert.ok(tookMs < IN_TIME_MS, `${kind}: ${tookMs.toFixed(0)} ms`);
        assert.equal(shown.location, undefined, kind);
        assert.equal(shown.status, 503, kind);
        assert.match(shown.text, new RegExp(`${kind} could not sign you in`), kind);
        assert.equal(fortress.mailsTo(address), 0);
        const asked = bad.requests.filter((line) => line.startsWith(`GET /${kind}/`));
        assert.equal(asked.length, 1, kind);
      }
      assert.equal(trap.connections, 0);
      const grown = (memory(fortress) - before) / MEBIBYTE;
      assert.ok(grown < 75, `${grown.toFixed(0)} MiB more in two processes`);
    });

    it('T76 S53 forty guests at once at places that never end or say nothing: others sign in meanwhile', async () => {
      const address = 'elsewhere@partner.example';
      await fortress.invite(address, 'b');
      const waiting = Promise.all(
        Array.from({ length: 40 }, async (_, index) => {
          const guest = `many${index}@${index % 2 ? 'endless' : 'silent'}.example`;
          await fortress.invite(guest, 'a', 'pending');
          return fortress.choose(fortress.browser(), guest);
        }),
      );
      const begun = await fortress.begin('b');
      const location = await fortress.signIn(fortress.browser(), address, begun);
      assert.ok((await fortress.redeem(begun, location)).claims());
      for (const { status } of await waiting) assert.equal(status, 503);
    });

    it('T62 S48 signing out tells each application by a token of two minutes at most; one that hangs, fails or redirects holds nobody up and leads nowhere', async () => {
      const address = 'leaving@partner.example';
      await fortress.invite(address);
      const browser = fortress.browser();
      const { id } = await subjectAtEveryParty(address);
      const end = `${fortress.origin}/a/v2.0/session/end`;
      const page = await browser.get(end);
      const started = performance.now();
      const out = await browser.follow(
        await browser.post(`${end}/confirm`, { xsrf: hidden(page, 'xsrf'), logout: 'yes' }),
      );
      const tookMs = performance.now() - started;
      assert.equal(out.status, 200);
      assert.ok(tookMs < IN_TIME_MS, `${tookMs.toFixed(0)} ms`);
      const called = parties.requests.map((line) => line.split('/').at(-1));
      assert.equal(called.length, PARTIES.length);
      assert.deepEqual(new Set(called), new Set(PARTIES));
      assert.equal(trap.connections, 0);
      assert.equal(tokens.length, 1);
      const token = decodeJwt(tokens[0]!);
      assert.equal(decodeProtectedHeader(tokens[0]!).typ, 'logout+jwt');
      assert.notEqual(decodeProtectedHeader(tokens[0]!).alg, 'none');
      assert.equal(token.iss, `${fortress.origin}/a/v2.0`);
      assert.equal(token.aud, 'docs');
      assert.equal(token.sub, id);
      assert.ok(token.exp! - token.iat! <= 120, `${token.exp! - token.iat!} s`);
      assert.match(token.jti ?? '', /^.{16,}$/);
      assert.equal(token['nonce'], undefined);
      assert.deepEqual(token['events'], {
        'http://schemas.openid.net/event/backchannel-logout': {},
      });

      async function subjectAtEveryParty(who: string) {
        const begun = await fortress.begin();
        const location = await fortress.signIn(browser, who, begun);
        const claims = (await fortress.redeem(begun, location)).claims();
        for (const party of PARTIES.slice(1)) {
          const next = await fortress.begin('a', {}, party);
          const at = await browser.follow(await browser.get(next.url));
          assert.ok((await fortress.redeem(next, at.location!)).claims(), party);
        }
        return { id: claims?.sub };
      }
    });
  });
}

/** Resident memory of the servers together, bytes. */
function memory({ servers }: Pick<Fortress, 'servers'>): number {
  return servers.reduce((sum, { child }) => {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return sum + Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024;
  }, 0);
}
