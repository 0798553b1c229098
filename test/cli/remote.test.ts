import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { tailAudit } from '../../src/cli/audit.ts';
import { inviteList } from '../../src/cli/bulk-invite.ts';
import { explain } from '../../src/cli/explain.ts';
import { changeGuest, showGuest } from '../../src/cli/guests.ts';
import { resendInvitation, revokeInvitation } from '../../src/cli/invitations.ts';
import { invite } from '../../src/cli/invite.ts';
import { listGuests, listInvitations } from '../../src/cli/list.ts';
import type { Output } from '../../src/cli/output.ts';
import { RemoteError } from '../../src/cli/remote-error.ts';
import { readRemotePlace } from '../../src/cli/remote-place.ts';
import { resetGuest } from '../../src/cli/reset.ts';
import { endOf } from '../../src/cli/run.ts';
import { revokeSessions } from '../../src/cli/sessions.ts';
import type { GuestChange, PlaceOptions } from '../../src/cli/tenant-admin.ts';
import { setTenant } from '../../src/cli/tenant-set.ts';
import { showTenant } from '../../src/cli/tenant-show.ts';
import { type AdminWorld, startAdminWorld } from '../support/admin-api.ts';
import { CALLBACK, freePort, secretOf } from '../support/world.ts';
import { listen, listenJson, type Said } from './said.ts';

const NAMES = ['GUESTPASS_CLIENT_ID', 'GUESTPASS_CLIENT_SECRET', 'GUESTPASS_TOKEN'];

function as(env: Readonly<Record<string, string>>): void {
  for (const name of NAMES) delete process.env[name];
  Object.assign(process.env, env);
}
/** What a command says, however it ends. */
function say(work: (output: Output) => Promise<number>, heard = listen): Promise<Said> {
  return heard((output) => endOf(output, () => work(output)));
}

describe('the command line with --url', () => {
  let world: AdminWorld;
  before(async () => {
    world = await startAdminWorld({ tenants: { a: { domains: { block: ['bad.example'] } } } });
  });
  after(() => world.close());
  beforeEach(() => as({ GUESTPASS_CLIENT_ID: 'ops', GUESTPASS_CLIENT_SECRET: secretOf('a') }));
  afterEach(() => as({}));

  const server = (): PlaceOptions => ({ config: 'nowhere', tenant: 'a', url: world.adminUrl });
  const files = (): PlaceOptions => ({ config: world.folder, tenant: 'a' });

  for (const [side, at] of [
    ['files', files],
    ['server', server],
  ] as const) {
    it(`says the same of guests from either side (${side})`, async () => {
      const email = `one@${side}.example`;
      const change = (what: GuestChange) => say((output) => changeGuest(what, email, at(), output));
      const made = await say((output) =>
        invite(email, { ...at(), mail: false, name: 'One', redirect: CALLBACK }, output),
      );
      assert.match(made.out, new RegExp(`^${email} {2}invited {2}a {2}http\\S+ticket=\\S+$`));
      const listed = await say((output) => listGuests({ ...at(), limit: '1000' }, output));
      assert.match(
        listed.out,
        new RegExp(`^${email}\tPendingAcceptance\t-\t20\\S+Z\t-\tOne$`, 'm'),
      );
      const open = await say((output) => listInvitations({ ...at(), limit: '1000' }, output));
      assert.match(open.out, new RegExp(`^${email}\topen\t20\\S+Z\t20\\S+Z\t-$`, 'm'));
      const sent = await say((output) => resendInvitation(email, at(), output));
      assert.match(sent.out, new RegExp(`^${email} {2}invited again {2}a {2}http`));
      assert.equal((await change('block')).out, `${email}  blocked  a`);
      const shown = await say((output) => showGuest(email, at(), output));
      assert.match(shown.out, /^ {2}so far {11}invited 20\S+Z; .* ends 20\S+Z; blocked 20\S+Z$/m);
      assert.match(
        shown.out,
        /^ {2}mails {12}20\S+Z {2}invitation {2}(?:waiting|accepted 20\S+Z)$/m,
      );
      assert.equal((await change('unblock')).out, `${email}  unblocked  a`);
      const ended = await say((output) => revokeSessions(email, at(), output));
      assert.equal(ended.out, `${email}  sessions revoked  a`);
      const again = await say((output) => resetGuest(email, { ...at(), mail: false }, output));
      assert.match(again.out, new RegExp(`^${email} {2}(?:reset|invited(?: again)?) {2}a {2}http`));
      const back = await say((output) => revokeInvitation(email, at(), output));
      assert.equal(back.out, `${email}  revoked  a`);
      const gone = await change('remove');
      assert.deepEqual([gone.code, gone.err], [1, `${email}  not_invited  is no guest of a`]);
      assert.equal((await change('restore')).out, `${email}  restored  a`);
      assert.equal((await change('remove')).out, `${email}  removed  a`);
    });

    it(`gives programs the same from either side (${side})`, async () => {
      const { address } = await world.invite(`two@${side}.example`);
      const shown = await say((output) => showGuest(address, at(), output), listenJson);
      const [value]: Record<string, unknown>[] = JSON.parse(shown.out);
      assert.deepEqual(
        [value?.['state'], value?.['method'], value?.['kind'], value?.['blockedAt']],
        ['Accepted', 'emailOneTimePasscode', 'invited', null],
      );
      assert.match(String(value?.['redeemedAt']), /^20\S+Z$/);
      assert.deepEqual(value?.['mails'], []);
      const options = { ...at(), limit: '1000', method: 'emailOneTimePasscode' } as const;
      const listed = await say((output) => listGuests(options, output), listenJson);
      assert.match(listed.out, new RegExp(`"${address}"`));
      const asked = { ...at(), email: address, arrival: 'direct' } as const;
      const why = await say((output) => explain(asked, output), listenJson);
      assert.deepEqual([why.code, JSON.parse(why.out).decision.row], [0, '4c']);
      const taken = await say((output) => revokeInvitation(address, at(), output), listenJson);
      assert.deepEqual([taken.code, JSON.parse(taken.out).error.code], [1, 'guest_already']);
    });

    it(`R73 refuses a domain with the same words (${side})`, async () => {
      const said = await say((output) =>
        invite('x@bad.example', { ...at(), mail: false, redirect: CALLBACK }, output),
      );
      assert.equal(said.code, 1);
      assert.match(said.err, /^x@bad\.example {2}domain_not_allowed {2}/m);
    });

    it(`R60 invites a file, foreseen before, each once (${side})`, async () => {
      const rows = [`c1@${side}.example,C`, 'x@bad.example,', `C1@${side}.example,`];
      const file = join(world.folder, `${side}.csv`);
      await writeFile(file, ['email,displayName', ...rows].join('\n'));
      const options = { ...at(), mail: false, redirect: CALLBACK };
      const foreseen = await say((output) =>
        inviteList(file, { ...options, dryRun: true }, output),
      );
      assert.equal(foreseen.out, '1 invited  1 duplicate  1 failed  nothing was changed');
      const done = await say((output) => inviteList(file, options, output), listenJson);
      const { invited, duplicate, failed, rows: total } = JSON.parse(done.out);
      assert.deepEqual([done.code, invited, duplicate, failed, total], [1, 1, 1, 1, 3]);
      assert.match(done.err, /csv:3 {2}x@bad\.example {2}domain_not_allowed$/m);
    });
  }

  it('gives a row whose end nobody wrote down its link again, and invites it once', async () => {
    const file = join(world.folder, 'cut.csv');
    const rows = ['cut1@partner.example', 'cut2@partner.example'].map(
      (row) => `${row},${CALLBACK}`,
    );
    await writeFile(file, ['email,redirectUrl', ...rows].join('\n'));
    const options = { ...server(), mail: true };
    await say((output) => inviteList(file, options, output));
    const results = `${file}.result.csv`;
    const text = await readFile(results, 'utf8');
    const [heading = '', first = '', second = ''] = text.split('\n');
    await writeFile(results, `${heading}\n${first}\n${second.split(',').slice(0, 3).join()},`);
    const said = await say((output) => inviteList(file, { ...options, resume: true }, output));
    assert.equal(said.code, 0, said.err);
    assert.equal(await readFile(results, 'utf8'), text);
    await world.relay.nextMail('cut2@partner.example');
    const mails = world.relay.messages.filter(({ recipients }) =>
      recipients.includes('cut2@partner.example'),
    );
    assert.equal(mails.length, 1);
    assert.equal(parse(text).length, 3);
  });

  it('R60 refuses what leads nowhere, and what an application may not say, before it asks', async () => {
    const bring = (more: object) =>
      say((output) => invite('no@partner.example', { ...server(), mail: false, ...more }, output));
    assert.match((await bring({})).err, /--url needs --redirect/);
    const message = await bring({ redirect: CALLBACK, message: 'Hi', invitedBy: 'ana@a.example' });
    assert.deepEqual([message.code, /do not go with --url/.test(message.err)], [2, true]);
    const file = join(world.folder, 'nowhere.csv');
    await writeFile(file, 'email,message\nno@partner.example,Hi\n');
    const rows = await say((output) => inviteList(file, { ...server(), mail: false }, output));
    assert.deepEqual([rows.code, /csv:2 {2}redirectUrl {2}missing/.test(rows.err)], [1, true]);
    const actor = { ...server(), actor: 'ana' };
    const named = await say((output) => revokeSessions('no@partner.example', actor, output));
    assert.deepEqual([named.code, /--actor does not go with --url/.test(named.err)], [2, true]);
    const moved = { ...server(), mail: false, newAddress: 'x@partner.example' };
    assert.equal((await say((output) => resetGuest('no@partner.example', moved, output))).code, 2);
  });

  it('R41 asks before guests are locked out, and sets it after a yes', async () => {
    await world.invite('otp@partner.example');
    const set = (yes: boolean, text = 'disabled', answer?: boolean) =>
      say((output) =>
        setTenant('emailOneTimePasscode', text, { ...server(), yes, dryRun: false }, output, () =>
          Promise.resolve(answer),
        ),
      );
    const nobody = await set(false);
    assert.equal(nobody.code, 1);
    assert.match(
      nobody.err,
      /guests? redeemed by passcode could no longer sign in: [^]*\nNothing was changed; add --yes/,
    );
    assert.equal((await set(false, 'disabled', false)).code, 1);
    const shown = await say((output) => showTenant(server(), output), listenJson);
    assert.equal(JSON.parse(shown.out).emailOneTimePasscode, 'default');
    const done = await set(false, 'disabled', true);
    assert.deepEqual([done.code, done.out], [0, 'a  emailOneTimePasscode  set']);
    assert.equal((await set(false)).out, 'a  emailOneTimePasscode  is so already');
    assert.equal((await set(true, 'null')).out, 'a  emailOneTimePasscode  set');
    const other = await say((output) =>
      setTenant('displayName', 'X', { ...server(), yes: true, dryRun: false }, output),
    );
    assert.deepEqual([other.code, /needs the files/.test(other.err)], [2, true]);
  });

  it('S64 tells what happened, and follows', async () => {
    await say((output) =>
      invite('seen@partner.example', { ...server(), mail: false, redirect: CALLBACK }, output),
    );
    const stop = new AbortController();
    const lines: string[] = [];
    const options = { ...server(), limit: '5', event: 'invitation.', follow: true };
    const { promise, resolve } = Promise.withResolvers<void>();
    const watch = (line: string): void => {
      lines.push(line);
      if (lines.length === 1) resolve();
      if (line.includes('invitation.withdraw')) stop.abort();
    };
    const tailing = tailAudit(
      { ...options, email: 'seen@partner.example' },
      { say: watch, warn: () => undefined },
      stop.signal,
    );
    await promise;
    await say((output) => revokeInvitation('seen@partner.example', server(), output));
    assert.equal(await tailing, 0);
    assert.match(lines[0]!, /^20\S+Z {2}a {2}invitation\.create {2}invited {2}application ops {2}/);
    assert.match(lines.at(-1)!, /invitation\.withdraw {2}done {2}application ops/);
    assert.equal(new Set(lines).size, lines.length);
  });

  it('S33 is told that a token of another tenant, or a wrong secret, is worth nothing', async () => {
    const options = { ...server(), limit: '1' };
    const show = () => say((output) => listGuests(options, output), listenJson);
    as({ GUESTPASS_TOKEN: await world.tokenOf(undefined, 'b') });
    const other = await show();
    assert.deepEqual([other.code, JSON.parse(other.out).error.code], [1, 'invalid_token']);
    as({ GUESTPASS_CLIENT_ID: 'ops', GUESTPASS_CLIENT_SECRET: secretOf('b') });
    const wrong = await show();
    assert.deepEqual([wrong.code, JSON.parse(wrong.out).error.code], [1, 'invalid_client']);
    assert.doesNotMatch(wrong.out + wrong.err, new RegExp(secretOf('b')));
  });

  it('R44 names the scope that is missing', async () => {
    as({ GUESTPASS_TOKEN: await world.tokenOf('guests.read') });
    const { id, address } = await world.invite('scope@partner.example');
    const said = await say((output) => changeGuest('block', address, server(), output));
    assert.deepEqual([said.code, /the scope guests\.manage;/.test(said.err)], [1, true]);
    assert.equal((await world.server.guests.parts.store.guests.find('a', id))?.blockedAt, null);
  });

  it('ends with 3 where nobody listens, and with 1 where somebody else does', async () => {
    const down = await listAt(`http://127.0.0.1:${await freePort()}`);
    assert.deepEqual([down.code, /cannot be reached: ECONNREFUSED/.test(down.err)], [3, true]);
    const other: Server = createServer((_, response) => response.end('hello'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const wrong = await listAt(`http://127.0.0.1:${port}`);
    assert.deepEqual([wrong.code, /is no admin listener/.test(wrong.err)], [1, true]);
    other.close();
    assert.match((await listAt(world.adminUrl, 'nobody')).err, /there is no tenant nobody at /);
  });

  it('S65 sends no token where a redirect or a next page leads', async () => {
    const seen: string[] = [];
    const thief = createServer((request, response) => {
      seen.push(`${request.url} ${request.headers.authorization ?? ''}`);
      response.end('{}');
    });
    await new Promise<void>((resolve) => thief.listen(0, '127.0.0.1', resolve));
    const elsewhere = `http://127.0.0.1:${(thief.address() as AddressInfo).port}/x`;
    const user = { id: 'i', mail: 'a@b.example', creationType: 'Invitation', accountEnabled: true };
    const state = {
      externalUserState: 'Accepted',
      externalUserStateChangeDateTime: '2026-01-01T00:00:00Z',
    };
    let asked = 0;
    const trap = createServer((request, response) => {
      asked += 1;
      if (request.url?.includes('trap')) response.writeHead(302, { location: elsewhere }).end();
      else
        response.end(
          JSON.stringify({
            value: [{ ...user, ...state }],
            '@odata.nextLink': `${elsewhere}?$skiptoken=trap`,
          }),
        );
    });
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
    as({ GUESTPASS_TOKEN: 'precious' });
    const url = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`;
    const said = await say((output) =>
      listGuests({ config: '', tenant: 'a', url, limit: '9' }, output),
    );
    assert.equal(said.code, 3);
    assert.ok(asked >= 2);
    assert.deepEqual(seen, []);
    for (const opened of [thief, trap]) {
      opened.closeAllConnections();
      opened.close();
    }
  });
});

function listAt(url: string, tenant = 'a'): Promise<Said> {
  return say((output) => listGuests({ config: '', tenant, url, limit: '1' }, output));
}

function place(
  url: string,
  tenant = 'a',
  env: Readonly<Record<string, string>> = { GUESTPASS_TOKEN: 't' },
): ReturnType<typeof readRemotePlace> {
  return readRemotePlace({ url, tenant }, env);
}

describe('readRemotePlace', () => {
  it('S56 refuses to send a secret in clear, or to take one from the command line', () => {
    const read = (...given: Parameters<typeof place>): string => {
      const wrong = place(...given);
      return typeof wrong === 'string' ? wrong : 'fine';
    };
    assert.match(read('http://admin.guest.example'), /in clear/);
    assert.match(read('http://127.0.0.1.evil.example'), /in clear/);
    assert.match(read('https://ops:secret@admin.example'), /environment/);
    assert.doesNotMatch(read('https://ops:secret@admin.example'), /secret@/);
    assert.match(read('ftp://admin.example'), /not a web address/);
    assert.match(read('https://admin.example', 'a.example'), /by its id/);
    assert.match(read('https://admin.example', 'a', {}), /set GUESTPASS_CLIENT_ID/);
    assert.deepEqual(place('https://admin.example/guests/'), {
      base: 'https://admin.example/guests',
      tenant: 'a',
      credentials: { token: 't' },
    });
    assert.equal(read('http://[::1]:3001'), 'fine');
  });
});

describe('RemoteError', () => {
  it('says whether nobody answered', () => {
    assert.deepEqual(
      [new RemoteError('x', 'y').isUnreachable, new RemoteError('x', 'y', true).isUnreachable],
      [false, true],
    );
  });
});
