import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fateOf } from '../../src/domain/mail-fate.ts';
import { createMessageId } from '../../src/mail/outbox.ts';
import { createTakeReport, type TakeReport } from '../../src/mail/reports.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { createLog } from '../../src/telemetry/log.ts';

const NOW = 1_800_000_000;

describe('createTakeReport', () => {
  let directory: string;
  let store: Store;
  let take: TakeReport;
  let lines: string[];

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'guestpass-reports-'));
    store = await openStore({ kind: 'sqlite', file: join(directory, 'mail.sqlite') });
  });
  after(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });
  beforeEach(() => {
    lines = [];
    const log = createLog({ level: 'info', destination: { write: (line) => lines.push(line) } });
    take = createTakeReport({ store, clock: () => NOW, log });
  });

  async function sent(state: 'sent' | 'decoy' = 'sent', id = createMessageId()): Promise<string> {
    const times = { nextAttemptAt: NOW - 60, expiresAt: NOW + 60, createdAt: NOW - 60 };
    const told = { guest: 'g1', kind: 'passcode', label: 'K7' };
    const kept = state === 'decoy' ? 'decoy' : 'queued';
    await store.outbox.enqueue({ id, tenant: 'a', sealed: 'x', state: kept, ...times, ...told });
    await store.outbox.lease(id, 'w', NOW - 50, NOW);
    await store.outbox.settle(id, 'w', { state: 'sent', fault: null, at: NOW - 50 });
    return id;
  }
  const fate = async (id: string) => fateOf((await store.outbox.find(id))!);

  it('S64 keeps a bounce with the mail and tells the auditor whose it was', async () => {
    const id = await sent();
    const report = { id: `<${id}@guest.example>`, what: 'bounced', status: '5.1.1' } as const;
    assert.equal(await take(report), 'recorded');
    assert.equal(await fate(id), 'no-mailbox');
    assert.equal(await take(report), 'known');
    const told = lines.map((line): Record<string, unknown> => JSON.parse(line));
    assert.equal(told.length, 1);
    const { event, tenant, subject, mail, outcome, status, audit } = told[0]!;
    assert.deepEqual(
      { event, tenant, subject, mail, outcome, status, audit },
      {
        event: 'mail.bounced',
        tenant: 'a',
        subject: 'g1',
        mail: 'passcode K7',
        outcome: 'no-mailbox',
        status: '5.1.1',
        audit: true,
      },
    );
  });

  it('takes only a status about the address for the end of a mailbox', async () => {
    for (const [status, expected] of [
      ['5.1.1', 'no-mailbox'],
      ['5.2.1', 'no-mailbox'],
      ['5.2.2', 'refused'],
      ['5.7.1', 'refused'],
      ['4.4.7', 'refused'],
      [null, 'refused'],
      ['nonsense', 'refused'],
    ] as const) {
      const id = await sent();
      await take({ id, what: 'bounced', status });
      assert.equal(await fate(id), expected, String(status));
    }
    const late = await sent();
    await take({ id: late, what: 'delayed', status: '4.4.1' });
    assert.equal(await fate(late), 'delayed');
    const disliked = await sent();
    await take({ id: disliked, what: 'complained' });
    assert.equal(await fate(disliked), 'accepted');
    assert.equal((await store.outbox.find(disliked))?.complainedAt, NOW);
  });

  it('S62 believes nobody who does not know the id of a mail that left', async () => {
    const decoy = await sent('decoy');
    const strange = ['', 'x', 'teri@gmail.example', '<>', 'A'.repeat(23), "' OR 1=1 --"];
    for (const id of [decoy, createMessageId(), ...strange]) {
      assert.equal(await take({ id, what: 'bounced', status: '5.1.1' }), 'unknown', id);
    }
    assert.deepEqual(lines, []);
  });
});
