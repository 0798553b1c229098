import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { heading, hidden, Jar } from '../support/jar.ts';
import {
  connect,
  giveAddress,
  lookupOf,
  oidcOf,
  startPlace,
  throughPlace,
} from '../support/places.ts';
import { createAccountAt, type UpstreamOidc } from '../support/upstream-oidc.ts';
import { addressOf } from '../guests/support.ts';
import { beginAt, CALLBACK, secretOf, stores } from '../support/world.ts';
import { ADMIN, byCode, type House, isSignedIn, openHouse, press } from './house.ts';

/** Clients of one secret, told apart by what they say of guests. */
const clients = (policies: Readonly<Record<string, object>>): object[] =>
  Object.entries(policies).map(([client_id, guests]) => ({
    client_id,
    client_name: client_id,
    client_secret: secretOf('a'),
    guests,
    redirect_uris: [CALLBACK],
  }));

const CLIENTS = clients({
  docs: {},
  open: { selfServiceSignUp: true },
  strict: { emailOneTimePasscode: false },
});

for (const store of stores) {
  describe(`strangers who sign up, on ${store}`, () => {
    let house: House;
    let partner: UpstreamOidc;
    let contoso: UpstreamOidc;
    let consumer: UpstreamOidc;

    before(async () => {
      partner = await startPlace('Partner', 'new@partner.example', 'second@partner.example');
      contoso = await startPlace('Contoso', 'u1@contoso.example');
      consumer = await startPlace('Consumer');
      const consumerAccounts = {
        displayName: 'Consumer',
        oidc: oidcOf(consumer),
        members: lookupOf(consumer),
      };
      house = await openHouse({
        store,
        resolveTxt: () => Promise.resolve([[`DirectFedAuthUrl=${partner.issuer}`]]),
        files: { 'accounts.txt': 'u1@contoso.example alias@contoso.example\n' },
        tenants: {
          a: {
            clients: CLIENTS,
            homeDirectories: [
              {
                id: 'contoso',
                displayName: 'Contoso',
                domains: ['contoso.example'],
                oidc: oidcOf(contoso),
                members: { file: '../accounts.txt' },
              },
            ],
            federations: [
              {
                id: 'partner',
                displayName: 'Partner',
                domains: ['partner.example'],
                oidc: oidcOf(partner),
              },
            ],
          },
          off: {
            emailOneTimePasscode: 'disabled',
            clients: CLIENTS,
            consumerAccounts,
          },
        },
      });
      connect(house, partner, 'partner');
      connect(house, contoso, 'contoso');
      connect(house, consumer, 'consumer', 'off');
    });
    after(async () => {
      await house.close();
      await Promise.all([partner, contoso, consumer].map((place) => place.stop()));
    });

    async function arriveAt(id: string, jar: Jar, address: string, tenant = 'a') {
      const configuration = await client.discovery(
        ...([new URL(`${house.publicUrl}/${tenant}/v2.0`), id, undefined] as const),
        client.ClientSecretBasic(secretOf('a')),
        { execute: [client.allowInsecureRequests] },
      );
      const begun = await beginAt(configuration);
      const page = await jar.follow(await jar.get(begun.url));
      if (page.location !== undefined) return { begun, page };
      return { begun, page: await giveAddress(jar, page, address) };
    }

    const found = (address: string, tenant = 'a') =>
      house.server.guests.parts.store.guests.findByAddress(tenant, address);

    it('R10 makes a guest of a stranger by passcode, after the permissions were accepted', async () => {
      const jar = new Jar();
      const { begun, page } = await arriveAt('open', jar, 'stranger@mail.example');
      assert.equal(heading(page), 'We will email you a code');
      const review = await byCode(house, jar, page, 'stranger@mail.example');
      assert.equal(heading(review), 'Review permissions');
      assert.equal(await found('stranger@mail.example'), undefined);
      const done = await press(jar, review, 'accept');
      const claims = (await house.redeem(begun, done.location!)).claims();
      const guest = await found('stranger@mail.example');
      assert.deepEqual(
        [guest?.id, guest?.kind, guest?.state, guest?.method],
        [claims?.sub, 'selfService', 'Accepted', 'emailOneTimePasscode'],
      );
      // A guest from now on: no second sign-up, no second consent.
      const again = await house.begin();
      const location = await house.signIn(new Jar(), again, 'stranger@mail.example');
      assert.equal((await house.redeem(again, location)).claims()?.sub, claims?.sub);
    });

    it('R10 makes a guest of a stranger whom another place knows, and binds them there', async () => {
      const jar = new Jar();
      const { begun, page: left } = await arriveAt('open', jar, 'new@partner.example');
      assert.ok(left.location?.startsWith(partner.issuer), left.text);
      const review = await throughPlace(jar, left, 'new@partner.example');
      assert.equal(heading(review), 'Review permissions');
      assert.equal(await found('new@partner.example'), undefined);
      const done = await press(jar, review, 'accept');
      assert.equal((await house.redeem(begun, done.location!)).claims()?.['idp'], partner.issuer);
      const guest = await found('new@partner.example');
      assert.deepEqual([guest?.kind, guest?.connection], ['selfService', 'partner']);
    });

    it('R10 stays open where passcodes are off: the stranger makes a consumer account', async () => {
      const jar = new Jar();
      const { begun, page: left } = await arriveAt('open', jar, 'maker@mail.example', 'off');
      assert.equal(new URL(left.location ?? '').searchParams.get('prompt'), 'create');
      const review = await throughPlace(jar, left, 'maker@mail.example', createAccountAt);
      const done = await press(jar, review, 'accept');
      assert.equal((await house.redeem(begun, done.location!)).claims()?.['tid'], 'off');
      const guest = await found('maker@mail.example', 'off');
      assert.deepEqual([guest?.kind, guest?.method], ['selfService', 'consumerAccount']);
    });

    it('R10 makes no guest of a stranger who declines', async () => {
      const jar = new Jar();
      const { page } = await arriveAt('open', jar, 'decliner@mail.example');
      const review = await byCode(house, jar, page, 'decliner@mail.example');
      const declined = await press(jar, review, 'decline');
      assert.match(declined.location ?? '', /error=access_denied/);
      assert.equal(await found('decliner@mail.example'), undefined);
    });

    it('R10 leaves strangers out at every other application of the tenant', async () => {
      const jar = new Jar();
      const { page: left } = await arriveAt('docs', jar, 'second@partner.example');
      const refused = await throughPlace(jar, left, 'second@partner.example');
      assert.equal(refused.status, 403);
      assert.match(refused.text, /is not invited to Tenant A/);
      const { page } = await arriveAt('docs', jar, 'second@mail.example');
      await press(jar, page, 'send');
      await house.server.guests.parts.outbox.idle();
      const recipients = house.relay.messages.flatMap((mail) => mail.recipients);
      assert.ok(!recipients.includes('second@mail.example'));
      assert.equal(await found('second@partner.example'), undefined);
    });

    it('R10 T84 lets a blocked guest not sign up again, under none of their names', async () => {
      const { administration, directory } = house.server.guests.parts;
      const blocked = await house.invite('blocked@mail.example');
      await administration.addAddress(
        ...([house.tenant(), blocked, addressOf('other@mail.example'), ADMIN] as const),
      );
      await administration.block(house.tenant(), blocked, ADMIN);
      for (const address of ['blocked@mail.example', 'other@mail.example']) {
        const jar = new Jar();
        const { page } = await arriveAt('open', jar, address);
        assert.equal(heading(await press(jar, page, 'send')), 'Enter the code we emailed you');
        await house.server.guests.parts.outbox.idle();
        const to = house.relay.messages.flatMap(({ recipients }) => recipients);
        assert.deepEqual(
          to.filter((recipient) => recipient === address),
          [],
        );
      }
      // Invited by an alias, blocked, and back by the name the account signs in by.
      const alias = await directory.invite({
        tenant: 'a',
        address: addressOf('alias@contoso.example'),
      });
      await administration.block(house.tenant(), alias.guest, ADMIN);
      const jar = new Jar();
      const { page: left } = await arriveAt('open', jar, 'u1@contoso.example');
      const refused = await throughPlace(jar, left, 'u1@contoso.example');
      assert.equal(refused.status, 403, heading(refused));
      assert.equal(await found('u1@contoso.example'), undefined);
    });

    it('R10 makes one guest of 10 sign-ups at once', async () => {
      const browsers = [];
      for (let index = 0; index < 10; index += 1) {
        const jar = new Jar();
        const { begun, page } = await arriveAt('open', jar, 'crowd@mail.example');
        browsers.push({ jar, begun, review: await byCode(house, jar, page, 'crowd@mail.example') });
      }
      const subjects = await Promise.all(
        browsers.map(async ({ jar, begun, review }) => {
          let done = await press(jar, review, 'accept');
          if (done.location === undefined) done = await press(jar, done, 'continue');
          return (await house.redeem(begun, done.location!)).claims()?.sub;
        }),
      );
      assert.equal(new Set(subjects).size, 1);
    });

    it('R11 takes no guest of the passcode at an application that does not want them', async () => {
      await house.invite('otp@mail.example');
      const jar = new Jar();
      const { page } = await arriveAt('strict', jar, 'otp@mail.example');
      assert.equal(page.status, 403);
      assert.match(page.text, /no longer offers the way you signed in before/);
      const sent = house.relay.messages.length;
      await jar.post(`${page.url.href.replace(/\/address$/, '')}/send`, {
        csrf: hidden(page, 'csrf'),
      });
      await house.server.guests.parts.outbox.idle();
      assert.equal(house.relay.messages.length, sent);
      const back = await press(jar, page, 'continue');
      assert.match(back.location ?? '', /error=access_denied/);
    });

    it('R11 takes none by the live session of another application, and leaves that one alone', async () => {
      await house.invite('sso@mail.example');
      const jar = new Jar();
      await house.signIn(jar, await house.begin(), 'sso@mail.example');
      const { begun, page } = await arriveAt('strict', jar, 'sso@mail.example');
      assert.equal(page.location, undefined);
      assert.equal(page.status, 403);
      const silent = new URL(begun.url);
      silent.searchParams.set('prompt', 'none');
      assert.match(
        (await jar.follow(await jar.get(silent))).location ?? '',
        /error=login_required/,
      );
      assert.equal(await isSignedIn(house, jar), true);
      // Whom another place knows is welcome there.
      await house.invite('welcome@partner.example', 'a', 'pending');
      partner.addAccount({ address: 'welcome@partner.example' });
      const federated = new Jar();
      const { page: left } = await arriveAt('strict', federated, 'welcome@partner.example');
      const review = await throughPlace(federated, left, 'welcome@partner.example');
      assert.match((await house.consent(federated, review)).location ?? '', /code=/);
    });
  });
}
