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
    assert.equal(lineIn(stdout), 'Teri@gmail.com  invited  a  LINK\n');
    const guest = await store.guests.findByAddress('a', 'teri@gmail.com');
    assert.deepEqual([guest?.state, guest?.method], ['PendingAcceptance', null]);
    assert.equal(installation.relay.messages.length, 0);
  });

  it('R61 invites a guest who has not accepted yet again, with a link in place of the old one', async () => {
    const before = await store.guests.findByAddress('a', 'teri@gmail.com');
    const { code, stdout } = await invite('TERI@gmail.com', '--tenant', 'a.example', '--no-mail');
    assert.equal(code, 0);
    assert.equal(lineIn(stdout), 'TERI@gmail.com  invited again  a  LINK\n');
    const after = await store.guests.findByAddress('a', 'teri@gmail.com');
    assert.equal(after?.id, before?.id);
    assert.notEqual(after?.invitationId, before?.invitationId);
  });

  it('R68 leaves a guest who has accepted alone, unless told to reset them', async () => {
    const { id } = (await store.guests.findByAddress('a', 'teri@gmail.com'))!;
    const passcode = { method: 'emailOneTimePasscode', connection: null, identity: null } as const;
    await store.guests.redeem('a', id, { ...passcode, idp: 'mail' }, 1_800_000_000);
    const left = await invite('teri@gmail.com', '--tenant', 'a', '--no-mail');
    assert.deepEqual([left.code, left.stdout], [0, 'teri@gmail.com  is a guest already  a\n']);
    assert.equal((await store.guests.find('a', id))?.state, 'Accepted');
    const reset = await invite('teri@gmail.com', '--tenant', 'a', '--no-mail', '--reset');
    assert.equal(lineIn(reset.stdout), 'teri@gmail.com  reset  a  LINK\n');
    const guest = await store.guests.find('a', id);
    assert.deepEqual([guest?.state, guest?.method], ['PendingAcceptance', null]);
  });

  it('R66 leaves a message out that nobody stands behind, and says so', async () => {
    const words = ['m@partner.example', '--tenant', 'a', '--no-mail', '--message', 'Ready.'];
    const { code, stderr } = await invite(...words);
    assert.equal(code, 0);
    assert.match(stderr, /The message is left out: .*--invited-by/);
    const guest = await store.guests.findByAddress('a', 'm@partner.example');
    assert.equal(guest?.invitation?.message, null);
    const signed = await invite(...words, '--invited-by', 'bo@a.example');
    assert.doesNotMatch(signed.stderr, /left out/);
    const again = await store.guests.findByAddress('a', 'm@partner.example');
    assert.equal(again?.invitation?.message, 'Ready.');
  });

  it('S64 tells the auditor on standard error, with the address masked', async () => {
    const words = ['audit@partner.example', '--tenant', 'a', '--no-mail'];
    const { stderr } = await invite(...words, '--invited-by', 'bo@a.example');
    const line: Record<string, unknown> = JSON.parse(stderr);
    assert.equal(line['event'], 'invitation.create');
    assert.equal(line['audit'], true);
    assert.doesNotMatch(stderr, /audit@partner/);
  });

  it('mails the invitation unless told not to, without waiting for the server', async () => {
    const words = ['ana@partner.example', '--tenant', 'b', '--invited-by', 'bo@b.example'];
    assert.equal((await invite(...words, '--redirect', 'http://127.0.0.1:9999/start')).code, 0);
    const mail = await installation.relay.nextMail('ana@partner.example');
    assert.match(mail.parsed.subject ?? '', /bo@b\.example/);
    assert.match(mail.parsed.text ?? '', /127\.0\.0\.1:9999/);
    assert.ok(mail.parsed.text?.includes(`${installation.publicUrl}/b/invitation?ticket=`));
  });

  it('keeps a mail the relay does not take for the server, and says so', async () => {
    installation.relay.script('later@partner.example', { rcpt: 451 });
    const { code, stdout, stderr } = await invite('later@partner.example', '--tenant', 'b');
    assert.equal(code, 0);
    assert.equal(lineIn(stdout), 'later@partner.example  invited  b  LINK\n');
    assert.match(stderr, /Mail is still waiting; a running server tries again\./);
    assert.notEqual(await store.outbox.nextDueAt(), undefined);
  });

  it('S55 refuses a redirect to a page of nobody’s application', async () => {
    const words = ['evil@partner.example', '--tenant', 'a', '--redirect', 'https://evil.example/'];
    const { code, stderr } = await invite(...words);
    assert.equal(code, 1);
    assert.match(stderr, /^evil@partner\.example {2}redirect_unregistered {2}The page to open /m);
    assert.equal(await store.guests.findByAddress('a', 'evil@partner.example'), undefined);
  });

  it('refuses what is no address or no tenant, with exit code 1', async () => {
    assert.equal((await invite('not-an-address', '--tenant', 'a')).code, 1);
    assert.equal((await invite('x@partner.example', '--tenant', 'a', '--cc', 'nobody')).code, 1);
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

/** What was said, with LINK for a link that opens an invitation. */
function lineIn(stdout: string): string {
  return stdout.replace(/http:\S+\/invitation\?ticket=[\w-]{22}\.[\w-]{43}/, 'LINK');
}
