import assert from 'node:assert/strict';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { maskEmailAddress } from '../../src/domain/email-address.ts';
import { ADMIN_SCOPES } from '../../src/domain/admin-scope.ts';
import {
  type AdminWorld,
  docsClient,
  opsClient,
  refusalOf,
  startAdminWorld,
} from '../support/admin-api.ts';
import { document, documentText } from '../support/admin-document.ts';
import { adminApiDocument } from '../../src/http/admin-api/openapi.ts';
import { Jar } from '../support/jar.ts';
import { CALLBACK } from '../support/world.ts';

const EMAIL = '/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/email';

interface Invited {
  readonly inviteRedeemUrl: string;
  readonly status: string;
  readonly invitedUser: { readonly id: string };
}

interface Users {
  readonly value: readonly { readonly id: string; readonly mail: string }[];
  readonly '@odata.nextLink'?: string;
}

/** The clause that finds a guest by another address. */
function any(of: string): string {
  return `otherMails/any(m:m eq '${of}')`;
}

function order(address: string, more: object = {}): object {
  return { invitedUserEmailAddress: address, inviteRedirectUrl: CALLBACK, ...more };
}

describe('the admin API', () => {
  let world: AdminWorld;
  let made = 0;
  /** An address nobody has. */
  const someone = (): string => `someone-${(made += 1)}@partner.example`;

  before(async () => {
    world = await startAdminWorld({
      tenants: {
        closed: { invitations: { whoMayInvite: 'guestInviters' } },
        listed: { domains: { allow: ['friend.example'] } },
        narrow: {
          clients: [docsClient('narrow'), opsClient('narrow', ['guests.read'])],
        },
        both: { clients: [docsClient('both', { admin: { scopes: ['guests.read'] } })] },
      },
    });
  });
  after(() => world.close());

  const mailsTo = (address: string) =>
    world.relay.messages.filter(({ recipients }) => recipients.includes(address)).length;

  const inviteOnce = (address: string, key: string, token?: string) =>
    world.send('POST', '/invitations', {
      json: order(address, { sendInvitationMessage: true }),
      headers: { 'idempotency-key': key },
      ...(token !== undefined && { token }),
    });
  const sendText = (text: string, type = 'application/json') =>
    world.send('POST', '/invitations', { text, headers: { 'content-type': type } });
  const listOfB = async (query: string) => {
    const on = { tenant: 'b', token: await world.tokenOf(undefined, 'b') };
    return world.send('GET', `/users${query}`, on);
  };
  const mailsOfB = async (filter: string) => {
    const { body } = await listOfB(`?$filter=${encodeURIComponent(filter)}`);
    return (body as Users).value.map(({ mail }) => mail);
  };

  describe('tokens', () => {
    it('S33 takes a token of tenant a for nothing of tenant b', async () => {
      const token = await world.tokenOf();
      assert.equal((await world.send('GET', '/users', { token })).status, 200);
      const answer = await world.send('GET', '/users', { token, tenant: 'b' });
      assert.equal(answer.status, 401);
      assert.equal(refusalOf(answer).code, 'InvalidAuthenticationToken');
      assert.match(answer.headers.get('www-authenticate') ?? '', /invalid_token/);
    });

    it('S33 tells nobody without a token which tenants and paths there are', async () => {
      for (const [tenant, path] of [
        ['a', '/users'],
        ['a', '/nothing'],
        ['nobody', '/users'],
      ] as const) {
        const answer = await world.send('GET', path, { tenant, token: null });
        assert.equal(answer.status, 401);
        // The same words for a tenant that is not there: only its own name stands in them.
        const document = `${world.adminUrl}/.well-known/oauth-protected-resource/${tenant}/v1.0`;
        const challenge = `Bearer resource_metadata="${document}"`;
        assert.equal(answer.headers.get('www-authenticate'), challenge);
      }
    });

    it('R44 takes each scope for its own operations alone', async () => {
      for (const [path, methods] of Object.entries(document.paths)) {
        for (const [method, { security }] of Object.entries(methods)) {
          const needed = security[0]?.application[0];
          const others = ADMIN_SCOPES.filter((scope) => scope !== needed).join(' ');
          const token = await world.tokenOf(others);
          const at = path.replace('{id}', 'x');
          const answer = await world.send(method.toUpperCase(), at, { token });
          assert.equal(answer.status, 403, `${method} ${path}`);
          assert.match(answer.headers.get('www-authenticate') ?? '', new RegExp(`"${needed}"`));
        }
      }
    });

    it('R44 gives a client no scope but those its entry names', async () => {
      const token = await world.tokenOf('guests.read policy.manage', 'narrow');
      const on = { token, tenant: 'narrow' };
      assert.equal((await world.send('GET', '/users', on)).status, 200);
      assert.equal((await world.send('GET', EMAIL, on)).status, 403);
    });

    it('R44 gives no token to a client without an entry for it', async () => {
      await assert.rejects(world.tokenOf('guests.read', 'a', 'docs'), { error: 'invalid_target' });
    });

    it('R44 gives no guest a token of the admin API, not even by a client that may have one', async () => {
      const resource = `${world.publicUrl}/both/v2.0/admin`;
      const begun = await world.begin('both', { resource, scope: 'openid guests.read' });
      const answer = await new Jar().get(begun.url);
      assert.match(answer.location ?? answer.text, /invalid_target/);
    });

    it('S33 takes no token of a client that may administer no more', async () => {
      const { parts } = world.server.guests;
      const token = await world.tokenOf('guests.read', 'narrow');
      const kept = parts.tenants();
      const tenants = [...kept.byId.values()].map((tenant) =>
        tenant.id === 'narrow' ? { ...tenant, clientPolicies: {} } : tenant,
      );
      world.server.guests.replaceTenants(tenants);
      const on = { token, tenant: 'narrow' };
      assert.equal((await world.send('GET', '/users', on)).status, 401);
      world.server.guests.replaceTenants(kept);
      assert.equal((await world.send('GET', '/users', on)).status, 200);
    });

    it('takes neither a token for no resource, nor an ID token, nor text', async () => {
      const issuer = `${world.publicUrl}/a/v2.0`;
      const secret = Buffer.from('ops:secret-of-tenant-a-for-tests-only').toString('base64');
      const given = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${secret}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      });
      const { access_token: plain } = (await given.json()) as { access_token: string };
      for (const token of [plain, 'nonsense', 'a.b.c']) {
        assert.ok(token);
        assert.equal((await world.send('GET', '/users', { token })).status, 401);
      }
    });
  });

  describe('requests', () => {
    it('refuses fields nobody knows, by name', async () => {
      const json = order(someone(), { sendInvitationMesage: true });
      const answer = await world.send('POST', '/invitations', { json });
      assert.equal(answer.status, 400);
      assert.match(refusalOf(answer).message, /sendInvitationMesage/);
    });

    it('S61 takes JSON of at most 16 KiB and nothing else', async () => {
      assert.equal((await sendText('{')).status, 400);
      assert.equal((await sendText('[]')).status, 400);
      assert.equal((await sendText('a=b', 'application/x-www-form-urlencoded')).status, 415);
      const large = JSON.stringify(
        order(someone(), { invitedUserDisplayName: 'x'.repeat(17_000) }),
      );
      assert.equal((await sendText(large)).status, 413);
    });

    it('answers 404 for a path and 405 for a method that is not there', async () => {
      assert.equal((await world.send('GET', '/groups')).status, 404);
      assert.equal((await world.send('DELETE', '/invitations')).status, 405);
      assert.equal((await world.send('GET', '/users/x/y')).status, 404);
    });

    it('names every request, and the refusal in the words of the house', async () => {
      const json = order(someone(), { inviteRedirectUrl: 'https://evil.example/' });
      const answer = await world.send('POST', '/invitations', { json });
      assert.equal(answer.status, 400);
      assert.equal(refusalOf(answer).innerCode, 'redirect_unregistered');
      const { error } = answer.body as { error: { innerError: Record<string, string> } };
      assert.equal(error.innerError['request-id'], answer.headers.get('request-id'));
      assert.match(error.innerError['date'] ?? '', /^\d{4}-\d\d-\d\dT[\d:]{8}Z$/);
    });

    it('leaves paths that are none of its own to others', async () => {
      assert.equal((await fetch(`${world.adminUrl}/livez`)).status, 200);
      assert.equal((await fetch(`${world.adminUrl}/nothing`)).status, 404);
    });

    it('S60 is not there on the public listener', async () => {
      const headers = { authorization: `Bearer ${await world.tokenOf()}` };
      const answer = await fetch(`${world.publicUrl}/a/v1.0/users`, { headers });
      assert.equal(answer.status, 404);
    });
  });

  describe('invitations', () => {
    it('R60 R61 sends no mail unless asked, and makes the guest at once', async () => {
      const address = someone();
      const quiet = await world.send('POST', '/invitations', { json: order(address) });
      assert.equal(quiet.status, 201);
      const invited = quiet.body as Invited;
      assert.equal(invited.status, 'PendingAcceptance');
      const { id } = invited.invitedUser;
      assert.equal((await world.send('GET', `/users/${id}`)).status, 200);
      const loud = await world.send('POST', '/invitations', {
        json: order(address, { sendInvitationMessage: true }),
      });
      assert.equal((loud.body as Invited).invitedUser.id, id);
      const mail = await world.relay.nextMail(address);
      assert.equal(mailsTo(address), 1);
      assert.ok(mail.parsed.text?.includes((loud.body as Invited).inviteRedeemUrl));
    });

    it('R60 refuses an order without a page to lead to, and a member', async () => {
      const json = { invitedUserEmailAddress: someone() };
      assert.equal((await world.send('POST', '/invitations', { json })).status, 400);
      const member = order(someone(), { invitedUserType: 'Member' });
      assert.equal((await world.send('POST', '/invitations', { json: member })).status, 400);
    });

    it('R62 redeems nobody: the state is no field of anything', async () => {
      const address = someone();
      const { id } = await world.invite(address, 'a', 'pending');
      for (const json of [{ externalUserState: 'Accepted' }, { state: 'Accepted' }]) {
        assert.equal((await world.send('PATCH', `/users/${id}`, { json })).status, 400);
      }
      const { body } = await world.send('GET', `/users/${id}`);
      assert.equal((body as { externalUserState: string }).externalUserState, 'PendingAcceptance');
    });

    it('R63 R66 keeps the language asked for, copies one reader, and leaves the message out', async () => {
      const [address, reader] = [someone(), someone()];
      const invitedUserMessageInfo = {
        messageLanguage: 'de-DE',
        customizedMessageBody: 'Please pay at once',
        ccRecipients: [{ emailAddress: { address: reader } }],
      };
      const json = order(address, { sendInvitationMessage: true, invitedUserMessageInfo });
      assert.equal((await world.send('POST', '/invitations', { json })).status, 201);
      const mail = await world.relay.nextMail(address);
      const kept = await world.server.guests.parts.store.guests.findByAddress('a', address);
      assert.equal(kept?.invitation?.language, 'de-DE');
      assert.doesNotMatch(mail.parsed.text ?? '', /Please pay/);
      const copy = await world.relay.nextMail(reader);
      assert.doesNotMatch(copy.parsed.text ?? '', /ticket=/);
      const two = [reader, someone()].map((cc) => ({ emailAddress: { address: cc } }));
      const many = order(someone(), { invitedUserMessageInfo: { ccRecipients: two } });
      assert.equal((await world.send('POST', '/invitations', { json: many })).status, 400);
    });

    it('R75 is refused where only people may invite', async () => {
      const on = { tenant: 'closed', token: await world.tokenOf(undefined, 'closed') };
      const answer = await world.send('POST', '/invitations', { ...on, json: order(someone()) });
      assert.equal(answer.status, 403);
      assert.equal(refusalOf(answer).innerCode, 'inviter_not_allowed');
    });

    it('R73 is refused for a domain the tenant does not take', async () => {
      const on = { tenant: 'listed', token: await world.tokenOf(undefined, 'listed') };
      const answer = await world.send('POST', '/invitations', { ...on, json: order(someone()) });
      assert.equal(answer.status, 403);
      assert.equal(refusalOf(answer).innerCode, 'domain_not_allowed');
    });

    it('R68 resets only with guests.manage, and only the guest named, at an address of theirs', async () => {
      const [address, other] = [someone(), someone()];
      const { id } = await world.invite(address);
      const reset = (of: string, invitedUser: object, token?: string) =>
        world.send('POST', '/invitations', {
          json: order(of, { resetRedemption: true, invitedUser }),
          ...(token !== undefined && { token }),
        });
      assert.equal(
        (await reset(address, { id }, await world.tokenOf('guests.invite'))).status,
        403,
      );
      assert.equal((await reset(other, { id })).status, 400);
      assert.equal((await reset(address, { id: 'nobody' })).status, 404);
      const json = order(address, { resetRedemption: true });
      assert.equal((await world.send('POST', '/invitations', { json })).status, 400);
      const before = await world.server.guests.parts.store.guests.find('a', id);
      assert.equal(before?.state, 'Accepted');
      const done = await reset(address, { id });
      assert.equal(done.status, 201);
      assert.equal((done.body as Invited).invitedUser.id, id);
      assert.equal((await world.server.guests.parts.store.guests.find('a', id))?.method, null);
    });

    it('R68 moves a guest to another address of theirs by a reset', async () => {
      const [address, next] = [someone(), someone()];
      const guest = await world.invite(address);
      const { store } = world.server.guests.parts;
      await store.guests.addAddress('a', guest.id, { address: next, addressKey: next });
      const json = order(next, { resetRedemption: true, invitedUser: { id: guest.id } });
      assert.equal((await world.send('POST', '/invitations', { json })).status, 201);
      const { body } = await world.send('GET', `/users/${guest.id}`);
      assert.equal((body as { mail: string }).mail, next);
    });

    it('R68 resets by the action too, where nobody may invite', async () => {
      const on = { tenant: 'closed', token: await world.tokenOf(undefined, 'closed') };
      const { id } = await world.invite(someone(), 'closed');
      const answer = await world.send('POST', `/users/${id}/resetRedemption`, on);
      assert.equal(answer.status, 200);
      assert.equal((answer.body as Invited).status, 'PendingAcceptance');
    });
  });

  describe('Idempotency-Key', () => {
    it('invites once, and answers the same again', async () => {
      const address = someone();
      const first = await inviteOnce(address, 'once');
      const again = await inviteOnce(address, 'once');
      assert.deepEqual([first.status, again.status], [201, 201]);
      assert.deepEqual(again.body, first.body);
      assert.equal(first.headers.get('idempotency-replayed'), null);
      assert.equal(again.headers.get('idempotency-replayed'), 'true');
      await world.relay.nextMail(address);
      assert.equal(mailsTo(address), 1);
    });

    it('does the work of ten at once one time', async () => {
      const address = someone();
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => inviteOnce(address, 'race')),
      );
      const fresh = answers.filter(
        ({ status, headers }) => status === 201 && headers.get('idempotency-replayed') === null,
      );
      assert.equal(fresh.length, 1);
      assert.ok(answers.every(({ status }) => status === 201 || status === 409));
    });

    it('refuses the key for another request, and knows it of its own client alone', async () => {
      assert.equal((await inviteOnce(someone(), 'mine')).status, 201);
      assert.equal((await inviteOnce(someone(), 'mine')).status, 422);
      assert.equal((await inviteOnce(someone(), '')).status, 201);
      assert.equal((await inviteOnce(someone(), 'x'.repeat(256))).status, 400);
    });

    it('lets a refused request be put right under the same key', async () => {
      const headers = { 'idempotency-key': 'mended' };
      const wrong = order(someone(), { inviteRedirectUrl: 'https://evil.example/' });
      assert.equal(
        (await world.send('POST', '/invitations', { json: wrong, headers })).status,
        400,
      );
      assert.equal((await inviteOnce(someone(), 'mended')).status, 201);
    });

    it('S65 keeps no link in the database that could be read there', async () => {
      const address = someone();
      const { body } = await inviteOnce(address, 'sealed');
      const ticket = new URL((body as Invited).inviteRedeemUrl).searchParams.get('ticket') ?? '';
      assert.ok(ticket.length > 20);
      const file = await readFile(join(world.folder, 'data', 'guestpass.db'), 'latin1');
      const log = await readFile(join(world.folder, 'data', 'guestpass.db-wal'), 'latin1');
      assert.equal((file + log).includes(ticket), false);
      assert.equal((file + log).includes('Idempotency'), true);
    });
  });

  describe('users', () => {
    it('R69 lists by state and address, and no other filter', async () => {
      const [pending, accepted] = [someone(), someone()];
      await world.invite(pending, 'b', 'pending');
      await world.invite(accepted, 'b');
      assert.deepEqual(await mailsOfB("externalUserState eq 'PendingAcceptance'"), [pending]);
      assert.deepEqual(await mailsOfB(`mail eq '${accepted.toUpperCase()}'`), [accepted]);
      const both = `userType eq 'Guest' and externalUserState eq 'Accepted' and mail eq '${pending}'`;
      assert.deepEqual(await mailsOfB(both), []);
      for (const filter of [
        "displayName eq 'x'",
        "userType eq 'Member'",
        "mail ne 'x'",
        "mail eq 'x'",
        "userType eq 'Guest' or mail eq 'a@b.example'",
        "userType eq 'Guest' and userType eq 'Guest'",
        '',
      ]) {
        const answer = await listOfB(`?$filter=${encodeURIComponent(filter)}`);
        assert.equal(answer.status, 400, filter);
      }
    });

    it('R58 finds a guest by another address of theirs', async () => {
      const [address, other] = [someone(), someone()];
      const { id } = await world.invite(address, 'b');
      const { store } = world.server.guests.parts;
      await store.guests.addAddress('b', id, { address: other, addressKey: other });
      assert.deepEqual(await mailsOfB(any(other.toUpperCase())), [address]);
      assert.deepEqual(await mailsOfB(`otherMails/any(mail : mail eq '${other}')`), [address]);
      assert.deepEqual(await mailsOfB(`userType eq 'Guest' and ${any(other)}`), [address]);
      assert.deepEqual(await mailsOfB(any(address)), []);
      assert.deepEqual(await mailsOfB(`mail eq '${other}'`), []);
      for (const filter of [
        `otherMails/any(m:x eq '${other}')`,
        `otherMails eq '${other}'`,
        `mail/any(m:m eq '${other}')`,
        `otherMails/all(m:m eq '${other}')`,
        "otherMails/any(m:m eq 'x')",
      ]) {
        const answer = await listOfB(`?$filter=${encodeURIComponent(filter)}`);
        assert.equal(answer.status, 400, filter);
      }
    });

    it('R69 takes $top from 1 to 999 and refuses what it does not know', async () => {
      assert.equal((await listOfB('?$top=999')).status, 200);
      for (const query of ['?$top=0', '?$top=1000', '?$top=x', '?$select=id', '?$top=1&$top=2']) {
        assert.equal((await listOfB(query)).status, 400, query);
      }
      assert.equal((await listOfB('?$skiptoken=%27')).status, 400);
    });

    it('S33 shows and touches no guest of another tenant', async () => {
      const { id } = await world.invite(someone(), 'b');
      const { store } = world.server.guests.parts;
      const before = await store.guests.find('b', id);
      for (const [method, path, json] of [
        ['GET', '', undefined],
        ['PATCH', '', { accountEnabled: false }],
        ['DELETE', '', undefined],
        ['POST', '/resetRedemption', {}],
        ['POST', '/revokeSignInSessions', undefined],
      ] as const) {
        const answer = await world.send(method, `/users/${id}${path}`, { json });
        assert.equal(answer.status, 404, `${method} ${path}`);
      }
      const reset = order(someone(), { resetRedemption: true, invitedUser: { id } });
      assert.equal((await world.send('POST', '/invitations', { json: reset })).status, 404);
      assert.deepEqual(await store.guests.find('b', id), before);
      const { body } = await world.send('GET', '/users?$top=999');
      assert.ok((body as Users).value.every((user) => user.id !== id));
    });

    it('T84 blocks, renames, unblocks and removes', async () => {
      const { id } = await world.invite(someone());
      const change = (json: object) => world.send('PATCH', `/users/${id}`, { json });
      const user = async () => (await world.send('GET', `/users/${id}`)).body;
      assert.equal((await change({ accountEnabled: false, displayName: 'Teri' })).status, 204);
      const blocked = (await user()) as { accountEnabled: boolean; displayName: string };
      assert.deepEqual([blocked.accountEnabled, blocked.displayName], [false, 'Teri']);
      assert.equal((await change({ accountEnabled: true })).status, 204);
      assert.equal(((await user()) as { accountEnabled: boolean }).accountEnabled, true);
      assert.equal((await change({ displayName: 'https://evil.example' })).status, 400);
      assert.equal((await world.send('DELETE', `/users/${id}`)).status, 204);
      assert.equal((await world.send('GET', `/users/${id}`)).status, 404);
      assert.equal((await world.send('DELETE', `/users/${id}`)).status, 404);
    });

    it('T84 ends the session of a guest, who may sign in anew', async () => {
      const address = someone();
      const { id } = await world.invite(address);
      const jar = new Jar();
      await world.signIn(jar, await world.begin(), address);
      const again = async () => jar.get((await world.begin('a', { prompt: 'none' })).url);
      assert.match((await again()).location ?? '', /[?&]code=/);
      const answer = await world.send('POST', `/users/${id}/revokeSignInSessions`);
      assert.deepEqual(answer.body, { value: true });
      assert.match((await again()).location ?? '', /login_required/);
    });
  });

  describe('audit logs', () => {
    interface Entries {
      readonly value: readonly Record<string, unknown>[];
      readonly '@odata.nextLink'?: string;
    }
    const entries = async (path: string) => {
      await world.server.guests.parts.log.flush();
      return (await world.send('GET', path)).body as Entries;
    };

    it('S64 tells who did what to a guest, newest first, a part at a time', async () => {
      const address = someone();
      const invited = await world.send('POST', '/invitations', { json: order(address) });
      const { id } = (invited.body as Invited).invitedUser;
      await world.send('PATCH', `/users/${id}`, { json: { accountEnabled: false } });
      const path = `/auditLogs/directoryAudits?$filter=${encodeURIComponent(`userId eq '${id}'`)}`;
      const told = await entries(path);
      const events = told.value.map(({ activityDisplayName }) => activityDisplayName);
      assert.deepEqual(events, ['guest.block', 'invitation.create']);
      assert.deepEqual(told.value[0]?.['initiatedBy'], { displayName: 'application ops' });
      const first = await entries(`${path}&$top=1`);
      const link = new URL(first['@odata.nextLink'] ?? '');
      const rest = await entries(`${link.pathname.replace('/a/v1.0', '')}${link.search}`);
      assert.deepEqual([...first.value, ...rest.value], told.value);
      assert.equal(rest['@odata.nextLink'], undefined);
    });

    it('S64 S65 tells of sign-ins with masked addresses, of its own tenant alone', async () => {
      const address = someone();
      await world.invite(address);
      await world.signIn(new Jar(), await world.begin(), address);
      const { value } = await entries('/auditLogs/signIns');
      const finished = value.find((entry) => entry['mail'] === maskEmailAddress(address));
      assert.ok(finished);
      assert.equal(JSON.stringify(value).includes(address), false);
      const on = { tenant: 'listed', token: await world.tokenOf(undefined, 'listed') };
      const other = await world.send('GET', '/auditLogs/signIns', on);
      assert.deepEqual(other.body, { value: [] });
    });

    it('refuses filters nobody knows', async () => {
      const answer = await world.send('GET', "/auditLogs/signIns?$filter=appId eq 'x'");
      assert.equal(answer.status, 400);
    });
  });

  it('is described by docs/openapi.json (else: npm run schema)', () => {
    assert.equal(documentText, adminApiDocument());
    assert.equal(document.openapi, '3.1.0');
  });
});
