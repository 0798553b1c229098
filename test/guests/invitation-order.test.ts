import assert from 'node:assert/strict';
import type { Tenant } from '../../src/domain/tenant.ts';
import type { InvitationOrder } from '../../src/guests/invitation-order.ts';
import { invitingIn, KEY, saidBy, TERI } from './inviting.ts';
import {
  addressOf,
  DAY,
  homeDirectory,
  INVITER,
  openRoom,
  type Room,
  tenantOf,
} from './support.ts';

describe('an order of an invitation', () => {
  let room: Room;
  beforeEach(async () => {
    room = await openRoom();
  });
  afterEach(() => room.close());
  const { create, made, mailsTo } = invitingIn(() => room);

  it('R66 drops the message of an application, and of an inviter without an address', async () => {
    const message = 'Click quickly';
    const orders: readonly Partial<InvitationOrder>[] = [
      { role: 'application' },
      { role: 'application', invitedBy: null },
      { invitedBy: null },
      { invitedBy: 'The boss' },
      { invitedBy: `${INVITER}, x@evil.example` },
    ];
    for (const order of orders) {
      const { guest } = await made(tenantOf(), { message, ...order });
      assert.equal(guest.invitation?.message, null);
    }
    const { invitations } = await mailsTo(TERI);
    assert.equal(invitations.length, orders.length);
    for (const mail of invitations) assert.equal(mail.message, null);
  });

  it('R73 invites nobody whose domain is not allowed', async () => {
    const table: readonly (readonly [Tenant['domainList'], string])[] = [
      [{ allow: ['partner.example'] }, 'invited'],
      [{ allow: ['example'] }, 'domain_not_allowed'],
      [{ block: ['partner.example'] }, 'domain_not_allowed'],
      [{ block: ['example', 'x.partner.example'] }, 'invited'],
    ];
    for (const [domainList, expected] of table) {
      const tenant = tenantOf(domainList ? { domainList } : {});
      assert.equal(await saidBy(create(tenant)), expected);
      const guest = await room.store.guests.findByAddress(tenant.id, KEY);
      assert.equal(guest === undefined, expected !== 'invited');
    }
  });

  it('R74 invites nobody whose home directory is blocked, allow list or not', async () => {
    const connections = [homeDirectory({ inbound: 'blocked' })];
    const domainList = { allow: ['partner.example'] };
    assert.equal(await saidBy(create(tenantOf({ connections }))), 'domain_not_allowed');
    assert.equal(await saidBy(create(tenantOf({ connections, domainList }))), 'domain_not_allowed');
    const elsewhere = create(tenantOf({ connections }), { address: addressOf('t@x.example') });
    assert.equal(await saidBy(elsewhere), 'invited');
  });

  it('R43 invites nobody from a cloud the government cloud cannot work with', async () => {
    const redemption = {
      era: 'current',
      cloud: 'gov',
      rolloutAt: 0,
      createdAt: null,
      order: [],
      fallback: ['emailOneTimePasscode'],
    } as const;
    const connections = [homeDirectory({ regionScope: 'USG' })];
    assert.equal(await saidBy(create(tenantOf({ connections, redemption }))), 'cloud_unsupported');
    assert.equal(await saidBy(create(tenantOf({ connections }))), 'invited');
    const supported = [homeDirectory({ regionScope: 'USGOV' })];
    assert.equal(await saidBy(create(tenantOf({ connections: supported, redemption }))), 'invited');
  });

  it('R75 lets invite whom the tenant lets invite', async () => {
    const roles = ['guest', 'member', 'guestInviter', 'administrator', 'application'] as const;
    const table = {
      everyone: roles,
      members: ['member', 'guestInviter', 'administrator', 'application'],
      guestInviters: ['guestInviter', 'administrator'],
      nobody: [],
    } as const;
    for (const [who, allowed] of Object.entries(table)) {
      const whoMayInvite = who as keyof typeof table;
      for (const role of roles) {
        const invitations = { whoMayInvite, lifetimeSeconds: DAY, language: 'en' };
        const expected = (allowed as readonly string[]).includes(role)
          ? 'invited'
          : 'inviter_not_allowed';
        assert.equal(await saidBy(create(tenantOf({ invitations }), { role })), expected);
      }
    }
  });

  it('R68 R75 lets an administrator reset a guest where nobody may invite, and no stranger', async () => {
    const { id } = tenantOf();
    const open = { ...tenantOf(), id };
    await made(open, {});
    const invitations = { whoMayInvite: 'nobody', lifetimeSeconds: DAY, language: 'en' } as const;
    const closed = { ...tenantOf({ invitations }), id };
    const reset = { role: 'administrator', resetRedemption: true } as const;
    assert.equal(await saidBy(create(closed, reset)), 'invited_again');
    assert.equal(await saidBy(create(closed, { role: 'administrator' })), 'inviter_not_allowed');
    assert.equal(
      await saidBy(create(closed, { ...reset, role: 'application' })),
      'inviter_not_allowed',
    );
    const stranger = { ...reset, address: addressOf('new@partner.example') };
    assert.equal(await saidBy(create(closed, stranger)), 'inviter_not_allowed');
  });

  for (const redirectUrl of [
    'https://evil.example/',
    'https://docs.example.evil.example/',
    'https://docs.example@evil.example/',
    'https://me:pass@docs.example/',
    'http://docs.example/',
    'https://docs.example:8443/',
    '//docs.example/',
    '/start',
    'javascript:alert(1)',
    'data:text/html,x',
    'com.docs.app:/cb',
    'com.evil.app:/cb',
    'blob:https://docs.example/1',
    '',
  ]) {
    it(`S55 leads no guest to '${redirectUrl}'`, async () => {
      const tenant = tenantOf();
      assert.equal(await saidBy(create(tenant, { redirectUrl })), 'redirect_unregistered');
      assert.equal(await room.store.guests.findByAddress(tenant.id, KEY), undefined);
    });
  }
});
