import assert from 'node:assert/strict';
import { hidden, Jar } from '../support/jar.ts';
import { startProcess } from '../support/processes.ts';
import {
  addGuests,
  createInstallation,
  createWalker,
  passcodeIn,
  stores,
} from '../support/world.ts';

for (const store of stores) {
  describe(`a process that dies, on ${store}`, () => {
    it('F5 F8 delivers the mail of a killed process once, and its code signs in', async function () {
      this.timeout(120_000);
      const installation = await createInstallation({ store });
      const { folder, relay } = installation;
      let server = await startProcess(folder);
      try {
        await addGuests(installation, 'crash@partner.example');
        const walker = createWalker(installation);
        const jar = new Jar();
        // The relay reads the mail and never answers: the process dies with it in its hands.
        relay.script('crash@partner.example', 'hang');
        const begun = await walker.begin();
        const page = await walker.walkToCode(jar, begun, 'crash@partner.example');
        await relay.hanging('crash@partner.example');
        await server.kill();
        assert.equal(relay.messages.length, 0);

        server = await startProcess(folder);
        const mail = await relay.nextMail('crash@partner.example');
        await server.line(/"event":"mail\.sent"/);
        assert.equal(relay.messages.length, 1);
        const code = passcodeIn(mail.parsed.text ?? '');
        const done = await jar.follow(
          await jar.post(`${page.url.href}/passcode`, { csrf: hidden(page, 'csrf'), code }),
        );
        const tokens = await walker.redeem(begun, done.location!);
        assert.equal(tokens.claims()?.['email'], 'crash@partner.example');
      } finally {
        await server.stop();
        await installation.remove();
      }
    });

    it('F7 leads the same browser on after a process died between proof and redirect', async function () {
      this.timeout(60_000);
      const installation = await createInstallation({ store });
      let server = await startProcess(installation.folder);
      try {
        await addGuests(installation, 'between@partner.example');
        const walker = createWalker(installation);
        const jar = new Jar();
        const begun = await walker.begin();
        const page = await walker.walkToCode(jar, begun, 'between@partner.example');
        const code = await walker.passcodeFor('between@partner.example');
        // Killed before it has noted that, the next one would send the mail again.
        await server.line(/"event":"mail\.sent"/);
        // The answer is lost: the browser only knows that it has posted.
        await jar.post(`${page.url.href}/passcode`, { csrf: hidden(page, 'csrf'), code });
        await server.kill();
        server = await startProcess(installation.folder);
        const reloaded = await jar.get(page.url);
        const done = await jar.follow(
          await jar.post(`${page.url.href}/continue`, { csrf: hidden(reloaded, 'csrf') }),
        );
        assert.ok((await walker.redeem(begun, done.location!)).claims());
        assert.equal(installation.relay.messages.length, 1);
      } finally {
        await server.stop();
        await installation.remove();
      }
    });
  });
}

describe('a relay that hangs', () => {
  it('F9 does not slow the page down: it answers while the relay is silent', async function () {
    this.timeout(60_000);
    const installation = await createInstallation();
    const { relay, folder } = installation;
    const server = await startProcess(folder);
    try {
      await addGuests(installation, 'slow@partner.example');
      relay.hangGreetings(true);
      const walker = createWalker(installation);
      const jar = new Jar();
      const begun = await walker.begin();
      // Answered although not one byte has come from the relay: the order proves it, no stopwatch.
      const page = await walker.walkToCode(jar, begun, 'slow@partner.example');
      assert.match(page.text, /Enter the code we emailed you/);
      assert.equal(relay.messages.length, 0);
      relay.hangGreetings(false);
      const code = await walker.passcodeFor('slow@partner.example');
      const done = await jar.follow(
        await jar.post(`${page.url.href}/passcode`, { csrf: hidden(page, 'csrf'), code }),
      );
      assert.match(done.location ?? '', /code=/);
    } finally {
      await server.stop();
      await installation.remove();
    }
  });
});

describe('a server that is told to stop', () => {
  it('F19 ends with exit code 0', async () => {
    const installation = await createInstallation();
    const server = await startProcess(installation.folder);
    assert.equal(await server.stop(), 0);
    await installation.remove();
  });
});
