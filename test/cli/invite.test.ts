import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openStore } from '../../src/storage/open-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { runCommand } from '../support/processes.ts';
import { createInstallation, type Installation } from '../support/world.ts';

describe('guestpass invite', () => {
  let installation: Installation;
  let store: Store;
  before(async () => {
    installation = await createInstallation();
    const file = installation.database.slice('sqlite:'.length);
    store = await openStore({ kind: 'sqlite', file });
  });
  after(async () => {
    await store.close();
    await installation.remove();
  });
  const invite = (...words: readonly string[]) =>
    runCommand(['invite', ...words, '--config', installation.folder]);

  it('R61 makes a guest who waits for acceptance, and says nothing of a method (R4)', async () => {
    const { code, stdout } = await invite('Teri@Gmail.com', '--tenant', 'a', '--no-mail');
    assert.equal(code, 0);
    assert.equal(stdout, 'Teri@gmail.com  invited  a\n');
    const guest = await store.guests.findByAddress('a', 'teri@gmail.com');
    assert.deepEqual([guest?.state, guest?.method], ['PendingAcceptance', null]);
    assert.equal(installation.relay.messages.length, 0);
  });

  it('leaves a guest who is there already as they are', async () => {
    const before = await store.guests.findByAddress('a', 'teri@gmail.com');
    const { code, stdout } = await invite('TERI@gmail.com', '--tenant', 'a.example', '--no-mail');
    assert.equal(code, 0);
    assert.match(stdout, /is a guest already/);
    assert.deepEqual(await store.guests.findByAddress('a', 'teri@gmail.com'), before);
  });

  it('mails the invitation unless told not to, without waiting for the server', async () => {
    const words = ['ana@partner.example', '--tenant', 'b', '--invited-by', 'bo@b.example'];
    assert.equal((await invite(...words, '--redirect', 'http://127.0.0.1:9999/start')).code, 0);
    const mail = await installation.relay.nextMail('ana@partner.example');
    assert.match(mail.parsed.subject ?? '', /bo@b\.example/);
    assert.match(mail.parsed.text ?? '', /http:\/\/127\.0\.0\.1:9999\/start/);
  });

  it('keeps a mail the relay does not take for the server, and says so', async () => {
    installation.relay.script('later@partner.example', { rcpt: 451 });
    const { code, stdout, stderr } = await invite('later@partner.example', '--tenant', 'b');
    assert.equal(code, 0);
    assert.equal(stdout, 'later@partner.example  invited  b\n');
    assert.match(stderr, /Mail is still waiting; a running server tries again\./);
    assert.notEqual(await store.outbox.nextDueAt(), undefined);
  });

  it('S55 refuses a redirect to a page of nobody’s application', async () => {
    const words = ['evil@partner.example', '--tenant', 'a', '--redirect', 'https://evil.example/'];
    const { code, stderr } = await invite(...words);
    assert.equal(code, 1);
    assert.match(stderr, /evil\.example\/ is no page of an application registered for a/);
    assert.equal(await store.guests.findByAddress('a', 'evil@partner.example'), undefined);
  });

  it('refuses what is no address or no tenant, with exit code 1', async () => {
    assert.equal((await invite('not-an-address', '--tenant', 'a')).code, 1);
    assert.equal((await invite('x@partner.example', '--tenant', 'nobody')).code, 1);
    assert.equal((await invite('--tenant', 'a')).code, 2);
    assert.equal((await invite('x@partner.example')).code, 2);
  });

  it('invites every row of a file, and none when one row is wrong', async () => {
    const file = join(installation.folder, 'guests.csv');
    await writeFile(file, '\uFEFFemail,displayName\nc1@partner.example,One\nnonsense,Two\n');
    const wrong = await invite('--csv', file, '--tenant', 'a', '--no-mail');
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /guests\.csv:3 {2}email/);
    assert.equal(await store.guests.findByAddress('a', 'c1@partner.example'), undefined);
    await writeFile(
      file,
      'email,displayName\nc1@partner.example,"One, Only"\nc2@partner.example,\n',
    );
    const right = await invite('--csv', file, '--tenant', 'a', '--no-mail');
    assert.equal(right.code, 0);
    const guest = await store.guests.findByAddress('a', 'c1@partner.example');
    assert.equal(guest?.displayName, 'One, Only');
    assert.ok(await store.guests.findByAddress('a', 'c2@partner.example'));
  });
});
