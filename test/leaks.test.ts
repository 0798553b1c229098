import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  assertNoLeaks,
  findLeaks,
  findLeaksInDatabase,
  noteAddress,
  noteLine,
  noteSecret,
} from './support/leaks.ts';

// Every installation of this suite is looked through when it goes, and the test that used it fails
// when one of its secrets stands in a log or a table. These show that the watch sees.
describe('the watch for leaks', () => {
  const token = randomBytes(24).toString('base64url');
  const address = `${randomBytes(6).toString('hex')}@watched.example`;
  const code = String(90_000_000 + randomBytes(3).readUIntBE(0, 3) / 2).slice(0, 8);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'guestpass-leaks-'));
    noteSecret('a token', token);
    noteSecret('a code', code);
    noteAddress(address);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('S65 finds a secret wherever it stands in a text, and says what it is alone', () => {
    for (const text of [token, `{"a":"${token}"}`, `Bearer ${token}.`, `x?code=${token}&y=1`]) {
      assert.deepEqual(
        findLeaks('log', text).map(({ secret, place }) => [secret, place]),
        [['a token', 'log']],
      );
    }
    assert.deepEqual(findLeaks('log', `code ${code}\n`)[0]?.secret, 'a code');
  });

  it('S65 takes eight digits within a longer number or digest for none', () => {
    assert.deepEqual(findLeaks('log', `${code}1 a${code} ${token}x`), []);
  });

  it('S65 finds an address in any letters, also percent-encoded, but where it belongs', () => {
    const [name = '', domain] = address.split('@');
    for (const text of [address, `to <${address.toUpperCase()}>`, `email=${name}%40${domain}&x`]) {
      assert.equal(findLeaks('log', text).length, 1, text);
    }
    assert.deepEqual(findLeaks('guests.address', address), []);
    assert.equal(findLeaks('audit.detail', address).length, 1);
    assert.deepEqual(findLeaks('log', `s**${address}`), []);
  });

  it('S65 reads every column of every table, and every line', async () => {
    const file = join(folder, 'watched.db');
    const database = new DatabaseSync(file);
    database.exec('CREATE TABLE anything (id INTEGER, note TEXT, raw BLOB)');
    const insert = database.prepare('INSERT INTO anything VALUES (?, ?, ?)');
    insert.run(1, 'nothing', null);
    insert.run(2, `{"told":"${code}"}`, Buffer.from(token));
    database.close();
    const settings = { kind: 'sqlite', file } as const;
    const leaks = await findLeaksInDatabase(settings);
    assert.deepEqual(
      leaks.map(({ secret, place }) => [secret, place]),
      [
        ['a code', 'anything.note'],
        ['a token', 'anything.raw'],
      ],
    );
    noteLine(folder, `{"address":"${address}"}`);
    await assert.rejects(assertNoLeaks(folder, settings), {
      message: new RegExp(`address ${address} is in log[^]*a token is in anything\\.raw`),
    });
  });
});
