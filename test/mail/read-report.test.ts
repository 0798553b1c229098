import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { MAX_REPORT_BYTES, readReport } from '../../src/mail/read-report.ts';
import { complaint, statusReport } from './reports-mail.ts';

const ID = 'AAAAAAAAAAAAAAAAAAAAAA';

const read = (action: string, status: string) => readReport(statusReport({ action, status }));

describe('readReport', () => {
  it('reads what became of a mail, and which one, wherever its id stands', async () => {
    for (const idIn of ['headers', 'message'] as const) {
      const read = await readReport(statusReport({ idIn }));
      assert.deepEqual(
        read,
        { id: `<${ID}@guest.example>`, what: 'bounced', status: '5.1.1' },
        idIn,
      );
    }
    const named = await readReport(statusReport({ idIn: 'envelope' }));
    assert.deepEqual(named, { id: ID, what: 'bounced', status: '5.1.1' });
    assert.equal(await readReport(statusReport({ idIn: 'nowhere' })), undefined);
  });

  it('tells a delay from an end, and an arrival from both', async () => {
    assert.deepEqual(await read('delayed', '4.4.1'), {
      id: `<${ID}@guest.example>`,
      what: 'delayed',
      status: '4.4.1',
    });
    assert.equal((await read('FAILED', '4.4.7'))?.what, 'bounced');
    for (const action of ['delivered', 'relayed', 'expanded', '']) {
      assert.equal(await read(action, '2.0.0'), undefined, action);
    }
  });

  it('keeps no status that is none', async () => {
    for (const status of ['', 'x', '550', '9.1.1']) {
      assert.equal((await readReport(statusReport({ status })))?.status, null, status);
    }
    assert.equal((await readReport(statusReport({ status: '5.1.1 (bad mailbox)' })))?.status, null);
  });

  it('reads a complaint, and not one that is taken back', async () => {
    assert.deepEqual(await readReport(complaint(ID)), { id: ID, what: 'complained' });
    assert.equal(await readReport(complaint(ID, 'not-spam')), undefined);
  });

  it('finds nothing in what is no report', async () => {
    const answer = `From: teri@gmail.example\r\nIn-Reply-To: <${ID}@guest.example>\r\nSubject: out of office\r\n\r\nMessage-ID: <${ID}@guest.example>\r\nAction: failed\r\nStatus: 5.1.1\r\n`;
    const messages = [
      Buffer.from(answer),
      Buffer.alloc(0),
      randomBytes(5000),
      Buffer.concat([statusReport(), Buffer.alloc(MAX_REPORT_BYTES)]),
      Buffer.from('Content-Type: multipart/report; boundary=a\r\n\r\n--a\r\n'.repeat(200)),
      Buffer.from(`X: ${'x'.repeat(300_000)}\r\n\r\n`),
    ];
    for (const message of messages) assert.equal(await readReport(message), undefined);
  });
});
