import assert from 'node:assert/strict';
import { invite } from '../../src/cli/invite.ts';
import { type GuestListOptions, listGuests, listInvitations } from '../../src/cli/list.ts';
import { revokeSessions } from '../../src/cli/sessions.ts';
import { printList } from '../../src/cli/table.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { runCommand } from '../support/processes.ts';
import { addGuests, createInstallation, type Installation } from '../support/world.ts';
import { listen, listenJson, type Said } from './said.ts';

describe('guestpass guests list, invitations list, sessions revoke', () => {
  let installation: Installation;
  let store: Store;
  before(async () => {
    installation = await createInstallation();
    await addGuests(installation, 'ana@partner.example', 'bo@partner.example');
    store = await openStore({
      kind: 'sqlite',
      file: installation.database.slice('sqlite:'.length),
    });
    const options = { config: installation.folder, tenant: 'a', mail: false };
    for (const email of ['teri@gmail.com', 'late@partner.example']) {
      await listen((output) => invite(email, options, output));
    }
    await listen((output) => invite('other@b.example', { ...options, tenant: 'b' }, output));
    const late = (await store.guests.findByAddress('a', 'late@partner.example'))!;
    const renewal = { invitationId: 'i', details: null, invitedBy: 'ana@a.example' };
    await store.guests.renewInvitation('a', late.id, { ...renewal, expiresAt: 9, now: 1 });
  });
  after(async () => {
    await store.close();
    await installation.remove();
  });

  const all = () => ({ config: installation.folder, tenant: 'a', limit: '100' });
  const guests = (more: Partial<GuestListOptions> = {}, heard = listen): Promise<Said> =>
    heard((output) => listGuests({ ...all(), ...more }, output));

  it('R69 lists guests of the tenant alone, with their state', async () => {
    const said = await guests();
    assert.equal(said.code, 0);
    assert.deepEqual(addresses(said), [
      'ana@partner.example',
      'bo@partner.example',
      'late@partner.example',
      'teri@gmail.com',
    ]);
    assert.match(said.out, /^ana@partner\.example\tAccepted\temailOneTimePasscode\t20\S+Z\t-\t-$/m);
    assert.match(said.out, /^teri@gmail\.com\tPendingAcceptance\t-\t20\S+Z\t-\t-$/m);
  });

  it('R69 narrows the list to a state, or to a method', async () => {
    const pending = await guests({ state: 'PendingAcceptance' });
    assert.deepEqual(addresses(pending), ['late@partner.example', 'teri@gmail.com']);
    const passcode = await guests({ method: 'emailOneTimePasscode' });
    assert.deepEqual(addresses(passcode), ['ana@partner.example', 'bo@partner.example']);
    assert.equal((await guests({ method: 'google' })).out, '');
  });

  it('says so when there are more than were asked for', async () => {
    const said = await guests({ limit: '3' });
    assert.deepEqual([said.out.split('\n').length, said.code], [3, 0]);
    assert.equal(said.err, 'There are more; --limit 30 shows them.');
    assert.equal((await guests({ limit: '4' })).err, '');
    assert.deepEqual((await guests({ limit: '0' })).code, 2);
  });

  it('gives programs an array of objects with stable keys', async () => {
    const { out } = await guests({ method: 'emailOneTimePasscode' }, listenJson);
    const found: Record<string, unknown>[] = JSON.parse(out);
    const ana = found.find(({ address }) => address === 'ana@partner.example');
    const guest = await store.guests.findByAddress('a', 'ana@partner.example');
    assert.deepEqual(
      [ana?.['sub'], ana?.['state'], ana?.['kind']],
      [guest?.id, 'Accepted', 'invited'],
    );
    assert.deepEqual(JSON.parse((await guests({ method: 'google' }, listenJson)).out), []);
  });

  it('R61 lists invitations nobody has accepted, with their end', async () => {
    const said = await listen((output) => listInvitations(all(), output));
    assert.deepEqual(addresses(said), ['late@partner.example', 'teri@gmail.com']);
    const late = /^late@partner\.example\tended\t1970-01-01T00:00:09Z\t\S+\tana@a\.example$/m;
    assert.match(said.out, late);
    assert.match(said.out, /^teri@gmail\.com\topen\t20\S+Z\t20\S+Z\t-$/m);
  });

  it('draws a table on a terminal, cut at its edge, without escapes of a name', () => {
    const lines: string[] = [];
    const output = { say: (line: string) => void lines.push(line), warn: () => {}, columns: 20 };
    const rows = [['ana', 'A\u001B[2Jna\nof the long name']];
    printList({ columns: ['address', 'name'], rows }, output);
    assert.deepEqual(lines.slice(1), ['ana      Ana of the']);
    assert.match(lines[0]!, /address {2}name/);
  });

  it('S29 ends the sessions of a guest, tells the auditor, and lets them sign in anew', async () => {
    const guest = (await store.guests.findByAddress('a', 'bo@partner.example'))!;
    const record = { tenant: 'a', model: 'Session', id: 's', grantId: null, uid: 'u' } as const;
    const payload = { accountId: guest.id };
    await store.oidc.upsert({ ...record, payload, userCode: null, expiresAt: 9_999_999_999 });
    const options = { config: installation.folder, tenant: 'a', actor: 'boss' };
    const said = await listen((output) => revokeSessions('Bo@partner.example', options, output));
    assert.deepEqual([said.code, said.out], [0, 'bo@partner.example  sessions revoked  a']);
    assert.equal(await store.oidc.find('a', 'Session', 's'), undefined);
    const after = (await store.guests.find('a', guest.id))!;
    assert.deepEqual([after.state, after.blockedAt], ['Accepted', null]);
    assert.notEqual(after.revokedAt, null);
    const line: Record<string, unknown> = JSON.parse(said.err);
    assert.deepEqual(
      [line['event'], line['actor'], line['audit'], line['subject']],
      ['guest.revoke', 'boss', true, guest.id],
    );
  });

  it('ends no sessions of nobody', async () => {
    const options = { config: installation.folder, tenant: 'a' };
    const said = await listen((output) => revokeSessions('x@partner.example', options, output));
    assert.equal(said.code, 1);
    assert.match(said.err, /^x@partner\.example {2}not_invited/m);
  });

  it('takes the same words on the command line', async () => {
    const at = ['--tenant', 'a', '--config', installation.folder];
    const listed = await runCommand(['guests', 'list', ...at, '--state', 'Accepted']);
    assert.deepEqual([listed.code, listed.stdout.split('\n').length], [0, 3]);
    assert.equal((await runCommand(['guests', 'list', ...at, '--state', 'odd'])).code, 2);
    assert.equal((await runCommand(['invitations', 'list', ...at, '--json'])).code, 0);
    const revoked = await runCommand(['sessions', 'revoke', 'ana@partner.example', ...at]);
    assert.deepEqual(
      [revoked.code, revoked.stdout],
      [0, 'ana@partner.example  sessions revoked  a\n'],
    );
  });
});

function addresses({ out }: Said): readonly string[] {
  const found = out.split('\n').map((line) => line.split('\t')[0] ?? '');
  return found.toSorted((a, b) => a.localeCompare(b));
}
