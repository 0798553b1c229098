import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { showGuest } from '../../src/cli/guests.ts';
import { takeMailReports } from '../../src/cli/mail-reports.ts';
import { type DemoApplication, startDemoApplication } from '../../src/demo/application.ts';
import type { Invitation } from '../../src/plugin.ts';
import { listen, listenJson } from '../cli/said.ts';
import { statusReport } from '../mail/reports-mail.ts';
import { launchChromium, pressThrough, through } from '../support/chromium.ts';
import type { Act, ReceivedMail } from '../support/smtp.ts';
import { returnToPresent, travel } from '../support/time.ts';
import { CALLBACK, freePort, passcodeIn, secretOf, stores } from '../support/world.ts';
import { type House, INVITER, nextLink, openHouse } from './house.ts';

const CODE_PAGE = 'Enter the code we emailed you';
const DATES = /requested [^.]*UTC/;

for (const store of stores) {
  describe(`a late mail in Chromium, without JavaScript, on ${store}`, function () {
    this.timeout(120_000);
    let browser: Browser;
    let house: House;
    let application: DemoApplication;
    let context: BrowserContext;
    let page: Page;

    before(async () => {
      // The command that takes reports asks the database for the time, which does not travel.
      returnToPresent();
      const port = await freePort();
      const clients = (tenant: string) => [
        {
          client_id: 'demo',
          client_name: 'Demo application',
          client_secret: secretOf(tenant),
          redirect_uris: [`http://127.0.0.1:${port}/${tenant}/cb`],
        },
        { client_id: 'docs', client_secret: secretOf(tenant), redirect_uris: [CALLBACK] },
      ];
      house = await openHouse({
        store,
        tenants: {
          a: { clients: clients('a'), support: 'help@fabrikam.example' },
          linked: { clients: clients('linked'), mail: { signInLink: true } },
        },
      });
      const tenants = [...house.server.guests.parts.tenants().byId.values()];
      application = await startDemoApplication(house.publicUrl, tenants);
      browser = await launchChromium();
    });
    after(async () => {
      returnToPresent();
      await browser.close();
      await application.close();
      await house.close();
    });
    beforeEach(async () => {
      context = await browser.newContext({ javaScriptEnabled: false });
      page = await context.newPage();
    });
    afterEach(() => context.close());

    const h1 = (tab = page): Promise<string> => tab.locator('h1').innerText();
    const main = (tab = page): Promise<string> => tab.locator('main').innerText();
    const press = (name: string, tab = page): Promise<void> => pressThrough(tab, name);
    const checkAgain = (): Promise<void> =>
      through(page, () => page.getByRole('link', { name: 'Check again' }).click());
    const label = (): Promise<string> =>
      page.locator('p', { hasText: 'in the subject' }).locator('strong').innerText();
    const settled = (): Promise<void> => house.server.guests.parts.outbox.idle();
    const mailsTo = (address: string): readonly ReceivedMail[] =>
      house.relay.messages.filter(({ recipients }) => recipients.includes(address));

    /** The next mail with a code, behind those that came before `act`. */
    async function mailOf(address: string, act: () => Promise<void>): Promise<ReceivedMail> {
      const { length: after } = mailsTo(address);
      await act();
      return house.relay.nextMail(address, { after, about: /sign-in code/ });
    }
    async function offer(address: string, tenant = 'a', tab = page): Promise<void> {
      await tab.goto(`${application.url}/${tenant}/sign-in`);
      await tab.getByLabel('Email address').fill(address);
      await press('Next', tab);
      assert.equal(await h1(tab), 'We will email you a code');
    }
    /** Comes by the link of an invitation, as far as the page that offers a code. */
    async function offerByTicket(
      address: string,
      changes: Partial<Invitation> = {},
    ): Promise<void> {
      await house.asked(address, { redirectUrl: `${application.url}/a/sign-in`, ...changes });
      await page.goto(await nextLink(house, address));
      await press('Continue');
      assert.equal(await h1(), 'We will email you a code');
    }
    /** The same, and asks for a code, which the relay treats like that. */
    async function ticketed(address: string, ...acts: readonly Act[]): Promise<void> {
      await offerByTicket(address);
      house.relay.script(address, ...acts);
      await press('Send code');
      await settled();
      await page.reload();
    }
    async function enter(mail: ReceivedMail, tab = page): Promise<void> {
      await tab.getByLabel('Code').fill(passcodeIn(mail.parsed.text ?? ''));
      await press('Sign in', tab);
    }
    async function isSignedIn(address: string, tab = page): Promise<void> {
      await tab.waitForURL((url) => url.origin === application.url);
      assert.match(await tab.locator('pre').innerText(), new RegExp(address));
    }
    /** What a mail server sends back about the mail, as a pipe brings it to the command. */
    async function sentBack(mail: ReceivedMail, action: string, status: string): Promise<void> {
      const [id = ''] = mail.header('message-id');
      const message = Readable.from([statusReport({ id: id.slice(1, 23), action, status })]);
      const said = await listen((output) =>
        takeMailReports(undefined, { config: house.folder }, output, message),
      );
      assert.equal(said.code, 0, said.err);
    }
    /** What admins read of the guest's newest code. */
    async function toldToAdmins(address: string): Promise<unknown> {
      const { out } = await listenJson((output) =>
        showGuest(address, { config: house.folder, tenant: 'a' }, output),
      );
      const [{ mails }] = JSON.parse(out) as [{ mails: { kind: string; state: string }[] }];
      return mails.find(({ kind }) => kind === 'passcode')?.state;
    }

    it('tells an invited guest that the mail is on its way, taken, and late behind the relay', async () => {
      const address = 'way@mail.example';
      const { outbox } = house.server.guests.parts;
      await offerByTicket(address);
      await outbox.stop();
      await press('Send code');
      assert.match(await main(), /We are emailing an 8-digit code to way@mail\.example/);
      assert.match(await main(), /The email is on its way\. Check again/);
      assert.equal(await toldToAdmins(address), 'waiting');
      const mail = await mailOf(address, async () => outbox.start());
      await settled();
      await checkAgain();
      assert.match(await main(), /A mail server has accepted our message/);
      assert.equal(await toldToAdmins(address), 'accepted');
      // A server behind the relay is slow, and says so.
      await sentBack(mail, 'delayed', '4.4.1');
      await page.reload();
      assert.match(await main(), /The email is delayed/);
      assert.equal(await toldToAdmins(address), 'delayed');
      await enter(mail);
      assert.equal(await h1(), 'Review permissions');
      await press('Accept');
      await isSignedIn(address);
    });

    it('names mail, sender and support: what the page says to look for is what was sent', async () => {
      const address = 'look@mail.example';
      await house.invite(address);
      await offer(address);
      const first = await mailOf(address, () => press('Send code'));
      const shown = await label();
      assert.match(shown, /^[A-Z]\d$/);
      assert.ok(first.parsed.subject?.endsWith(` – ${shown}`), first.parsed.subject);
      const help = page.locator('details', { hasText: 'I did not get the email' });
      assert.equal(await help.getByText('Search for').isVisible(), false);
      await help.locator('summary').click();
      assert.ok((await help.innerText()).includes(`Search for ${first.parsed.from?.address}.`));
      assert.ok((await help.innerText()).includes('Contact help@fabrikam.example.'));
      // A new code has a label of its own, and the page follows.
      travel(31);
      const second = await mailOf(address, () => press('Send a new code'));
      await page.getByText('We sent a new code').waitFor();
      assert.ok(second.parsed.subject?.endsWith(` – ${await label()}`), second.parsed.subject);
      await page.reload();
      assert.ok(second.parsed.subject?.endsWith(` – ${await label()}`));
      await enter(first);
      await isSignedIn(address);
    });

    it('F10 tells that the mail is delayed, and takes the code once it has come', async () => {
      const address = 'slow@mail.example';
      await ticketed(address, { data: 451 });
      assert.match(await main(), /The email is delayed\. You can wait on this page/);
      assert.equal(await toldToAdmins(address), 'delayed');
      const mail = await mailOf(address, async () => {
        travel(600);
        await settled();
      });
      await checkAgain();
      assert.match(await main(), /A mail server has accepted our message/);
      assert.equal(await toldToAdmins(address), 'accepted');
      await enter(mail);
      assert.equal(await h1(), 'Review permissions');
      await press('Accept');
      await isSignedIn(address);
    });

    it('F11 tells that the mail was refused, and whom to ask; a new code may do better', async () => {
      const address = 'no@mail.example';
      await ticketed(address, { rcpt: 550 });
      const refused =
        /A mail server refused our message\. Check the address no@mail\.example with /;
      assert.match(await main(), refused);
      assert.ok((await main()).includes(INVITER));
      assert.equal(await page.getByRole('link', { name: 'Check again' }).count(), 0);
      assert.equal(await toldToAdmins(address), 'refused');
      travel(31);
      const mail = await mailOf(address, () => press('Send a new code'));
      await settled();
      await page.reload();
      assert.match(await main(), /A mail server has accepted our message/);
      await enter(mail);
      assert.equal(await h1(), 'Review permissions');
      await press('Accept');
      await isSignedIn(address);
    });

    it('F11 tells whom to ask where nobody is known to have invited', async () => {
      const address = 'nobody-knows@mail.example';
      await offerByTicket(address, { invitedBy: null });
      house.relay.script(address, { rcpt: 550 });
      await press('Send code');
      await settled();
      await page.reload();
      assert.match(await main(), /refused our message\. Check the address \S+ with help@fabrikam/);
    });

    it('S65 tells an invited guest that the mail came back, as it tells admins', async () => {
      for (const [address, status, sentence, state] of [
        [
          'gone@mail.example',
          '5.1.1',
          'The mail server says that there is no mailbox',
          'no-mailbox',
        ],
        ['full@mail.example', '5.2.2', 'A mail server refused our message', 'refused'],
      ] as const) {
        await ticketed(address);
        assert.match(await main(), /A mail server has accepted our message/);
        const mail = await house.relay.nextMail(address, { about: /sign-in code/ });
        await sentBack(mail, 'failed', status);
        await page.reload();
        const said = await main();
        assert.ok(said.includes(sentence), said);
        assert.ok(said.includes(address) && said.includes(INVITER), said);
        assert.equal(await toldToAdmins(address), state);
        // It may have been another mailbox's word: whoever has the code is not kept out.
        assert.equal(await page.getByLabel('Code').count(), 1);
        await context.clearCookies();
      }
    });

    it('R24 sends no code that is over, says so, and one press brings a good one', async () => {
      const address = 'over@mail.example';
      await ticketed(address, { data: 451 });
      travel(1801);
      await settled();
      assert.equal(mailsTo(address).length, 1, 'the invitation alone');
      await page.reload();
      assert.equal(await h1(), 'Ask for a new code');
      assert.equal(await page.getByLabel('Code').count(), 0);
      assert.equal(await toldToAdmins(address), 'abandoned');
      const mail = await mailOf(address, () => press('Send a new code'));
      assert.equal(await h1(), CODE_PAGE);
      await enter(mail);
      assert.equal(await h1(), 'Review permissions');
      await press('Accept');
      await isSignedIn(address);
    });

    it('S62 tells whoever typed an address nothing of the mail, guest or stranger', async () => {
      const pages = new Map<string, string>();
      const fates: readonly (readonly [string, Act?])[] = [
        ['taken'],
        ['delayed', { data: 451 }],
        ['refused', { rcpt: 550 }],
        ['bounced'],
        ['stranger'],
      ];
      for (const [fate, act] of fates) {
        const address = `typed-${fate}@mail.example`;
        if (fate !== 'stranger') await house.invite(address);
        if (act) house.relay.script(address, act);
        await offer(address);
        await press('Send code');
        assert.equal(await h1(), CODE_PAGE);
        await settled();
        if (fate === 'bounced') {
          const mail = await house.relay.nextMail(address, { about: /sign-in code/ });
          await sentBack(mail, 'failed', '5.1.1');
        }
        await page.reload();
        const tree = await page.locator('body').ariaSnapshot();
        const shown = tree
          .replaceAll(address, '*')
          // Before the label, which may stand in it by chance.
          .replaceAll(/signin\/[\w-]+/g, '*')
          .replaceAll(await label(), '*')
          .replace(DATES, '*');
        pages.set(fate, shown);
        await context.clearCookies();
      }
      for (const shown of pages.values()) assert.equal(shown, pages.get('taken'));
      assert.match(pages.get('taken') ?? '', /If[^]*has access to/);
      assert.equal(pages.size, fates.length);
    });

    it('S24 shows the sign-in link the label alone on a phone, where it uses nothing up', async () => {
      const address = 'phone@mail.example';
      await house.invite(address, 'linked');
      await offer(address, 'linked');
      const mail = await mailOf(address, () => press('Send code'));
      await page.getByRole('heading', { name: CODE_PAGE }).waitFor();
      const shown = await label();
      const phone = await browser.newContext({ javaScriptEnabled: false });
      const tab = await phone.newPage();
      for (let time = 0; time < 3; time += 1) {
        await tab.goto(linkOf(mail));
        assert.equal(await h1(tab), 'Type the code instead');
        assert.ok((await main(tab)).includes(`type the code from the email with ${shown} in`));
        assert.equal(await tab.locator('form, button, input').count(), 0);
        assert.ok(!(await tab.content()).includes(address));
      }
      assert.deepEqual(await phone.cookies(), []);
      await phone.close();
      await enter(mail);
      await isSignedIn(address);
    });

    it('S6 signs in by a press of the link in the browser that asked, however often it was opened', async () => {
      const address = 'link@mail.example';
      await house.invite(address, 'linked');
      await offer(address, 'linked');
      const mail = await mailOf(address, () => press('Send code'));
      await page.getByRole('heading', { name: CODE_PAGE }).waitFor();
      const shown = await label();
      const tab = await context.newPage();
      for (let time = 0; time < 3; time += 1) {
        await tab.goto(linkOf(mail));
        assert.equal(await h1(tab), 'Sign in to Tenant LINKED');
        assert.ok((await main(tab)).includes(`The email with ${shown} in the subject`));
      }
      await press('Sign in', tab);
      await isSignedIn(address, tab);
      // The page that was left open says where it went, and leads on.
      await enter(mail);
      assert.equal(await h1(), 'You have already signed in here');
      await tab.goto(linkOf(mail));
      assert.equal(await tab.getByRole('button', { name: 'Sign in' }).count(), 0);
    });

    it('P5 counts on where a reload found it, and what it waited for comes', async () => {
      const address = 'count@mail.example';
      await house.invite(address);
      const scripted = await browser.newContext();
      const tab = await scripted.newPage();
      await tab.clock.install();
      await offer(address, 'a', tab);
      // From here on it goes by what is said, however long this machine takes.
      await tab.clock.pauseAt(Date.now() + 1000);
      const first = await mailOf(address, () => press('Send code', tab));
      const again = tab.locator('button[data-wait]');
      const counted = async (): Promise<number> => {
        const wait = Number(await again.getAttribute('data-wait'));
        assert.equal(await again.innerText(), `Send a new code (${wait})`);
        return wait;
      };
      const whole = await counted();
      assert.ok(whole > 20 && whole <= 30, String(whole));
      travel(20);
      await tab.reload();
      const rest = await counted();
      assert.ok(rest > 0 && rest <= whole - 20, String(rest));
      travel(11);
      await tab.clock.runFor(rest * 1000);
      await tab.getByText('You can ask for a new code now.').waitFor();
      await mailOf(address, () => press('Send a new code', tab));
      await tab.getByText('We sent a new code. Earlier codes work until they expire.').waitFor();
      await enter(first, tab);
      await isSignedIn(address, tab);
      await scripted.close();
    });
  });
}

function linkOf(mail: ReceivedMail): string {
  const link = /^https?:\/\/\S+\/link\?\S+$/m.exec(mail.parsed.text ?? '')?.[0];
  if (link === undefined) throw new Error(`no link in: ${mail.parsed.text}`);
  return link;
}
