import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import { createLog } from '../../src/telemetry/log.ts';
import { heading, hidden, Jar } from '../support/jar.ts';
import {
  connect,
  giveAddress,
  lookupOf,
  oidcOf,
  startPlace,
  throughPlace,
} from '../support/places.ts';
import {
  cancelAt,
  createAccountAt,
  signInAt,
  type UpstreamOidc,
} from '../support/upstream-oidc.ts';
import { startWorld, stores, type World } from '../support/world.ts';

for (const store of stores) {
  describe(`guests whom another place knows, on ${store}`, () => {
    let world: World;
    let partner: UpstreamOidc;
    let google: UpstreamOidc;
    let consumer: UpstreamOidc;
    let proof: string[][];
    const lines: string[] = [];

    before(async () => {
      partner = await startPlace('Partner', 'ana@partner.example', 'bo@partner.example');
      google = await startPlace(
        'Google',
        'teri@gmail.com',
        'uma@googlemail.com',
        'ceo@partner.example',
      );
      consumer = await startPlace('Consumer', 'olga@outlook.example');
      proof = [[`DirectFedAuthUrl=${partner.issuer}`]];
      world = await startWorld({
        store,
        log: createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } }),
        resolveTxt: () => Promise.resolve(proof),
        tenants: {
          a: {
            federations: [
              {
                id: 'partner',
                displayName: 'Partner',
                domains: ['partner.example', 'partner.net'],
                oidc: oidcOf(partner),
              },
            ],
            google: {
              issuer: google.issuer,
              clientId: 'guestpass',
              clientSecret: oidcSecret(google),
            },
            consumerAccounts: {
              displayName: 'Consumer',
              oidc: oidcOf(consumer),
              members: lookupOf(consumer),
            },
          },
        },
      });
      connect(world, partner, 'partner');
      connect(world, google, 'google');
      connect(world, consumer, 'consumer');
    });
    after(async () => {
      await world.close();
      await Promise.all([partner, google, consumer].map((place) => place.stop()));
    });
    beforeEach(() => {
      lines.length = 0;
      for (const place of [partner, google, consumer]) {
        place.misbehave(undefined);
        place.recover();
      }
    });

    async function begin(jar: Jar, parameters: Readonly<Record<string, string>> = {}) {
      const begun = await world.begin('a', parameters);
      return { begun, page: await jar.follow(await jar.get(begun.url)) };
    }

    it('R3 R47 R69 sends a guest of a federated domain there, and binds what came back', async () => {
      const guest = await world.invite('ana@partner.example', 'a', 'pending');
      const jar = new Jar();
      const { begun, page } = await begin(jar);
      const left = await giveAddress(jar, page, 'Ana@Partner.Example');
      assert.ok(left.location?.startsWith(partner.issuer), left.text);
      const review = await throughPlace(jar, left, 'ana@partner.example');
      assert.equal(heading(review), 'Review permissions');
      const done = await world.consent(jar, review);
      const tokens = await world.redeem(begun, done.location ?? '');
      const claims = tokens.claims();
      assert.equal(claims?.sub, guest.id);
      assert.equal(claims?.['idp'], partner.issuer);
      assert.equal(claims?.acr, 'urn:guestpass:acr:federated');
      const bound = await world.server.guests.parts.store.guests.find('a', guest.id);
      assert.deepEqual(
        [bound?.state, bound?.method, bound?.connection],
        ['Accepted', 'externalFederation', 'partner'],
      );
      assert.equal(world.relay.messages.length, 0);
    });

    it('R48 sends gmail.com to Google, asking for the invited account', async () => {
      await world.invite('teri@gmail.com', 'a', 'pending');
      const jar = new Jar();
      const { begun, page } = await begin(jar);
      const left = await giveAddress(jar, page, 'teri@gmail.com');
      const asked = new URL(left.location ?? '').searchParams;
      assert.equal(asked.get('prompt'), 'select_account');
      assert.equal(asked.get('login_hint'), 'teri@gmail.com');
      const done = await world.consent(jar, await throughPlace(jar, left, 'teri@gmail.com'));
      const tokens = await world.redeem(begun, done.location ?? '');
      assert.equal(decodeJwt(tokens.id_token ?? '')['idp'], 'google.com');
    });

    it('leads a client’s login_hint straight to the place, and Back to a page with a button', async () => {
      await world.invite('bo@partner.example', 'a', 'pending');
      const jar = new Jar();
      const { page: left } = await begin(jar, { login_hint: 'bo@partner.example' });
      assert.ok(left.location?.startsWith(partner.issuer), left.text);
      const again = await jar.get(left.url);
      assert.equal(heading(again), 'Sign in with Partner');
      const leave = { csrf: hidden(again, 'csrf') };
      const second = await jar.follow(await jar.post(`${again.url.href}/leave`, leave));
      assert.ok(second.location?.startsWith(partner.issuer));
    });

    it('tells the place the language of the page, and nothing an application wrote', async () => {
      await world.invite('bo@partner.example', 'a', 'pending');
      for (const [asked, told] of [
        ['de-AT', 'de'],
        ['x-private fr', 'fr'],
        ['x-private', 'en'],
        ['de&prompt=none pt-PT', 'pt-BR'],
        [`${'a'.repeat(300)} ja-x-secret`, 'ja'],
      ] as const) {
        const hinted = { login_hint: 'bo@partner.example', ui_locales: asked };
        const { page: left } = await begin(new Jar(), hinted);
        const { searchParams } = new URL(left.location ?? '');
        assert.deepEqual(searchParams.getAll('ui_locales'), [told], asked);
        assert.equal(searchParams.get('prompt'), null);
      }
    });

    it('R20 leads domain_hint to its place, and takes the guest who comes back', async () => {
      const guest = await world.invite('bo@partner.example', 'a', 'pending');
      const jar = new Jar();
      const { begun, page: left } = await begin(jar, { domain_hint: 'partner.net' });
      assert.ok(left.location?.startsWith(partner.issuer), left.text);
      const done = await world.consent(jar, await throughPlace(jar, left, 'bo@partner.example'));
      const tokens = await world.redeem(begun, done.location ?? '');
      assert.equal(tokens.claims()?.sub, guest.id);
    });

    it('S45 passes a demand for a new sign-in on to the place', async () => {
      await world.invite('bo@partner.example', 'a', 'pending');
      const hinted = { login_hint: 'bo@partner.example' };
      const asked = async (parameters: Readonly<Record<string, string>>) => {
        const { page: left } = await begin(new Jar(), { ...hinted, ...parameters });
        return new URL(left.location ?? '').searchParams.get('prompt');
      };
      assert.equal(await asked({ prompt: 'login' }), 'login');
      assert.equal(await asked({}), null);
    });

    it('R6 R20 leads a guest whose door is the mailbox on to it, whatever domain_hint says', async () => {
      const guest = await world.invite('mail@partner.example');
      partner.addAccount({ address: 'mail@partner.example' });
      const jar = new Jar();
      const { begun, page: left } = await begin(jar, { domain_hint: 'partner.example' });
      const page = await throughPlace(jar, left, 'mail@partner.example');
      assert.equal(heading(page), 'We will email you a code');
      const sent = await jar.follow(
        await jar.post(`${page.url.href}/send`, { csrf: hidden(page, 'csrf') }),
      );
      const passcode = {
        csrf: hidden(sent, 'csrf'),
        code: await world.passcodeFor('mail@partner.example'),
      };
      const done = await jar.follow(await jar.post(`${page.url.href}/passcode`, passcode));
      assert.equal((await world.redeem(begun, done.location ?? '')).claims()?.sub, guest.id);
    });

    it('S51 takes no proof for an address that was changed while it was on its way', async () => {
      const victim = await world.invite('victim@partner.example', 'a', 'pending');
      await world.invite('attacker@partner.example', 'a', 'pending');
      partner.addAccount({ address: 'attacker@partner.example' });
      const jar = new Jar();
      const { page } = await begin(jar);
      const left = await giveAddress(jar, page, 'attacker@partner.example');
      const back = await signInAt(new Jar(), left.location ?? '', 'attacker@partner.example');
      // The answer waits at the place while the same browser names another address.
      partner.hang('/token');
      const answer = jar.clone().get(back);
      await partner.arrival('/token');
      const csrf = hidden(await jar.get(`${page.url.href}/address`), 'csrf');
      await jar.post(`${page.url.href}/address`, { csrf, email: 'victim@partner.example' });
      partner.recover();
      await answer;
      const shown = await jar.follow(await jar.get(`${page.url.href}/returned`));
      assert.notEqual(heading(shown), 'Review permissions');
      const { guests } = world.server.guests.parts.store;
      assert.equal((await guests.find('a', victim.id))?.state, 'PendingAcceptance');
    });

    it('R55 lets a guest with a consumer account sign in with it', async () => {
      await world.invite('olga@outlook.example', 'a', 'pending');
      const jar = new Jar();
      const { begun, page } = await begin(jar);
      const left = await giveAddress(jar, page, 'olga@outlook.example');
      assert.ok(left.location?.startsWith(consumer.issuer), left.text);
      assert.equal(new URL(left.location ?? '').searchParams.get('prompt'), null);
      const done = await world.consent(jar, await throughPlace(jar, left, 'olga@outlook.example'));
      await world.redeem(begun, done.location ?? '');
    });

    it('tells whoever cancels there what happened, and lets them try again', async () => {
      await world.invite('cancel@partner.example', 'a', 'pending');
      partner.addAccount({ address: 'cancel@partner.example' });
      const jar = new Jar();
      const { begun, page } = await begin(jar);
      const left = await giveAddress(jar, page, 'cancel@partner.example');
      const back = await jar.follow(await jar.get(await cancelAt(new Jar(), left.location ?? '')));
      assert.equal(back.status, 400);
      assert.equal(heading(back), 'Partner could not sign you in');
      const again = await jar.follow(
        await jar.post(`${back.url.href}/leave`, { csrf: hidden(back, 'csrf') }),
      );
      const done = await world.consent(
        jar,
        await throughPlace(jar, again, 'cancel@partner.example'),
      );
      await world.redeem(begun, done.location ?? '');
    });

    it('P3 names both addresses when another account came back, and lets nobody in', async () => {
      await world.invite('mine@partner.example', 'a', 'pending');
      const jar = new Jar();
      const { page } = await begin(jar);
      const left = await giveAddress(jar, page, 'mine@partner.example');
      const back = await throughPlace(jar, left, 'ana@partner.example');
      assert.equal(back.status, 403);
      assert.match(back.text, /ana@partner\.example/);
      assert.match(back.text, /mine@partner\.example/);
      // The session there would only bring the same account back.
      const again = { csrf: hidden(back, 'csrf'), again: hidden(back, 'again') };
      const second = await jar.post(`${page.url.href}/leave`, again);
      assert.equal(new URL(second.location ?? '').searchParams.get('prompt'), 'login');
      const line = lines.find((text) => text.includes('upstream_address_other'));
      assert.match(line ?? '', /"audit":true/);
      assert.doesNotMatch(line ?? '', /mine@partner/);
    });

    const lies = [
      ['unverified', 'upstream_address_unverified'],
      ['verified_as_text', 'upstream_address_unverified'],
      ['verified_missing', 'upstream_address_unverified'],
      ['address_apart_from_verified', 'upstream_address_unverified'],
      ['address_missing', 'upstream_address_missing'],
      ['foreign_iss', 'upstream_untrusted'],
      ['refuses_everyone', 'upstream_refused'],
    ] as const;
    for (const [lie, code] of lies) {
      it(`S52 T73 refuses an answer that is ${lie} with a page and an audit line`, async () => {
        await world.invite('ana@partner.example', 'a', 'pending');
        const jar = new Jar();
        const { page } = await begin(jar);
        const left = await giveAddress(jar, page, 'ana@partner.example');
        partner.misbehave(lie);
        const back = await throughPlace(jar, left, 'ana@partner.example');
        assert.equal(back.status, 403);
        assert.equal(heading(back), 'Partner could not sign you in');
        const line = lines.find((text) => text.includes(`"errorCode":"${code}"`));
        assert.match(line ?? '', /"event":"upstream\.refused".*"audit":true|"audit":true/);
      });
    }

    it('R52 S50 T73 refuses a place that asserts an address of a domain that is not its own', async () => {
      await world.invite('ceo@partner.example', 'a', 'pending');
      await world.invite('rita@gmail.com', 'a', 'pending');
      const jar = new Jar();
      const { page } = await begin(jar);
      const left = await giveAddress(jar, page, 'rita@gmail.com');
      const back = await throughPlace(jar, left, 'ceo@partner.example');
      assert.equal(back.status, 403);
      assert.ok(lines.some((text) => text.includes('"errorCode":"upstream_address_foreign"')));
    });

    for (const address of [
      'ana@sub.partner.example',
      'ana@evilpartner.example',
      'ana@partner.example.evil',
    ]) {
      it(`R47 S50 T72 sends ${address} to the mailbox: no look-alike is routed`, async () => {
        const jar = new Jar();
        const { page } = await begin(jar);
        assert.equal(heading(await giveAddress(jar, page, address)), 'We will email you a code');
      });
    }

    it('S52 takes an answer once, in the browser and at the connection it was asked by', async () => {
      await world.invite('once@partner.example', 'a', 'pending');
      partner.addAccount({ address: 'once@partner.example' });
      const jar = new Jar();
      const { begun, page } = await begin(jar);
      const left = await giveAddress(jar, page, 'once@partner.example');
      const back = new URL(await signInAt(new Jar(), left.location ?? '', 'once@partner.example'));
      const stranger = await new Jar().get(back);
      assert.equal(stranger.status, 400);
      // Whoever tried it first has used it up, and the guest goes there once more.
      assert.equal((await jar.get(back)).status, 400);
      const again = await jar.follow(await jar.get(page.url));
      assert.equal(heading(again), 'Sign in with Partner');
      const leave = { csrf: hidden(again, 'csrf') };
      const second = await jar.follow(await jar.post(`${page.url.href}/leave`, leave));
      const done = await world.consent(
        jar,
        await throughPlace(jar, second, 'once@partner.example'),
      );
      await world.redeem(begun, done.location ?? '');
    });

    it('R46 T77 says that a place is down and lets the guest try again, and mails nobody instead', async () => {
      await world.invite('down@partner.example', 'a', 'pending');
      partner.addAccount({ address: 'down@partner.example' });
      const sent = world.relay.messages.length;
      const jar = new Jar();
      const { begun, page } = await begin(jar);
      const left = await giveAddress(jar, page, 'down@partner.example');
      partner.fail('/token');
      const back = await throughPlace(jar, left, 'down@partner.example');
      assert.equal(back.status, 503);
      assert.equal(heading(back), 'Partner could not sign you in');
      const csrf = hidden(back, 'csrf');
      await jar.post(`${back.url.href}/send`, { csrf });
      assert.equal(world.relay.messages.length, sent);
      partner.recover();
      const again = await jar.follow(await jar.post(`${back.url.href}/leave`, { csrf }));
      const done = await world.consent(jar, await throughPlace(jar, again, 'down@partner.example'));
      await world.redeem(begun, done.location ?? '');
    });

    it('R46 asks the directory again when it could not be asked, and never falls to the passcode', async () => {
      await world.invite('half@consumer.example', 'a', 'pending');
      consumer.fail('/accounts');
      const jar = new Jar();
      const { page } = await begin(jar);
      const refused = await giveAddress(jar, page, 'half@consumer.example');
      assert.equal(refused.status, 503);
      consumer.recover();
      const retried = await jar.follow(
        await jar.post(`${page.url.href}/retry`, { csrf: hidden(refused, 'csrf') }),
      );
      assert.equal(heading(retried), 'We will email you a code');
    });

    it('R50 asks for the proof of a federation’s domain before its first use', async () => {
      proof = [['DirectFedAuthUrl=https://evil.example']];
      const unproven = await startWorld({
        store,
        resolveTxt: () => Promise.resolve(proof),
        tenants: {
          a: {
            federations: [
              {
                id: 'p',
                displayName: 'Partner',
                domains: ['partner.example'],
                oidc: oidcOf(partner),
              },
            ],
          },
        },
      });
      try {
        const jar = new Jar();
        const page = await jar.follow(await jar.get((await unproven.begin()).url));
        const shown = await giveAddress(jar, page, 'ana@partner.example');
        assert.equal(shown.status, 503);
        assert.equal(heading(shown), 'Partner could not sign you in');
      } finally {
        await unproven.close();
      }
    });

    it('S63 S62 sends strangers of a federated domain the way its invited guests go', async () => {
      await world.invite('invited@partner.example', 'a', 'pending');
      const jars = [new Jar(), new Jar()];
      const answerTo = async (address: string) => {
        const jar = jars.pop()!;
        const { page } = await begin(jar);
        const { status, location, headers } = await giveAddress(jar, page, address);
        const place = new URL(location ?? '');
        return {
          status,
          place: `${place.origin}${place.pathname}`,
          parameters: [...place.searchParams.keys()],
          headers: Object.keys(headers),
        };
      };
      const invited = await answerTo('invited@partner.example');
      assert.ok(invited.place.startsWith(partner.issuer));
      assert.deepEqual(await answerTo('uninvited@partner.example'), invited);
    });

    it('R13 S62 tells a stranger only after the proof that there is no invitation', async () => {
      partner.addAccount({ address: 'nobody@partner.example' });
      const jar = new Jar();
      const { page } = await begin(jar);
      const left = await giveAddress(jar, page, 'nobody@partner.example');
      const refused = await throughPlace(jar, left, 'nobody@partner.example');
      assert.equal(refused.status, 403);
      assert.match(refused.text, /rule row <bdi><strong>2a</);
      const back = await jar.follow(
        await jar.post(`${page.url.href}/continue`, { csrf: hidden(refused, 'csrf') }),
      );
      assert.match(back.location ?? '', /error=access_denied/);
    });

    it('makes a consumer account where the table says the guest is to make one', async () => {
      const closed = await startWorld({
        store,
        tenants: {
          a: {
            emailOneTimePasscode: 'disabled',
            consumerAccounts: {
              displayName: 'Consumer',
              oidc: oidcOf(consumer),
              members: lookupOf(consumer),
            },
          },
        },
      });
      try {
        connect(closed, consumer, 'consumer');
        await closed.invite('new@somewhere.example', 'a', 'pending');
        const jar = new Jar();
        const begun = await closed.begin();
        const page = await jar.follow(await jar.get(begun.url));
        const left = await giveAddress(jar, page, 'new@somewhere.example');
        assert.equal(new URL(left.location ?? '').searchParams.get('prompt'), 'create');
        const review = await throughPlace(jar, left, 'new@somewhere.example', createAccountAt);
        const done = await closed.consent(jar, review);
        await closed.redeem(begun, done.location ?? '');
      } finally {
        await closed.close();
        connect(world, consumer, 'consumer');
      }
    });
  });
}

function oidcSecret(place: UpstreamOidc): string {
  return (oidcOf(place) as { clientSecret: string }).clientSecret;
}
