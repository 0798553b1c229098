import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { appendFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ConfigurationWatch,
  watchConfiguration,
  type WatchOptions,
} from '../../src/tenants/watch.ts';

describe('watchConfiguration', () => {
  let folder: string;
  let watch: ConfigurationWatch | undefined;
  let looks: EventEmitter;
  const faults: unknown[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'guestpass-watch-'));
    await mkdir(join(folder, 'tenants'));
    await writeFile(join(folder, 'guestpass.yaml'), 'a');
    await writeFile(join(folder, 'tenants', 'a.yaml'), 'a');
    looks = new EventEmitter();
  });
  afterEach(async () => {
    await watch?.close();
    await rm(folder, { recursive: true });
    assert.deepEqual(faults.splice(0), []);
  });

  /** Watches, and waits for the look at the beginning. */
  async function begin(options: Partial<WatchOptions> = {}): Promise<void> {
    const first = once(looks, 'look');
    watch = watchConfiguration({
      directory: folder,
      quietMs: 20,
      look: () => {
        looks.emit('look');
        return Promise.resolve(true);
      },
      onFault: (error) => void faults.push(error),
      ...options,
    });
    await first;
  }

  const changes: Readonly<Record<string, () => Promise<void>>> = {
    'a file written in place': () => appendFile(join(folder, 'tenants/a.yaml'), 'b'),
    'a file written beside and renamed': async () => {
      await writeFile(join(folder, 'tenants/.a.yaml.new'), 'b');
      await rename(join(folder, 'tenants/.a.yaml.new'), join(folder, 'tenants/a.yaml'));
    },
    'a new file': () => writeFile(join(folder, 'tenants/b.yaml'), 'b'),
    'a removed file': () => rm(join(folder, 'tenants/a.yaml')),
    'the settings': () => writeFile(join(folder, 'guestpass.yaml'), 'b'),
    'a file in a folder made meanwhile': async () => {
      await mkdir(join(folder, 'members'));
      await writeFile(join(folder, 'members/list.txt'), 'b');
    },
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`looks after a change of ${what}`, async () => {
      await begin();
      const looked = once(looks, 'look');
      await change();
      await looked;
    });
  }

  for (const [what, name] of [
    ['a file', 'c.yaml'],
    ['a folder', 'members'],
  ] as const) {
    it(`looks when Kubernetes swaps the link that ${what} is behind`, async () => {
      for (const version of ['..1', '..2']) {
        await mkdir(join(folder, version, 'members'), { recursive: true });
        await writeFile(join(folder, version, 'c.yaml'), version);
        await writeFile(join(folder, version, 'members', 'list.txt'), version);
      }
      await symlink('..1', join(folder, '..data'));
      await symlink(join('..data', name), join(folder, name));
      await begin();
      const looked = once(looks, 'look');
      await symlink('..2', join(folder, '..tmp'));
      await rename(join(folder, '..tmp'), join(folder, '..data'));
      await looked;
    });
  }

  it('looks when it is asked', async () => {
    await begin();
    const looked = once(looks, 'look');
    watch?.ask();
    await looked;
  });

  it('looks once after many changes, when they rest', async () => {
    let count = 0;
    const hurry = { quietMs: 150 };
    await begin({ ...hurry, look: async () => ((count += 1), looks.emit('look'), true) });
    const looked = once(looks, 'look');
    for (let index = 0; index < 20; index += 1) {
      await writeFile(join(folder, 'tenants', `${index}.yaml`), 'x');
    }
    await looked;
    assert.equal(count, 2);
  });

  it('says so when files never rest, once', async () => {
    const told: unknown[] = [];
    await begin({ quietMs: 20, patienceMs: -1, onFault: (error) => void told.push(error) });
    watch?.ask();
    watch?.ask();
    assert.match(String(told[1]), /never rest/);
    assert.equal(told.length, 2);
  });

  it('tells a look that files moved since it began, and looks again', async () => {
    const answers: boolean[] = [];
    await begin({
      look: async (hasMoved) => {
        if (answers.length === 1) watch?.ask();
        answers.push(hasMoved());
        looks.emit('look');
        return !hasMoved();
      },
    });
    const second = once(looks, 'look');
    watch?.ask();
    await second;
    await once(looks, 'look');
    assert.deepEqual(answers, [false, true, false]);
  });

  it('looks again after a look that lasted longer than files had to rest', async () => {
    const answers: boolean[] = [];
    await begin({
      quietMs: 5,
      look: async (hasMoved) => {
        if (answers.length === 1) {
          watch?.ask();
          // Timers end in their order: the rest that was asked for is over before this one.
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        answers.push(hasMoved());
        looks.emit('look');
        return true;
      },
    });
    const second = once(looks, 'look');
    watch?.ask();
    await second;
    await once(looks, 'look');
    assert.deepEqual(answers, [false, true, false]);
  });

  it('leaves the database and hidden files alone', async () => {
    await begin({ ignored: 'guest.db' });
    let isLooked = false;
    looks.on('look', () => (isLooked = true));
    await seenByAnother(async () => {
      await writeFile(join(folder, 'guest.db-wal'), 'x');
      await mkdir(join(folder, '.git'));
      await writeFile(join(folder, '.git', 'index'), 'x');
    });
    assert.equal(isLooked, false);
  });

  it('says that a folder cannot be watched', async () => {
    const told = new Promise<unknown>((resolve) => {
      watch = watchConfiguration({
        directory: join(folder, 'nowhere'),
        look: () => Promise.resolve(true),
        onFault: resolve,
      });
    });
    assert.match(String(await told), /ENOENT/);
  });

  it('looks no more after its end', async () => {
    await begin();
    await watch?.close();
    let isLooked = false;
    looks.on('look', () => (isLooked = true));
    watch?.ask();
    await seenByAnother(() => appendFile(join(folder, 'tenants/a.yaml'), 'b'));
    assert.equal(isLooked, false);
  });

  /** Makes a change and waits until a watch that ignores nothing has had time to look at it. */
  async function seenByAnother(change: () => Promise<void>): Promise<void> {
    const other = new EventEmitter();
    const begun = once(other, 'look');
    const watching = watchConfiguration({
      directory: folder,
      quietMs: 60,
      look: () => {
        other.emit('look');
        return Promise.resolve(true);
      },
      onFault: (error) => void faults.push(error),
    });
    await begun;
    const looked = once(other, 'look');
    await change();
    await looked;
    await watching.close();
  }
});
