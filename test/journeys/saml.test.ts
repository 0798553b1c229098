import assert from 'node:assert/strict';
import { systemClock } from '../../src/domain/clock.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { EMAIL } from '../fixtures/saml/answer.ts';
import { SAML_FAULTS } from '../fixtures/saml/faults.ts';
import { createSigningKey } from '../support/certificate.ts';
import { type Answer, heading, hidden, Jar } from '../support/jar.ts';
import {
  comeBack,
  connect,
  giveAddress,
  oidcOf,
  postAnswer,
  samlOf,
  startPlace,
  throughSaml,
} from '../support/places.ts';
import { travel } from '../support/time.ts';
import { signInAt, type UpstreamOidc } from '../support/upstream-oidc.ts';
import {
  cancelAtSaml,
  type PostedForm,
  readRequest,
  signInAtSaml,
  startUpstreamSaml,
  type UpstreamSaml,
} from '../support/upstream-saml.ts';
import { startWorld, stores, type World } from '../support/world.ts';

const HOUR = 3600;
const HEADING = 'Partner could not sign you in';
const CODES = {
  untrusted: 'upstream_untrusted',
  refused: 'upstream_refused',
  cancelled: 'upstream_cancelled',
  address_missing: 'upstream_address_missing',
  address_unverified: 'upstream_address_unverified',
  unreachable: 'upstream_unreachable',
} as const;
// Larger than a form may be: refused before anybody looks at what it says.
const TOO_LARGE = ['ten-megabytes', 'never-closed'];

for (const store of stores) {
  describe(`guests of a SAML identity provider, on ${store}`, () => {
    let world: World;
    let idp: UpstreamSaml;
    let other: UpstreamOidc;
    let guests = 0;
    const lines: string[] = [];

    before(async () => {
      idp = await startUpstreamSaml();
      other = await startPlace('Other', 'olga@other.example');
      const proof = [[`DirectFedAuthUrl=${idp.metadataUrl}`], [`DirectFedAuthUrl=${other.issuer}`]];
      const federations = [
        { id: 'partner', displayName: 'Partner', domains: ['partner.example'], saml: samlOf(idp) },
        { id: 'other', displayName: 'Other', domains: ['other.example'], oidc: oidcOf(other) },
      ];
      world = await startWorld({
        store,
        clock: systemClock,
        log: createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } }),
        resolveTxt: () => Promise.resolve(proof),
        tenants: { a: { federations }, b: { federations } },
      });
      connect(world, other, 'other', 'a', 'b');
    });
    after(async () => {
      await world.close();
      await Promise.all([idp.stop(), other.stop()]);
    });
    beforeEach(() => {
      lines.length = 0;
      idp.misbehave(undefined);
      idp.say({});
    });

    /** Walks a new guest of the partner to where the identity provider asks who they are. */
    async function leave(jar = new Jar()) {
      guests += 1;
      const address = `sam${guests}@partner.example`;
      const guest = await world.invite(address, 'a', 'pending');
      const begun = await world.begin();
      const page = await jar.follow(await jar.get(begun.url));
      const left = await giveAddress(jar, page, address);
      assert.ok(left.location?.startsWith(idp.singleSignOnUrl), left.text);
      return { jar, guest, begun, left, page, address };
    }

    async function assertNotIn({ jar, guest, page }: Awaited<ReturnType<typeof leave>>) {
      const returned = await jar.follow(await jar.get(`${page.url.href}/returned`));
      assert.equal(returned.location, undefined);
      assert.notEqual(heading(returned), 'Review permissions');
      const now = await world.server.guests.parts.store.guests.find('a', guest.id);
      assert.equal(now?.state, 'PendingAcceptance');
    }

    function refusals(): readonly Readonly<Record<string, unknown>>[] {
      const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      return parsed.filter(({ event }) => event === 'upstream.refused');
    }

    it('R47 R52 S54 signs a guest in by a signed answer, and binds the identity in it', async () => {
      const { jar, guest, begun, left, address } = await leave();
      const review = await throughSaml(jar, left, address);
      assert.equal(heading(review), 'Review permissions');
      const done = await world.consent(jar, review);
      const claims = (await world.redeem(begun, done.location ?? '')).claims();
      assert.equal(claims?.sub, guest.id);
      assert.equal(claims?.['idp'], idp.issuer);
      assert.equal(claims?.acr, 'urn:guestpass:acr:federated');
      const bound = await world.server.guests.parts.store.guests.find('a', guest.id);
      assert.deepEqual(
        [bound?.state, bound?.method, bound?.connection],
        ['Accepted', 'externalFederation', 'partner'],
      );
      assert.deepEqual(refusals(), []);
    });

    it('S54 asks for the sign-in with a request of its own, by redirect', async () => {
      const { left, address } = await leave();
      const asked = new URL(left.location ?? '').searchParams;
      const { id, acs, issuer } = readRequest(asked.get('SAMLRequest') ?? '');
      const base = `${world.publicUrl}/a/signin/federation/partner`;
      assert.deepEqual([acs, issuer], [`${base}/callback`, `${base}/metadata`]);
      assert.match(id, /^_[0-9a-f]{40}$/);
      assert.ok((asked.get('RelayState') ?? '').length >= 43);
      assert.equal(asked.get('login_hint'), address);
      const again = new URL((await leave()).left.location ?? '').searchParams;
      assert.notEqual(again.get('RelayState'), asked.get('RelayState'));
      assert.notEqual(readRequest(again.get('SAMLRequest') ?? '').id, id);
    });

    it('R51 S54 says at its own address what the identity provider must know of us', async () => {
      const base = `${world.publicUrl}/a/signin/federation`;
      const jar = new Jar();
      const answer = await jar.get(`${base}/partner/metadata`);
      assert.equal(answer.status, 200);
      assert.match(String(answer.headers['content-type']), /^application\/samlmetadata\+xml/);
      assert.match(answer.text, new RegExp(`entityID="${base}/partner/metadata"`));
      assert.match(answer.text, new RegExp(`Location="${base}/partner/callback"`));
      assert.match(answer.text, /WantAssertionsSigned="true"/);
      assert.equal((await jar.get(`${base}/other/metadata`)).status, 404);
      assert.equal((await jar.get(`${base}/nobody/metadata`)).status, 404);
      assert.equal((await jar.post(`${base}/partner/metadata`, {})).status, 405);
    });

    for (const [name, { fault, detail }] of Object.entries(SAML_FAULTS)) {
      if (TOO_LARGE.includes(name)) continue;
      const rules = /mail|name-id/.test(name) ? 'R52 S54 T78' : 'S54 T78';
      it(`${rules} lets nobody in by the answer ${name}, and says so in the audit log`, async () => {
        const visit = await leave();
        idp.misbehave(name);
        const back = await throughSaml(visit.jar, visit.left, visit.address);
        assert.equal(back.status, fault === 'cancelled' ? 400 : 403);
        assert.equal(heading(back), HEADING);
        const [line, ...more] = refusals();
        assert.deepEqual(more, []);
        assert.equal(line?.['errorCode'], CODES[fault]);
        assert.equal(line['connection'], 'partner');
        assert.equal(line['audit'], fault !== 'cancelled');
        assert.ok(detail.includes(String(line['detail'])), String(line['detail']));
        await assertNotIn(visit);
      });
    }

    for (const name of TOO_LARGE) {
      it(`S54 S59 T78 answers 413 to ${name}, and waits for the real answer still`, async () => {
        const { jar, begun, left, address } = await leave();
        idp.misbehave(name);
        const refused = await postAnswer(await signInAtSaml(left.location ?? '', address));
        assert.equal(refused.status, 413);
        idp.misbehave(undefined);
        const done = await world.consent(jar, await throughSaml(jar, left, address));
        await world.redeem(begun, done.location ?? '');
      });
    }

    it('R52 refuses an address of a domain that is not the identity provider’s', async () => {
      const visit = await leave();
      idp.say({ attributes: { [EMAIL]: ['boss@elsewhere.example'] } });
      const back = await throughSaml(visit.jar, visit.left, visit.address);
      assert.equal(back.status, 403);
      assert.match(back.text, /belongs to another domain/);
      const [line] = refusals();
      assert.deepEqual([line?.['errorCode'], line?.['audit']], ['upstream_address_foreign', true]);
      await assertNotIn(visit);
    });

    it('P3 names both addresses when somebody else of the domain signed in', async () => {
      const visit = await leave();
      const back = await throughSaml(visit.jar, visit.left, 'boss@partner.example');
      assert.equal(back.status, 403);
      assert.match(back.text, /boss@partner\.example/);
      assert.ok(back.text.includes(visit.address));
      assert.equal(refusals()[0]?.['errorCode'], 'upstream_address_other');
      await assertNotIn(visit);
    });

    it('R52 S51 refuses the address under another name identifier than the one bound', async () => {
      const first = await leave();
      const done = await world.consent(
        first.jar,
        await throughSaml(first.jar, first.left, first.address),
      );
      await world.redeem(first.begun, done.location ?? '');
      idp.say({ nameId: 'somebody-else' });
      const jar = new Jar();
      const page = await jar.follow(await jar.get((await world.begin()).url));
      const left = await giveAddress(jar, page, first.address);
      const refused = await throughSaml(jar, left, first.address);
      assert.equal(refused.status, 403);
      assert.match(refused.text, /another account than before/);
    });

    it('S54 T78 takes an answer once', async () => {
      const { jar, left, address } = await leave();
      const answer = await signInAtSaml(left.location ?? '', address);
      assert.equal(heading(await comeBack(jar, answer)), 'Review permissions');
      assertExpired(await comeBack(jar, answer));
      const [line] = refusals();
      assert.deepEqual([line?.['errorCode'], line?.['audit']], ['interaction_expired', true]);
    });

    it('S54 T78 takes no answer that was made for another sign-in', async () => {
      const mine = await leave();
      const theirs = await leave();
      const answer = await signInAtSaml(theirs.left.location ?? '', theirs.address);
      const state = new URL(mine.left.location ?? '').searchParams.get('RelayState') ?? '';
      const carried: PostedForm = { ...answer, fields: { ...answer.fields, RelayState: state } };
      const back = await comeBack(mine.jar, carried);
      assert.equal(back.status, 403);
      const [line] = refusals();
      assert.deepEqual(
        [line?.['errorCode'], line?.['detail']],
        ['upstream_untrusted', 'in_response_to'],
      );
      await assertNotIn(mine);
      await assertNotIn(theirs);
    });

    it('S54 T78 takes no answer to a question that was never asked', async () => {
      const { left, address } = await leave();
      const answer = await signInAtSaml(left.location ?? '', address);
      for (const RelayState of ['', 'https://evil.example/', 'x'.repeat(43)]) {
        assertExpired(await postAnswer({ ...answer, fields: { ...answer.fields, RelayState } }));
      }
      assert.equal(refusals().length, 3);
    });

    it('S24 S54 leads an answer posted in another browser to a page that has expired', async () => {
      const { left, address } = await leave();
      const posted = await postAnswer(await signInAtSaml(left.location ?? '', address));
      assert.equal(posted.status, 303);
      const stranger = new Jar();
      assertExpired(await stranger.follow(await stranger.get(posted.location ?? '')));
    });

    it('S24 S52 signs nobody in by what another browser posted, whoever began', async () => {
      const attacker = await leave();
      // The victim is made to open the attacker's link, and the place asks its people nothing.
      const answer = await signInAtSaml(attacker.left.location ?? '', attacker.address);
      assertExpired(await comeBack(new Jar(), answer));
      await assertNotIn(attacker);
    });

    it('S54 refuses an answer by GET, and at the callback of another tenant or connection', async () => {
      const byGet = await leave();
      const answer = await signInAtSaml(byGet.left.location ?? '', byGet.address);
      const query = new URLSearchParams(answer.fields);
      const callback = new URL(answer.acs);
      assertExpired(await byGet.jar.get(`${callback.href}?${String(query)}`));
      await assertNotIn(byGet);
      const state = new URL((await leave(byGet.jar)).left.location ?? '').searchParams;
      query.set('held', state.get('RelayState') ?? '');
      assertExpired(await byGet.jar.get(`${callback.href}?${String(query)}`));
      await assertNotIn(byGet);
      for (const [from, to] of [
        ['/a/', '/b/'],
        ['/partner/', '/other/'],
      ] as const) {
        const visit = await leave();
        const posted = await signInAtSaml(visit.left.location ?? '', visit.address);
        assertExpired(await postAnswer({ ...posted, acs: posted.acs.replace(from, to) }));
        await assertNotIn(visit);
      }
    });

    it('S52 refuses an answer by POST at the callback of an OpenID Provider', async () => {
      await world.invite('olga@other.example', 'a', 'pending');
      const jar = new Jar();
      const page = await jar.follow(await jar.get((await world.begin()).url));
      const left = await giveAddress(jar, page, 'olga@other.example');
      const back = await signInAt(new Jar(), left.location ?? '', 'olga@other.example');
      const fields = Object.fromEntries(back.searchParams);
      const acs = back.origin + back.pathname;
      assertExpired(await postAnswer({ acs, fields }));
      assertExpired(await jar.get(back));
    });

    it('leads whoever cancels there to a second try', async () => {
      const { jar, begun, left, address } = await leave();
      const back = await comeBack(jar, await cancelAtSaml(left.location ?? ''));
      assert.equal(back.status, 400);
      assert.match(back.text, /You stopped signing in at Partner/);
      assert.equal(refusals()[0]?.['audit'], false);
      const again = await jar.follow(
        await jar.post(`${back.url.href}/leave`, { csrf: hidden(back, 'csrf') }),
      );
      const done = await world.consent(jar, await throughSaml(jar, again, address));
      await world.redeem(begun, done.location ?? '');
    });

    /** What a new guest of the partner sees after signing in there. */
    async function signIn(): Promise<string> {
      const { jar, left, address } = await leave();
      return heading(await throughSaml(jar, left, address));
    }

    it('R51 follows the identity provider to a new certificate, and forgets the old one', async () => {
      const old = createSigningKey(systemClock() - HOUR, systemClock() + 1000 * HOUR);
      idp.addKey(old);
      // Past the pause between two questions for metadata.
      travel(61);
      assert.equal(await signIn(), 'Review permissions');
      idp.addKey();
      travel(61);
      const reads = idp.metadataReads();
      assert.equal(await signIn(), 'Review permissions');
      assert.equal(idp.metadataReads(), reads + 1);
      assert.equal(await signIn(), 'Review permissions');
      assert.equal(idp.metadataReads(), reads + 1);
      while (idp.certificates().length > 1) idp.dropOldestKey();
      travel(24 * HOUR);
      assert.equal(await signIn(), 'Review permissions');
      idp.say({ key: old });
      assert.equal(await signIn(), HEADING);
      assert.equal(refusals()[0]?.['detail'], 'signature');
    });

    it('R30 sends a guest whose session is over back, and a session there renews it silently', async () => {
      const guest = await world.invite('olga@other.example', 'a', 'pending');
      const [jar, there] = [new Jar(), new Jar()];
      const leaveFrom = async (tenant: string) => {
        const begun = await world.begin(tenant);
        const page = await jar.follow(await jar.get(begun.url));
        assert.equal(heading(page), `Sign in to Tenant ${tenant.toUpperCase()}`);
        const left = await giveAddress(jar, page, 'olga@other.example');
        assert.ok(left.location?.startsWith(other.issuer), left.text);
        return { begun, left };
      };
      const first = await leaveFrom('a');
      const back = await signInAt(there, first.left.location ?? '', 'olga@other.example');
      const done = await world.consent(jar, await jar.follow(await jar.get(back)));
      const begunWith = (await world.redeem(first.begun, done.location ?? '')).claims();
      // Shortly before the day is over the guest signs in there for another organisation.
      travel(24 * HOUR - 600);
      await world.invite('olga@other.example', 'b', 'pending');
      await signInAt(there, (await leaveFrom('b')).left.location ?? '', 'olga@other.example');
      travel(660);
      const silent = await jar.follow(
        await jar.get((await world.begin('a', { prompt: 'none' })).url),
      );
      assert.match(silent.location ?? '', /error=login_required/);
      const second = await leaveFrom('a');
      const asked = await there.follow(await there.get(second.left.location ?? ''));
      assert.ok(asked.location?.startsWith(world.publicUrl), 'asked again there');
      const renewed = await jar.follow(await jar.get(asked.location ?? ''));
      const claims = (await world.redeem(second.begun, renewed.location ?? '')).claims();
      assert.equal(claims?.sub, guest.id);
      assert.ok(Number(claims?.auth_time) - Number(begunWith?.auth_time) > 24 * HOUR);
    });
  });
}

function assertExpired(answer: Answer): void {
  assert.equal(answer.status, 400);
  assert.equal(heading(answer), 'This page has expired');
}
