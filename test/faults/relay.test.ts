import assert from 'node:assert/strict';
import { heading, hidden, Jar } from '../support/jar.ts';
import { type ServerProcess, startProcess } from '../support/processes.ts';
import { startSmtp, type TestRelay } from '../support/smtp.ts';
import {
  addGuests,
  createInstallation,
  createWalker,
  type Installation,
  passcodeIn,
  type Walker,
} from '../support/world.ts';

const GUESTS = ['grey', 'gone', 'down', 'last'].map((name) => `${name}@partner.example`);
const [GREY = '', GONE = '', DOWN = '', LAST = ''] = GUESTS;

describe('a relay that does not take mail', function () {
  this.timeout(120_000);
  let installation: Installation;
  let server: ServerProcess;
  let walker: Walker;

  before(async () => {
    installation = await createInstallation();
    await addGuests(installation, ...GUESTS);
    server = await startProcess(installation.folder);
    walker = createWalker(installation);
  });
  after(async () => {
    await server?.kill();
    await installation?.remove();
  });

  it('F10 says 451 and then 250: one mail, whose code signs in', async () => {
    const { relay } = installation;
    relay.script(GREY, { rcpt: 451 });
    await signIn(GREY, relay);
    await server.line(/"state":"postponed","until":\d+,"fault":"smtp_451"/);
    assert.equal(relay.messages.filter(({ recipients }) => recipients[0] === GREY).length, 1);
  });

  it('F11 says 550: the guest reads what everybody reads, the log says that nothing will come', async () => {
    const { relay } = installation;
    relay.script(GONE, { rcpt: 550 });
    const known = await send(GONE);
    await server.line(/"state":"abandoned","fault":"smtp_550"/);
    const stranger = await send('nobody@partner.example');
    assert.deepEqual(
      [known.page.status, heading(known.page)],
      [stranger.page.status, heading(stranger.page)],
    );
    assert.ok(!server.output.some((line) => line.includes(GONE)));
  });

  it('F9 refuses connections: pages go on at once, and its mails leave when it is back', async () => {
    const { port } = installation.relay;
    await installation.relay.stop();
    const { jar, begun, page } = await send(DOWN);
    assert.equal(heading(page), 'Enter the code we emailed you');
    await server.line(/"event":"mail\.refused".*|.*"fault":"connection".*"mail\.refused"/);
    const back = await startSmtp({ port });
    try {
      const mail = await back.nextMail(DOWN);
      const code = passcodeIn(mail.parsed.text ?? '');
      const done = await jar.follow(
        await jar.post(`${page.url.href}/passcode`, { csrf: hidden(page, 'csrf'), code }),
      );
      assert.ok((await walker.redeem(begun, done.location!)).claims());
      // A relay that hangs after DATA does not keep the process from ending.
      back.script(LAST, 'hang');
      await send(LAST);
      await back.hanging(LAST);
      const before = performance.now();
      assert.equal(await server.stop(), 0);
      assert.ok(performance.now() - before < 25_000);
    } finally {
      await back.stop();
    }
  });

  async function send(address: string) {
    const jar = new Jar();
    const begun = await walker.begin();
    return { jar, begun, page: await walker.walkToCode(jar, begun, address) };
  }

  async function signIn(address: string, relay: TestRelay): Promise<void> {
    const { jar, begun, page } = await send(address);
    const mail = await relay.nextMail(address);
    const code = passcodeIn(mail.parsed.text ?? '');
    const done = await jar.follow(
      await jar.post(`${page.url.href}/passcode`, { csrf: hidden(page, 'csrf'), code }),
    );
    assert.ok((await walker.redeem(begun, done.location!)).claims());
  }
});
