import assert from 'node:assert/strict';
import type { MailboxMessage } from '../../src/storage/store.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { createTestMailbox } from '../../src/testing/mailbox.ts';

const TERI = 'teri@gmail.com';

/** A mailbox over messages that are delivered by hand. */
function create() {
  const messages: MailboxMessage[] = [];
  const { mailbox, skip, notice } = createTestMailbox(() => ({
    put: () => Promise.reject(new Error('nobody puts')),
    list: (limit) => Promise.resolve(messages.slice(0, limit)),
    find: () => Promise.resolve(undefined),
  }));
  const log = notice(createLog({ level: 'silent' }));
  let position = 0;
  const deliver = (recipient: string, text: string): void => {
    position += 1;
    const rest = { receivedAt: 0, subject: `Mail ${position}`, html: '' };
    messages.unshift({ id: String(position), recipient, text, ...rest });
    log.info('mail.sent', { id: String(position) });
  };
  return { mailbox, skip, deliver };
}

describe('createTestMailbox', () => {
  it('waits for a code until it is delivered', async () => {
    const { mailbox, deliver } = create();
    const code = mailbox.waitForCode(TERI);
    deliver('other@gmail.com', 'Your code is\n\n  11112222\n');
    deliver(TERI, 'You are invited.\n');
    deliver(TERI, 'Your code is\n\n  12345678\n\nIt works for 30 minutes.\n');
    assert.equal(await code, '12345678');
  });

  it('reads a strong code as it stands in the mail', async () => {
    const { mailbox, deliver } = create();
    deliver(TERI, 'Your code is\n\nK7QX-92MB-T4ZD-0HWE\n');
    assert.equal(await mailbox.waitForCode(TERI), 'K7QX-92MB-T4ZD-0HWE');
  });

  it('hands out the newest mail first, and each of them once', async () => {
    const { mailbox, deliver } = create();
    deliver(TERI, '11111111\n');
    deliver(TERI, '22222222\n');
    assert.equal(await mailbox.waitForCode(TERI), '22222222');
    assert.equal(await mailbox.waitForCode(TERI), '11111111');
    const next = mailbox.waitForCode(TERI);
    deliver(TERI, '33333333\n');
    assert.equal(await next, '33333333');
  });

  it('hands out nothing that was skipped', async () => {
    const { mailbox, skip, deliver } = create();
    deliver(TERI, '11111111\n');
    deliver('other@gmail.com', '22222222\n');
    await skip('Teri@Gmail.com');
    const next = mailbox.waitForMail(TERI);
    deliver(TERI, 'Hello');
    assert.deepEqual(await next, { to: TERI, subject: 'Mail 3', text: 'Hello', html: '' });
    assert.equal(await mailbox.waitForCode('other@gmail.com'), '22222222');
  });

  it('gives up with what may be wrong', async () => {
    const { mailbox, deliver } = create();
    deliver(TERI, 'You are invited.\n');
    await assert.rejects(
      mailbox.waitForCode(TERI, 0.01),
      /teri@gmail\.com .*is this address invited/,
    );
  });
});
