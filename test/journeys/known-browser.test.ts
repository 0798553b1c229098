import assert from 'node:assert/strict';
import { systemClock } from '../../src/domain/clock.ts';
import { parseEmailAddress } from '../../src/domain/email-address.ts';
import type { Guest } from '../../src/storage/store.ts';
import { type Answer, hidden, Jar } from '../support/jar.ts';
import { travel } from '../support/time.ts';
import { type Begun, startWorld, stores, type World } from '../support/world.ts';

const DAY = 86_400;
const SHORT = /^[0-9]{8}$/;
const STRONG = /^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/;

/** A browser behind the proxy of the installation, in a network of its own. */
class RemoteJar extends Jar {
  readonly #network: string;

  constructor(network: string) {
    super();
    this.#network = network;
  }

  protected override reach(
    url: URL,
    headers: Record<string, string>,
  ): { url: URL; headers: Record<string, string> } {
    const agent = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36';
    const from = { 'x-forwarded-for': this.#network, 'user-agent': agent };
    return { url, headers: { ...headers, ...from } };
  }
}

const ATTACKER = '198.51.100.66';
const HOME = '203.0.113.7';

for (const store of stores) {
  describe(`a guest whose address is attacked, on ${store}`, () => {
    let world: World;
    before(async () => {
      world = await startWorld({
        store,
        clock: systemClock,
        settings: { trustedProxies: ['127.0.0.1'] },
      });
    });
    after(() => world.close());
    // Budgets have fixed windows: early on a new day none of them ends before the test wants it.
    beforeEach(() => travel(DAY - (systemClock() % DAY) + 5400));

    /** Mails of any kind to an address. */
    const mails = (address: string): number =>
      world.relay.messages.filter(({ recipients }) => recipients.includes(address)).length;

    /** Mails with a code to an address. */
    const codes = (address: string): number =>
      world.relay.messages.filter(
        ({ recipients, parsed }) =>
          recipients.includes(address) && /sign-in code/.test(parsed.subject ?? ''),
      ).length;

    /** Ten wrong codes at once and again, in two sign-ins, then mails until no more are sent. */
    async function attack(address: string): Promise<void> {
      for (const _flow of [1, 2]) {
        const jar = new RemoteJar(ATTACKER);
        const sent = mails(address);
        const page = await world.walkToCode(jar, await world.begin(), address);
        const code = await world.passcodeFor(address, sent);
        const wrong = Array.from({ length: 100 }, (_, index) =>
          String((Number(code) + 1 + index) % 1e8).padStart(8, '0'),
        );
        await Promise.all(wrong.map((guess) => submit(jar, page, guess)));
      }
      let last: Answer | undefined;
      while (last?.status !== 429) {
        last = await world.walkToCode(new RemoteJar(ATTACKER), await world.begin(), address);
      }
      // What is counted from here on came after the attack.
      await world.server.guests.parts.outbox.idle();
    }

    /** The code that is sent to a browser now, and where it is typed. */
    async function ask(jar: Jar, address: string): Promise<{ page: Answer; code: string }> {
      const sent = mails(address);
      const page = await world.walkToCode(jar, await world.begin(), address);
      return { page, code: await world.passcodeFor(address, sent) };
    }

    it('S10 T19 T17 signs in with a short code and one mail where they did before, elsewhere with a long one', async () => {
      const address = 'teri@partner.example';
      const guest = await world.invite(address);
      const laptop = new RemoteJar(HOME);
      await world.signIn(laptop, await world.begin(), address);
      travel(3600);
      await attack(address);
      // Of two hundred that came at once, ten were compared: the fifth of a sign-in is its last.
      assert.equal(await compared(world, address), 2 * 4);

      const sent = codes(address);
      const begun = await world.begin('a', { prompt: 'login' });
      const done = await world.signIn(laptop, begun, address);
      assert.equal((await world.redeem(begun, done)).claims()?.sub, guest.id);
      assert.equal(codes(address), sent + 1);
      assert.match(await world.passcodeFor(address, mails(address) - 1), SHORT);

      // The mails of everybody are spent for this hour; then it is a longer code.
      const clean = await world.walkToCode(new RemoteJar(HOME), await world.begin(), address);
      assert.equal(clean.status, 429);
      travel(3600);
      const jar = new RemoteJar(HOME);
      const strong = await ask(jar, address);
      assert.match(strong.code, STRONG);
      const finished = await submit(jar, strong.page, strong.code);
      assert.match(finished.location ?? finished.text, /[?&]code=/);
    });

    it('S67 is told of the wrong codes once, and of a sign-in in a new browser after them', async () => {
      const address = 'warned@partner.example';
      await world.invite(address);
      await world.signIn(new RemoteJar(HOME), await world.begin(), address);
      travel(3600);
      await attack(address);
      await world.server.guests.parts.outbox.idle();
      const warnings = () =>
        world.relay.messages.filter(
          ({ recipients, parsed }) =>
            recipients.includes(address) && !/sign-in code/.test(parsed.subject ?? ''),
        );
      assert.deepEqual(
        warnings().map(({ parsed }) => parsed.subject),
        ['Wrong codes for your sign-in to Tenant A'],
      );
      const text = warnings()[0]!.parsed.text ?? '';
      assert.match(text, /from Chrome on Windows, IP 198\.51\.100\.x/);
      travel(3600);
      await world.signIn(new RemoteJar('192.0.2.1'), await world.begin(), address);
      await world.server.guests.parts.outbox.idle();
      assert.deepEqual(
        warnings().map(({ parsed }) => parsed.subject),
        ['Wrong codes for your sign-in to Tenant A', 'New sign-in to Tenant A'],
      );
      assert.match(warnings()[1]!.parsed.text ?? '', /IP 192\.0\.2\.x/);
    });

    it('S10 is known by the link of an invitation that is still to be accepted', async () => {
      const address = 'new@partner.example';
      await world.server.guests.invite({ tenant: 'a', address, sendMessage: true });
      const invitation = await world.relay.nextMail(address);
      const link = /http\S+\/invitation\?ticket=\S+/.exec(invitation.parsed.text ?? '')![0];
      await attack(address);
      const jar = new RemoteJar(HOME);
      const landing = await jar.follow(await jar.get(link));
      const accept = { csrf: hidden(landing, 'csrf') };
      const sent = mails(address);
      const page = await jar.follow(await jar.post(`${landing.url.href}/accept`, accept));
      const asked = await jar.follow(
        await jar.post(`${page.url.href}/send`, { csrf: hidden(page, 'csrf') }),
      );
      const code = await world.passcodeFor(address, sent);
      assert.match(code, SHORT);
      await world.consent(jar, await submit(jar, asked, code));
      assert.match([...jar.cookies.keys()].join(), /known_/);
    });

    const ended: readonly (readonly [string, (guest: Guest) => Promise<unknown>])[] = [
      ['signed out everywhere', (guest) => administration().revoke(tenantA(), guest, 'boss')],
      [
        'blocked and let in again',
        async (guest) => {
          await administration().block(tenantA(), guest, 'boss');
          await administration().unblock(tenantA(), guest, 'boss');
        },
      ],
      [
        'reset',
        (guest) => {
          const now = systemClock();
          const none = { invitationId: 'i', expiresAt: null, details: null, invitedBy: null };
          return administration().reset(tenantA(), guest, { renewal: { ...none, now } }, 'boss');
        },
      ],
      [
        'removed and invited anew',
        async (guest) => {
          await administration().remove(tenantA(), guest, 'boss');
          await world.invite(guest.address);
        },
      ],
    ];
    for (const [how, end] of ended) {
      it(`S10 R68 is known no more once ${how}`, async () => {
        const address = `${how.replaceAll(' ', '.')}@partner.example`;
        const guest = await world.invite(address);
        const laptop = new RemoteJar(HOME);
        await world.signIn(laptop, await world.begin(), address);
        travel(3600);
        await attack(address);
        travel(3600);
        await end(guest);
        assert.match((await ask(laptop, address)).code, STRONG);
      });
    }

    it('S62 S10 answers a browser that is known for another address as it answers every other', async () => {
      for (const address of ['own@partner.example', 'known@partner.example']) {
        await world.invite(address);
      }
      const laptop = new RemoteJar(HOME);
      await world.signIn(laptop, await world.begin(), 'own@partner.example');
      const walked: string[] = [];
      for (const jar of [laptop, new RemoteJar(HOME)]) {
        for (const address of ['known@partner.example', 'unown@partner.example']) {
          const begun: Begun = await world.begin('a', { prompt: 'login' });
          const page = await world.walkToCode(jar, begun, address);
          const wrong = await submit(jar, page, '00000000');
          const shown = [page, wrong].map(({ status, text }) => `${status} ${mask(text, address)}`);
          walked.push(shown.join('\n'));
        }
      }
      assert.equal(new Set(walked).size, 1);
      for (const line of laptop.lines) assert.doesNotMatch(line, /own@|known@|partner/);
    });

    function administration() {
      return world.server.guests.parts.administration;
    }

    function tenantA() {
      return world.server.guests.parts.tenants().byId.get('a')!;
    }
  });
}

/** Codes for an address that were compared and wrong, but for the last one of a sign-in. */
async function compared(world: World, text: string): Promise<number> {
  const { store, hashAddress, log } = world.server.guests.parts;
  await log.flush();
  const addressHash = hashAddress(parseEmailAddress(text)!.key);
  const query = { tenant: 'a', event: 'passcode.evaluate', addressHash, limit: 1000 };
  const trail = await store.audit.list(query);
  return trail.filter(({ outcome }) => outcome === 'mismatch').length;
}

async function submit(jar: Jar, page: Answer, code: string): Promise<Answer> {
  return jar.follow(
    await jar.post(`${page.url.href}/passcode`, { csrf: hidden(page, 'csrf'), code }),
  );
}

/** A page without what is another one each time. */
function mask(text: string, address: string): string {
  return text
    .replaceAll(address, 'ADDRESS')
    .replace(/name="(?:csrf|restart)" value="[^"]*"/g, '')
    .replace(/data-wait="\d+"/g, '')
    .replace(/\d\d:\d\d UTC/g, 'TIME')
    .replace(/signin\/[\w-]+/g, 'signin/UID')
    .replace(/<strong>[A-Z]\d<\/strong>/g, 'LABEL');
}
