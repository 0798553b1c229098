import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/domain/clock.ts';
import { parseEmailAddress } from '../../src/domain/email-address.ts';
import { type Answer, heading, hidden, Jar } from '../support/jar.ts';
import { connect, giveAddress, oidcOf, startPlace, throughPlace } from '../support/places.ts';
import { returnToPresent, travel } from '../support/time.ts';
import type { UpstreamOidc } from '../support/upstream-oidc.ts';
import { CALLBACK, secretOf, startWorld, stores, type World } from '../support/world.ts';
import { press } from './house.ts';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0';
const OUT = 'Sign in to Tenant A as a guest';
const IN = 'Your apps at Tenant A';

/** A browser that says what it is. */
class NamedJar extends Jar {
  readonly agent: string;

  constructor(agent: string) {
    super();
    this.agent = agent;
  }

  override send(method: string, url: string | URL, headers = {}, body?: string): Promise<Answer> {
    return super.send(method, url, { 'user-agent': this.agent, ...headers }, body);
  }
}

/** The application's own server, which is told who signed out. */
async function startApplication(): Promise<{
  url: string;
  told: URLSearchParams[];
  server: Server;
}> {
  const told: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      told.push(new URLSearchParams(Buffer.concat(chunks).toString()));
      response.writeHead(request.url === '/broken' ? 500 : 200).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, told, server };
}

/** What the list says, a line per browser. */
const browsers = ({ text }: Answer): string[] =>
  [...text.matchAll(/<p><strong><bdi>([^<]*)<\/bdi><\/strong>( <span)?/g)].map(
    ([, name, isThis]) => `${name}${isThis ? ' (this one)' : ''}`,
  );
const others = ({ text }: Answer): string[] =>
  [...text.matchAll(/<li><a href="(\/[^"]+)"><bdi>([^<]*)<\/bdi><\/a>( <span)?/g)].map(
    ([, url, name, isInvited]) => `${name} ${url}${isInvited ? ' (invited)' : ''}`,
  );
/** What the form beside a browser calls its session. */
const sessionNames = ({ text }: Answer): string[] =>
  [...text.matchAll(/name="session" value="([^"]*)"/g)].map(([, name = '']) => name);

for (const store of stores) {
  describe(`My apps, on ${store}`, function () {
    this.timeout(60_000);
    let world: World;
    let place: UpstreamOidc;
    let application: Awaited<ReturnType<typeof startApplication>>;
    const lines: Record<string, unknown>[] = [];
    const keep = (event: string, fields: object = {}): void => {
      lines.push({ event, ...fields });
    };

    before(async () => {
      application = await startApplication();
      place = await startPlace('Partner', 'ana@partner.example');
      world = await startWorld({
        store,
        clock: systemClock,
        log: { debug: keep, info: keep, warn: keep, error: keep },
        settings: { limits: { sendsPerNetworkPer15Minutes: 1000 }, unsafeLimits: true },
        tenants: {
          a: {
            privacyUrl: 'https://a.example/privacy',
            clients: [
              {
                client_id: 'docs',
                client_name: 'Documents',
                client_secret: secretOf('a'),
                client_uri: 'https://docs.example/',
                redirect_uris: [CALLBACK],
                grant_types: ['authorization_code', 'refresh_token'],
                backchannel_logout_uri: `${application.url}/logout`,
                backchannel_logout_session_required: true,
              },
              {
                client_id: 'broken',
                client_secret: secretOf('a'),
                redirect_uris: [CALLBACK],
                backchannel_logout_uri: `${application.url}/broken`,
              },
              {
                client_id: 'federated-only',
                client_name: 'Payroll',
                client_secret: secretOf('a'),
                client_uri: 'https://payroll.example/',
                redirect_uris: [CALLBACK],
                guests: { emailOneTimePasscode: false },
              },
              {
                client_id: 'robot',
                client_secret: secretOf('a'),
                client_uri: 'https://robot.example/',
                grant_types: ['client_credentials'],
              },
            ],
          },
          hidden: { listedElsewhere: false },
          fed: {
            homeDirectories: [
              {
                id: 'partner',
                displayName: 'Partner',
                domains: ['partner.example'],
                oidc: oidcOf(place),
              },
            ],
          },
        },
      });
      connect(world, place, 'partner', 'fed');
    });
    after(async () => {
      await world.close();
      application.server.close();
      await place.stop();
    });
    beforeEach(() => {
      application.told.length = 0;
      lines.length = 0;
    });
    afterEach(() => returnToPresent());

    const home = (tenant = 'a') => `${world.publicUrl}/${tenant}/`;
    const open = async (jar: Jar, tenant = 'a'): Promise<Answer> =>
      jar.follow(await jar.get(home(tenant)));

    /** Signs in by the page's own button. */
    async function enter(jar: Jar, address: string, tenant = 'a'): Promise<Answer> {
      const page = await press(jar, await jar.get(home(tenant)), 'sign-in');
      const sent = world.relay.messages.filter(({ recipients }) => recipients.includes(address));
      const chosen = await press(jar, page, 'address', { email: address });
      const typing = await press(jar, chosen, 'send');
      const code = await world.passcodeFor(address, sent.length);
      return world.consent(jar, await press(jar, typing, 'passcode', { code }));
    }

    const post = (jar: Jar, page: Answer, action: string, fields = {}, tenant = 'a') =>
      jar.post(`${world.publicUrl}/${tenant}/signin/home/${action}`, {
        csrf: hidden(page, 'csrf'),
        ...fields,
      });

    it('R11 lists what this guest may open, and no application of other guests or of programs', async () => {
      await world.invite('open@mail.example');
      const page = await enter(new Jar(), 'open@mail.example');
      assert.equal(heading(page), IN);
      assert.match(page.text, /<a href="https:\/\/docs\.example\/">/);
      assert.doesNotMatch(page.text, /payroll|Payroll|robot/);
    });

    it('shows a guest who is signed in for an application their page, by an authorization request of its own', async () => {
      await world.invite('sso@mail.example');
      const jar = new Jar();
      await world.signIn(jar, await world.begin(), 'sso@mail.example');
      const first = await jar.get(home());
      const { searchParams } = new URL(first.location!, first.url);
      assert.equal(first.status, 303);
      assert.deepEqual(
        ['client_id', 'prompt', 'code_challenge_method', 'response_type'].map((name) =>
          searchParams.get(name),
        ),
        ['guestpass-home', 'none', 'S256', 'code'],
      );
      assert.equal(heading(await jar.follow(first)), IN);
      assert.equal((await jar.get(home())).status, 200);
    });

    it('shows where the guest is signed in, since when and with which applications, this browser marked', async () => {
      await world.invite('where@mail.example');
      const windows = new NamedJar(CHROME);
      const linux = new NamedJar(FIREFOX);
      const silent = new Jar();
      await enter(silent, 'where@mail.example');
      travel(3600);
      await world.signIn(windows, await world.begin(), 'where@mail.example');
      travel(3600);
      const page = await enter(linux, 'where@mail.example');
      assert.deepEqual(browsers(page), [
        'Firefox on Linux (this one)',
        'Chrome on Windows',
        'A browser we do not know',
      ]);
      assert.match(
        page.text,
        /less than an hour ago[^]*in 1 hour ago[^]*Apps used: <bdi>Documents<[^]*in 2 hours ago/,
      );
      assert.doesNotMatch(page.text, /guestpass-home/);
    });

    it('S33 R76 shows no session of another guest, and none of the guest at another tenant', async () => {
      for (const tenant of ['a', 'b']) await world.invite('apart@mail.example', tenant);
      await world.invite('stranger@mail.example');
      await enter(new NamedJar(FIREFOX), 'stranger@mail.example');
      await enter(new NamedJar(FIREFOX), 'apart@mail.example', 'b');
      const page = await enter(new NamedJar(CHROME), 'apart@mail.example');
      assert.deepEqual(browsers(page), ['Chrome on Windows (this one)']);
    });

    it('S29 S48 signs out one other browser: its tokens die, its application is told, this one stays', async () => {
      const guest = await world.invite('one@mail.example');
      const [here, there] = [new NamedJar(CHROME), new NamedJar(FIREFOX)];
      const begun = await world.begin();
      const location = await world.signIn(there, begun, 'one@mail.example');
      const tokens = await world.redeem(begun, location);
      assert.equal(heading(await open(there)), IN);
      const page = await enter(here, 'one@mail.example');
      const [, theirs] = sessionNames(page);
      const done = await here.follow(await post(here, page, 'sign-out', { session: theirs }));
      assert.match(done.text, /role="status"[^]*You are signed out in that browser\./);
      assert.deepEqual(browsers(done), ['Chrome on Windows (this one)']);
      assert.equal(heading(await there.get(home())), OUT);
      const { refresh_token: refresh = '', access_token: access } = tokens;
      const me = await new Jar().get(`${world.publicUrl}/a/v2.0/me`, {
        authorization: `Bearer ${access}`,
      });
      assert.equal(me.status, 401);
      const again = await new Jar().post(
        `${world.publicUrl}/a/v2.0/token`,
        { grant_type: 'refresh_token', refresh_token: refresh },
        { authorization: `Basic ${Buffer.from(`docs:${secretOf('a')}`).toString('base64')}` },
      );
      assert.equal(again.status, 400);
      assert.equal(application.told.length, 1);
      const [, claims = ''] = application.told[0]!.get('logout_token')!.split('.');
      const told = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<
        string,
        unknown
      >;
      assert.equal(told['sub'], guest.id);
      assert.equal(typeof told['sid'], 'string');
      const [entry] = lines.filter(({ event }) => event === 'session.end');
      assert.equal(entry?.['outcome'], 'browser');
      assert.equal(entry?.['subject'], guest.id);
    });

    it('signs out this browser: the cookie goes, and kept it is worth nothing', async () => {
      await world.invite('this@mail.example');
      const jar = new Jar();
      const page = await enter(jar, 'this@mail.example');
      const kept = jar.clone();
      const [own] = sessionNames(page);
      const done = await jar.follow(await post(jar, page, 'sign-out', { session: own }));
      assert.equal(heading(done), OUT);
      assert.match(done.text, /You have signed out\. Close this window/);
      assert.ok(![...jar.cookies.values()].some(({ name }) => name.startsWith('sid_')));
      assert.equal(heading(await kept.get(home())), OUT);
      for (const action of ['sign-out', 'invitations', 'leave']) {
        const answer = await post(kept, page, action, { everywhere: 'yes', block: 'yes' });
        assert.deepEqual([answer.status, answer.location], [303, '/a/'], action);
      }
      const silent = await world.begin('a', { prompt: 'none' });
      assert.match((await kept.follow(await kept.get(silent.url))).location!, /login_required/);
    });

    it('S29 S48 signs out everywhere: every session, token and known browser, and every application told once', async () => {
      const guest = await world.invite('all@mail.example');
      const jars = [new NamedJar(CHROME), new NamedJar(FIREFOX)];
      for (const jar of jars) await world.signIn(jar, await world.begin(), 'all@mail.example');
      const broken = await world.begin('a', { client_id: 'broken' });
      assert.match((await jars[0]!.follow(await jars[0]!.get(broken.url))).location!, /code=/);
      const page = await open(jars[0]!);
      const done = await jars[0]!.follow(
        await post(jars[0]!, page, 'sign-out', { everywhere: 'yes' }),
      );
      assert.match(done.text, /You are signed out everywhere\./);
      for (const jar of jars) assert.equal(heading(await jar.get(home())), OUT);
      // Two sessions of the one that wants to know which, and the one that fails: said, not hidden.
      assert.equal(application.told.length, 3);
      const [failed, more] = lines.filter(({ event }) => event === 'backchannel.failed');
      assert.deepEqual([failed?.['client'], more], ['broken', undefined]);
      const revoked = lines.find(({ event }) => event === 'guest.revoke');
      assert.deepEqual([revoked?.['subject'], revoked?.['actor']], [guest.id, 'guest']);
      const stored = await world.server.guests.parts.store.guests.find('a', guest.id);
      assert.ok(stored?.revokedAt !== null && stored?.state === 'Accepted');
    });

    it('S29 keeps an ended session ended when a request under way saves it once more', async () => {
      const guest = await world.invite('late@mail.example');
      const { store } = world.server.guests.parts;
      const [here, there] = [new Jar(), new NamedJar(FIREFOX)];
      await enter(there, 'late@mail.example');
      const page = await enter(here, 'late@mail.example');
      const theirs = (await store.sessions.list('a', guest.id, systemClock(), 9)).find(
        ({ browser }) => browser !== null,
      )!;
      const record = (await store.oidc.findByUid('a', 'Session', theirs.uid))!;
      await post(here, page, 'sign-out', { session: sessionNames(page)[1] });
      // What a request does that had read the session before.
      await store.oidc.upsert(record);
      const begun = await world.begin('a', { prompt: 'none' });
      await there.follow(await there.get(begun.url));
      assert.equal(await store.oidc.findByUid('a', 'Session', theirs.uid), undefined);
      assert.equal(heading(await there.get(home())), OUT);
    });

    it('R67 blocks further invitations and allows them again, from the page', async () => {
      await world.invite('block@mail.example');
      const jar = new Jar();
      const page = await enter(jar, 'block@mail.example');
      const invite = () =>
        world.server.guests.invite({
          tenant: 'a',
          address: 'block@mail.example',
          invitedBy: 'host@a.example',
          sendMessage: true,
        });
      const blocked = await press(jar, page, 'invitations', { block: 'yes' });
      assert.match(
        blocked.text,
        /role="status"[^]*We will send you no more invitations from Tenant A/,
      );
      assert.match(blocked.text, /Further invitations from Tenant A are blocked/);
      const refused = await invite();
      assert.deepEqual(
        [refused.outcome, 'code' in refused && refused.code],
        ['refused', 'invitations_blocked'],
      );
      const allowed = await press(jar, blocked, 'invitations', { block: 'no' });
      assert.match(allowed.text, /Tenant A can invite you again/);
      assert.notEqual((await invite()).outcome, 'refused');
      assert.equal((await jar.get(home())).text.includes('role="status"'), false);
    });

    it('lists the other organisations that invited the address, for whoever has proven the mailbox', async () => {
      const address = 'many@mail.example';
      await world.invite(address);
      await world.invite(address, 'b', 'pending');
      await world.invite(address, 'hidden');
      await world.invite('else@mail.example', 'b');
      const jar = new Jar();
      assert.deepEqual(others(await enter(jar, address)), ['Tenant B /b/ (invited)']);
      const elsewhere = new Jar();
      assert.deepEqual(others(await enter(elsewhere, address, 'hidden')), [
        'Tenant A /a/',
        'Tenant B /b/ (invited)',
      ]);
      assert.deepEqual(others(await enter(new Jar(), 'else@mail.example', 'b')), []);
    });

    it('S51 lists no organisation where a place was the proof: its tenant chose it', async () => {
      const address = 'ana@partner.example';
      await world.invite(address, 'fed', 'pending');
      await world.invite(address, 'b');
      const jar = new Jar();
      const page = await press(jar, await jar.get(home('fed')), 'sign-in');
      const left = await giveAddress(jar, page, address);
      const own = await world.consent(jar, await throughPlace(jar, left, address));
      assert.equal(heading(own), 'Your apps at Tenant FED');
      assert.match(own.text, /ana@partner\.example/);
      assert.deepEqual(others(own), []);
      assert.doesNotMatch(own.text, /Other organisations|Tenant B/);
    });

    it('S51 lists no organisation where another address of the guest was typed', async () => {
      const { directory, administration, store } = world.server.guests.parts;
      const address = 'victim@mail.example';
      const guest = await world.invite(address);
      await world.invite(address, 'b');
      const tenant = world.server.guests.parts.tenants().byId.get('a')!;
      // An administrator notes a mailbox of their own as the guest's: it leads in, and shows nothing.
      await administration.addAddress(
        tenant,
        guest,
        parseEmailAddress('admin@a.example')!,
        'admin',
      );
      const jar = new Jar();
      const page = await press(jar, await jar.get(home()), 'sign-in');
      const chosen = await press(jar, page, 'address', { email: 'admin@a.example' });
      const typing = await press(jar, chosen, 'send');
      const code = await world.passcodeFor(address);
      assert.deepEqual(others(await press(jar, typing, 'passcode', { code })), []);
      assert.ok(await directory.findBySubject('a', guest.id));
      const [own] = await store.sessions.list('a', guest.id, systemClock(), 9);
      assert.equal(own?.byMail, false);
      assert.deepEqual(others(await enter(new Jar(), address)), ['Tenant B /b/']);
    });

    it('R12 R13 leads from the root to the page of the tenant that is named, by id or by domain', async () => {
      for (const [query, location] of [
        ['tenantid=a', '/a/'],
        ['tenantid=a.example', '/a/'],
        ['tenantid=A.Example', '/a/'],
        ['tenant=b', '/b/'],
      ]) {
        const answer = await new Jar().get(`${world.publicUrl}/?${query}`);
        assert.deepEqual([answer.status, answer.location], [307, location], query);
      }
      assert.equal((await new Jar().get(`${world.publicUrl}/?tenantid=nobody`)).status, 400);
    });

    it('S26 takes no form of another tenant, another browser, or another guest’s session', async () => {
      await world.invite('mine@mail.example');
      await world.invite('mine@mail.example', 'b');
      await world.invite('theirs@mail.example');
      const theirs = new Jar();
      const theirPage = await enter(theirs, 'theirs@mail.example');
      const jar = new Jar();
      const page = await enter(jar, 'mine@mail.example');
      const other = await enter(jar, 'mine@mail.example', 'b');
      // The token of b's page in a's form, and the other way round; somebody else's token.
      for (const action of ['sign-out', 'invitations', 'leave', 'sign-in']) {
        const fields = { everywhere: 'yes', block: 'yes', confirm: 'yes' };
        assert.equal((await post(jar, other, action, fields)).status, 403, action);
        assert.equal((await post(jar, page, action, fields, 'b')).status, 403, action);
        assert.equal((await post(jar, theirPage, action, fields)).status, 403, action);
      }
      // A session by its name, although it is another guest's, or nobody's.
      for (const session of [sessionNames(theirPage)[0]!, sessionNames(other)[0]!, '', 'x']) {
        const answer = await post(jar, page, 'sign-out', { session });
        assert.deepEqual([answer.status, answer.location], [303, '/a/']);
      }
      assert.equal(heading(await jar.get(home())), IN);
      assert.equal(heading(await theirs.get(home())), IN);
      assert.equal(heading(await jar.get(home('b'))), 'Your apps at Tenant B');
    });

    it('T68 S24 takes no callback that this browser did not ask for, and uses no code twice', async () => {
      await world.invite('flow@mail.example');
      const jar = new Jar();
      await world.signIn(jar, await world.begin(), 'flow@mail.example');
      const request = new URL((await jar.get(home())).location!);
      const granted = (await jar.get(request)).location!;
      const back = new URL(granted);
      assert.match(back.href, /\/a\/signin\/home\/callback\?code=/);
      // The attacker's own answer in another browser: nothing happens there, and nothing is used up.
      const victim = new Jar();
      const taken = await victim.get(back);
      assert.deepEqual([taken.status, taken.location], [303, '/a/']);
      assert.equal(heading(await victim.get(home())), OUT);
      const changed = (name: string, value: string): URL => {
        const url = new URL(back);
        url.searchParams.set(name, value);
        return url;
      };
      for (const url of [
        changed('state', `${'A'.repeat(22)}.${'A'.repeat(43)}`),
        changed('iss', `${world.publicUrl}/b/v2.0`),
        new URL(back.href.replace('/a/', '/b/')),
      ]) {
        const { status, location } = await jar.get(url);
        assert.deepEqual([status, location], [303, `/${url.pathname.split('/')[1]}/`]);
      }
      assert.equal((await jar.get(changed('code', 'A'.repeat(43)))).status, 200);
      const mine = await jar.get(back);
      assert.deepEqual([mine.status, mine.location], [303, '/a/']);
      // Once more, although it is the same browser: a code is good once.
      const again = await jar.get(back);
      assert.deepEqual([again.status, heading(again)], [200, OUT]);
      assert.equal(heading(await jar.get(home())), IN);
    });

    it('ends a silent request that is refused on a page, not in a circle', async () => {
      await world.invite('circle@mail.example');
      const jar = new Jar();
      await world.signIn(jar, await world.begin(), 'circle@mail.example');
      const request = new URL((await jar.get(home())).location!);
      // The sign-in is too old for whoever asks: the engine says login_required.
      request.searchParams.set('max_age', '0');
      travel(5);
      const page = await jar.follow(await jar.get(request));
      assert.deepEqual([page.status, page.url.pathname], [200, '/a/signin/home/callback']);
      assert.equal(heading(page), OUT);
    });
  });
}
