import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { GuestError } from '../../src/domain/errors.ts';
import { createAudit } from '../../src/telemetry/audit.ts';
import { type AuditEntry, createAddressHash } from '../../src/telemetry/audit-entry.ts';
import { createLog, type LogFields } from '../../src/telemetry/log.ts';

const NOW = 1_800_000_000;
const hash = createAddressHash(randomBytes(32));

const down = () => new GuestError('unavailable', { cause: new Error('connect ECONNREFUSED') });

type Append = (entries: readonly AuditEntry[]) => Promise<void>;

describe('createAudit', () => {
  let lines: Record<string, unknown>[];
  let kept: AuditEntry[];
  beforeEach(() => {
    lines = [];
    kept = [];
  });

  const keep: Append = (entries) => {
    kept.push(...entries);
    return Promise.resolve();
  };

  const keepLine = (line: string): void =>
    void lines.push(JSON.parse(line) as Record<string, unknown>);

  function auditOver(append: Append, capacity?: number) {
    return createAudit({
      log: createLog({ level: 'info', destination: { write: keepLine } }),
      store: { append },
      hash,
      clock: () => NOW,
      pauseMs: 1,
      ...(capacity === undefined ? {} : { capacity }),
    });
  }

  async function entryOf(fields: LogFields): Promise<AuditEntry> {
    const audit = auditOver(keep);
    audit.info('thing.happened', { audit: true, ...fields });
    await audit.flush();
    return kept.at(-1)!;
  }

  it('S64 writes every line to the log, and those for the auditor to the table', async () => {
    const audit = auditOver(keep);
    audit.info('one', { audit: true });
    audit.warn('two', { audit: true });
    audit.error('three', { audit: true });
    audit.info('plain', { audit: false, tenant: 'a' });
    audit.info('bare');
    await audit.flush();
    assert.deepEqual(
      kept.map(({ event }) => event),
      ['one', 'two', 'three'],
    );
    assert.deepEqual(
      lines.map(({ event }) => event),
      ['one', 'two', 'three', 'plain', 'bare'],
    );
  });

  it('S64 says who, what, where, when, with which end and by which rule', async () => {
    const { id, ...entry } = await entryOf({
      tenant: 'a',
      actor: 'cli:jörg',
      subject: 'guest',
      client: 'docs',
      outcome: 'passcode',
      row: '4',
      rule: 'R24',
      errorCode: 'guest_unavailable',
      reference: 'ABCD',
      address: 'Teri@Partner.example',
      network: '203.0.113.x',
      method: 'emailOneTimePasscode',
      connection: null,
    });
    assert.match(id, /^[\w-]{22}$/);
    assert.deepEqual(entry, {
      at: NOW,
      tenant: 'a',
      event: 'thing.happened',
      actor: 'cli:jörg',
      subject: 'guest',
      client: 'docs',
      outcome: 'passcode',
      row: '4',
      rule: 'R24',
      errorCode: 'guest_unavailable',
      reference: 'ABCD',
      address: 'T**i@partner.example',
      addressHash: hash('teri@partner.example'),
      network: '203.0.113.x',
      detail: { method: 'emailOneTimePasscode', connection: null },
    });
  });

  it('S64 has an entry of which nothing is known but that it happened', async () => {
    const { id: _id, at, event, detail, ...rest } = await entryOf({ actor: undefined });
    assert.deepEqual([at, event, detail], [NOW, 'thing.happened', {}]);
    assert.deepEqual(new Set(Object.values(rest)), new Set([null]));
  });

  it('S64 calls the refusal of an invitation its error code', async () => {
    const { errorCode } = await entryOf({ refusal: 'invitations_blocked' });
    assert.equal(errorCode, 'invitations_blocked');
  });

  it('S65 keeps no secret and no whole address, wherever it stands', async () => {
    const entry = await entryOf({
      address: 'teri@partner.example',
      actor: 'ana@fabrikam.example',
      outcome: 'told megan@fabrikam.example',
      passcode: '12345678',
      deep: { access_token: 's3cr3t', note: 'of teri@partner.example' },
      url: 'https://a.example/x?ticket=s3cr3t',
      subject: 'not a sub @ all',
    });
    const text = JSON.stringify(entry);
    assert.doesNotMatch(text, /teri@|ana@|megan@|12345678|s3cr3t/);
    assert.equal(entry.actor, 'a**a@fabrikam.example');
    assert.equal(entry.subject, null);
  });

  it('S65 names an address by a key, the same for one mailbox and other for another', () => {
    assert.equal(hash('teri@partner.example'), hash('teri@partner.example'));
    assert.notEqual(hash('teri@partner.example'), hash('terj@partner.example'));
    const other = createAddressHash(randomBytes(32));
    assert.notEqual(hash('teri@partner.example'), other('teri@partner.example'));
  });

  it('keeps an entry small, whatever a line says', async () => {
    const entry = await entryOf({
      outcome: 'x'.repeat(5000),
      many: Array.from({ length: 5 }, () => 'y'.repeat(3000)),
    });
    assert.equal(entry.outcome?.length, 500);
    assert.deepEqual(entry.detail, { cut: true });
  });

  it('keeps the order over many batches, and writes while more is said', async () => {
    const sizes: number[] = [];
    const audit = auditOver(async (entries) => {
      sizes.push(entries.length);
      if (sizes.length === 1) audit.info('late', { audit: true });
      await keep(entries);
    });
    for (let index = 0; index < 250; index += 1) audit.info(`e${index}`, { audit: true });
    await audit.flush();
    const expected = Array.from({ length: 250 }, (_, index) => `e${index}`);
    assert.deepEqual(
      kept.map(({ event }) => event),
      [...expected, 'late'],
    );
    assert.deepEqual(sizes, [100, 100, 51]);
  });

  it('S64 asks nothing of the store before whoever says the line goes on', () => {
    let calls = 0;
    const audit = auditOver(() => {
      calls += 1;
      throw new Error('at once');
    });
    audit.info('one', { audit: true });
    assert.equal(calls, 0);
    return audit.flush();
  });

  it('S64 waits for a store that is down, and adds the very same entries again', async () => {
    const tries: string[][] = [];
    const audit = auditOver((entries) => {
      tries.push(entries.map(({ id }) => id));
      if (tries.length === 1) audit.info('meanwhile', { audit: true });
      return tries.length < 3 ? Promise.reject(down()) : keep(entries);
    });
    audit.info('one', { audit: true });
    await audit.flush();
    assert.deepEqual(tries[1], tries[0]);
    assert.deepEqual(tries[2], tries[0]);
    assert.deepEqual(
      kept.map(({ event }) => event),
      ['one', 'meanwhile'],
    );
  });

  it('S64 counts what a store that stays down never got, and has it in the log', async () => {
    const audit = auditOver(() => Promise.reject(down()));
    for (let index = 0; index < 150; index += 1) audit.info('said', { audit: true });
    await audit.close();
    const lost = lines.filter(({ event }) => event === 'audit.lost');
    assert.deepEqual(
      lost.map(({ level, count }) => [level, count]),
      [
        ['error', 100],
        ['error', 50],
      ],
    );
    assert.equal(lines.filter(({ event }) => event === 'said').length, 150);
  });

  it('S64 gives up entries that a store cannot take, and goes on with the next', async () => {
    let calls = 0;
    const audit = auditOver((entries) => {
      calls += 1;
      return calls === 1 ? Promise.reject(new Error('data too long')) : keep(entries);
    });
    audit.info('one', { audit: true });
    await audit.flush();
    audit.info('two', { audit: true });
    await audit.flush();
    assert.deepEqual(
      kept.map(({ event }) => event),
      ['two'],
    );
    assert.deepEqual(lines.filter(({ event }) => event === 'audit.lost').length, 1);
  });

  it('S64 lets no more wait than fit, and counts the rest', async () => {
    const audit = auditOver(keep, 3);
    for (let index = 0; index < 10; index += 1) audit.info(`e${index}`, { audit: true });
    await audit.flush();
    assert.equal(kept.length, 3);
    assert.deepEqual(lines.find(({ event }) => event === 'audit.lost')?.['count'], 7);
  });

  it('says a line after the end to the log alone', async () => {
    const audit = auditOver(keep);
    await audit.close();
    audit.info('late', { audit: true });
    await audit.flush();
    assert.deepEqual(kept, []);
    assert.equal(lines.length, 1);
  });
});
