import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { RenderedMail } from '../../src/mail/content.ts';
import { createMailer, MailFault, type Mailer } from '../../src/mail/transport.ts';
import type { DkimSettings } from '../../src/settings/settings.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { checkDkim } from '../support/dkim.ts';
import { startSmtp, type TestRelay } from '../support/smtp.ts';

const mail: RenderedMail = {
  to: 'teri@gmail.example',
  fromName: 'Contoso (via Guestpass)',
  replyTo: 'help@contoso.example',
  subject: 'Your Contoso sign-in code – K7',
  text: 'Your code is\n\n12345678',
  html: '<p>12345678</p>',
};
async function faultOf(sending: Promise<void>): Promise<MailFault> {
  const fault = await sending.then(
    () => assert.fail('was sent'),
    (error: unknown) => error,
  );
  assert.ok(fault instanceof MailFault, String(fault));
  return fault;
}

describe('createMailer', () => {
  let relay: TestRelay;
  let mailer: Mailer;
  let store: Store;
  let directory: string;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'guestpass-transport-'));
    store = await openStore({ kind: 'sqlite', file: join(directory, 'mail.sqlite') });
  });

  after(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });

  function mailerTo(
    relay: TestRelay,
    given: { host?: string; requireTls?: boolean; dkim?: DkimSettings; returnPath?: string } = {},
  ): Mailer {
    const { host = '127.0.0.1', requireTls = false, ...more } = given;
    return createMailer(
      {
        transport: { kind: 'smtp', host, port: relay.port, implicitTls: false, requireTls },
        from: 'no-reply@guest.example',
        ...more,
      },
      store,
      () => 0,
    );
  }

  beforeEach(async () => {
    relay = await startSmtp();
    mailer = mailerTo(relay);
  });

  afterEach(async () => {
    mailer.close();
    await relay.stop();
  });

  it('signs mail so that a receiver can check it against the public key', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    mailer.close();
    mailer = mailerTo(relay, {
      dkim: { domain: 'guest.example', selector: 's1', privateKey: pem },
    });
    const letter = { ...mail, html: '<p>Grüße  ‏مريم</p>\n\n', text: `${'.\n'.repeat(3)} x  \n\n` };
    const headers = {
      'List-Unsubscribe': '<https://guest.example/block>',
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    };
    await mailer.send('AAAAAAAAAAAAAAAAAAAAAA', { ...letter, headers });
    const { raw } = await relay.nextMail(mail.to);
    const signature = checkDkim(raw, publicKey);
    assert.deepEqual(signature, {
      domain: 'guest.example',
      selector: 's1',
      signed: signature.signed,
      isBodyIntact: true,
      isSigned: true,
    });
    for (const name of ['from', 'reply-to', 'subject', 'date', 'message-id', 'to']) {
      assert.ok(signature.signed.includes(name), name);
    }
    // RFC 8058: a block of one click counts only when both are signed.
    assert.ok(signature.signed.includes('list-unsubscribe'));
    assert.ok(signature.signed.includes('list-unsubscribe-post'));
    const forged = raw.replace('Subject: ', 'Subject: Re: ');
    assert.equal(checkDkim(forged, publicKey).isSigned, false);
    assert.equal(checkDkim(`${raw}more\r\n`, publicKey).isBodyIntact, false);
  });

  it('sends from the sender of the tenant, and lets reports go where the settings say', async () => {
    await mailer.send('AAAAAAAAAAAAAAAAAAAAAA', { ...mail, from: 'codes@contoso.example' });
    mailer.close();
    mailer = mailerTo(relay, { returnPath: 'bounces@guest.example' });
    await mailer.send('BBBBBBBBBBBBBBBBBBBBBB', { ...mail, from: 'codes@contoso.example' });
    const own = await relay.nextMail(mail.to);
    assert.equal(own.sender, 'codes@contoso.example');
    const told = await relay.nextMail(mail.to, { after: 1 });
    assert.equal(told.sender, 'bounces@guest.example');
    for (const received of [own, told]) {
      assert.equal(received.parsed.from?.address, 'codes@contoso.example');
      assert.match(received.header('message-id')[0] ?? '', /@guest\.example>$/);
    }
  });

  it('T38 sends multipart mail with one recipient and the headers of an automatic mail', async () => {
    await mailer.send('AAAAAAAAAAAAAAAAAAAAAA', mail);
    const received = await relay.nextMail(mail.to);
    assert.deepEqual(received.recipients, [mail.to]);
    assert.equal(received.sender, 'no-reply@guest.example');
    assert.deepEqual(received.parsed.from, {
      name: 'Contoso (via Guestpass)',
      address: 'no-reply@guest.example',
    });
    assert.deepEqual(received.parsed.to, [{ name: '', address: mail.to }]);
    assert.deepEqual(received.parsed.replyTo, [{ name: '', address: 'help@contoso.example' }]);
    assert.equal(received.parsed.subject, mail.subject);
    assert.equal(received.parsed.text?.trimEnd(), mail.text);
    assert.equal(received.parsed.html?.trim(), mail.html);
    assert.deepEqual(received.header('auto-submitted'), ['auto-generated']);
    assert.deepEqual(received.header('x-auto-response-suppress'), ['All']);
    assert.deepEqual(received.header('x-entity-ref-id'), ['AAAAAAAAAAAAAAAAAAAAAA']);
    assert.deepEqual(received.header('message-id'), ['<AAAAAAAAAAAAAAAAAAAAAA@guest.example>']);
    assert.deepEqual(received.header('x-mailer'), []);
    assert.deepEqual(
      ['to', 'cc', 'bcc'].map((name) => received.header(name).length),
      [1, 0, 0],
    );
  });

  it('R65 R67 sends the headers of an invitation whole, but never in the place of its own', async () => {
    const url = `https://guest.example/contoso/block?ticket=${'t'.repeat(120)}`;
    await mailer.send('id', {
      ...mail,
      headers: {
        'List-Unsubscribe': `<${url}>`,
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
        'Auto-Submitted': 'no',
      },
    });
    const received = await relay.nextMail(mail.to);
    assert.deepEqual(received.header('list-unsubscribe'), [`<${url}>`]);
    assert.deepEqual(received.header('list-unsubscribe-post'), ['List-Unsubscribe=One-Click']);
    assert.deepEqual(received.header('auto-submitted'), ['auto-generated']);
  });

  for (const to of [
    'a@x.example,b@y.example',
    'a@x.example, b@y.example',
    'friends: a@x.example, b@y.example;',
    'a@x.example;b@y.example',
    '<a@x.example> b@y.example',
    'a@x.example\r\nRCPT TO:<b@y.example>',
    'a@X.example',
    '',
  ]) {
    it(`S20 refuses ${JSON.stringify(to)} as a recipient before any connection`, async () => {
      const fault = await faultOf(mailer.send('id', { ...mail, to }));
      assert.deepEqual([fault.faultClass, fault.permanent], ['recipient', true]);
      assert.equal(relay.connections, 0);
    });
  }

  it('T37 keeps hostile names inside the one From and Subject header', async () => {
    await mailer.send('id', {
      ...mail,
      fromName: '"Evil" <x@evil.example>\r\nBcc: victim@y.example',
      subject: 'hello\r\nBcc: victim@y.example\r\n\r\nbody',
    });
    const received = await relay.nextMail(mail.to);
    assert.deepEqual(received.recipients, [mail.to]);
    assert.deepEqual(received.header('bcc'), []);
    assert.equal(received.header('from').length, 1);
    const { from } = received.parsed;
    assert.equal(from?.address, 'no-reply@guest.example');
  });

  for (const { act, faultClass, permanent } of [
    { act: { rcpt: 550 }, faultClass: 'smtp_550', permanent: true },
    { act: { data: 554 }, faultClass: 'smtp_554', permanent: true },
    { act: { rcpt: 451 }, faultClass: 'smtp_451', permanent: false },
    { act: { data: 452 }, faultClass: 'smtp_452', permanent: false },
    { act: 'drop', faultClass: 'connection', permanent: false },
  ] as const) {
    it(`reads ${JSON.stringify(act)} as ${faultClass}, ${permanent ? 'for good' : 'for now'}`, async () => {
      relay.script(mail.to, act);
      const fault = await faultOf(mailer.send('id', mail));
      assert.deepEqual([fault.faultClass, fault.permanent], [faultClass, permanent]);
      assert.ok(!JSON.stringify([fault.message, fault.cause ?? '']).includes('teri'), 'S65');
    });
  }

  it('reads a refused connection as connection, for now', async () => {
    await relay.stop();
    const fault = await faultOf(mailer.send('id', mail));
    assert.deepEqual(
      [fault.faultClass, fault.permanent, fault.reason],
      ['connection', false, 'ECONNREFUSED'],
    );
  });

  it('F9 gives up on a relay that never greets after five seconds', async () => {
    relay.hangGreetings(true);
    const began = performance.now();
    const fault = await faultOf(mailer.send('id', mail));
    assert.deepEqual([fault.faultClass, fault.permanent], ['timeout', false]);
    assert.ok(performance.now() - began < 8_000);
  });

  it('S21 refuses to be created for a remote host without TLS', () => {
    assert.throws(() => mailerTo(relay, { host: 'smtp.example' }), TypeError);
  });

  it('S21 sends nothing when the relay offers no STARTTLS but TLS is required', async () => {
    const strict = mailerTo(relay, { requireTls: true });
    const fault = await faultOf(strict.send('id', mail));
    strict.close();
    assert.equal(fault.permanent, false);
    assert.deepEqual(relay.messages, []);
  });

  it('S21 refuses a certificate it cannot verify and accepts one it can', async () => {
    const secure = await startSmtp({ starttls: true });
    const strict = mailerTo(secure, { host: 'localhost', requireTls: true });
    const trusted = getCACertificates('default');
    try {
      const fault = await faultOf(strict.send('id', mail));
      assert.deepEqual([fault.faultClass, fault.permanent], ['tls', false]);
      assert.deepEqual(secure.messages, []);
      setDefaultCACertificates([...trusted, secure.certificate!]);
      await strict.send('id', mail);
      assert.equal((await secure.nextMail(mail.to)).secure, true);
    } finally {
      setDefaultCACertificates(trusted);
      strict.close();
      await secure.stop();
    }
  });

  it('keeps mail for the development mailbox instead of sending it', async () => {
    const settings = { transport: { kind: 'mailbox' }, from: 'no-reply@guest.example' } as const;
    const mailbox = createMailer(settings, store, () => 1_700_000_000);
    await mailbox.send('id', mail);
    assert.deepEqual(await store.mailbox.list(10), [
      {
        id: 'id',
        receivedAt: 1_700_000_000,
        recipient: mail.to,
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
      },
    ]);
    await faultOf(mailbox.send('id', { ...mail, to: 'a@x.example,b@y.example' }));
  });
});
