import assert from 'node:assert/strict';
import { type Answer, heading, Jar } from '../support/jar.ts';
import { oidcOf, connect, startPlace, throughPlace } from '../support/places.ts';
import { travel } from '../support/time.ts';
import type { UpstreamOidc } from '../support/upstream-oidc.ts';
import { CALLBACK, secretOf, stores } from '../support/world.ts';
import {
  ADMIN,
  arrive,
  byCode,
  DAY,
  type House,
  INVITER,
  isSignedIn,
  linkIn,
  nextLink,
  openHouse,
  press,
  takeLink,
  TARGET,
  WatchedJar,
} from './house.ts';

const MANY = 20;

for (const store of stores) {
  describe(`an invitation, on ${store}`, () => {
    let house: House;
    let partner: UpstreamOidc;

    before(async () => {
      partner = await startPlace('Partner', 'fed@partner.example', 'gone@partner.example');
      house = await openHouse({
        store,
        resolveTxt: () => Promise.resolve([[`DirectFedAuthUrl=${partner.issuer}`]]),
        tenants: {
          a: {
            support: 'help@fabrikam.example',
            privacyUrl: 'https://fabrikam.example/privacy',
            termsUrl: 'https://fabrikam.example/terms',
            clients: [
              {
                client_id: 'docs',
                client_name: 'Docs',
                client_uri: 'http://127.0.0.1:9999/docs',
                client_secret: secretOf('a'),
                redirect_uris: [CALLBACK],
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
          b: { mailStrangers: true },
        },
      });
      connect(house, partner, 'partner');
    });
    after(async () => {
      await house.close();
      await partner.stop();
    });

    it('R60 R61 R65 R70 leads from the mail over permissions and terms to the page that was named', async () => {
      const made = await house.asked('teri@mail.example', {
        message: 'See you on Monday.',
        redirectUrl: TARGET,
        cc: 'boss@fabrikam.example',
      });
      assert.deepEqual([made.outcome, made.status], ['invited', 'PendingAcceptance']);
      assert.equal((await house.stored(made.guest))?.state, 'PendingAcceptance');
      const mail = await house.relay.nextMail('teri@mail.example');
      assert.match(mail.parsed.subject ?? '', new RegExp(INVITER.replace('@', '.{1,3}')));
      assert.equal(linkIn(mail), made.redeemUrl);
      const jar = new Jar();
      const landing = await jar.follow(await jar.get(made.redeemUrl!));
      assert.match(heading(landing), /invited you to Tenant A$/);
      assert.match(landing.text, /See you on Monday\./);
      assert.match(landing.text, /127\.0\.0\.1:9999/);
      const send = await press(jar, landing, 'accept');
      assert.equal(heading(send), 'We will email you a code');
      assert.match(send.text, /teri@mail\.example/);
      const review = await byCode(house, jar, send, 'teri@mail.example');
      assert.equal(heading(review), 'Review permissions');
      assert.match(review.text, /https:\/\/fabrikam\.example\/privacy/);
      assert.equal((await house.stored(made.guest))?.state, 'PendingAcceptance');
      const terms = await press(jar, review, 'accept');
      assert.equal(heading(terms), 'Terms of use');
      assert.match(terms.text, /https:\/\/fabrikam\.example\/terms/);
      assert.equal((await house.stored(made.guest))?.state, 'PendingAcceptance');
      const done = await press(jar, terms, 'accept');
      assert.equal(done.location, TARGET);
      const redeemed = await house.stored(made.guest);
      assert.deepEqual([redeemed?.state, redeemed?.idp], ['Accepted', 'mail']);
    });

    it('R70 ends on the guest’s own page when no page was named', async () => {
      const { redeemUrl } = await house.asked('home@mail.example');
      await nextLink(house, 'home@mail.example');
      const jar = new Jar();
      const page = await takeLink(jar, redeemUrl!);
      const done = await house.consent(jar, await byCode(house, jar, page, 'home@mail.example'));
      assert.equal(done.url.pathname, '/a/');
      assert.equal(heading(done), 'Your apps at Tenant A');
      assert.match(done.text, /href="http:\/\/127\.0\.0\.1:9999\/docs"/);
    });

    it('S55 T80 changes nothing and signs nobody in, however often scanners open the link', async () => {
      const { redeemUrl, guest } = await house.asked('scan@mail.example', { redirectUrl: TARGET });
      await nextLink(house, 'scan@mail.example');
      const before = await house.stored(guest);
      const answers = await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const jar = new Jar();
          const opened = await jar.send(index % 2 === 0 ? 'GET' : 'HEAD', redeemUrl!);
          assert.equal(opened.status, 303);
          return { jar, page: await jar.follow(opened) };
        }),
      );
      assert.deepEqual(await house.stored(guest), before);
      assert.deepEqual(new Set(answers.map(({ page }) => page.status)), new Set([200]));
      const { jar, page } = answers[0]!;
      assert.equal(await isSignedIn(house, jar), false);
      const accept = `${house.publicUrl}/a/signin/invitation/accept`;
      assert.equal((await jar.post(accept, {})).status, 403);
      assert.equal((await jar.post(accept, { csrf: 'A'.repeat(43) })).status, 403);
      assert.equal((await new Jar().post(accept, {})).status, 404);
      // A form token of another browser is none.
      const other = answers[1]!.jar;
      const csrf = /name="csrf" value="([^"]*)"/.exec(page.text)![1]!;
      assert.equal((await other.post(accept, { csrf })).status, 403);
      assert.deepEqual(await house.stored(guest), before);
      // Continue alone does not sign in either: the passcode is still to come.
      const send = await press(jar, page, 'accept');
      assert.equal(await isSignedIn(house, jar), false);
      const done = await house.consent(jar, await byCode(house, jar, send, 'scan@mail.example'));
      assert.equal(done.location, TARGET);
    });

    it('S55 T80 takes the ticket out of the address: no later address, redirect or page has it', async () => {
      const { redeemUrl } = await house.asked('clean@mail.example', { redirectUrl: TARGET });
      await nextLink(house, 'clean@mail.example');
      const ticket = new URL(redeemUrl!).searchParams.get('ticket')!;
      const jar = new WatchedJar();
      const page = await takeLink(jar, redeemUrl!);
      await press(jar, await jar.follow(await jar.get(redeemUrl!)), 'accept');
      await jar.follow(await jar.get(redeemUrl!.replace('?', '/block?')));
      await house.consent(jar, await byCode(house, jar, page, 'clean@mail.example'));
      assert.ok(jar.seen.length > 12);
      for (const { url, location = '', text } of jar.seen) {
        assert.ok(!text.includes(ticket), `page of ${url.pathname}`);
        assert.ok(!location.includes(ticket), `redirect of ${url.pathname}`);
        if (!/\/invitation(\/block)?$/.test(url.pathname)) assert.ok(!url.href.includes(ticket));
      }
      const cookies = jar.lines.filter((line) => line.includes(ticket));
      assert.ok(cookies.length > 0);
      for (const line of cookies) assert.match(line, /; httponly/i);
    });

    it('R21 R2 shows the same page by the mailed link and by the link of an application', async () => {
      const { redeemUrl } = await house.asked('same@mail.example');
      await nextLink(house, 'same@mail.example');
      const byLink = await takeLink(new Jar(), redeemUrl!);
      const { page: direct } = await arrive(house, new Jar(), 'same@mail.example');
      assert.equal(mask(byLink), mask(direct));
    });

    it('R2 behaves alike when an invitation is redeemed and when the guest comes again', async () => {
      const { redeemUrl } = await house.asked('twice@mail.example');
      await nextLink(house, 'twice@mail.example');
      const jar = new Jar();
      const first = await takeLink(jar, redeemUrl!);
      const redeemed = await byCode(house, jar, first, 'twice@mail.example');
      await house.consent(jar, redeemed);
      const again = new Jar();
      const { begun, page } = await arrive(house, again, 'twice@mail.example');
      assert.equal(mask(page), mask(first));
      const done = await byCode(house, again, page, 'twice@mail.example');
      assert.equal((await house.redeem(begun, done.location!)).claims()?.['idp'], 'mail');
    });

    it('R4 reveals no method: answer, mail and page are those of any other guest', async () => {
      const told = [];
      for (const address of ['mail@mail.example', 'fed1@partner.example']) {
        const made = await house.asked(address);
        const mail = await house.relay.nextMail(address);
        const jar = new Jar();
        const page = await jar.follow(await jar.get(made.redeemUrl!));
        const { guest, redeemUrl: _, ...said } = made;
        const facts = {
          ...said,
          method: guest.method,
          connection: guest.connection,
          idp: guest.idp,
        };
        const texts = [mail.parsed.text ?? '', page.text, mail.parsed.subject ?? ''];
        told.push({ facts, texts: texts.map((text) => withoutNames(text, address)) });
      }
      assert.deepEqual(told[0], told[1]);
    });

    it('R62 redeems in a browser alone, by whoever proves the address', async () => {
      const { redeemUrl, guest } = await house.asked('only@mail.example');
      await nextLink(house, 'only@mail.example');
      await house.asked('only@mail.example');
      // Two mails on their way at once may come in either order.
      await nextLink(house, 'only@mail.example', 1);
      await house.server.guests.parts.invitations.resend(house.tenant(), guest, ADMIN);
      assert.equal((await house.stored(guest))?.state, 'PendingAcceptance');
      // The link in somebody else's hands is worth nothing: it is the mailbox that counts.
      const thief = new Jar();
      const stale = await thief.follow(await thief.get(redeemUrl!));
      assert.equal(stale.status, 404);
      const page = await takeLink(thief, await nextLink(house, 'only@mail.example', 2));
      const shown = await press(thief, page, 'send');
      const wrong = await press(thief, shown, 'passcode', { code: '00000000' });
      assert.equal(wrong.status, 400);
      assert.equal((await house.stored(guest))?.state, 'PendingAcceptance');
    });

    it('R65 R69 keeps the link of a guest who accepted as a way back, without asking again', async () => {
      const { redeemUrl } = await house.asked('back@mail.example', { redirectUrl: TARGET });
      await nextLink(house, 'back@mail.example');
      const jar = new Jar();
      const first = await byCode(house, jar, await takeLink(jar, redeemUrl!), 'back@mail.example');
      await house.consent(jar, first);
      // Signed in still: straight on.
      assert.equal((await takeLink(jar, redeemUrl!)).location, TARGET);
      travel(31 * DAY);
      const later = new Jar();
      const landing = await later.follow(await later.get(redeemUrl!));
      assert.equal(heading(landing), 'You have already accepted');
      const page = await press(later, landing, 'accept');
      const done = await byCode(house, later, page, 'back@mail.example');
      assert.equal(done.location, TARGET);
    });

    it('R69 R70 redeems nobody who declines, and asks again the next time', async () => {
      const { redeemUrl, guest } = await house.asked('no@mail.example');
      await nextLink(house, 'no@mail.example');
      const jar = new Jar();
      for (const accepted of [0, 1]) {
        const page = await takeLink(jar, redeemUrl!);
        let shown = await byCode(house, jar, page, 'no@mail.example');
        if (accepted === 1) shown = await press(jar, shown, 'accept');
        const declined = await press(jar, shown, 'decline');
        assert.equal(heading(declined), 'Sign in to Tenant A as a guest');
        assert.equal(await isSignedIn(house, jar), false);
        assert.equal((await house.stored(guest))?.state, 'PendingAcceptance');
      }
    });

    it('S55 ends an invitation after 30 days, by its link and by the link of an application', async () => {
      const made = await house.asked('late@mail.example');
      await nextLink(house, 'late@mail.example');
      travel(30 * DAY - 60);
      const jar = new Jar();
      assert.equal((await jar.follow(await jar.get(made.redeemUrl!))).status, 200);
      travel(61);
      const over = await jar.follow(await jar.get(made.redeemUrl!));
      assert.deepEqual([over.status, heading(over)], [403, 'This invitation has expired']);
      assert.doesNotMatch(over.text, /\/accept"/);
      const direct = new Jar();
      const { begun, page } = await arrive(house, direct, 'late@mail.example');
      const refused = await byCode(house, direct, page, 'late@mail.example');
      assert.deepEqual([refused.status, rowOf(refused)], [403, '2b']);
      assert.match(refused.text, /Your invitation has expired/);
      const back = await press(direct, refused, 'continue');
      assert.match(back.location ?? '', /error=access_denied/);
      assert.ok(back.location?.startsWith(begun.url.searchParams.get('redirect_uri')!));
      assert.equal((await house.stored(made.guest))?.state, 'PendingAcceptance');
    });

    it('S55 cannot be accepted on a page that was opened before the end', async () => {
      const made = await house.asked('open@mail.example');
      const jar = new Jar();
      travel(30 * DAY - 60);
      const page = await jar.follow(await jar.get(made.redeemUrl!));
      travel(61);
      const over = await press(jar, page, 'accept');
      assert.equal(heading(over), 'This invitation has expired');
    });

    it('sends an invitation again with a new end; the old link is worth nothing', async () => {
      const made = await house.asked('again@mail.example', { redirectUrl: TARGET });
      await nextLink(house, 'again@mail.example');
      travel(31 * DAY);
      const { invitations } = house.server.guests.parts;
      await invitations.resend(house.tenant(), made.guest, ADMIN);
      const fresh = await nextLink(house, 'again@mail.example', 1);
      const old = await new Jar().get(made.redeemUrl!);
      const jar = new Jar();
      const broken = await jar.follow(old);
      assert.deepEqual(
        [broken.status, heading(broken)],
        [404, 'This invitation link does not work'],
      );
      const page = await takeLink(jar, fresh);
      const done = await house.consent(jar, await byCode(house, jar, page, 'again@mail.example'));
      assert.equal(done.location, TARGET);
      assert.equal((await house.stored(made.guest))?.state, 'Accepted');
    });

    it('refuses a withdrawn invitation by its link, and a stranger after the proof', async () => {
      const { redeemUrl, guest } = await house.asked('gone@partner.example');
      const jar = new Jar();
      const opened = await jar.follow(await jar.get(redeemUrl!));
      const { invitations } = house.server.guests.parts;
      assert.equal(await invitations.withdraw(house.tenant(), guest, ADMIN), true);
      // The page that was open already, and the link.
      assert.equal((await press(jar, opened, 'accept')).status, 404);
      assert.equal((await jar.follow(await jar.get(redeemUrl!))).status, 404);
      const { page: left } = await arrive(house, jar, 'gone@partner.example');
      const refused = await throughPlace(jar, left, 'gone@partner.example');
      assert.deepEqual([refused.status, rowOf(refused)], [403, '2a']);
      assert.equal(await isSignedIn(house, jar), false);
    });

    it('S33 opens no invitation at another tenant, and none that is cut or made up', async () => {
      const { redeemUrl } = await house.asked('other@mail.example');
      const wrong = [
        redeemUrl!.replace('/a/', '/b/'),
        redeemUrl!.slice(0, -1),
        `${redeemUrl}A`,
        `${house.publicUrl}/a/invitation?ticket=${'A'.repeat(66)}`,
        `${house.publicUrl}/a/invitation?ticket=`,
        `${house.publicUrl}/a/invitation?ticket=x&ticket=y`,
        `${house.publicUrl}/a/invitation`,
      ];
      for (const link of wrong) {
        const jar = new Jar();
        const page = await jar.follow(await jar.get(link));
        assert.deepEqual(
          [page.status, heading(page)],
          [404, 'This invitation link does not work'],
          link,
        );
      }
      // Opened here, shown there: the cookie is of the host, the ticket of the tenant.
      const jar = new Jar();
      await jar.get(redeemUrl!);
      assert.equal((await jar.get(`${house.publicUrl}/b/invitation`)).status, 404);
    });

    it('R67 blocks further invitations on a page, and takes them again', async () => {
      const { redeemUrl, guest } = await house.asked('block@mail.example');
      const jar = new Jar();
      const page = await jar.follow(await jar.get(redeemUrl!.replace('?', '/block?')));
      assert.equal(heading(page), 'Block invitations from Tenant A?');
      const blocked = await press(jar, page, 'block');
      assert.equal(heading(blocked), 'Invitations from Tenant A are blocked');
      const invite = () =>
        house.server.guests.invite({
          tenant: 'a',
          address: 'BLOCK@mail.example',
          sendMessage: true,
        });
      assert.deepEqual(await invite(), { outcome: 'refused', code: 'invitations_blocked' });
      const { invitations } = house.server.guests.parts;
      const resent = await invitations.resend(house.tenant(), guest, ADMIN);
      assert.equal(resent.outcome, 'refused');
      const allowed = await press(jar, blocked, 'block', { unblock: 'yes' });
      assert.equal(heading(allowed), 'Block invitations from Tenant A?');
      assert.equal((await invite()).outcome, 'invited_again');
    });

    it('R67 blocks by the mail program’s own button: one POST, no cookies, no form token', async () => {
      await house.asked('click@mail.example');
      const mail = await house.relay.nextMail('click@mail.example');
      assert.deepEqual(mail.header('list-unsubscribe-post'), ['List-Unsubscribe=One-Click']);
      const url = /^<(.+)>$/.exec(mail.header('list-unsubscribe')[0]!)![1]!;
      const invite = async () =>
        (await house.server.guests.invite({ tenant: 'a', address: 'click@mail.example' })).outcome;
      const scanner = new Jar();
      await scanner.follow(await scanner.get(url));
      await scanner.send('HEAD', url);
      assert.equal(
        await house.server.guests.parts.store.guests.hasBlockedInvitations(
          'a',
          'click@mail.example',
        ),
        false,
      );
      const body = 'List-Unsubscribe=One-Click';
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const posted = await new Jar().send('POST', url, headers, body);
      assert.deepEqual([posted.status, posted.text], [200, '']);
      assert.equal(await invite(), 'refused');
      const unknown = await new Jar().send('POST', `${url}A`, headers, body);
      assert.equal(unknown.status, 404);
    });

    it('S62 tells a stranger by mail that there is no invitation, where the tenant wants it', async () => {
      await house.invite('known@mail.example', 'b');
      const pages: string[] = [];
      for (const address of ['known@mail.example', 'nobody@mail.example']) {
        const jar = new Jar();
        const { page } = await arrive(house, jar, address, 'b');
        pages.push(withoutNames((await press(jar, page, 'send')).text, address));
      }
      assert.equal(pages[0], pages[1]);
      const mail = await house.relay.nextMail('nobody@mail.example');
      assert.deepEqual(mail.recipients, ['nobody@mail.example']);
      assert.equal(mail.parsed.subject, 'No invitation to Tenant B');
      assert.doesNotMatch(mail.parsed.text ?? '', /^\d{8}$/m);
      const jar = new Jar();
      await press(jar, (await arrive(house, jar, 'nobody@else.example')).page, 'send');
      await house.server.guests.parts.outbox.idle();
      assert.ok(
        !house.relay.messages.some(({ recipients }) => recipients.includes('nobody@else.example')),
      );
    });

    it('R26 mails eight digits; asking again repeats the challenge on the same page', async () => {
      await house.invite('eight@mail.example');
      const jar = new Jar();
      const { begun, page } = await arrive(house, jar, 'eight@mail.example');
      const shown = await press(jar, page, 'send');
      const first = await house.passcodeFor('eight@mail.example');
      assert.match(first, /^\d{8}$/);
      assert.match(shown.text, /8-digit code/);
      travel(31);
      const again = await press(jar, shown, 'send');
      const second = await house.passcodeFor('eight@mail.example', 1);
      assert.equal(again.url.href, shown.url.href);
      assert.equal(heading(again), heading(shown));
      assert.match(again.text, /We sent a new code/);
      assert.match(second, /^\d{8}$/);
      const done = await press(jar, again, 'passcode', { code: first });
      assert.ok((await house.redeem(begun, done.location!)).claims());
    });

    it('R79 logs a sign-in with application, masked address, tenant and home side', async () => {
      const { redeemUrl, guest } = await house.asked('fed@partner.example');
      const jar = new Jar();
      const left = await takeLink(jar, redeemUrl!);
      await house.consent(jar, await throughPlace(jar, left, 'fed@partner.example'));
      await house.invite('mail2@mail.example');
      const begun = await house.begin();
      await house.signIn(new Jar(), begun, 'mail2@mail.example');
      const finished = house.lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ event }) => event === 'sign-in.finish');
      const [federated, mailed] = finished.slice(-2);
      assert.partialDeepStrictEqual(federated, {
        audit: true,
        tenant: 'a',
        client: 'guestpass-home',
        subject: guest.id,
        method: 'externalFederation',
        connection: 'partner',
        idp: partner.issuer,
      });
      assert.partialDeepStrictEqual(mailed, {
        audit: true,
        tenant: 'a',
        client: 'docs',
        connection: null,
        method: 'emailOneTimePasscode',
        idp: 'mail',
      });
      assert.match(String(federated?.['address']), /^f\*+d@partner\.example$/);
    });

    it('S55 R6 redeems once for 20 browsers with passcodes of their own, and lets all of them in', async () => {
      const { redeemUrl, guest } = await house.asked('many@mail.example');
      await nextLink(house, 'many@mail.example');
      const browsers = [];
      for (let index = 0; index < MANY; index += 1) {
        const jar = new Jar();
        const page = await takeLink(jar, redeemUrl!);
        const review = await byCode(house, jar, page, 'many@mail.example');
        browsers.push({ jar, terms: await press(jar, review, 'accept') });
      }
      const ended = await Promise.all(
        browsers.map(async ({ jar, terms }) => goOn(jar, await press(jar, terms, 'accept'))),
      );
      assert.deepEqual(new Set(ended.map(heading)), new Set(['Your apps at Tenant A']));
      assert.equal((await house.stored(guest))?.method, 'emailOneTimePasscode');
    });

    it('S55 R6 redeems once for 20 browsers that come from the guest’s own place', async () => {
      partner.addAccount({ address: 'crowd@partner.example' });
      const { redeemUrl, guest } = await house.asked('crowd@partner.example');
      const ended = await Promise.all(
        Array.from({ length: MANY }, async () => {
          const jar = new Jar();
          const left = await takeLink(jar, redeemUrl!);
          const done = await house.consent(
            jar,
            await throughPlace(jar, left, 'crowd@partner.example'),
          );
          return goOn(jar, done);
        }),
      );
      assert.deepEqual(new Set(ended.map(heading)), new Set(['Your apps at Tenant A']));
      const bound = await house.stored(guest);
      assert.deepEqual([bound?.state, bound?.connection], ['Accepted', 'partner']);
    });

    it('R61 makes one guest of 20 invitations at once; the newest mail’s link works', async () => {
      const made = await Promise.all(
        Array.from({ length: MANY }, () =>
          house.asked('rush@mail.example', { sendMessage: false }),
        ),
      );
      assert.equal(new Set(made.map(({ guest }) => guest.id)).size, 1);
      const opened = await Promise.all(
        made.map(async ({ redeemUrl }) => {
          const jar = new Jar();
          return (await jar.follow(await jar.get(redeemUrl!))).status;
        }),
      );
      assert.equal(opened.filter((status) => status === 200).length, 1);
      assert.equal(opened.filter((status) => status === 404).length, MANY - 1);
    });
  });
}

/** Where another browser has accepted meanwhile nothing is left to ask: one button leads on. */
async function goOn(jar: Jar, page: Answer): Promise<Answer> {
  return heading(page) === 'You are signed in' ? press(jar, page, 'continue') : page;
}

function rowOf(page: Answer): string | undefined {
  return /rule row <bdi><strong>(\w+)</.exec(page.text)?.[1];
}

/** A page without what must differ: the application, the sign-in, the form token. */
function mask({ text }: Answer): string {
  return withoutNames(text.replaceAll('Docs', 'Tenant A'), '');
}

function withoutNames(text: string, address: string): string {
  return (address === '' ? text : text.replaceAll(address, 'ADDRESS'))
    .replace(/name="(?:csrf|restart)" value="[^"]*"/g, 'TOKEN')
    .replace(/data-wait="\d+"/g, 'WAIT')
    .replace(/\d\d:\d\d UTC/g, 'TIME')
    .replace(/\/signin\/[\w-]{20,}/g, 'BASE')
    .replace(/ticket=[\w.-]+/g, 'TICKET')
    .replace(/<strong>[A-Z][2-9]<\/strong>/g, 'LABEL');
}
