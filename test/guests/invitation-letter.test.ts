import assert from 'node:assert/strict';
import type { Tenant } from '../../src/domain/tenant.ts';
import type { InvitationOrder } from '../../src/guests/invitation-order.ts';
import { invitingIn, TERI, ticketIn } from './inviting.ts';
import {
  addressOf,
  DAY,
  homeDirectory,
  INVITER,
  openRoom,
  type Room,
  tenantOf,
} from './support.ts';

describe('the mails of an invitation', () => {
  let room: Room;
  beforeEach(async () => {
    room = await openRoom();
  });
  afterEach(() => room.close());
  const { made, mailsTo } = invitingIn(() => room);

  it('R63 sends one copy, without any link', async () => {
    const { redeemUrl } = await made(tenantOf(), {
      cc: addressOf('Boss@contoso.example'),
      message: 'Welcome',
    });
    const { copies, invitations } = await mailsTo('Boss@contoso.example');
    assert.equal(invitations.length, 0);
    assert.deepEqual(copies, [
      {
        kind: 'invitation-copy',
        to: 'Boss@contoso.example',
        locale: 'en',
        tenantName: 'Contoso',
        tenantDomain: 'contoso.example',
        invitedBy: INVITER,
        message: 'Welcome',
        guest: TERI,
        support: null,
        privacyUrl: null,
      },
    ]);
    const ticket = ticketIn(redeemUrl);
    assert.equal(JSON.stringify(copies).includes(ticket), false);
    assert.equal((await mailsTo(TERI)).copies.length, 0);
  });

  it('come from the sender of the tenant, where it has its own', async () => {
    await made(tenantOf({ mail: { from: 'codes@contoso.example', signInLink: true } }), {});
    const { invitations } = await mailsTo(TERI);
    assert.equal(invitations[0]?.from, 'codes@contoso.example');
    assert.doesNotMatch(JSON.stringify(invitations), /signInLink/);
  });

  it('R63 R64 speaks the language asked for, unless a message speaks its own', async () => {
    const invitations = { whoMayInvite: 'everyone', lifetimeSeconds: DAY, language: 'fr' } as const;
    const table: readonly (readonly [Partial<Tenant>, Partial<InvitationOrder>, string])[] = [
      [{ invitations }, { language: 'de' }, 'de'],
      [{ invitations }, { language: 'de', message: 'Bonjour' }, 'fr'],
      // Dropped with its message (R66): nothing speaks against the language any more.
      [{ invitations }, { language: 'de', message: 'Hi', role: 'application' }, 'de'],
      [{ invitations }, {}, 'fr'],
      [{}, {}, 'en'],
      [{}, { language: 'de', message: 'Hallo' }, 'en'],
    ];
    for (const [tenant, order] of table) await made(tenantOf(tenant), order);
    const mails = (await mailsTo(TERI)).invitations;
    assert.deepEqual(
      mails.map(({ locale }) => locale),
      table.map(([, , locale]) => locale),
    );
  });

  it('R65 tells the mail everything it must say', async () => {
    const tenant = tenantOf({
      support: 'help@contoso.example',
      privacyUrl: 'https://contoso.example/privacy',
      invitations: { whoMayInvite: 'everyone', lifetimeSeconds: 2.5 * DAY, language: 'en' },
    });
    const redirectUrl = 'https://docs.example/start?x=1';
    const { redeemUrl, guest } = await made(tenant, { message: 'Welcome', redirectUrl });
    const ticket = ticketIn(redeemUrl);
    assert.deepEqual(await room.mails(), [
      {
        kind: 'invitation',
        to: TERI,
        locale: 'en',
        tenantName: 'Contoso',
        tenantDomain: 'contoso.example',
        invitedBy: INVITER,
        message: 'Welcome',
        url: `https://guest.example/${tenant.id}/invitation?ticket=${ticket}`,
        blockUrl: `https://guest.example/${tenant.id}/invitation/block?ticket=${ticket}`,
        target: 'docs.example',
        lifetimeDays: 3,
        automatic: false,
        support: 'help@contoso.example',
        privacyUrl: 'https://contoso.example/privacy',
      },
    ]);
    assert.equal(guest.invitation?.redirectUrl, redirectUrl);
  });

  it('R72 tells of access instead of inviting when both sides want it', async () => {
    for (const inbound of [false, true]) {
      for (const outbound of [false, true]) {
        const automaticRedemption = { inbound, outbound };
        const home = homeDirectory({ automaticRedemption });
        await made(tenantOf({ connections: [home] }));
        const federation = homeDirectory({ automaticRedemption, method: 'externalFederation' });
        await made(tenantOf({ connections: [federation] }));
        const sibling = homeDirectory({ automaticRedemption, domains: ['x.partner.example'] });
        await made(tenantOf({ connections: [sibling] }));
      }
    }
    const { invitations } = await mailsTo(TERI);
    assert.deepEqual(
      invitations.map(({ automatic }) => automatic),
      [...Array<boolean>(9).fill(false), true, false, false],
    );
  });
});
