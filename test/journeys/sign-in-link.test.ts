import assert from 'node:assert/strict';
import { type Answer, hidden, Jar } from '../support/jar.ts';
import { passcodeIn, stores } from '../support/world.ts';
import { arrive, type House, openHouse, press } from './house.ts';

for (const store of stores) {
  describe(`the sign-in link in a mail, on ${store}`, () => {
    let house: House;
    before(async () => {
      house = await openHouse({ store, tenants: { a: { mail: { signInLink: true } } } });
    });
    after(() => house.close());

    /** A guest who asked for a code, and what the mail says. */
    async function asked(address: string, tenant = 'a') {
      await house.invite(address, tenant);
      const jar = new Jar();
      const arrived = await arrive(house, jar, address, tenant);
      const page = await press(jar, arrived.page, 'send');
      const mail = await house.relay.nextMail(address);
      const text = mail.parsed.text ?? '';
      const link = /^https?:\/\/\S+\/link\?\S+$/m.exec(text)?.[0];
      const label = / – ([A-Z]\d)$/.exec(mail.parsed.subject ?? '')?.[1] ?? '';
      return {
        jar,
        page,
        begun: arrived.begun,
        link: link ?? '',
        label,
        mail,
        code: passcodeIn(text),
      };
    }

    const attempts = async (page: Answer): Promise<number | undefined> => {
      const [, tenant = '', , uid = ''] = page.url.pathname.split('/');
      return (await house.server.guests.parts.store.signIns.find(tenant, uid))?.attempts;
    };

    it('S6 signs in by a press in the browser that asked, once, and the code is used up with it', async () => {
      const { jar, page, begun, link, label } = await asked('one@mail.example');
      const shown = await jar.get(link);
      assert.equal(shown.status, 200);
      assert.match(shown.text, new RegExp(`<strong>${label}</strong>`));
      const done = await press(jar, shown, 'link', { key: hidden(shown, 'key') });
      const { location = '' } = done;
      assert.ok(location.includes('code='), done.text);
      const tokens = await house.redeem(begun, location);
      assert.equal(tokens.claims()?.['email'], 'one@mail.example');
      const form = { csrf: hidden(page, 'csrf'), key: hidden(shown, 'key') };
      const again = await jar.post(`${page.url.href}/link`, form);
      assert.ok(!again.location?.includes('code='));
    });

    it('consumes nothing by being opened, however often', async () => {
      const { jar, page, link, code } = await asked('open@mail.example');
      for (let time = 0; time < 20; time += 1) {
        assert.equal((await (time % 2 ? jar : new Jar()).get(link)).status, 200);
      }
      await jar.send('HEAD', link);
      assert.equal(await attempts(page), 0);
      const done = await press(jar, page, 'passcode', { code });
      assert.ok(done.location?.includes('code='));
    });

    it('S24 shows any other browser the label alone, with nothing to press', async () => {
      const { jar, page, link, label, code } = await asked('other@mail.example');
      const other = new Jar();
      const shown = await other.get(link);
      assert.equal(shown.status, 200);
      assert.match(
        shown.text,
        new RegExp(`code from the email with <bdi><strong>${label}</strong>`),
      );
      assert.doesNotMatch(shown.text, /<form|other@mail|csrf/);
      const key = new URL(link).searchParams.get('key')!;
      assert.ok(!shown.text.includes(key) && !shown.text.includes(code));
      // A scanner that submits, or a thief with the link and a form token made up.
      for (const csrf of ['', hidden(page, 'csrf')]) {
        const posted = await other.post(`${page.url.href}/link`, { csrf, key });
        assert.equal(posted.status, 400);
      }
      // Another sign-in of the same guest in another browser is another one.
      const theirs = new Jar();
      const begun = await arrive(house, theirs, 'other@mail.example');
      const sent = await press(theirs, begun.page, 'send');
      const tried = await theirs.follow(
        await theirs.post(`${sent.url.href}/link`, { csrf: hidden(sent, 'csrf'), key }),
      );
      assert.equal(tried.location, undefined);
      assert.equal(await attempts(page), 0);
      assert.ok((await press(jar, page, 'passcode', { code })).location?.includes('code='));
    });

    it('S26 is not pressed by another site: without the form token nothing happens', async () => {
      const { jar, page, link } = await asked('forged@mail.example');
      const key = new URL(link).searchParams.get('key')!;
      const forged = await jar.post(`${page.url.href}/link`, { key });
      assert.equal(forged.status, 403);
      const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
      const csrf = hidden(page, 'csrf');
      assert.equal((await jar.post(`${page.url.href}/link`, { csrf, key }, foreign)).status, 403);
      assert.equal(await attempts(page), 0);
    });

    it('S5 shares the five tries of the code: guessed keys end both', async () => {
      const { jar, page, link, code } = await asked('guess@mail.example');
      const csrf = hidden(page, 'csrf');
      const key = new URL(link).searchParams.get('key')!;
      for (let time = 0; time < 5; time += 1) {
        const guess = `${key.slice(0, -1)}${'bcdef'[time]}`;
        await jar.follow(await jar.post(`${page.url.href}/link`, { csrf, key: guess }));
      }
      assert.equal(await attempts(page), 5);
      for (const [step, form] of [
        ['link', { key }],
        ['passcode', { code }],
      ] as const) {
        const over = await jar.follow(
          await jar.post(`${page.url.href}/${step}`, { csrf, ...form }),
        );
        assert.equal(over.location, undefined, step);
      }
    });

    it('S9 signs in by the link where short codes are not compared any more', async () => {
      const address = 'spent@mail.example';
      const { jar, page, link, code } = await asked(address);
      for (let time = 0; time < 2; time += 1) {
        const attacker = new Jar();
        const begun = await arrive(house, attacker, address);
        const attacked = await press(attacker, begun.page, 'send');
        for (let guess = 0; guess < 5; guess += 1) {
          await attacker.post(`${attacked.url.href}/passcode`, {
            csrf: hidden(attacked, 'csrf'),
            code: String((Number(code) + 1 + guess) % 1e8).padStart(8, '0'),
          });
        }
      }
      const refused = await press(jar, page, 'passcode', { code });
      assert.match(refused.text, /it will be longer/);
      const shown = await jar.get(link);
      assert.match(shown.text, /action="[^"]*\/link"/);
      const done = await press(jar, shown, 'link', { key: hidden(shown, 'key') });
      assert.ok(done.location?.includes('code='), done.text);
    });

    it('S13 takes no passcode for a key, no key for a passcode, and counts what is neither', async () => {
      const { jar, page, link, code } = await asked('mixed@mail.example');
      const csrf = hidden(page, 'csrf');
      const key = new URL(link).searchParams.get('key')!;
      await jar.post(`${page.url.href}/link`, { csrf, key: code });
      await jar.post(`${page.url.href}/passcode`, { csrf, code: key });
      assert.equal(await attempts(page), 0);
      const bare = await jar.get(`${page.url.href}/link?label=%3Cb%3E&key=x`);
      assert.equal(bare.location, page.url.pathname);
      const strange = await new Jar().get(`${page.url.href}/link?label=%3Cb%3E&key=x&label=K7`);
      assert.match(strange.text, /Go back to that browser and type the code there\./);
    });

    it('stays out of mails, and does nothing, where the tenant does not ask for it', async () => {
      const { jar, page, link, mail } = await asked('off@mail.example', 'b');
      assert.equal(link, '');
      assert.doesNotMatch(`${mail.parsed.text}${mail.parsed.html}`, /https?:|<a /);
      const form = { csrf: hidden(page, 'csrf'), key: 'AAAAAAAAAAAAAAAAAAAAAA' };
      const answer = await jar.post(`${page.url.href}/link`, form);
      assert.equal(answer.location, page.url.pathname);
      assert.equal(await attempts(page), 0);
    });
  });
}
