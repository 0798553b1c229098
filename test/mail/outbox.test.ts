import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTranslator } from '../../src/i18n.ts';
import type { PasscodeMail } from '../../src/mail/content.ts';
import { createOutbox, type Outbox } from '../../src/mail/outbox.ts';
import { createTemplates } from '../../src/mail/templates.ts';
import { createMailer, type Mailer } from '../../src/mail/transport.ts';
import { createSealer } from '../../src/settings/sealer.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { OutboxMessage, Store } from '../../src/storage/store.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { startSmtp, type TestRelay } from '../support/smtp.ts';

const NOW = 1_800_000_000;
const TERI = 'teri@gmail.example';
const templates = createTemplates(createTranslator(), 'Guestpass');
const sealer = createSealer(randomBytes(32), 'outbox');

function passcodeMail(change: Partial<PasscodeMail> = {}): PasscodeMail {
  return {
    kind: 'passcode',
    to: TERI,
    locale: 'en',
    tenantName: 'Contoso',
    clientName: 'Fabrikam Docs',
    passcode: '40718823',
    strong: false,
    lifetimeSeconds: 1800,
    label: 'K7',
    requestedAt: NOW,
    browserFamily: { browser: 'Chrome', system: 'Windows' },
    network: '203.0.113.x',
    invitedBy: null,
    support: null,
    privacyUrl: null,
    issuerHost: 'guest.example',
    ...change,
  };
}

/** Waits for a condition of the store, which tells nobody about itself. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, 'did not happen within 20 s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('createOutbox', () => {
  let directory: string;
  let relay: TestRelay;
  let store: Store;
  let now: number;
  let lines: string[];
  let workers: { outbox: Outbox; mailer: Mailer }[];
  let outbox: Outbox;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'guestpass-outbox-'));
    relay = await startSmtp();
    store = await openStore({ kind: 'sqlite', file: join(directory, 'outbox.sqlite') });
    now = NOW;
    lines = [];
    workers = [];
    outbox = worker();
  });

  afterEach(async () => {
    // The relay goes first: deliveries it holds up end at once, and stop waits for them.
    await relay.stop();
    for (const { outbox, mailer } of workers) {
      await outbox.stop();
      mailer.close();
    }
    await store.close();
    rmSync(directory, { recursive: true });
  });

  function worker(): Outbox {
    const from = 'no-reply@guest.example';
    const transport = { kind: 'smtp', host: '127.0.0.1', port: relay.port } as const;
    const mailer = createMailer(
      { transport: { ...transport, implicitTls: false, requireTls: false }, from },
      store,
      () => now,
    );
    const log = createLog({ level: 'debug', destination: { write: (line) => lines.push(line) } });
    const outbox = createOutbox({
      store,
      sealer,
      mailer,
      templates,
      tenantOf: () => undefined,
      clock: () => now,
      log,
    });
    workers.push({ outbox, mailer });
    return outbox;
  }

  function enqueue(change: Partial<PasscodeMail> = {}, expiresAt = NOW + 1800): Promise<string> {
    const content = passcodeMail(change);
    return store.transaction((tx) => outbox.enqueue(tx, { tenant: 'contoso', content, expiresAt }));
  }

  async function row(id: string): Promise<OutboxMessage> {
    const message = await store.outbox.find(id);
    assert.ok(message, `no row ${id}`);
    return message;
  }

  const stateOf = async (id: string): Promise<string> => (await row(id)).state;

  function logged(event: string): Record<string, unknown>[] {
    return lines
      .map((line): Record<string, unknown> => JSON.parse(line))
      .filter((entry) => entry['event'] === event);
  }

  it('F5 delivers a message it was woken for and wipes its content', async () => {
    outbox.start();
    await outbox.idle();
    const id = await enqueue();
    outbox.wake(id);
    const mail = await relay.nextMail(TERI);
    await outbox.idle();
    assert.match(mail.parsed.text ?? '', /40718823/);
    assert.deepEqual(mail.header('message-id'), [`<${id}@guest.example>`]);
    const message = await row(id);
    assert.deepEqual([message.state, message.sealed, message.deliveries], ['sent', null, 1]);
  });

  it('F5 delivers after start what an earlier process left in the queue', async () => {
    const id = await enqueue();
    outbox.start();
    await outbox.idle();
    assert.equal(relay.messages.length, 1);
    assert.equal(await stateOf(id), 'sent');
  });

  it('F5 finds by itself what another process queued without waking it', async () => {
    // This process writes before it delivers, as one that never does.
    for (const after of [0, 1]) {
      await enqueue();
      outbox.start();
      await relay.nextMail(TERI, { after });
      await outbox.stop();
    }
  });

  it('F5 takes over what a process wrote for itself and died before sending', async () => {
    outbox.start();
    const id = await enqueue();
    await outbox.stop();
    assert.deepEqual([(await row(id)).state, (await row(id)).deliveries], ['sending', 1]);
    now += 14;
    outbox.start();
    await outbox.idle();
    assert.deepEqual(relay.messages, []);
    now += 1;
    await outbox.idle();
    assert.equal(relay.messages.length, 1);
    assert.equal((await row(id)).state, 'sent');
  });

  it('keeps nothing of a message whose transaction rolled back', async () => {
    outbox.start();
    let id = '';
    const failed = store.transaction(async (tx) => {
      const content = passcodeMail();
      id = await outbox.enqueue(tx, { tenant: 'contoso', content, expiresAt: NOW + 1800 });
      throw new Error('rolled back');
    });
    await assert.rejects(failed, /rolled back/);
    assert.equal(await store.outbox.find(id), undefined);
    await outbox.idle();
    assert.deepEqual(relay.messages, []);
  });

  it('S3 keeps passcode and address unreadable in the database', async () => {
    const { sealed } = await row(await enqueue());
    const bytes = Buffer.from(sealed ?? '', 'base64url').toString('latin1');
    assert.ok(!bytes.includes('40718823') && !bytes.includes('teri'));
  });

  it('does not open content that was moved into another row', async () => {
    const { sealed } = await row(await enqueue());
    const times = { nextAttemptAt: NOW, expiresAt: NOW + 1800, createdAt: NOW };
    await store.outbox.enqueue({
      id: 'moved',
      tenant: 'contoso',
      sealed,
      state: 'queued',
      ...times,
    });
    outbox.start();
    await outbox.idle();
    const moved = await row('moved');
    assert.deepEqual([moved.state, moved.fault, moved.sealed], ['abandoned', 'unreadable', null]);
    assert.equal(relay.messages.length, 1);
  });

  it('S62 never sends a decoy, which is as long as a real message', async () => {
    const decoy = await store.transaction((tx) =>
      outbox.enqueue(tx, { tenant: 'contoso', content: null, expiresAt: NOW + 1800 }),
    );
    const real = await row(await enqueue());
    assert.equal((await row(decoy)).sealed?.length, real.sealed?.length);
    outbox.start();
    outbox.wake(decoy);
    await outbox.idle();
    assert.deepEqual(
      relay.messages.map(({ recipients }) => recipients),
      [[TERI]],
    );
    const { state, deliveries } = await row(decoy);
    assert.deepEqual([state, deliveries], ['decoy', 0]);
  });

  it('S20 abandons a message whose address names two recipients', async () => {
    const id = await enqueue({ to: 'a@x.example,b@y.example' });
    outbox.start();
    await outbox.idle();
    const { state, fault } = await row(id);
    assert.deepEqual([state, fault], ['abandoned', 'recipient']);
    assert.equal(relay.connections, 0);
  });

  it('F10 sends again after 451, at 5 then 20 seconds, with the same Message-ID', async () => {
    relay.script(TERI, { rcpt: 451 }, { data: 451 });
    const id = await enqueue();
    outbox.start();
    await outbox.idle();
    assert.deepEqual(
      [(await row(id)).state, (await row(id)).fault, (await row(id)).nextAttemptAt],
      ['queued', 'smtp_451', NOW + 5],
    );
    now = NOW + 4;
    await outbox.idle();
    assert.equal((await row(id)).deliveries, 1);
    now = NOW + 5;
    await outbox.idle();
    assert.equal((await row(id)).nextAttemptAt, NOW + 25);
    now = NOW + 25;
    await outbox.idle();
    assert.equal(await stateOf(id), 'sent');
    const [mail, ...more] = relay.messages;
    assert.equal(more.length, 0);
    assert.deepEqual(mail?.header('message-id'), [`<${id}@guest.example>`]);
    assert.match(mail?.parsed.text ?? '', /40718823/);
  });

  it('F10 abandons a message when the next attempt would come too late to be useful', async () => {
    relay.script(TERI, { rcpt: 451 }, { rcpt: 451 });
    const id = await enqueue({}, NOW + 140);
    outbox.start();
    await outbox.idle();
    now = NOW + 5;
    await outbox.idle();
    const { state, fault, sealed } = await row(id);
    assert.deepEqual([state, fault, sealed], ['abandoned', 'smtp_451', null]);
  });

  it('F11 abandons a message at once after 550 and logs it without the address', async () => {
    relay.script(TERI, { rcpt: 550 });
    const id = await enqueue();
    outbox.start();
    await outbox.idle();
    const { state, fault, sealed } = await row(id);
    assert.deepEqual([state, fault, sealed], ['abandoned', 'smtp_550', null]);
    const [entry] = logged('mail.abandoned');
    assert.deepEqual(
      [entry?.['id'], entry?.['fault'], entry?.['address']],
      [id, 'smtp_550', 't**i@gmail.example'],
    );
  });

  it('F12 never sends an expired message', async () => {
    const id = await enqueue({}, NOW + 1800);
    now = NOW + 1800;
    outbox.start();
    await outbox.idle();
    assert.deepEqual([await stateOf(id), relay.connections], ['abandoned', 0]);
    assert.equal(logged('mail.abandoned')[0]?.['fault'], 'expired');
  });

  it('F9 delivers other mail while the relay hangs on one', async () => {
    relay.script('slow@x.example', 'hang');
    const slow = await enqueue({ to: 'slow@x.example' });
    outbox.start();
    outbox.wake(slow);
    await relay.hanging('slow@x.example');
    outbox.wake(await enqueue());
    await relay.nextMail(TERI);
    assert.equal(await stateOf(slow), 'sending');
  });

  it('F9 keeps the lease while the relay hangs, and retries when it gave up', async () => {
    relay.script(TERI, 'hang');
    const id = await enqueue();
    outbox.start();
    await relay.hanging(TERI);
    now = NOW + 14;
    const { leaseUntil } = await row(id);
    assert.equal(leaseUntil, NOW + 15);
    await until(async () => (await row(id)).leaseUntil === NOW + 14 + 15);
    await until(async () => (await stateOf(id)) === 'queued');
    assert.equal((await row(id)).fault, 'timeout');
    now = NOW + 60;
    await outbox.idle();
    assert.equal(await stateOf(id), 'sent');
  });

  it('F6 takes over from a crashed worker when its lease ran out, and delivers once', async () => {
    const id = await enqueue();
    assert.ok(await store.outbox.lease(id, 'crashed', NOW, NOW + 15));
    outbox.start();
    now = NOW + 14;
    await outbox.idle();
    assert.equal(relay.messages.length, 0);
    now = NOW + 15;
    await outbox.idle();
    assert.equal(relay.messages.length, 1);
    assert.equal(await stateOf(id), 'sent');
    assert.equal(
      await store.outbox.settle(id, 'crashed', { state: 'sent', fault: null, at: NOW }),
      false,
    );
  });

  it('F6 repeats the same mail under the same Message-ID when the reply was lost', async () => {
    relay.script(TERI, 'drop');
    await enqueue();
    outbox.start();
    await outbox.idle();
    now = NOW + 5;
    await outbox.idle();
    const [first, second, ...more] = relay.messages;
    assert.equal(more.length, 0);
    assert.deepEqual(first?.header('message-id'), second?.header('message-id'));
    assert.equal(first?.parsed.text, second?.parsed.text);
  });

  it('delivers each message once when two workers share the store', async () => {
    const addresses = Array.from({ length: 40 }, (_, index) => `guest${index}@x.example`);
    const ids: string[] = [];
    for (const to of addresses) ids.push(await enqueue({ to }));
    const other = worker();
    outbox.start();
    other.start();
    for (const id of ids) {
      outbox.wake(id);
      other.wake(id);
    }
    await Promise.all([outbox.idle(), other.idle()]);
    const received = relay.messages.flatMap(({ recipients }) => recipients);
    assert.deepEqual(received.toSorted(), addresses.toSorted());
  });

  it('F9 recovers when the relay comes back', async () => {
    await relay.stop();
    const id = await enqueue();
    outbox.start();
    await outbox.idle();
    assert.equal((await row(id)).fault, 'connection');
    relay = await startSmtp({ port: relay.port });
    now = NOW + 5;
    await outbox.idle();
    assert.equal(await stateOf(id), 'sent');
  });

  it('waits in stop for the delivery in flight and takes no more', async () => {
    const first = await enqueue();
    outbox.start();
    outbox.wake(first);
    await outbox.stop();
    assert.ok(['sent', 'queued'].includes(await stateOf(first)));
    const second = await enqueue();
    outbox.wake(second);
    await outbox.idle();
    assert.equal(await stateOf(second), 'queued');
  });

  it('S65 logs neither passcode nor full address, whatever happens', async () => {
    relay.script('a1@x.example', { rcpt: 550 });
    relay.script('b2@x.example', { data: 451 });
    for (const to of [TERI, 'a1@x.example', 'b2@x.example', 'c@x.example,d@y.example']) {
      await enqueue({ to });
    }
    outbox.start();
    await outbox.idle();
    assert.equal(logged('mail.sent').length, 1);
    assert.equal(logged('mail.abandoned').length, 2);
    const all = lines.join('');
    for (const secret of ['40718823', TERI, 'a1@', 'b2@', ',d@']) {
      assert.ok(!all.includes(secret), secret);
    }
  });
});
