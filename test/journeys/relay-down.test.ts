import assert from 'node:assert/strict';
import { Jar } from '../support/jar.ts';
import { startWorld, stores, type World } from '../support/world.ts';

const WAIT = /Emails are delayed just now, for everybody\./;

for (const store of stores) {
  describe(`a relay that takes no mail, on ${store}`, () => {
    let world: World;
    let ahead = 0;
    before(async () => {
      world = await startWorld({ store, clock: () => Math.floor(Date.now() / 1000) + ahead });
    });
    after(() => world.close());

    async function walk(address: string) {
      const jar = new Jar();
      const page = await world.walkToCode(jar, await world.begin(), address);
      return { jar, page, address };
    }

    /** Looks again until the relay has been asked. */
    async function waited({ jar, page, address }: Awaited<ReturnType<typeof walk>>) {
      for (;;) {
        const { text } = await jar.get(page.url);
        if (WAIT.test(text)) return mask(text, address, page.url.pathname);
      }
    }

    it('R9 S62 says nothing while the relay only puts off the mail of one guest', async () => {
      await world.invite('late@partner.example');
      world.relay.script('late@partner.example', { data: 451 });
      const { jar, page } = await walk('late@partner.example');
      await world.server.guests.parts.outbox.idle();
      // Whatever would be found anew by the first look is known to the last.
      ahead += 10;
      for (const _ of Array.from({ length: 5 })) {
        assert.doesNotMatch((await jar.get(page.url)).text, WAIT);
      }
    });

    it('R9 S62 says on every code page that mails wait, and the same to a stranger', async () => {
      await world.invite('known@partner.example');
      await world.relay.stop();
      ahead += 10;
      // Nobody was written to meanwhile: the relay itself was asked.
      const stranger = await waited(await walk('unown@partner.example'));
      const known = await waited(await walk('known@partner.example'));
      assert.equal(stranger, known);
    });
  });
}

function mask(text: string, address: string, path: string): string {
  return text
    .replaceAll(address, 'ADDRESS')
    .replaceAll(path, 'PATH')
    .replaceAll(/value="[^"]*"/g, 'VALUE')
    .replaceAll(/<bdi><strong>\w\w<\/strong>/g, 'LABEL')
    .replaceAll(/\d\d:\d\d/g, 'TIME')
    .replaceAll(/data-\w+="\d+"/g, 'SECONDS');
}
