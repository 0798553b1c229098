import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { changeGuest, showGuest } from '../../src/cli/guests.ts';
import { resendInvitation, revokeInvitation } from '../../src/cli/invitations.ts';
import { invite, type InviteOptions } from '../../src/cli/invite.ts';
import { resetGuest, type ResetOptions } from '../../src/cli/reset.ts';
import type { GuestChange } from '../../src/cli/tenant-admin.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Guest, Store } from '../../src/storage/store.ts';
import { runCommand } from '../support/processes.ts';
import { createInstallation, type Installation } from '../support/world.ts';
import { listen, type Said } from './said.ts';

const INVITER = 'ana@a.example';

describe('guestpass guests and invitations', () => {
  let installation: Installation;
  let store: Store;

  before(async () => {
    installation = await createInstallation({
      tenants: { b: { domains: { block: ['bad.example'] } } },
    });
    store = await openStore({
      kind: 'sqlite',
      file: installation.database.slice('sqlite:'.length),
    });
  });
  after(async () => {
    await store.close();
    await installation.remove();
  });

  const at = (tenant: string) => ({ config: installation.folder, tenant });
  const bring = (email: string, more: Partial<InviteOptions> = {}, tenant = 'a'): Promise<Said> =>
    listen((output) => {
      const options = { ...at(tenant), mail: false, invitedBy: INVITER, ...more };
      return invite(email, options, output);
    });
  const reset = (email: string, more: Partial<ResetOptions> = {}, tenant = 'a'): Promise<Said> =>
    listen((output) => resetGuest(email, { ...at(tenant), mail: true, ...more }, output));
  const change = (what: GuestChange, email: string): Promise<Said> =>
    listen((output) => changeGuest(what, email, at('a'), output));
  const resend = (email: string): Promise<Said> =>
    listen((output) => resendInvitation(email, at('a'), output));
  const revoke = (email: string): Promise<Said> =>
    listen((output) => revokeInvitation(email, at('a'), output));
  const show = (email: string): Promise<Said> =>
    listen((output) => showGuest(email, at('a'), output));

  async function redeemed(email: string, tenant = 'a', more: Partial<InviteOptions> = {}) {
    await bring(email, more, tenant);
    const guest = (await store.guests.findByAddress(tenant, email))!;
    const passcode = { method: 'emailOneTimePasscode', connection: null, identity: null } as const;
    await store.guests.redeem(tenant, guest.id, { ...passcode, idp: 'mail' }, guest.invitedAt);
    return guest;
  }
  const stored = async ({ tenant, id }: Guest): Promise<Guest> =>
    (await store.guests.find(tenant, id))!;

  it('R68 resets a guest under the same sub, and mails what the invitation said before', async () => {
    const guest = await redeemed('teri@partner.example', 'a', {
      message: 'The handbook is ready.',
    });
    const said = await reset('Teri@partner.example', { actor: 'boss' });
    assert.equal(said.code, 0, said.err);
    const link = /^teri@partner\.example {2}reset {2}a {2}(http\S+)$/.exec(said.out)?.[1];
    assert.ok(link);
    const after = await stored(guest);
    assert.deepEqual([after.state, after.method], ['PendingAcceptance', null]);
    assert.notEqual(after.resetAt, null);
    const { parsed } = await installation.relay.nextMail('teri@partner.example');
    assert.ok(parsed.text?.includes(link));
    assert.match(parsed.text ?? '', /The handbook is ready\./);
    assert.match(parsed.subject ?? '', /ana@a\.example/);
    const line: Record<string, unknown> = JSON.parse(said.err);
    assert.deepEqual(
      [line['event'], line['actor'], line['outcome'], line['subject']],
      ['invitation.create', 'boss', 'reset', guest.id],
    );
  });

  it('R68 sends no mail when told not to, and names who is logged in', async () => {
    await redeemed('quiet@partner.example');
    const said = await reset('quiet@partner.example', { mail: false });
    assert.match(said.out, /^quiet@partner\.example {2}reset {2}a {2}http/);
    const line: Record<string, unknown> = JSON.parse(said.err);
    assert.equal(line['actor'], `cli:${userInfo().username}`);
    assert.equal(await store.outbox.nextDueAt(), undefined);
  });

  it('R68 moves a guest to another address, whether or not they have redeemed', async () => {
    const guest = await redeemed('old@partner.example');
    const moved = await reset('old@partner.example', { newAddress: 'New@partner.example' });
    assert.match(moved.out, /^New@partner\.example {2}reset {2}a {2}http/);
    const after = await stored(guest);
    assert.deepEqual([after.address, after.state], ['New@partner.example', 'PendingAcceptance']);
    await installation.relay.nextMail('New@partner.example');
    const again = await reset('new@partner.example', { newAddress: 'newer@partner.example' });
    assert.match(again.out, /^newer@partner\.example {2}reset {2}a {2}http/);
    assert.equal((await stored(guest)).addressKey, 'newer@partner.example');
    await installation.relay.nextMail('newer@partner.example');
  });

  it('R68 moves nobody to the address of another guest', async () => {
    const guest = await redeemed('one@partner.example');
    await redeemed('two@partner.example');
    const said = await reset('one@partner.example', { newAddress: 'two@partner.example' });
    assert.equal(said.code, 1);
    assert.match(said.err, /^two@partner\.example {2}address_taken {2}is the address of another/m);
    assert.equal((await stored(guest)).state, 'Accepted');
  });

  it('R73 resets nobody to a domain that is not allowed, and notes no address', async () => {
    const guest = await redeemed('fine@partner.example', 'b');
    const said = await reset('fine@partner.example', { newAddress: 'x@bad.example' }, 'b');
    assert.equal(said.code, 1);
    assert.match(said.err, /^x@bad\.example {2}domain_not_allowed {2}Tenant B does not take /m);
    assert.deepEqual(await store.guests.listAddresses('b', guest.id), []);
    assert.equal((await stored(guest)).state, 'Accepted');
  });

  it('resets a guest whose invitation led to an application that is gone', async () => {
    const guest = await redeemed('page@partner.example');
    const renewal = {
      invitationId: 'i',
      expiresAt: null,
      details: { message: null, language: null, cc: null, redirectUrl: 'https://gone.example/' },
      invitedBy: INVITER,
    };
    await store.guests.reset('a', guest.id, { ...renewal, now: 1 }, 1);
    const passcode = { method: 'emailOneTimePasscode', connection: null, identity: null } as const;
    await store.guests.redeem('a', guest.id, { ...passcode, idp: 'mail' }, 2);
    const said = await reset('page@partner.example', { mail: false });
    assert.equal(said.code, 0, said.err);
    assert.equal((await stored(guest)).invitation?.redirectUrl, null);
  });

  it('S29 blocks and unblocks a guest, and tells the auditor', async () => {
    const guest = await redeemed('block@partner.example');
    const blocked = await change('block', 'block@partner.example');
    assert.equal(blocked.out, 'block@partner.example  blocked  a');
    const line: Record<string, unknown> = JSON.parse(blocked.err);
    assert.deepEqual(
      [line['event'], line['audit'], line['outcome']],
      ['guest.block', true, 'done'],
    );
    assert.notEqual((await stored(guest)).blockedAt, null);
    const unblocked = await change('unblock', 'block@partner.example');
    assert.equal(unblocked.out, 'block@partner.example  unblocked  a');
    assert.equal((await stored(guest)).blockedAt, null);
  });

  it('R77 removes a guest and brings them back under the same sub', async () => {
    const guest = await redeemed('leave@partner.example');
    assert.equal((await change('remove', 'leave@partner.example')).code, 0);
    const gone = await change('remove', 'leave@partner.example');
    assert.equal(gone.code, 1);
    assert.match(gone.err, /^leave@partner\.example {2}not_invited {2}is no guest of a$/m);
    const back = await change('restore', 'leave@partner.example');
    assert.equal(back.out, 'leave@partner.example  restored  a');
    assert.equal((await store.guests.findByAddress('a', 'leave@partner.example'))?.id, guest.id);
  });

  it('R77 does not restore a guest whose address is somebody else’s by now', async () => {
    const first = await redeemed('twice@partner.example');
    await change('remove', 'twice@partner.example');
    const second = await redeemed('twice@partner.example');
    assert.notEqual(second.id, first.id);
    const said = await change('restore', 'twice@partner.example');
    assert.equal(said.code, 1);
    assert.match(said.err, /guest_unavailable {2}was removed too long ago, or somebody else /);
  });

  it('sends an invitation again with a new link, and not to who has accepted', async () => {
    const first = await bring('again@partner.example');
    const said = await resend('again@partner.example');
    assert.match(said.out, /^again@partner\.example {2}invited again {2}a {2}http/);
    assert.notEqual(linkIn(said), linkIn(first));
    const { parsed } = await installation.relay.nextMail('again@partner.example');
    assert.ok(parsed.text?.includes(linkIn(said)));
    await redeemed('already@partner.example');
    const already = await resend('already@partner.example');
    assert.equal(already.code, 1);
    assert.match(
      already.err,
      /guest_already {2}has accepted the invitation; guestpass guests reset already@partner\.example --tenant a$/m,
    );
  });

  it('revokes an invitation, and none that was accepted', async () => {
    await bring('back@partner.example');
    assert.equal((await revoke('back@partner.example')).out, 'back@partner.example  revoked  a');
    assert.equal(await store.guests.findByAddress('a', 'back@partner.example'), undefined);
    const guest = await redeemed('stays@partner.example');
    const said = await revoke('stays@partner.example');
    assert.equal(said.code, 1);
    assert.match(said.err, /guest_already .*guestpass guests remove stays@partner\.example/);
    assert.equal((await stored(guest)).state, 'Accepted');
  });

  it('R58 shows what is known of a guest, found by any of their addresses', async () => {
    const guest = await redeemed('show@partner.example');
    await store.guests.addAddress('a', guest.id, {
      address: 'Other@partner.example',
      addressKey: 'other@partner.example',
    });
    const said = await show('other@partner.example');
    assert.equal(said.code, 0);
    const lines = said.out.split('\n');
    assert.deepEqual(lines.slice(0, 3), [
      'show@partner.example  a',
      `  sub              ${guest.id}`,
      '  state            Accepted',
    ]);
    assert.match(
      lines[3]!,
      /invited 20\S+Z by ana@a\.example; redeemed 20\S+Z by emailOneTimePassc/,
    );
    assert.equal(lines[4], '  other addresses  Other@partner.example');
  });

  it('R77 shows guests who were removed', async () => {
    await redeemed('was@partner.example');
    await change('remove', 'was@partner.example');
    assert.match((await show('was@partner.example')).out, /; removed 20\S+Z$/m);
    assert.equal((await show('never@partner.example')).code, 1);
  });

  it('takes the same words on the command line', async () => {
    await redeemed('words@partner.example');
    const where = ['--tenant', 'a', '--config', installation.folder];
    const shown = await runCommand(['guests', 'show', 'words@partner.example', ...where]);
    assert.deepEqual([shown.code, shown.stderr], [0, '']);
    const words = ['guests', 'reset', 'words@partner.example', '--no-mail', '--actor', 'ana'];
    const done = await runCommand([...words, ...where]);
    assert.equal(done.code, 0);
    assert.match(done.stdout, /^words@partner\.example {2}reset {2}a {2}http\S+\n$/);
    assert.equal((await runCommand(['guests', 'reset', ...where])).code, 2);
    const nobody = ['invitations', 'withdraw', 'nobody@partner.example', ...where];
    assert.equal((await runCommand(nobody)).code, 1);
  });
});

function linkIn({ out }: Said): string {
  return /http\S+/.exec(out)?.[0] ?? '';
}
