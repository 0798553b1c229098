import assert from 'node:assert/strict';
import { type Answer, Jar } from '../support/jar.ts';
import type { Act } from '../support/smtp.ts';
import { passcodeIn, stores } from '../support/world.ts';
import { showGuest } from '../../src/cli/guests.ts';
import { listenJson } from '../cli/said.ts';
import { arrive, type House, INVITER, nextLink, openHouse, press, takeLink } from './house.ts';

for (const store of stores) {
  describe(`a mail that is late or never comes, on ${store}`, () => {
    let house: House;
    before(async () => {
      house = await openHouse({ store });
    });
    after(() => house.close());

    /** Comes by the link of an invitation and asks for a code, which the relay treats like that. */
    async function ticketed(address: string, ...acts: readonly Act[]) {
      const { guest } = await house.asked(address);
      const jar = new Jar();
      const page = await takeLink(jar, await nextLink(house, address));
      house.relay.script(address, ...acts);
      return { jar, guest, page: await press(jar, page, 'send') };
    }

    /** What Check again shows once the relay has answered. */
    async function again({ jar, page }: { jar: Jar; page: Answer }): Promise<string> {
      await house.server.guests.parts.outbox.idle();
      return (await jar.get(page.url)).text;
    }

    /** Whoever carried a mail tells of it. */
    async function report(
      guest: string,
      what: 'bounced' | 'delayed' | 'complained',
      status: string,
    ): Promise<void> {
      const { outbox } = house.server.guests.parts.store;
      const newest = (await outbox.listOf('a', guest, 9)).find(({ kind }) => kind === 'passcode');
      const at = Math.floor(Date.now() / 1000);
      assert.ok(await outbox.report(newest!.id, { what, status, at }));
    }

    it('is on its way, then accepted, for a guest who came by an invitation', async () => {
      const { outbox } = house.server.guests.parts;
      const { guest } = await house.asked('way@mail.example');
      const jar = new Jar();
      const page = await takeLink(jar, await nextLink(house, 'way@mail.example'));
      await outbox.stop();
      const waiting = await press(jar, page, 'send');
      outbox.start();
      assert.match(waiting.text, /The email is on its way\.\s*<a href="[^"]*">Check again/);
      assert.match(await again({ jar, page: waiting }), /A mail server has accepted our message/);
      const [mail] = (await house.server.guests.parts.store.outbox.listOf('a', guest.id, 9)).filter(
        ({ kind }) => kind === 'passcode',
      );
      assert.ok(waiting.text.includes(`<strong>${mail?.label}</strong>`));
    });

    it('F10 is delayed, and again once a server behind the relay says so', async () => {
      const late = await ticketed('late@mail.example', { data: 451 });
      assert.match(await again(late), /The email is delayed\. You can wait on this page/);
      const later = await ticketed('later@mail.example');
      assert.match(await again(later), /has accepted/);
      await report(later.guest.id, 'delayed', '4.4.1');
      assert.match(await again(later), /The email is delayed/);
    });

    it('F11 is refused by the relay, or comes back: the page names whoever invited', async () => {
      const refused = await ticketed('no@mail.example', { rcpt: 550 });
      const text = await again(refused);
      assert.match(text, /A mail server refused our message\. Check the address/);
      assert.ok(text.includes(INVITER));
      assert.doesNotMatch(text, /Check again/);
      const bounced = await ticketed('gone@mail.example');
      await again(bounced);
      await report(bounced.guest.id, 'bounced', '5.1.1');
      assert.match(await again(bounced), /there is no mailbox/);
      const full = await ticketed('full@mail.example');
      await again(full);
      await report(full.guest.id, 'bounced', '5.2.2');
      assert.match(await again(full), /refused our message/);
    });

    it('S62 shows a typed address the same page, whatever became of the mail, and strangers too', async () => {
      const pages = new Map<string, string>();
      const typed = async (address: string, ...acts: readonly Act[]) => {
        house.relay.script(address, ...acts);
        const jar = new Jar();
        const page = await press(jar, (await arrive(house, jar, address)).page, 'send');
        return { jar, page };
      };
      const look = async (name: string, address: string, visit: { jar: Jar; page: Answer }) => {
        await house.server.guests.parts.outbox.idle();
        const { status, headers, text, url } = await visit.jar.get(visit.page.url);
        const { date: _date, ...sent } = headers;
        const random = [url.pathname, address, /name="csrf" value="([^"]*)"/.exec(text)![1]!];
        const plain = random.reduce((said, value) => said.replaceAll(value, '*'), text);
        const body = plain
          .replace(/<strong>[A-Z]\d<\/strong>/, '*')
          .replace(/requested [^.]*UTC/, 'requested *')
          .replace(/data-wait="\d+"/, 'data-wait')
          .replace(/name="restart" value="[^"]*"/g, 'restart');
        pages.set(name, JSON.stringify({ status, sent, body }));
      };
      const guests = ['typed1', 'typed2', 'typed3', 'typed4'].map((name) => `${name}@mail.example`);
      const [taken, late, refused, gone] = guests as [string, string, string, string];
      for (const address of guests) await house.invite(address);
      await look('taken', taken, await typed(taken));
      await look('late', late, await typed(late, { data: 451 }));
      await look('refused', refused, await typed(refused, { rcpt: 550 }));
      const visit = await typed(gone);
      await house.server.guests.parts.outbox.idle();
      const { directory } = house.server.guests.parts;
      const guest = await directory.findByAddress('a', gone);
      await report(guest!.id, 'bounced', '5.1.1');
      await look('gone', gone, visit);
      await look('stranger', 'typed5@mail.example', await typed('typed5@mail.example'));
      const [first, ...others] = pages.values();
      assert.match(first!, /If .* has access to/);
      for (const other of others) assert.equal(other, first);
      assert.equal(others.length, 4);
    });

    it('S65 tells admins what became of each mail, and neither code nor address', async () => {
      const visit = await ticketed('told@mail.example');
      await again(visit);
      await report(visit.guest.id, 'bounced', '5.1.1');
      const said = await listenJson((output) =>
        showGuest('told@mail.example', { config: house.folder, tenant: 'a' }, output),
      );
      const [{ mails }] = JSON.parse(said.out) as [{ mails: Record<string, string | null>[] }];
      const told = mails.map(({ kind, state, reason }) => ({ kind, state, reason }));
      assert.deepEqual(
        told.toSorted((one, other) => one.kind!.localeCompare(other.kind!)),
        [
          { kind: 'invitation', state: 'accepted', reason: null },
          { kind: 'passcode', state: 'no-mailbox', reason: '5.1.1' },
        ],
      );
      const mail = await house.relay.nextMail('told@mail.example', { about: /sign-in code/ });
      const code = passcodeIn(mail.parsed.text ?? '');
      assert.doesNotMatch(JSON.stringify(mails), new RegExp(`${code}|told@`));
    });

    it('does not keep a guest from asking again: the next code arrives and signs in', async () => {
      const visit = await ticketed('mended@mail.example', { rcpt: 550 });
      assert.match(await again(visit), /refused our message/);
      const other = await arrive(house, new Jar(), 'mended@mail.example');
      assert.match(other.page.text, /Send code/);
    });
  });
}
