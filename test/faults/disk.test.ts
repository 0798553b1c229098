import assert from 'node:assert/strict';
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { heading, hidden, Jar } from '../support/jar.ts';
import {
  addGuests,
  createInstallation,
  createWalker,
  type Installation,
} from '../support/world.ts';
import { createServer, type Server } from './servers.ts';
import { until } from './until.ts';

const LOCKER = fileURLToPath(new URL('locker.ts', import.meta.url));
const TERI = 'teri@partner.example';
const UMA = 'uma@partner.example';

describe('a machine that is full, or taken', function () {
  this.timeout(120_000);
  let disk: SmallDisk;
  let installation: Installation;
  let server: Server;

  before(async () => {
    disk = mountSmallDisk(8);
    installation = await createInstallation({
      settings: { database: `sqlite:${join(disk.folder, 'guestpass.db')}` },
    });
    await addGuests(installation, TERI, UMA);
    server = await createServer(installation, { listen: new URL(installation.publicUrl).host });
  });
  after(async () => {
    await server?.remove();
    await installation?.remove();
    disk?.unmount();
  });

  it('F18 without room for the database: 503, not ready, no half of anything; with room, on it goes', async () => {
    const walker = createWalker(installation);
    await server.start();
    const jar = new Jar();
    const begun = await walker.begin();
    const page = await jar.follow(await jar.get(begun.url));
    const form = { csrf: hidden(page, 'csrf'), email: TERI };
    const chosen = await jar.follow(await jar.post(`${page.url.href}/address`, form));
    const send = { csrf: hidden(chosen, 'csrf') };
    disk.fill();
    // What is written goes into pages that are there already, until none is left.
    const refused = await until('the database to be full', async () => {
      const answer = await new Jar().get((await walker.begin()).url);
      return answer.status === 503 && answer;
    });
    assert.equal(refused.headers['retry-after'], '10');
    assert.equal((await jar.post(`${page.url.href}/send`, send)).status, 503);
    const health = await server.admin('/readyz?verbose');
    assert.equal(health.status, 503);
    assert.match(health.text, /^\[-\]disk full$/m);
    assert.match(server.running.output.join('\n'), /database or disk is full/);
    assert.equal(installation.relay.messages.length, 0);
    disk.empty();
    const sent = await jar.follow(await jar.post(`${page.url.href}/send`, send));
    assert.equal(heading(sent), 'Enter the code we emailed you');
    const code = await walker.passcodeFor(TERI);
    const done = await jar.follow(
      await jar.post(`${page.url.href}/passcode`, { csrf: hidden(sent, 'csrf'), code }),
    );
    assert.ok((await walker.redeem(begun, done.location!)).claims());
    assert.equal((await server.admin('/readyz')).status, 200);
    assert.equal(installation.relay.messages.length, 1);
  });

  it('F17 with a database that another process keeps locked: 503, and after that on it goes', async () => {
    const walker = createWalker(installation);
    const jar = new Jar();
    const begun = await walker.begin();
    const page = await jar.follow(await jar.get(begun.url));
    const form = { csrf: hidden(page, 'csrf'), email: UMA };
    const locker = fork(LOCKER, [join(disk.folder, 'guestpass.db')]);
    try {
      await once(locker, 'message');
      const refused = await jar.post(`${page.url.href}/address`, form);
      assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '10']);
    } finally {
      locker.kill('SIGKILL');
      await once(locker, 'exit');
    }
    const chosen = await jar.follow(await jar.post(`${page.url.href}/address`, form));
    assert.equal(chosen.status, 200);
    await server.running.stop();
  });

  it('F18 without room for the log: guests sign in all the same', async () => {
    const small = mountSmallDisk(1);
    const log = openSync(join(small.folder, 'log'), 'a');
    try {
      small.fill();
      await server.start({ stdout: log });
      const walker = createWalker(installation);
      const signIn = async (): Promise<void> => {
        const begun = await walker.begin();
        const location = await walker.signIn(new Jar(), begun, UMA);
        assert.ok((await walker.redeem(begun, location)).claims());
      };
      for (let times = 0; times < 3; times += 1) await signIn();
      assert.equal((await server.admin('/readyz')).status, 200);
      assert.doesNotMatch(readFileSync(join(small.folder, 'log'), 'utf8'), /sign-in\.finish/);
      // With room again, the next line takes along what waited.
      small.empty();
      await signIn();
      assert.equal(await server.running.stop(), 0);
      const lines = readFileSync(join(small.folder, 'log'), 'utf8').split('\n');
      assert.equal(lines.filter((line) => line.includes('"sign-in.finish"')).length, 4);
    } finally {
      await server.running.kill();
      closeSync(log);
      small.unmount();
    }
  });
});

interface SmallDisk {
  readonly folder: string;
  /** Takes all the room that is left. */
  fill(): void;
  /** Gives it back. */
  empty(): void;
  unmount(): void;
}

/** Mounts a file system of so many megabytes; `prepare.ts` sees to it that this may be done. */
function mountSmallDisk(megabytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'guestpass-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}M`, 'guestpass', folder]);
  const unmount = (): void => {
    process.off('exit', unmount);
    // Also while somebody still has a file of it open: a test that failed leaves no mount.
    execFileSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', unmount);
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill() {
      const file = openSync(ballast, 'a');
      try {
        for (const size of [65_536, 4_096, 512]) fillBy(file, Buffer.alloc(size));
      } finally {
        closeSync(file);
      }
    },
    empty: () => rmSync(ballast),
    unmount,
  };
}

function fillBy(file: number, chunk: Buffer): void {
  try {
    while (writeSync(file, chunk) === chunk.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
