import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { takeMailReports } from '../../src/cli/mail-reports.ts';
import { createMessageId } from '../../src/mail/outbox.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { complaint, statusReport } from '../mail/reports-mail.ts';
import { createInstallation, type Installation } from '../support/world.ts';
import { listen, listenJson } from './said.ts';

describe('guestpass mail bounces', () => {
  let installation: Installation;
  let store: Store;
  before(async () => {
    installation = await createInstallation();
    const file = installation.database.slice('sqlite:'.length);
    store = await openStore({ kind: 'sqlite', file });
  });
  after(async () => {
    await store.close();
    await installation.remove();
  });

  async function sent(): Promise<string> {
    const id = createMessageId();
    const now = Math.floor(Date.now() / 1000);
    const times = { nextAttemptAt: now, expiresAt: now + 60, createdAt: now };
    await store.outbox.enqueue({ id, tenant: 'a', sealed: 'x', state: 'queued', ...times });
    await store.outbox.lease(id, 'w', now, now);
    await store.outbox.settle(id, 'w', { state: 'sent', fault: null, at: now });
    return id;
  }
  const options = () => ({ config: installation.folder });

  it('takes one message from a pipe', async () => {
    const id = await sent();
    const said = await listen((output) =>
      takeMailReports(undefined, options(), output, Readable.from([statusReport({ id })])),
    );
    assert.deepEqual([said.code, said.out], [0, '-  recorded  bounced 5.1.1']);
    assert.equal((await store.outbox.find(id))?.bounce, '5.1.1');
  });

  it('takes a Maildir, twice with one effect, and ends well for what is no report', async () => {
    const [late, disliked] = [await sent(), await sent()];
    const maildir = join(installation.folder, 'bounces');
    for (const folder of ['new', 'cur', 'tmp'])
      await mkdir(join(maildir, folder), { recursive: true });
    await writeFile(join(maildir, 'new', '1'), statusReport({ id: late, action: 'delayed' }));
    await writeFile(join(maildir, 'new', '2'), 'From: teri@gmail.example\n\nHello');
    await writeFile(join(maildir, 'cur', '3:2,S'), complaint(disliked));
    await writeFile(join(maildir, 'cur', '4'), statusReport());
    await writeFile(join(maildir, 'tmp', '5'), statusReport());
    const run = async () => {
      const said = await listenJson((output) => takeMailReports(maildir, options(), output));
      assert.equal(said.code, 0);
      const taken = JSON.parse(said.out) as { message: string; outcome: string }[];
      return taken.map(({ message, outcome }) => [message.slice(maildir.length + 1), outcome]);
    };
    const rest = [['cur/4', 'unknown']];
    assert.deepEqual(await run(), [
      ['new/1', 'recorded'],
      ['new/2', 'no report'],
      ['cur/3:2,S', 'recorded'],
      ...rest,
    ]);
    assert.deepEqual(await run(), [
      ['new/1', 'known'],
      ['new/2', 'no report'],
      ['cur/3:2,S', 'known'],
      ...rest,
    ]);
  });
});
