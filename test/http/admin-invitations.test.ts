import assert from 'node:assert/strict';
import {
  type AdminRequest,
  type AdminWorld,
  docsClient,
  opsClient,
  refusalOf,
  startAdminWorld,
} from '../support/admin-api.ts';
import { Jar } from '../support/jar.ts';
import { CALLBACK } from '../support/world.ts';

interface Invitation {
  readonly id: string;
  readonly invitedUserEmailAddress: string;
  readonly inviteRedirectUrl: string | null;
  readonly inviteRedeemUrl: string | null;
  readonly status: string;
  readonly createdDateTime: string;
  readonly expirationDateTime: string | null;
  readonly invitedUser: { readonly id: string };
}

interface Invitations {
  readonly value: readonly Invitation[];
  readonly '@odata.nextLink'?: string;
}

interface Entries {
  readonly value: readonly Readonly<Record<string, unknown>>[];
}

/** What the page a link leads to answers. */
async function statusOf(link: string | null): Promise<number> {
  const jar = new Jar();
  return (await jar.follow(await jar.get(link ?? ''))).status;
}

describe('the invitations of the admin API', () => {
  let world: AdminWorld;
  let made = 0;
  /** An address nobody has. */
  const someone = (): string => `someone-${(made += 1)}@partner.example`;

  before(async () => {
    world = await startAdminWorld({
      tenants: {
        listed: {},
        closed: {
          clients: [
            docsClient('closed'),
            opsClient('closed'),
            opsClient('closed', ['guests.invite'], 'inviter'),
          ],
          invitations: { whoMayInvite: 'guestInviters' },
        },
      },
    });
  });
  after(() => world.close());

  const guests = () => world.server.guests.parts.store.guests;
  const mailsTo = (address: string) =>
    world.relay.messages.filter(({ recipients }) => recipients.includes(address)).length;

  async function create(address: string, tenant = 'a'): Promise<Invitation> {
    const answer = await world.send('POST', '/invitations', {
      tenant,
      token: await world.tokenOf(undefined, tenant),
      json: { invitedUserEmailAddress: address, inviteRedirectUrl: CALLBACK },
    });
    assert.equal(answer.status, 201);
    return answer.body as Invitation;
  }

  const get = async (id: string) => world.send('GET', `/invitations/${id}`);
  const resend = (id: string, request: AdminRequest = {}) =>
    world.send('POST', `/invitations/${id}/resend`, request);

  /** Somebody who came by themselves. */
  async function signedUp(): Promise<string> {
    const { directory } = world.server.guests.parts;
    const address = someone();
    const parsed = { address, key: address, domain: 'partner.example' };
    return (await directory.signUp({ tenant: 'a', address: parsed }))?.id ?? '';
  }

  it('R61 tells of one, and never its link', async () => {
    const invitation = await create(someone());
    assert.match(invitation.inviteRedeemUrl ?? '', /\/a\/invitation\?ticket=/);
    const { body } = await get(invitation.id);
    const { sendInvitationMessage, resetRedemption, ...same } = invitation as Invitation & {
      sendInvitationMessage: boolean;
      resetRedemption: boolean;
    };
    assert.deepEqual([sendInvitationMessage, resetRedemption], [false, false]);
    assert.deepEqual(body, { ...same, inviteRedeemUrl: null });
    const ends = Date.parse(invitation.expirationDateTime ?? '');
    assert.equal(ends - Date.parse(invitation.createdDateTime), 30 * 86_400_000);
    assert.equal(invitation.invitedUser.id, invitation.id);
  });

  it('R60 tells of one that was accepted too, and of none of who signed up', async () => {
    const { id } = await create(someone());
    const guest = await guests().find('a', id);
    assert.ok(guest);
    await world.server.guests.parts.directory.redeem(guest, {
      method: 'emailOneTimePasscode',
      connection: null,
      identity: null,
      idp: 'mail',
    });
    assert.equal(((await get(id)).body as Invitation).status, 'Completed');
    const stranger = await signedUp();
    assert.equal((await world.send('GET', `/users/${stranger}`)).status, 200);
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/resend'],
    ] as const) {
      assert.equal((await world.send(method, `/invitations/${stranger}${path}`)).status, 404);
    }
    const { body } = await world.send('GET', '/invitations?$top=999');
    assert.ok((body as Invitations).value.every((shown) => shown.id !== stranger));
    assert.equal((await guests().find('a', stranger))?.removedAt, null);
  });

  it('R61 lists them in parts and by address, without links, and knows no other filter', async () => {
    const tenant = 'listed';
    const on = { tenant, token: await world.tokenOf(undefined, tenant) };
    const ids = [];
    for (const name of ['ana', 'ben', 'cleo']) {
      ids.push((await create(`${name}@partner.example`, tenant)).id);
    }
    const list = async (query: string) =>
      (await world.send('GET', `/invitations?${query}`, on)).body as Invitations;
    const first = await list('$top=2');
    assert.equal(first.value.length, 2);
    const next = new URL(first['@odata.nextLink'] ?? '');
    assert.equal(next.pathname, '/listed/v1.0/invitations');
    const rest = await list(next.search.slice(1));
    assert.equal(rest['@odata.nextLink'], undefined);
    const all = [...first.value, ...rest.value];
    assert.deepEqual(all.map(({ id }) => id).toSorted(), ids.toSorted());
    assert.ok(all.every(({ inviteRedeemUrl }) => inviteRedeemUrl === null));
    const filter = encodeURIComponent("invitedUserEmailAddress eq 'BEN@partner.example'");
    const found = await list(`$filter=${filter}`);
    assert.deepEqual(
      found.value.map(({ invitedUserEmailAddress }) => invitedUserEmailAddress),
      ['ben@partner.example'],
    );
    for (const bad of [
      "mail eq 'ben@partner.example'",
      "invitedUserEmailAddress eq 'ben'",
      "status eq 'Completed'",
      "invitedUserEmailAddress eq 'a@b.example' and invitedUserEmailAddress eq 'a@b.example'",
    ]) {
      const answer = await world.send('GET', `/invitations?$filter=${encodeURIComponent(bad)}`, on);
      assert.equal(answer.status, 400, bad);
    }
  });

  it('T84 withdraws one that nobody accepted, so that its link leads nowhere', async () => {
    const address = someone();
    const { id, inviteRedeemUrl } = await create(address);
    assert.equal((await world.send('DELETE', `/invitations/${id}`)).status, 204);
    assert.equal((await world.send('DELETE', `/invitations/${id}`)).status, 404);
    assert.equal((await get(id)).status, 404);
    assert.equal(await guests().findByAddress('a', address), undefined);
    assert.equal(await statusOf(inviteRedeemUrl), 404);
  });

  it('R69 withdraws and mails again none that was accepted, and says so', async () => {
    const { id } = await create(someone());
    const guest = await guests().find('a', id);
    assert.ok(guest);
    await guests().redeem(
      'a',
      id,
      { method: 'google', connection: 'g', identity: 'i', idp: 'g' },
      1,
    );
    for (const answer of [await world.send('DELETE', `/invitations/${id}`), await resend(id)]) {
      assert.equal(answer.status, 409);
      assert.equal(refusalOf(answer).innerCode, 'invitation_accepted');
    }
    assert.equal((await guests().find('a', id))?.state, 'Accepted');
    assert.equal((await guests().find('a', id))?.invitationId, guest.invitationId);
  });

  it('R60 mails one again with a new link, under the same id; the old link is worth nothing', async () => {
    const address = someone();
    const before = await create(address);
    assert.equal(mailsTo(address), 0);
    const answer = await resend(before.id);
    assert.equal(answer.status, 200);
    const after = answer.body as Invitation;
    assert.equal(after.id, before.id);
    assert.equal(after.inviteRedirectUrl, CALLBACK);
    const mail = await world.relay.nextMail(address);
    assert.ok(mail.parsed.text?.includes(after.inviteRedeemUrl ?? 'none'));
    assert.equal(await statusOf(before.inviteRedeemUrl), 404);
    assert.equal(await statusOf(after.inviteRedeemUrl), 200);
  });

  it('mails once however often the same key is sent', async () => {
    const address = someone();
    const { id } = await create(address);
    const headers = { 'idempotency-key': `again-${id}` };
    const [first, second] = [await resend(id, { headers }), await resend(id, { headers })];
    assert.deepEqual(second.body, first.body);
    assert.equal(second.headers.get('idempotency-replayed'), 'true');
    await world.relay.nextMail(address);
    assert.equal(mailsTo(address), 1);
    const other = await create(someone());
    assert.equal((await resend(other.id, { headers })).status, 422);
  });

  it('R67 R73 mails nobody who takes none, or is blocked', async () => {
    const [taking, blocked] = [await create(someone()), await create(someone())];
    const key = taking.invitedUserEmailAddress;
    await guests().setInvitationsBlocked('a', key, 1, true);
    assert.equal(refusalOf(await resend(taking.id)).innerCode, 'invitations_blocked');
    await guests().setBlocked('a', blocked.id, 1, true);
    assert.equal(refusalOf(await resend(blocked.id)).innerCode, 'guest_unavailable');
  });

  it('R75 mails again where only people may invite only with guests.manage', async () => {
    const address = someone();
    const parsed = { address, key: address, domain: 'partner.example' };
    const { invitations, tenants } = world.server.guests.parts;
    const tenant = tenants().byId.get('closed');
    assert.ok(tenant);
    const made = await invitations.create(tenant, {
      address: parsed,
      role: 'administrator',
      sendMessage: false,
    });
    assert.equal(made.outcome, 'invited');
    const { id } = made.guest;
    const inviter = await world.tokenOf('guests.invite', 'closed', 'inviter');
    const refused = await resend(id, { tenant: 'closed', token: inviter });
    assert.equal(refused.status, 403);
    assert.equal(refusalOf(refused).innerCode, 'inviter_not_allowed');
    const token = await world.tokenOf(undefined, 'closed');
    assert.equal((await resend(id, { tenant: 'closed', token })).status, 200);
  });

  it('S33 shows, withdraws and mails none of another tenant', async () => {
    const address = someone();
    const { id } = await create(address, 'b');
    const before = await guests().find('b', id);
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/resend'],
    ] as const) {
      const answer = await world.send(method, `/invitations/${id}${path}`);
      assert.equal(answer.status, 404, `${method} ${path}`);
    }
    const filter = encodeURIComponent(`invitedUserEmailAddress eq '${address}'`);
    const { body } = await world.send('GET', `/invitations?$filter=${filter}`);
    assert.deepEqual(body, { value: [] });
    assert.deepEqual(await guests().find('b', id), before);
    const token = await world.tokenOf();
    for (const path of ['/invitations', `/invitations/${id}`]) {
      assert.equal((await world.send('GET', path, { tenant: 'b', token })).status, 401);
    }
    assert.equal(mailsTo(address), 0);
  });

  it('S64 leaves a line for what was done, and by whom', async () => {
    const { id } = await create(someone());
    await resend(id);
    await world.send('DELETE', `/invitations/${id}`);
    await world.server.guests.parts.log.flush();
    const filter = encodeURIComponent(`userId eq '${id}'`);
    const { body } = await world.send('GET', `/auditLogs/directoryAudits?$filter=${filter}`);
    assert.deepEqual(
      (body as Entries).value.map((entry) => [
        entry['activityDisplayName'],
        entry['result'],
        entry['initiatedBy'],
      ]),
      [
        ['invitation.withdraw', 'done'],
        ['invitation.resend', 'invited_again'],
        ['invitation.create', 'invited'],
      ].map((line) => [...line, { displayName: 'application ops' }]),
    );
  });
});
