import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sendBudgets } from '../../src/domain/budget.ts';
import { defaultLimits } from '../../src/domain/limits.ts';
import { createSubjects } from '../../src/passcodes/subjects.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { Desk, MIDNIGHT } from './desk.ts';
import { failureContract } from './failure-contract.ts';
import { issueContract } from './issue-contract.ts';
import { knownBrowserContract } from './known-browser-contract.ts';
import { verifyContract } from './verify-contract.ts';

describe('Passcodes on SQLite', () => {
  let folder: string;
  let nodes: { readonly store: Store; readonly other: Store };

  const open = (name: string) => openStore({ kind: 'sqlite', file: join(folder, name, 'g.db') });
  /** Every byte of a database, its write-ahead log included. */
  const bytesOf = (name: string) => {
    const files = readdirSync(join(folder, name)).map((file) =>
      readFileSync(join(folder, name, file)),
    );
    return Buffer.concat(files);
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'guestpass-passcodes-'));
    nodes = { store: await open('main'), other: await open('main') };
  });
  after(async () => {
    await nodes.store.close();
    await nodes.other.close();
    rmSync(folder, { recursive: true });
  });

  issueContract(() => nodes);
  verifyContract(() => nodes);
  failureContract(() => nodes);
  knownBrowserContract(() => nodes);

  it('S3 leaves no passcode in the file', async () => {
    const store = await open('dump');
    const desk = new Desk(store, { failuresPerAddressPerDay: 1 });
    const visit = await desk.begin();
    const sent = [await desk.send(visit)];
    await desk.verifyAll(visit, ['00000000']);
    desk.now += 60;
    sent.push(await desk.send(visit));
    const dump = bytesOf('dump');
    assert.ok(dump.includes(visit.address), 'the dump is what it seems');
    assert.equal(sent[1]!.length, 16);
    for (const passcode of sent) {
      assert.ok(!dump.includes(passcode));
      assert.ok(!dump.includes(Buffer.from(passcode).toString('base64url')));
      assert.ok(!dump.includes(Buffer.from(passcode).toString('hex')));
    }
    await store.close();
  });

  it('S65 leaves no address beside a counter', async () => {
    const store = await open('budgets');
    const request = { tenant: 'a', addressKey: 'teri@gmail.com', clientAddress: '203.0.113.7' };
    const subjects = createSubjects(randomBytes(32))(request);
    await store.budgets.spend(sendBudgets(subjects, defaultLimits), MIDNIGHT);
    const dump = bytesOf('budgets');
    assert.ok(dump.includes(subjects.address), 'the dump is what it seems');
    for (const text of ['teri', 'gmail', '203.0.113']) assert.ok(!dump.includes(text), text);
    await store.close();
  });
});
