import assert from 'node:assert/strict';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { DemoApplication } from '../../src/demo/application.ts';
import { launchChromium, pressThrough, through } from '../support/chromium.ts';
import { type House, startHouse } from '../support/places.ts';
import type { UpstreamOidc } from '../support/upstream-oidc.ts';
import type { UpstreamSaml } from '../support/upstream-saml.ts';
import { stores, type World } from '../support/world.ts';

const INSIDE_AN_APP =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/AP2A; wv) AppleWebKit/537.36 (KHTML, like Gecko) ' +
  'Version/4.0 Chrome/126.0.0.0 Mobile Safari/537.36';
const LOOKS = [
  { colorScheme: 'light', width: 1280 },
  { colorScheme: 'dark', width: 1280 },
  { colorScheme: 'light', width: 320 },
] as const;

/** Invites to tenant b by mail, and brings the link out of it. */
async function linkFor({ world, application }: House, address: string): Promise<string> {
  const sent = await world.server.guests.invite({
    tenant: 'b',
    address,
    invitedBy: 'megan@b.example',
    message: 'See you soon',
    redirectUrl: `${application.url}/`,
    sendMessage: true,
  });
  assert.equal(sent.outcome, 'invited');
  const mail = await world.relay.nextMail(address);
  const link = /https?:\S+ticket=\S+/.exec(mail.parsed.text ?? '')?.[0];
  assert.ok(link, mail.parsed.text);
  return link;
}

/** What a guest does on the pages, and reads there. */
function guestAt(page: Page, application: DemoApplication) {
  const press = (name: string): Promise<void> => pressThrough(page, name);
  return {
    press,
    /** Waits for the page of a heading. */
    shows: (heading: string): Promise<void> =>
      page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor(),
    main: (): Promise<string> => page.locator('main').innerText(),
    follow: (name: string): Promise<void> =>
      through(page, () => page.getByRole('link', { name }).click()),
    async open(address: string, tenant = 'a'): Promise<void> {
      await page.goto(`${application.url}/${tenant}/sign-in`);
      await page.getByLabel('Email address').fill(address);
      await press('Next');
    },
    /** What the application was told at the end. */
    async claims(): Promise<Readonly<Record<string, unknown>>> {
      await page.waitForURL((url) => url.origin === application.url);
      return JSON.parse(await page.locator('pre').innerText()) as Record<string, unknown>;
    },
  };
}

for (const store of stores) {
  describe(`a guest whom another place knows, in Chromium without JavaScript, on ${store}`, function () {
    this.timeout(60_000);
    let browser: Browser;
    let house: House;
    let world: World;
    let partner: UpstreamOidc;
    let school: UpstreamSaml;
    let context: BrowserContext;
    let page: Page;
    let guest: ReturnType<typeof guestAt>;

    before(async () => {
      house = await startHouse(store);
      ({ world, partner, school } = house);
      browser = await launchChromium();
    });
    after(async () => {
      await browser.close();
      await house.close();
    });
    beforeEach(() => openBrowser());
    afterEach(() => context.close());

    async function openBrowser(options: BrowserContextOptions = {}): Promise<void> {
      context = await browser.newContext({ javaScriptEnabled: false, ...options });
      page = await context.newPage();
      guest = guestAt(page, house.application);
    }

    /** Types the code that was mailed, after as many mails. */
    async function enterCode(address: string, after = 0): Promise<void> {
      await page.getByLabel('Code').fill(await world.passcodeFor(address, after));
      await guest.press('Sign in');
    }

    it('R47 goes to the federated OpenID Provider and back, signed in', async () => {
      await world.invite('ana@partner.example', 'a', 'pending');
      partner.addAccount({ address: 'ana@partner.example' });
      await guest.open('ana@partner.example');
      await guest.shows('Sign in to Partner');
      await guest.press('ana@partner.example');
      await guest.shows('Review permissions');
      await guest.press('Accept');
      assert.equal((await guest.claims())['idp'], partner.issuer);
      // What was accepted is never asked again, and the session there asks nothing either (R69).
      await context.clearCookies({ name: /^sid_/ });
      await guest.open('ana@partner.example');
      assert.equal((await guest.claims())['email'], 'ana@partner.example');
    });

    it('R47 S54 posts the answer of a SAML identity provider from another site, and is signed in', async () => {
      await world.invite('sam@school.example', 'a', 'pending');
      await guest.open('sam@school.example');
      assert.equal(new URL(page.url()).hostname, 'localhost');
      assert.equal(await page.getByLabel('Account').inputValue(), 'sam@school.example');
      await guest.press('Sign in');
      const posted = page.waitForRequest((request) => request.method() === 'POST');
      await guest.press('Continue');
      assert.equal((await (await posted).allHeaders())['cookie'], undefined);
      await guest.shows('Review permissions');
      await page.reload();
      await guest.press('Accept');
      assert.equal((await guest.claims())['idp'], school.issuer);
    });

    it('R48 goes to Google and back', async () => {
      await world.invite('teri@gmail.com', 'a', 'pending');
      await guest.open('teri@gmail.com');
      await guest.shows('Sign in to Google');
      await guest.press('teri@gmail.com');
      await guest.press('Accept');
      assert.equal((await guest.claims())['idp'], 'google.com');
    });

    it('R3 R55 makes a consumer account on the way where there is no passcode', async () => {
      await world.invite('new@somewhere.example', 'closed', 'pending');
      await guest.open('new@somewhere.example', 'closed');
      await guest.shows('Create your Consumer account');
      assert.equal(await page.getByLabel('Account').inputValue(), 'new@somewhere.example');
      await page.goBack();
      assert.match(await guest.main(), /You need an account at Consumer: make one with new@some/);
      await guest.press('Continue to Consumer');
      await guest.press('Create account');
      await guest.press('Accept');
      assert.equal((await guest.claims())['email'], 'new@somewhere.example');
    });

    it('P3 lets whoever cancels there try again', async () => {
      await world.invite('cy@partner.example', 'a', 'pending');
      partner.addAccount({ address: 'cy@partner.example' });
      await guest.open('cy@partner.example');
      await guest.press('Cancel');
      await guest.shows('Partner could not sign you in');
      assert.match(await page.getByRole('alert').innerText(), /You stopped signing in at Partner/);
      await page.reload();
      // What went wrong is told once; the way on stays.
      await guest.shows('Sign in with Partner');
      await guest.press('Continue to Partner');
      await guest.press('cy@partner.example');
      await guest.press('Accept');
      assert.equal((await guest.claims())['email'], 'cy@partner.example');
    });

    it('P3 names both addresses when the guest signed in there by another, and takes that one', async () => {
      for (const address of ['dan@partner.example', 'eve@partner.example']) {
        await world.invite(address, 'a', 'pending');
        partner.addAccount({ address });
      }
      await guest.open('dan@partner.example');
      await guest.press('eve@partner.example');
      const alert = await page.getByRole('alert').innerText();
      assert.match(alert, /as eve@partner\.example, but this sign-in is for dan@partner\.example/);
      await guest.follow('Use a different email address');
      await page.getByLabel('Email address').fill('eve@partner.example');
      await guest.press('Next');
      // Signed in there already: nothing is asked.
      await guest.shows('Review permissions');
      await guest.press('Accept');
      assert.equal((await guest.claims())['email'], 'eve@partner.example');
    });

    for (const [address, place] of [
      ['kim@contoso.example', 'Contoso'],
      ['lee@contoso.example', 'Consumer'],
    ] as const) {
      it(`R46 asks a guest whom two places know which one, and goes to ${place}`, async () => {
        await world.invite(address, 'a', 'pending');
        await guest.open(address);
        await guest.shows('How do you want to sign in?');
        assert.match(await guest.main(), new RegExp(`More than one place knows ${address}`));
        const other = place === 'Contoso' ? 'Consumer' : 'Contoso';
        await page.reload();
        await guest.press(`Continue with ${other}`);
        await guest.shows(`Sign in to ${other}`);
        // Changed their mind.
        await page.goBack();
        await guest.follow('Use a different email address');
        await page.getByLabel('Email address').fill(address);
        await guest.press('Next');
        await guest.press(`Continue with ${place}`);
        await guest.press(address);
        await guest.press('Accept');
        const { issuer } = place === 'Contoso' ? house.contoso : house.consumer;
        assert.equal((await guest.claims())['idp'], issuer);
      });
    }

    it('R21 R65 R70 goes from the mail over the landing page, review and terms to the target', async () => {
      await page.goto(await linkFor(house, 'ina@post.example'));
      assert.equal(page.url(), `${world.publicUrl}/b/signin/invitation`);
      await guest.shows('megan@b.example invited you to Tenant B');
      assert.match(await guest.main(), /sign in to Tenant B as ina@post\.example[^]*See you soon/);
      await page.reload();
      await guest.press('Continue');
      const landed = await guest.main();
      await guest.press('Send code');
      await enterCode('ina@post.example', 1);
      await guest.shows('Review permissions');
      await page.reload();
      await guest.press('Accept');
      await guest.shows('Terms of use');
      await page.reload();
      await guest.press('Accept');
      assert.equal(page.url(), `${house.application.url}/`);
      // Who came without the mail saw the same page, but for where it leads.
      await context.close();
      await openBrowser();
      await guest.open('ina@post.example', 'b');
      assert.equal((await guest.main()).replace('to Demo application', 'to Tenant B'), landed);
    });

    it('R2 sends a guest the same way from the invitation and from the application', async () => {
      for (const start of ['invitation', 'application']) {
        const address = `${start}@partner.example`;
        partner.addAccount({ address });
        const link = await linkFor(house, address);
        if (start === 'application') await guest.open(address, 'b');
        else {
          await page.goto(link);
          await guest.press('Continue');
        }
        await guest.shows('Sign in to Partner');
        await guest.press(address);
        await guest.shows('Review permissions');
        await guest.press('Accept');
        await guest.shows('Terms of use');
        await guest.press('Accept');
        await guest.shows('Demo application');
        await context.close();
        await openBrowser();
      }
    });

    it('R70 tells the application when permissions or terms are declined', async () => {
      for (const page of ['review', 'terms']) {
        await world.invite(`no-${page}@post.example`, 'b', 'pending');
        await guest.open(`no-${page}@post.example`, 'b');
        await guest.press('Send code');
        await enterCode(`no-${page}@post.example`);
        if (page === 'terms') await guest.press('Accept');
        await guest.press(page === 'terms' ? 'Decline' : 'Cancel');
        await guest.shows('Sign-in did not work');
      }
    });

    it('R59 asks to leave an app where Google shows nothing, and goes on anyway when told to', async () => {
      await context.close();
      await openBrowser({ userAgent: INSIDE_AN_APP });
      await world.invite('uma@gmail.com', 'a', 'pending');
      await guest.open('uma@gmail.com');
      await guest.shows('Open Demo application in your browser');
      const url = await page.getByLabel('Address to open').inputValue();
      assert.equal(url, `${house.application.url}/`);
      await page.reload();
      await guest.press('Continue to Google here');
      await guest.shows('Sign in to Google');
      await page.goBack();
      await guest.shows('Open Demo application in your browser');
    });

    it('T69 survives Back, forward and reload around another place', async () => {
      await world.invite('back@partner.example', 'a', 'pending');
      partner.addAccount({ address: 'back@partner.example' });
      await guest.open('back@partner.example');
      await guest.shows('Sign in to Partner');
      await page.goBack();
      await guest.shows('Sign in with Partner');
      await page.goForward();
      await guest.shows('Sign in to Partner');
      await guest.press('back@partner.example');
      await guest.shows('Review permissions');
      await page.goBack();
      await page.goForward();
      await page.reload();
      await guest.shows('Review permissions');
      await guest.press('Accept');
      assert.equal((await guest.claims())['email'], 'back@partner.example');
      await page.goBack();
      assert.match(await guest.main(), /You have already signed in here[^]*Start again/);
    });
  });
}

describe('a guest whom another place knows, in Chromium with JavaScript', function () {
  this.timeout(180_000);
  let browser: Browser;
  let house: House;
  let page: Page;
  let guest: ReturnType<typeof guestAt>;
  const blocked: string[] = [];

  before(async () => {
    house = await startHouse('sqlite');
    browser = await launchChromium();
  });
  after(async () => {
    await browser.close();
    await house.close();
  });
  beforeEach(() => openBrowser());
  afterEach(async () => {
    await page.context().close();
    assert.deepEqual(blocked.splice(0), []);
  });

  async function openBrowser(options: BrowserContextOptions = {}): Promise<void> {
    page = await (await browser.newContext(options)).newPage();
    guest = guestAt(page, house.application);
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) blocked.push(message.text());
    });
  }

  /** Finds nothing to mend on the page shown, in every look. */
  async function inspect(heading: string): Promise<void> {
    await guest.shows(heading);
    const size = page.viewportSize();
    for (const { colorScheme, width } of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      const { violations } = await new AxeBuilder({ page })
        .setLegacyMode()
        .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
        .analyze();
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
      assert.deepEqual(found, [], `${heading}, ${colorScheme}, ${width} px`);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.equal(overflow, 0, `${heading} scrolls sideways at ${width} px`);
    }
    if (size) await page.setViewportSize(size);
  }

  it('reaches pages that pass axe, on the way over an OpenID Provider', async () => {
    const { world, partner } = house;
    for (const address of ['ana@partner.example', 'bo@partner.example']) {
      await world.invite(address, 'b', 'pending');
      partner.addAccount({ address });
    }
    await guest.open('ana@partner.example', 'b');
    await guest.press('Cancel');
    await inspect('Partner could not sign you in');
    await page.reload();
    await inspect('Sign in with Partner');
    await guest.press('Continue to Partner');
    await guest.press('bo@partner.example');
    await inspect('Partner could not sign you in');
    await guest.follow('Use a different email address');
    await page.getByLabel('Email address').fill('bo@partner.example');
    await guest.press('Next');
    await inspect('Review permissions');
    await guest.press('Accept');
    await inspect('Terms of use');
    await guest.press('Accept');
    assert.equal((await guest.claims())['idp'], partner.issuer);
  });

  it('S54 reaches the application over a SAML identity provider of another site', async () => {
    await house.world.invite('sam@school.example', 'a', 'pending');
    await guest.open('sam@school.example');
    await guest.press('Sign in');
    await guest.press('Continue');
    await guest.press('Accept');
    assert.equal((await guest.claims())['idp'], house.school.issuer);
  });

  it('reaches pages that pass axe where there is something to choose, or nobody to ask', async () => {
    const { world, contoso } = house;
    contoso.addAccount({
      address: 'max@contoso.example',
      userPrincipalName: 'max@contoso.example',
      aliases: ['mm@contoso.example'],
    });
    await world.invite('mm@contoso.example', 'a', 'pending');
    await guest.open('kim@contoso.example');
    await inspect('How do you want to sign in?');
    await guest.open('mm@contoso.example');
    await inspect('You do not have access to Tenant A');
    assert.match(await guest.main(), /Open the link in your invitation email/);
    contoso.fail('/accounts');
    await guest.open('lee@contoso.example');
    await inspect('We cannot sign you in just now');
    contoso.recover();
    await guest.press('Try again');
    await guest.shows('How do you want to sign in?');
    await page.context().close();
    await openBrowser({ userAgent: INSIDE_AN_APP });
    await guest.open('teri@gmail.com');
    await inspect('Open Demo application in your browser');
    await page.context().close();
    await openBrowser();
    await guest.open('new@somewhere.example', 'closed');
    await guest.shows('Create your Consumer account');
    await page.goBack();
    await inspect('Sign in with Consumer');
  });

  it('reaches pages that pass axe from an invitation to leaving', async () => {
    const { world } = house;
    const link = await linkFor(house, 'ina@post.example');
    await page.goto(link);
    await inspect('megan@b.example invited you to Tenant B');
    await guest.follow('Do not invite me again');
    await inspect('Block invitations from Tenant B?');
    await guest.press('Block invitations from Tenant B');
    await inspect('Invitations from Tenant B are blocked');
    await guest.press('Allow invitations again');
    await guest.follow('Go back to the invitation');
    await guest.press('Continue');
    await guest.press('Send code');
    await page.getByLabel('Code').fill(await world.passcodeFor('ina@post.example', 1));
    await guest.press('Sign in');
    await guest.press('Accept');
    await guest.press('Accept');
    await guest.shows('Demo application');
    await page.goto(link);
    await inspect('You have already accepted');
    await page.goto(`${world.publicUrl}/b/`);
    await inspect('Your apps at Tenant B');
    await guest.press('Leave Tenant B');
    await inspect('Leave Tenant B?');
    await guest.press('Leave Tenant B');
    await inspect('Sign in to Tenant B as a guest');
    await page.goto(link);
    await inspect('This invitation link does not work');
  });
});
