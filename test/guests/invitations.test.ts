import assert from 'node:assert/strict';
import type { Tenant } from '../../src/domain/tenant.ts';
import { ACTOR, invitingIn, KEY, saidBy, TERI, ticketIn } from './inviting.ts';
import {
  addressOf,
  bindingOf,
  DAY,
  homeDirectory,
  INVITER,
  NOW,
  openRoom,
  PASSCODE,
  type Room,
  signIn,
  tenantOf,
} from './support.ts';

describe('createInvitations', () => {
  let room: Room;
  beforeEach(async () => {
    room = await openRoom();
  });
  afterEach(() => room.close());
  const { create, made, mailsTo, stored } = invitingIn(() => room);

  it('R61 makes the guest at once, and answers with the link and PendingAcceptance', async () => {
    const tenant = tenantOf();
    const { outcome, guest, redeemUrl, status } = await made(tenant, { displayName: 'Teri' });
    assert.equal(outcome, 'invited');
    assert.equal(status, 'PendingAcceptance');
    assert.deepEqual(await room.directory.findByAddress(tenant.id, KEY), guest);
    assert.equal(guest.displayName, 'Teri');
    assert.equal(guest.invitedBy, INVITER);
    assert.equal(guest.kind, 'invited');
    assert.equal(redeemUrl?.split('?')[0], `https://guest.example/${tenant.id}/invitation`);
    assert.deepEqual(await room.invitations.open(tenant.id, ticketIn(redeemUrl)), {
      guest,
      state: 'open',
    });
  });

  it('R60 sends mail only when asked to', async () => {
    await made(tenantOf(), { sendMessage: false, cc: addressOf('cc@contoso.example') });
    assert.deepEqual(await room.mails(), []);
    const { redeemUrl } = await made(tenantOf());
    const { invitations } = await mailsTo(TERI);
    assert.deepEqual(
      invitations.map(({ url }) => url),
      [redeemUrl],
    );
  });

  it('R4 says the same of a guest whom a directory, a federation or nobody knows', async () => {
    const federation = homeDirectory({ method: 'externalFederation' });
    const answers: unknown[] = [];
    for (const connections of [[], [homeDirectory()], [federation]]) {
      const { guest, redeemUrl, ...rest } = await made(tenantOf({ connections }));
      const { id: _id, tenant: _tenant, invitationId: _invitation, ...known } = guest;
      answers.push({ known, rest, length: redeemUrl?.length });
    }
    assert.deepEqual(answers[1], answers[0]);
    assert.deepEqual(answers[2], answers[0]);
    const bodies = (await room.mails()).map((mail) =>
      JSON.stringify(mail).replaceAll(/https:[^"]*/g, ''),
    );
    assert.deepEqual(new Set(bodies).size, 1);
    assert.doesNotMatch(bodies[0]!, /passcode|directory|federation|google/i);
  });

  it('R62 redeems nobody: only a guest who signs in is accepted', async () => {
    const tenant = tenantOf();
    const { guest, redeemUrl } = await made(tenant);
    await room.invitations.open(tenant.id, ticketIn(redeemUrl));
    await made(tenant);
    await room.invitations.resend(tenant, guest, ACTOR);
    assert.equal((await stored(guest))?.state, 'PendingAcceptance');
    await room.directory.redeem(guest, PASSCODE);
    assert.equal((await stored(guest))?.state, 'Accepted');
  });

  it('R69 invites a pending guest again: same guest, new link, new end', async () => {
    const tenant = tenantOf({
      invitations: { whoMayInvite: 'everyone', lifetimeSeconds: 10 * DAY, language: 'en' },
    });
    const first = await made(tenant);
    room.time.now += 3 * DAY;
    const second = await made(tenant, { invitedBy: 'boss@contoso.example', message: 'Again' });
    assert.equal(second.outcome, 'invited_again');
    assert.equal(second.guest.id, first.guest.id);
    assert.equal(first.guest.invitationExpiresAt, NOW + 10 * DAY);
    assert.equal(second.guest.invitationExpiresAt, NOW + 13 * DAY);
    assert.equal(second.guest.invitedBy, 'boss@contoso.example');
    const open = (url: string | null) => room.invitations.open(tenant.id, ticketIn(url));
    assert.equal(await open(first.redeemUrl), undefined);
    assert.deepEqual(await open(second.redeemUrl), { guest: second.guest, state: 'open' });
    // Mail goes where the first invitation went, however the address is written now (S17).
    await made(tenant, { address: addressOf('TERI@PARTNER.example') });
    assert.equal((await mailsTo(TERI)).invitations.length, 3);
  });

  it('R69 leaves a guest who has accepted alone, and sends nothing', async () => {
    const tenant = tenantOf();
    const { guest, redeemUrl } = await made(tenant, { sendMessage: false });
    await room.directory.redeem(guest, bindingOf('i'));
    const before = await stored(guest);
    const again = await made(tenant, { message: 'Again' });
    assert.deepEqual(again, {
      outcome: 'guest_already',
      guest: before,
      redeemUrl,
      status: 'Completed',
    });
    assert.deepEqual(await room.mails(), []);
    // The link stays a way back for them (R65).
    const opened = await room.invitations.open(tenant.id, ticketIn(redeemUrl));
    assert.deepEqual(opened, { guest: before, state: 'accepted' });
  });

  it('R69 has no link for a guest who was invited without one', async () => {
    const tenant = tenantOf();
    const address = addressOf(TERI);
    const { guest } = await room.directory.invite({ tenant: tenant.id, address });
    await room.directory.redeem(guest, PASSCODE);
    assert.equal((await made(tenant)).redeemUrl, null);
  });

  it('R68 resets a guest who has accepted when the order says so', async () => {
    const tenant = tenantOf();
    const { guest } = await made(tenant, { sendMessage: false });
    await room.directory.redeem(guest, bindingOf('i'));
    const have = await signIn(room.store, tenant.id, guest.id, KEY);
    const reset = await made(tenant, { resetRedemption: true, role: 'administrator' });
    assert.equal(reset.outcome, 'reset');
    assert.equal(reset.status, 'PendingAcceptance');
    assert.equal(reset.guest.id, guest.id);
    assert.equal(reset.guest.method, null);
    assert.equal(reset.guest.resetAt, NOW);
    assert.deepEqual(await have.left(), []);
    assert.equal(await have.isLive(), false);
    assert.equal((await mailsTo(TERI)).invitations[0]?.url, reset.redeemUrl);
  });

  it('R68 resets a guest to the address of theirs that is invited', async () => {
    const tenant = tenantOf();
    const { guest } = await made(tenant);
    await room.directory.redeem(guest, bindingOf('i'));
    const address = addressOf('teri@other.example');
    await room.administration.addAddress(tenant, guest, address, ACTOR);
    const order = { address, resetRedemption: true, role: 'administrator' } as const;
    const reset = await made(tenant, order);
    assert.equal(reset.outcome, 'reset');
    assert.equal(reset.guest.id, guest.id);
    assert.equal(reset.guest.address, 'teri@other.example');
    assert.equal((await mailsTo('teri@other.example')).invitations.length, 1);
  });

  it('R68 lets nobody throw a guest out by an invitation who is no administrator', async () => {
    const tenant = tenantOf();
    const { guest } = await made(tenant);
    await room.directory.redeem(guest, PASSCODE);
    for (const role of ['guest', 'member', 'guestInviter'] as const) {
      const reset = create(tenant, { resetRedemption: true, role });
      assert.equal(await saidBy(reset), 'inviter_not_allowed');
    }
    assert.equal((await stored(guest))?.state, 'Accepted');
    const byProgram = create(tenant, { resetRedemption: true, role: 'application' });
    assert.equal(await saidBy(byProgram), 'reset');
  });

  it('R67 lets the owner of an address refuse invitations of one tenant, and take them again', async () => {
    const [tenant, elsewhere] = [tenantOf(), tenantOf()];
    const { guest, redeemUrl } = await made(tenant, { sendMessage: false });
    const opened = await room.invitations.open(tenant.id, ticketIn(redeemUrl));
    await room.invitations.setBlocked(opened!.guest, true);
    assert.equal(await saidBy(create(tenant)), 'invitations_blocked');
    assert.equal(
      await saidBy(room.invitations.resend(tenant, guest, ACTOR)),
      'invitations_blocked',
    );
    assert.deepEqual(await room.mails(), []);
    assert.deepEqual(await stored(guest), guest);
    assert.equal(await saidBy(create(elsewhere)), 'invited');
    await room.invitations.setBlocked(guest, false);
    assert.equal(await saidBy(create(tenant)), 'invited_again');
  });

  it('R67 sends no copy to an address whose owner refuses', async () => {
    const tenant = tenantOf();
    const boss = await made(tenant, { address: addressOf('boss@contoso.example') });
    await room.invitations.setBlocked(boss.guest, true);
    await made(tenant, { cc: addressOf('Boss@contoso.example') });
    assert.equal((await mailsTo('Boss@contoso.example')).copies.length, 0);
    assert.equal((await mailsTo(TERI)).invitations.length, 1);
  });

  it('R67 asks the owner of the address that mail would go to', async () => {
    const tenant = tenantOf();
    const { guest } = await made(tenant, { sendMessage: false });
    const address = addressOf('teri@other.example');
    await room.administration.addAddress(tenant, guest, address, ACTOR);
    await room.invitations.setBlocked(guest, true);
    assert.equal(await saidBy(create(tenant, { address })), 'invitations_blocked');
  });

  it('R73 sends no invitation again once the domain is refused', async () => {
    const tenant = tenantOf();
    const { guest } = await made(tenant, { sendMessage: false });
    const closed = { ...tenant, domainList: { block: ['partner.example'] } };
    const again = room.invitations.resend(closed, guest, ACTOR);
    assert.equal(await saidBy(again), 'domain_not_allowed');
    assert.deepEqual(await room.mails(), []);
  });

  it('S55 changes nothing when a link is opened, fifty times', async () => {
    const tenant = tenantOf();
    const { guest, redeemUrl } = await made(tenant);
    const ticket = ticketIn(redeemUrl);
    for (let scan = 0; scan < 50; scan += 1) {
      const opened = await room.invitations.open(scan % 2 ? tenant.id : undefined, ticket);
      assert.deepEqual(opened, { guest, state: 'open' });
    }
    assert.deepEqual(await stored(guest), guest);
  });

  it('S55 judges the end of an invitation when its link is opened', async () => {
    const tenant = tenantOf();
    const { guest, redeemUrl } = await made(tenant);
    const stateNow = async () =>
      (await room.invitations.open(tenant.id, ticketIn(redeemUrl)))?.state;
    room.time.now = NOW + 30 * DAY - 1;
    assert.equal(await stateNow(), 'open');
    room.time.now = NOW + 30 * DAY;
    assert.equal(await stateNow(), 'expired');
    await room.directory.redeem(guest, PASSCODE);
    assert.equal(await stateNow(), 'accepted');
  });

  it('S55 opens no ticket of another tenant, of a blocked guest, or made up', async () => {
    const tenant = tenantOf();
    const { guest, redeemUrl } = await made(tenant);
    const ticket = ticketIn(redeemUrl);
    assert.equal(await room.invitations.open(tenantOf().id, ticket), undefined);
    assert.equal(await room.invitations.open(tenant.id, `${ticket.slice(0, -1)}!`), undefined);
    const guessed = room.tickets.ticketOf(tenant.id, guest.id, 'guessed');
    assert.equal(await room.invitations.open(tenant.id, guessed), undefined);
    const unknown = room.tickets.ticketOf(tenant.id, 'A'.repeat(22), 'x');
    assert.equal(await room.invitations.open(tenant.id, unknown), undefined);
    await room.administration.block(tenant, guest, ACTOR);
    assert.equal(await room.invitations.open(tenant.id, ticket), undefined);
    assert.equal(await saidBy(create(tenant)), 'guest_unavailable');
  });

  it('sends again what was said, with a link in place of the old one', async () => {
    const tenant = tenantOf();
    const order = { message: 'Welcome', redirectUrl: 'https://docs.example/start' };
    const first = await made(tenant, order);
    room.time.now += 40 * DAY;
    const again = await room.invitations.resend(tenant, first.guest, ACTOR);
    assert.ok(again.outcome === 'invited_again');
    const { invitations } = await mailsTo(TERI);
    const [before, after] = invitations;
    assert.deepEqual({ ...after, url: '', blockUrl: '' }, { ...before, url: '', blockUrl: '' });
    assert.equal(after?.url, again.redeemUrl);
    const open = (url: string | null) => room.invitations.open(tenant.id, ticketIn(url));
    assert.equal(await open(first.redeemUrl), undefined);
    assert.equal((await open(again.redeemUrl))?.state, 'open');
  });

  it('sends nothing again to a guest who accepted, left or never was', async () => {
    const tenant = tenantOf();
    const { guest } = await made(tenant, { sendMessage: false });
    const resend = (to: Tenant) => saidBy(room.invitations.resend(to, guest, ACTOR));
    assert.equal(await resend(tenantOf()), 'invitation_unknown');
    await room.directory.redeem(guest, PASSCODE);
    assert.equal(await resend(tenant), 'guest_already');
    await room.administration.remove(tenant, guest, ACTOR);
    assert.equal(await resend(tenant), 'invitation_unknown');
    assert.deepEqual(await room.mails(), []);
  });

  it('withdraws the invitation of a guest who has not accepted', async () => {
    const tenant = tenantOf();
    const { guest, redeemUrl } = await made(tenant);
    assert.equal(await room.invitations.withdraw(tenantOf(), guest, ACTOR), false);
    assert.equal(await room.invitations.withdraw(tenant, guest, ACTOR), true);
    assert.equal(await room.invitations.withdraw(tenant, guest, ACTOR), false);
    assert.equal(await room.invitations.open(tenant.id, ticketIn(redeemUrl)), undefined);
    assert.equal(await room.directory.findByAddress(tenant.id, KEY), undefined);
    const next = await made(tenant);
    assert.equal(next.outcome, 'invited');
    assert.notEqual(next.guest.id, guest.id);
    await room.directory.redeem(next.guest, PASSCODE);
    assert.equal(await room.invitations.withdraw(tenant, next.guest, ACTOR), false);
    assert.equal((await stored(next.guest))?.state, 'Accepted');
  });

  it('S64 S65 leaves a line for the auditor, without address, ticket or message', async () => {
    const tenant = tenantOf();
    const { guest, redeemUrl } = await made(tenant, { message: 'Between us' });
    await room.invitations.resend(tenant, guest, ACTOR);
    await room.invitations.setBlocked(guest, true);
    await create(tenant);
    await room.invitations.setBlocked(guest, false);
    await room.invitations.withdraw(tenant, guest, ACTOR);
    const said = ['create', 'resend', 'block', 'unblock', 'withdraw'].map((name) =>
      room.log.of(`invitation.${name}`).map((line) => {
        assert.equal(line['audit'], true);
        assert.equal(line['tenant'], tenant.id);
        return [line['actor'], line['outcome'], line['refusal']];
      }),
    );
    const [host, admin] = ['h**t@contoso.example', 'a**n@contoso.example'];
    assert.deepEqual(said, [
      [
        [host, 'invited', undefined],
        [host, 'refused', 'invitations_blocked'],
      ],
      [[admin, 'invited_again', undefined]],
      [['guest', undefined, undefined]],
      [['guest', undefined, undefined]],
      [[admin, 'done', undefined]],
    ]);
    for (const secret of [TERI, KEY, INVITER, ACTOR, ticketIn(redeemUrl), 'Between us']) {
      assert.equal(room.log.text().includes(secret), false, secret);
    }
  });
});
