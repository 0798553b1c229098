// The admin API by Microsoft's own client, pointed at it by base URL.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request as httpRequest } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { Client, GraphError } from '@microsoft/microsoft-graph-client';
import { type AdminWorld, startAdminWorld } from '../support/admin-api.ts';
import { createSigningKey } from '../support/certificate.ts';
import { type Answer, hidden, Jar } from '../support/jar.ts';
import { CALLBACK, stores } from '../support/world.ts';

interface Users {
  readonly value: readonly { readonly id: string; readonly externalUserState: string }[];
  readonly '@odata.nextLink'?: string;
}

const EMAIL = '/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/email';

const REMOVED = '/directory/deletedItems';

/** TLS in front of the listener: the client shows its token to https alone. */
async function startTls({ adminUrl }: AdminWorld): Promise<{ server: Server; url: string }> {
  const now = Math.floor(Date.now() / 1000);
  const { privateKey, certificate } = createSigningKey(now - 60, now + 3600, 2048, 'localhost');
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  setDefaultCACertificates([...getCACertificates('bundled'), certificate]);
  const server = createServer({ key, cert: certificate }, (request, response) => {
    const headers = { ...request.headers, 'x-forwarded-proto': 'https' };
    const url = `${adminUrl}${request.url}`;
    const passed = httpRequest(url, { method: request.method ?? 'GET', headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return { server, url: `https://localhost:${(server.address() as AddressInfo).port}` };
}

for (const store of stores) {
  describe(`the admin API by the Graph client (${store})`, () => {
    let world: AdminWorld;
    let graph: Client;
    let tls: Server;

    before(async () => {
      world = await startAdminWorld({ store });
      const { server, url } = await startTls(world);
      tls = server;
      const token = await world.tokenOf();
      graph = Client.init({
        baseUrl: `${url}/a`,
        customHosts: new Set(['localhost']),
        authProvider: (done) => done(null, token),
      });
    });
    after(async () => {
      setDefaultCACertificates(getCACertificates('bundled'));
      tls.closeAllConnections();
      tls.close();
      await world.close();
    });

    it('R60 R61 creates an invitation, and the guest with it', async () => {
      const invitation = await graph.api('/invitations').post({
        invitedUserEmailAddress: 'Teri@partner.example',
        inviteRedirectUrl: CALLBACK,
      });
      assert.equal(invitation.status, 'PendingAcceptance');
      assert.match(invitation.inviteRedeemUrl, /\/a\/invitation\?ticket=/);
      const user = await graph.api(`/users/${invitation.invitedUser.id}`).get();
      assert.equal(user.mail, 'Teri@partner.example');
      assert.equal(user.externalUserState, 'PendingAcceptance');
      const landing = await new Jar().get(invitation.inviteRedeemUrl);
      assert.equal(landing.status, 303);
    });

    it('R69 lists guests in parts, by the links it is given', async () => {
      for (const name of ['ana', 'ben', 'cleo']) await world.invite(`${name}@partner.example`);
      const filter = "userType eq 'Guest' and externalUserState eq 'Accepted'";
      const first: Users = await graph.api('/users').filter(filter).top(2).get();
      assert.equal(first.value.length, 2);
      const rest: Users = await graph.api(first['@odata.nextLink'] ?? '').get();
      assert.equal(rest.value.length, 1);
      assert.equal(rest['@odata.nextLink'], undefined);
      const ids = [...first.value, ...rest.value].map(({ id }) => id);
      assert.equal(new Set(ids).size, 3);
    });

    it('R68 resets a guest, who keeps the id and redeems again', async () => {
      const { id } = await world.invite('dora@partner.example');
      const invitation = await graph.api('/invitations').post({
        invitedUserEmailAddress: 'dora@partner.example',
        inviteRedirectUrl: CALLBACK,
        resetRedemption: true,
        invitedUser: { id },
      });
      assert.equal(invitation.invitedUser.id, id);
      const user = await graph.api(`/users/${id}`).get();
      assert.equal(user.externalUserState, 'PendingAcceptance');
      assert.deepEqual(user.identities, []);
    });

    it('R36 R41 R44 flips the passcode setting once told whom that locks out, and back', async () => {
      const setting = async () => (await graph.api(EMAIL).get()).allowExternalIdToUseEmailOtp;
      const readFileOf = () => readFile(join(world.folder, 'tenants', 'a.yaml'), 'utf8');
      await world.invite('evi@partner.example');
      const redeemed = await graph
        .api('/users')
        .filter("externalUserState eq 'Accepted'")
        .top(999)
        .get();
      const count: number = redeemed.value.length;
      const before = await readFileOf();
      const change = { allowExternalIdToUseEmailOtp: 'disabled' };
      await assert.rejects(graph.api(EMAIL).patch(change), (error) => {
        assert(error instanceof GraphError);
        assert.equal(error.statusCode, 409);
        const said = `${count} guests redeemed by passcode could no longer sign in: passcodes are off`;
        assert.ok(error.message.startsWith(said), error.message);
        const { innerError } = JSON.parse(String(error.body));
        assert.equal(innerError.code, 'locks_out_guests');
        assert.equal(innerError.lockOuts[0].count, count);
        return true;
      });
      assert.equal(await setting(), 'default');
      assert.equal(await readFileOf(), before);
      await graph.api(EMAIL).query({ lockOut: 'accept' }).patch(change);
      assert.equal(await setting(), 'disabled');
      assert.match(await readFileOf(), /^emailOneTimePasscode: disabled$/m);
      const refused = await signInPage('evi@partner.example');
      assert.match(refused.text, /no longer allows sign-in with an email code/);
      assert.doesNotMatch(refused.text, /\/send"/);
      await graph.api(EMAIL).patch({ allowExternalIdToUseEmailOtp: 'default' });
      assert.equal(await setting(), 'default');
      const welcome = await signInPage('evi@partner.example');
      assert.match(welcome.text, /\/send"/);
    });

    it('R60 R61 finds, mails again and withdraws an invitation', async () => {
      const address = 'gus@partner.example';
      const order = { invitedUserEmailAddress: address, inviteRedirectUrl: CALLBACK };
      const { id } = await graph.api('/invitations').post(order);
      const filter = `invitedUserEmailAddress eq '${address}'`;
      const found = await graph.api('/invitations').filter(filter).get();
      assert.deepEqual(
        found.value.map((shown: { id: string; inviteRedeemUrl: null }) => [
          shown.id,
          shown.inviteRedeemUrl,
        ]),
        [[id, null]],
      );
      const sent = await graph.api(`/invitations/${id}/resend`).post({});
      const mail = await world.relay.nextMail(address);
      assert.ok(mail.parsed.text?.includes(sent.inviteRedeemUrl));
      await graph.api(`/invitations/${id}`).delete();
      await assert.rejects(graph.api(`/invitations/${id}`).get(), { statusCode: 404 });
    });

    it('R77 brings a removed guest back', async () => {
      const { id } = await world.invite('hana@partner.example');
      await graph.api(`/users/${id}`).delete();
      const removed = await graph.api(`${REMOVED}/microsoft.graph.user`).get();
      assert.ok(removed.value.some((user: { id: string }) => user.id === id));
      const user = await graph.api(`${REMOVED}/${id}/restore`).post({});
      assert.deepEqual([user.id, user.mail], [id, 'hana@partner.example']);
      await graph.api(`/users/${id}`).get();
    });

    /** The page after giving an address. */
    async function signInPage(email: string): Promise<Answer> {
      const jar = new Jar();
      const page = await jar.follow(await jar.get((await world.begin()).url));
      const csrf = hidden(page, 'csrf');
      return jar.follow(await jar.post(`${page.url.href}/address`, { csrf, email }));
    }

    it('S33 understands a refusal: the client reads code, message and request id', async () => {
      const { id } = await world.invite('fay@partner.example', 'b');
      await assert.rejects(graph.api(`/users/${id}`).get(), (error) => {
        assert(error instanceof GraphError);
        assert.equal(error.statusCode, 404);
        assert.equal(error.code, 'Request_ResourceNotFound');
        assert.match(error.requestId ?? '', /^[\w-]{12}$/);
        return true;
      });
    });
  });
}
