import assert from 'node:assert/strict';
import type { InviterRole } from '../../src/domain/invitation.ts';
import { heading, Jar } from '../support/jar.ts';
import { connect, oidcOf, startPlace, throughPlace } from '../support/places.ts';
import type { UpstreamOidc } from '../support/upstream-oidc.ts';
import { stores } from '../support/world.ts';
import { arrive, byCode, type House, INVITER, nextLink, openHouse, takeLink } from './house.ts';

for (const store of stores) {
  describe(`who may be invited, and by whom, on ${store}`, () => {
    let house: House;

    before(async () => {
      house = await openHouse({
        store,
        tenants: {
          members: { invitations: { whoMayInvite: 'members' } },
          inviters: { invitations: { whoMayInvite: 'guestInviters' } },
          nobody: { invitations: { whoMayInvite: 'nobody' } },
        },
      });
    });
    after(() => house.close());

    const roles = ['guest', 'member', 'guestInviter', 'administrator', 'application'] as const;
    const allowed: Readonly<Record<string, readonly InviterRole[]>> = {
      a: roles,
      members: ['member', 'guestInviter', 'administrator', 'application'],
      inviters: ['guestInviter', 'administrator'],
      nobody: [],
    };
    for (const [tenant, may] of Object.entries(allowed)) {
      it(`R75 lets ${may.join(', ') || 'nobody'} invite to tenant ${tenant}`, async () => {
        const said = await Promise.all(
          roles.map(async (role) => {
            const address = `${role}@mail.example`;
            const outcome = await house.server.guests.invite({ tenant, address, role });
            return outcome.outcome === 'refused' ? outcome.code : role;
          }),
        );
        assert.deepEqual(
          said,
          roles.map((role) => (may.includes(role) ? role : 'inviter_not_allowed')),
        );
      });
    }

    it('R60 sends nothing unless asked to, and takes no page of anybody else', async () => {
      const quiet = await house.asked('quiet@mail.example', { sendMessage: false });
      assert.match(quiet.redeemUrl ?? '', /\/a\/invitation\?ticket=/);
      const order = { tenant: 'a', address: 'quiet2@mail.example' };
      await house.server.guests.invite(order);
      await house.server.guests.parts.outbox.idle();
      assert.deepEqual(
        house.relay.messages.filter(({ recipients }) =>
          recipients.some((to) => to.startsWith('quiet')),
        ),
        [],
      );
      for (const redirectUrl of [
        'https://evil.example/',
        'http://127.0.0.1:9998/',
        'javascript:x',
      ]) {
        const outcome = await house.server.guests.invite({ ...order, redirectUrl });
        assert.deepEqual(outcome, { outcome: 'refused', code: 'redirect_unregistered' });
      }
    });

    it('R63 copies one other reader, without the link, and draws a message as plain text', async () => {
      await house.asked('copy@mail.example', {
        cc: 'boss@fabrikam.example',
        message: '<b>Hello</b> https://evil.example',
      });
      const mail = await house.relay.nextMail('copy@mail.example');
      const copy = await house.relay.nextMail('boss@fabrikam.example');
      assert.match(mail.parsed.html ?? '', /&lt;b&gt;Hello/);
      assert.deepEqual(mail.recipients, ['copy@mail.example']);
      assert.doesNotMatch(copy.raw, /ticket=/);
    });

    it('R66 drops the message of an application, and of an inviter nobody could ask', async () => {
      await house.asked('app@mail.example', { message: 'From a program', role: 'application' });
      await house.asked('robot@mail.example', { message: 'From a program', invitedBy: null });
      await house.asked('human@mail.example', { message: 'From a human' });
      for (const [address, expected] of [
        ['app@mail.example', false],
        ['robot@mail.example', false],
        ['human@mail.example', true],
      ] as const) {
        const mail = await house.relay.nextMail(address);
        assert.equal(/From a (program|human)/.test(mail.parsed.text ?? ''), expected, address);
        const jar = new Jar();
        const page = await jar.follow(await jar.get(await nextLink(house, address)));
        assert.equal(/From a (program|human)/.test(page.text), expected, address);
      }
    });
  });

  describe(`a list of domains that comes later, on ${store}`, () => {
    let house: House;

    beforeEach(async () => {
      house = await openHouse({ store });
    });
    afterEach(() => house.close());

    for (const [kind, domains] of [
      ['allow', { allow: ['good.example'] }],
      ['block', { block: ['bad.example'] }],
    ] as const) {
      it(`R73 holds an ${kind} list against new invitations and pending guests, not against the redeemed`, async () => {
        const made = await house.asked('pending@bad.example');
        await house.invite('redeemed@bad.example');
        await house.invite('pending@good.example', 'a', 'pending');
        await house.restartWith((tenant) => ({ ...tenant, domains }));

        const invited = await house.server.guests.invite({
          tenant: 'a',
          address: 'new@bad.example',
        });
        assert.deepEqual(invited, { outcome: 'refused', code: 'domain_not_allowed' });
        const { invitations } = house.server.guests.parts;
        const resent = await invitations.resend(house.tenant(), made.guest, INVITER);
        assert.equal(resent.outcome, 'refused');
        // A sub-domain and a look-alike are other domains.
        for (const address of ['x@sub.good.example', 'x@notgood.example', 'x@sub.bad.example']) {
          const { outcome } = await house.server.guests.invite({ tenant: 'a', address });
          assert.equal(outcome, kind === 'allow' ? 'refused' : 'invited', address);
        }

        const byLink = new Jar();
        const stopped = await takeLink(byLink, made.redeemUrl!);
        assert.equal(stopped.status, 403);
        assert.match(stopped.text, /does not take guests with an address of your email domain/);
        const jar = new Jar();
        const { page } = await arrive(house, jar, 'pending@bad.example');
        const refused = await byCode(house, jar, page, 'pending@bad.example');
        assert.equal(refused.status, 403);
        assert.match(refused.text, /rule row <bdi><strong>3</);
        assert.equal((await house.stored(made.guest))?.state, 'PendingAcceptance');

        for (const address of ['redeemed@bad.example', 'pending@good.example']) {
          const begun = await house.begin();
          const location = await house.signIn(new Jar(), begun, address);
          assert.equal((await house.redeem(begun, location)).claims()?.['email'], address);
        }
      });
    }

    it('R73 asks no allow list about guests who redeemed, and lets the pending in once it is gone', async () => {
      await house.invite('pending@bad.example', 'a', 'pending');
      await house.restartWith((tenant) => ({ ...tenant, domains: { allow: ['good.example'] } }));
      const jar = new Jar();
      const { page } = await arrive(house, jar, 'pending@bad.example');
      assert.equal((await byCode(house, jar, page, 'pending@bad.example')).status, 403);
      await house.restartWith((tenant) => ({ ...tenant, domains: undefined }));
      const begun = await house.begin();
      assert.match(await house.signIn(new Jar(), begun, 'pending@bad.example'), /code=/);
    });
  });

  describe(`a guest whose account has several names, on ${store}`, () => {
    let house: House;
    let contoso: UpstreamOidc;

    before(async () => {
      contoso = await startPlace('Contoso', 'u1@contoso.example', 'u2@contoso.example');
      house = await openHouse({
        store,
        files: {
          'accounts.txt':
            'u1@contoso.example ana@contoso.example\nu2@contoso.example bo@contoso.example\n',
        },
        tenants: {
          a: {
            homeDirectories: [
              {
                id: 'contoso',
                displayName: 'Contoso',
                domains: ['contoso.example'],
                oidc: oidcOf(contoso),
                members: { file: '../accounts.txt' },
              },
            ],
          },
        },
      });
      connect(house, contoso, 'contoso');
    });
    after(async () => {
      await house.close();
      await contoso.stop();
    });

    it('R57 takes an invited alias by the mailed link, and sends a direct arrival there', async () => {
      const { redeemUrl, guest } = await house.asked('ana@contoso.example');
      const direct = new Jar();
      const { page } = await arrive(house, direct, 'ana@contoso.example');
      assert.equal(page.status, 403);
      assert.match(page.text, /Open the link in your invitation email/);
      // Nobody invited the other alias; the page does not tell.
      const stranger = await arrive(house, new Jar(), 'bo@contoso.example');
      assert.equal(heading(stranger.page), heading(page));
      assert.equal(stranger.page.status, page.status);

      const jar = new Jar();
      const left = await takeLink(jar, redeemUrl!);
      assert.ok(left.location?.startsWith(contoso.issuer), left.text);
      assert.equal(
        new URL(left.location ?? '').searchParams.get('login_hint'),
        'u1@contoso.example',
      );
      const done = await house.consent(jar, await throughPlace(jar, left, 'u1@contoso.example'));
      assert.equal(heading(done), 'Your apps at Tenant A');
      const bound = await house.stored(guest);
      assert.deepEqual([bound?.state, bound?.connection], ['Accepted', 'contoso']);
      assert.equal(bound?.address, 'ana@contoso.example');

      // Redeemed now: the application's own link works, and the real address is told.
      const later = new Jar();
      const { begun, page: again } = await arrive(house, later, 'ana@contoso.example');
      const back = await throughPlace(later, again, 'u1@contoso.example');
      const claims = (await house.redeem(begun, back.location ?? '')).claims();
      assert.deepEqual([claims?.sub, claims?.['email']], [guest.id, 'ana@contoso.example']);
    });

    it('R58 finds the guest by the name they sign in by, whatever name was invited', async () => {
      const { guest } = await house.asked('bo@contoso.example');
      const jar = new Jar();
      const { begun, page: left } = await arrive(house, jar, 'u2@contoso.example');
      assert.ok(left.location?.startsWith(contoso.issuer), left.text);
      const done = await house.consent(jar, await throughPlace(jar, left, 'u2@contoso.example'));
      const claims = (await house.redeem(begun, done.location ?? '')).claims();
      assert.deepEqual([claims?.sub, claims?.['email']], [guest.id, 'bo@contoso.example']);
    });

    it('R9 mails a code to an invited guest whom the partner’s directory does not know', async () => {
      const { redeemUrl, guest } = await house.asked('dora@contoso.example');
      await nextLink(house, 'dora@contoso.example');
      const jar = new Jar();
      const page = await takeLink(jar, redeemUrl!);
      assert.equal(heading(page), 'We will email you a code');
      await house.consent(jar, await byCode(house, jar, page, 'dora@contoso.example'));
      assert.equal((await house.stored(guest))?.method, 'emailOneTimePasscode');
    });
  });
}
