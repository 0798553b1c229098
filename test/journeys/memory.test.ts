import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { heading, hidden, Jar } from '../support/jar.ts';
import { connect, oidcOf, startPlace, throughPlace } from '../support/places.ts';
import { travel } from '../support/time.ts';
import type { UpstreamOidc } from '../support/upstream-oidc.ts';
import { addressOf } from '../guests/support.ts';
import { type Begun, CALLBACK, secretOf, stores } from '../support/world.ts';
import {
  ADMIN,
  arrive,
  byCode,
  DAY,
  type House,
  isSignedIn,
  nextCode,
  openHouse,
  press,
  takeLink,
} from './house.ts';

const DOCS = {
  client_id: 'docs',
  client_name: 'Docs',
  client_secret: secretOf('a'),
  redirect_uris: [CALLBACK],
  grant_types: ['authorization_code', 'refresh_token'],
};

for (const store of stores) {
  describe(`a guest who is reset, blocked or removed, on ${store}`, () => {
    let house: House;

    before(async () => {
      house = await openHouse({
        store,
        tenants: { a: { clients: [DOCS], privacyUrl: 'https://fabrikam.example/privacy' } },
      });
    });
    after(() => house.close());

    const administration = () => house.server.guests.parts.administration;

    /** A guest with everything one can have: session, tokens, a code not redeemed, a live passcode. */
    async function rich(address: string) {
      const guest = await house.invite(address);
      const jar = new Jar();
      const begun = await house.begin();
      const tokens = await house.redeem(begun, await house.signIn(jar, begun, address));
      const unused = await house.begin();
      const { location } = await jar.follow(await jar.get(unused.url));
      assert.match(location ?? '', /code=/);
      const elsewhere = new Jar();
      const { page, begun: pending } = await arrive(house, elsewhere, address);
      const live = await nextCode(house, elsewhere, page, address);
      return { guest, jar, begun, tokens, unused, location: location!, elsewhere, live, pending };
    }

    async function assertAllDead({
      guest,
      jar,
      begun,
      tokens,
      unused,
      location,
      elsewhere,
      live,
    }: Awaited<ReturnType<typeof rich>>): Promise<void> {
      const { configuration } = begun;
      assert.equal(await isSignedIn(house, jar), false);
      const page = await jar.follow(await jar.get((await house.begin()).url));
      assert.equal(heading(page), 'Sign in to Tenant A');
      assert.match((await jar.get(`${house.publicUrl}/a/`)).text, /as a guest/);
      await assert.rejects(client.fetchUserInfo(configuration, tokens.access_token, guest.id));
      const known = await client.tokenIntrospection(configuration, tokens.access_token);
      assert.equal(known.active, false);
      await assert.rejects(client.refreshTokenGrant(configuration, tokens.refresh_token!), {
        error: 'invalid_grant',
      });
      await assert.rejects(house.redeem(unused, location), { error: 'invalid_grant' });
      const typed = await press(elsewhere, live.page, 'passcode', { code: live.typed });
      assert.equal(typed.location, undefined);
      assert.ok(typed.status >= 400, `${typed.status} ${heading(typed)}`);
    }

    it('R68 ends session, tokens, codes and live passcodes at a reset; the guest redeems anew as the same sub', async () => {
      const had = await rich('reset@mail.example');
      const reset = await house.asked('reset@mail.example', { resetRedemption: true });
      assert.deepEqual([reset.outcome, reset.status], ['reset', 'PendingAcceptance']);
      await assertAllDead(had);
      const pending = await house.stored(had.guest);
      assert.deepEqual(
        [pending?.id, pending?.state, pending?.method, pending?.idp],
        [had.guest.id, 'PendingAcceptance', null, null],
      );
      const jar = new Jar();
      const { begun, page } = await arrive(house, jar, 'reset@mail.example');
      const review = await byCode(house, jar, page, 'reset@mail.example');
      assert.equal(heading(review), 'Review permissions');
      const done = await house.consent(jar, review);
      assert.equal((await house.redeem(begun, done.location!)).claims()?.sub, had.guest.id);
    });

    it('R68 R78 moves a guest to an address an administrator noted; the old one is a stranger’s', async () => {
      const guest = await house.invite('old@mail.example');
      const refused = await house.server.guests.invite({
        tenant: 'a',
        address: 'new@mail.example',
        resetRedemption: true,
      });
      // Nobody noted that address: it is another person's.
      assert.equal(refused.outcome, 'invited');
      const noted = addressOf('moved@mail.example');
      assert.equal(await administration().addAddress(house.tenant(), guest, noted, ADMIN), true);
      const moved = await house.asked('moved@mail.example', { resetRedemption: true });
      assert.deepEqual([moved.outcome, moved.guest.id], ['reset', guest.id]);
      const jar = new Jar();
      const page = await takeLink(jar, moved.redeemUrl!);
      assert.match(page.text, /moved@mail\.example/);
      const done = await house.consent(jar, await byCode(house, jar, page, 'moved@mail.example'));
      assert.equal(heading(done), 'Your apps at Tenant A');
      const begun = await house.begin();
      const location = await house.signIn(new Jar(), begun, 'moved@mail.example');
      const claims = (await house.redeem(begun, location)).claims();
      assert.deepEqual([claims?.sub, claims?.['email']], [guest.id, 'moved@mail.example']);
      const old = new Jar();
      await press(old, (await arrive(house, old, 'old@mail.example')).page, 'send');
      await house.server.guests.parts.outbox.idle();
      assert.ok(
        !house.relay.messages.some(({ recipients }) => recipients.includes('old@mail.example')),
      );
    });

    it('T84 ends everything at a block, and lets the guest back in with new proof only', async () => {
      const had = await rich('block@mail.example');
      assert.equal(await administration().block(house.tenant(), had.guest, ADMIN), true);
      await assertAllDead(had);
      const jar = new Jar();
      const sent = house.relay.messages.length;
      await press(jar, (await arrive(house, jar, 'block@mail.example')).page, 'send');
      await house.server.guests.parts.outbox.idle();
      assert.equal(house.relay.messages.length, sent);
      assert.equal(await administration().unblock(house.tenant(), had.guest, ADMIN), true);
      await assertAllDead(had);
      const begun = await house.begin();
      const location = await house.signIn(new Jar(), begun, 'block@mail.example');
      assert.equal((await house.redeem(begun, location)).claims()?.sub, had.guest.id);
    });

    it('T84 R77 ends everything at a removal; a new invitation makes a new sub', async () => {
      const had = await rich('removed@mail.example');
      assert.equal(await administration().remove(house.tenant(), had.guest, ADMIN), true);
      await assertAllDead(had);
      await house.asked('removed@mail.example', { sendMessage: false });
      const jar = new Jar();
      const { begun, page } = await arrive(house, jar, 'removed@mail.example');
      const done = await house.consent(jar, await byCode(house, jar, page, 'removed@mail.example'));
      const { sub } = (await house.redeem(begun, done.location!)).claims() ?? {};
      assert.ok(sub !== undefined && sub !== had.guest.id);
      await assert.rejects(
        client.fetchUserInfo(had.begun.configuration, had.tokens.access_token, had.guest.id),
      );
      // Somebody else has the address by now.
      assert.equal(await administration().restore(house.tenant(), had.guest, ADMIN), false);
    });

    it('R77 lets a guest leave from their own page, asked once more, and come back within 30 days', async () => {
      const had = await rich('leave@mail.example');
      const own = await had.jar.follow(await had.jar.get(`${house.publicUrl}/a/`));
      const leave = `${house.publicUrl}/a/signin/home/leave`;
      assert.equal((await had.jar.post(leave, { confirm: 'yes' })).status, 403);
      const asked = await press(had.jar, own, 'leave');
      assert.equal(heading(asked), 'Leave Tenant A?');
      assert.equal(await isSignedIn(house, had.jar), true);
      const left = await press(had.jar, asked, 'leave', { confirm: 'yes' });
      assert.match(left.text, /You have left Tenant A\./);
      await assertAllDead(had);
      travel(29 * DAY);
      assert.equal(await administration().restore(house.tenant(), had.guest, ADMIN), true);
      await assertAllDead(had);
      const begun = await house.begin();
      const location = await house.signIn(new Jar(), begun, 'leave@mail.example');
      assert.equal((await house.redeem(begun, location)).claims()?.sub, had.guest.id);
    });

    it('R77 brings nobody back after 30 days', async () => {
      const guest = await house.invite('forgotten@mail.example');
      await administration().remove(house.tenant(), guest, ADMIN);
      travel(30 * DAY + 60);
      assert.equal(await administration().restore(house.tenant(), guest, ADMIN), false);
    });
  });

  describe(`what a guest redeemed with, on ${store}`, () => {
    let house: House;
    let partner: UpstreamOidc;
    let google: UpstreamOidc;

    before(async () => {
      partner = await startPlace('Partner', 'fed@partner.example', 'otp@partner.example');
      google = await startPlace('Google', 'teri@gmail.com');
    });
    after(() => Promise.all([partner.stop(), google.stop()]));
    beforeEach(async () => {
      house = await openHouse({
        store,
        resolveTxt: () => Promise.resolve([[`DirectFedAuthUrl=${partner.issuer}`]]),
        tenants: {
          a: {
            clients: [DOCS],
            federations: [
              {
                id: 'partner',
                displayName: 'Partner',
                domains: ['partner.example'],
                oidc: oidcOf(partner),
              },
            ],
            google: { issuer: google.issuer, ...CLIENT_AT_GOOGLE },
          },
        },
      });
      connect(house, partner, 'partner');
      connect(house, google, 'google');
    });
    afterEach(() => house.close());

    /** Signs in by another place, whatever there is to accept. */
    async function byPlace(address: string): Promise<{ begun: Begun; location: string }> {
      const jar = new Jar();
      const { begun, page: left } = await arrive(house, jar, address);
      const done = await house.consent(jar, await throughPlace(jar, left, address));
      assert.ok(done.location, done.text);
      return { begun, location: done.location };
    }

    it('R41 T79 locks out exactly the guests of the passcode while it is off, and lets them in again', async () => {
      await house.invite('otp@mail.example');
      await house.invite('fed@partner.example', 'a', 'pending');
      await byPlace('fed@partner.example');
      const jar = new Jar();
      const begun = await house.begin();
      const tokens = await house.redeem(begun, await house.signIn(jar, begun, 'otp@mail.example'));
      const sent = house.relay.messages.length;

      await house.restartWith((tenant) => ({ ...tenant, emailOneTimePasscode: 'disabled' }));
      assert.equal(await isSignedIn(house, jar), false);
      const { page } = await arrive(house, new Jar(), 'otp@mail.example');
      assert.equal(page.status, 403);
      assert.match(page.text, /no longer allows sign-in with an email code/);
      assert.match(page.text, /rule row <bdi><strong>4a</);
      assert.equal(house.relay.messages.length, sent);
      const { begun: other, location } = await byPlace('fed@partner.example');
      assert.equal((await house.redeem(other, location)).claims()?.['idp'], partner.issuer);

      await house.restartWith((tenant) => ({ ...tenant, emailOneTimePasscode: 'enabled' }));
      const again = await house.begin();
      const back = await house.signIn(new Jar(), again, 'otp@mail.example');
      const claims = (await house.redeem(again, back)).claims();
      assert.equal(claims?.sub, tokens.claims()?.sub);
    });

    it('R6 R7 changes nothing for the redeemed when their company gets a home directory later', async () => {
      const otp = await house.invite('otp@company.example');
      const contoso = await startPlace('Company', 'otp@company.example', 'new@company.example');
      try {
        await house.restartWith((tenant) => ({
          ...tenant,
          homeDirectories: [
            {
              id: 'company',
              displayName: 'Company',
              domains: ['company.example'],
              oidc: oidcOf(contoso),
            },
          ],
        }));
        connect(house, contoso, 'company');
        const begun = await house.begin();
        const location = await house.signIn(new Jar(), begun, 'otp@company.example');
        const claims = (await house.redeem(begun, location)).claims();
        assert.deepEqual([claims?.sub, claims?.['idp']], [otp.id, 'mail']);
        await house.invite('new@company.example', 'a', 'pending');
        const { page } = await arrive(house, new Jar(), 'new@company.example');
        assert.ok(page.location?.startsWith(contoso.issuer));
        // Until an administrator resets them (R68).
        await house.asked('otp@company.example', { resetRedemption: true });
        const reset = await byPlace('otp@company.example');
        const after = (await house.redeem(reset.begun, reset.location)).claims();
        assert.deepEqual([after?.sub, after?.['idp']], [otp.id, contoso.issuer]);
      } finally {
        await contoso.stop();
      }
    });

    it('R7 refuses a guest whose place is not configured any more, session and all', async () => {
      await house.invite('teri@gmail.com', 'a', 'pending');
      const jar = new Jar();
      const { page: left } = await arrive(house, jar, 'teri@gmail.com');
      await house.consent(jar, await throughPlace(jar, left, 'teri@gmail.com'));
      assert.equal(await isSignedIn(house, jar), true);
      await house.restartWith((tenant) => ({ ...tenant, google: undefined }));
      assert.equal(await isSignedIn(house, jar), false);
      const { page } = await arrive(house, new Jar(), 'teri@gmail.com');
      assert.equal(page.status, 403);
      assert.match(page.text, /rule row <bdi><strong>4f</);
    });

    it('S50 S51 refuses another account at the same place that has got the guest’s address', async () => {
      const guest = await house.invite('fed@partner.example', 'a', 'pending');
      await byPlace('fed@partner.example');
      const bound = await house.stored(guest);
      // The address changed hands there: the same e-mail, another subject.
      partner.addAccount({ address: 'fed@partner.example', aliases: ['heir@partner.example'] });
      const jar = new Jar();
      const { page: left } = await arrive(house, jar, 'fed@partner.example');
      const refused = await throughPlace(jar, left, 'heir@partner.example');
      assert.equal(refused.status, 403);
      assert.match(refused.text, /You signed in with another account than before/);
      assert.equal(await isSignedIn(house, jar), false);
      assert.deepEqual(await house.stored(guest), bound);
      const back = await press(jar, refused, 'continue');
      assert.match(back.location ?? '', /error=access_denied/);
    });

    it('S51 attaches no federated answer to a guest of the passcode, by whatever way it comes', async () => {
      const guest = await house.invite('otp@partner.example');
      const jar = new Jar();
      const { page: mailed } = await arrive(house, jar, 'otp@partner.example');
      assert.equal(heading(mailed), 'We will email you a code');
      // The hint leads to the place without asking for an address.
      const begun = await house.begin('a', { domain_hint: 'partner.example' });
      const left = await jar.follow(await jar.get(begun.url));
      assert.ok(left.location?.startsWith(partner.issuer), left.text);
      const back = await throughPlace(jar, left, 'otp@partner.example');
      assert.equal(heading(back), 'We will email you a code');
      assert.equal(await isSignedIn(house, jar), false);
      // Another address first, the guest's account there.
      await house.invite('other@partner.example', 'a', 'pending');
      const { page: away } = await arrive(house, jar, 'other@partner.example');
      assert.equal((await throughPlace(jar, away, 'otp@partner.example')).status, 403);
      assert.equal(await isSignedIn(house, jar), false);
      assert.deepEqual(await house.stored(guest), guest);
    });

    it('S51 takes no passcode of a guest who redeemed elsewhere', async () => {
      await house.invite('fed@partner.example', 'a', 'pending');
      await byPlace('fed@partner.example');
      const sent = house.relay.messages.length;
      const jar = new Jar();
      const begun = await house.begin();
      const page = await jar.follow(await jar.get(begun.url));
      const csrf = hidden(page, 'csrf');
      await jar.post(`${page.url.href}/address`, { csrf, email: 'fed@partner.example' });
      await jar.post(`${page.url.href}/send`, { csrf });
      await house.server.guests.parts.outbox.idle();
      assert.equal(house.relay.messages.length, sent);
    });

    it('R27 says by the idp claim who authenticated the guest', async () => {
      await house.invite('fed@partner.example', 'a', 'pending');
      await house.invite('teri@gmail.com', 'a', 'pending');
      await house.invite('otp@mail.example');
      const said = [];
      for (const address of ['fed@partner.example', 'teri@gmail.com']) {
        const { begun, location } = await byPlace(address);
        const tokens = await house.redeem(begun, location);
        const { configuration } = begun;
        const claims = tokens.claims();
        const { sub = '' } = claims ?? {};
        const userinfo = await client.fetchUserInfo(configuration, tokens.access_token, sub);
        assert.equal(userinfo['idp'], claims?.['idp']);
        said.push([userinfo.email, userinfo['idp']]);
      }
      const begun = await house.begin();
      const location = await house.signIn(new Jar(), begun, 'otp@mail.example');
      const claims = (await house.redeem(begun, location)).claims();
      said.push([claims?.['email'], claims?.['idp']]);
      assert.deepEqual(said, [
        ['fed@partner.example', partner.issuer],
        ['teri@gmail.com', 'google.com'],
        ['otp@mail.example', 'mail'],
      ]);
    });
  });
}

const CLIENT_AT_GOOGLE = {
  clientId: 'guestpass',
  clientSecret: 'secret-of-guestpass-at-the-place',
};
