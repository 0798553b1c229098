import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { explain, type ExplainOptions } from '../../src/cli/explain.ts';
import { invite } from '../../src/cli/invite.ts';
import { parseEmailAddress } from '../../src/domain/email-address.ts';
import { createDirectory } from '../../src/guests/directory.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Guest, GuestBinding, Store } from '../../src/storage/store.ts';
import { lookupOf, oidcOf, startPlace } from '../support/places.ts';
import { runCommand } from '../support/processes.ts';
import type { UpstreamOidc } from '../support/upstream-oidc.ts';
import { CALLBACK, createInstallation, type Installation } from '../support/world.ts';
import { soundEnv, soundSettings, soundTenant, writeFolder } from '../settings/config-folder.ts';
import { listen, listenJson } from './said.ts';

const INVITED = Date.UTC(2021, 10, 20) / 1000;
const BY_PASSCODE: GuestBinding = {
  method: 'emailOneTimePasscode',
  connection: null,
  identity: null,
  idp: 'mail',
};

describe('guestpass explain', () => {
  let installation: Installation;
  let store: Store;
  let file: string;
  let consumer: UpstreamOidc;
  let home: UpstreamOidc;

  before(async () => {
    consumer = await startPlace('Consumer', 'olga@outlook.example');
    home = await startPlace('Home');
    home.addAccount({
      address: 'gerda@home.example',
      userPrincipalName: 'g@home.example',
      aliases: ['gerda@home.example'],
    });
    const consumerAccounts = {
      displayName: 'Consumer',
      oidc: oidcOf(consumer),
      members: lookupOf(consumer),
    };
    installation = await createInstallation({
      tenants: {
        a: {
          consumerAccounts,
          homeDirectories: [
            {
              id: 'home',
              displayName: 'Home',
              domains: ['home.example'],
              oidc: oidcOf(home),
              members: lookupOf(home),
            },
          ],
        },
        b: {
          consumerAccounts,
          redemption: { era: 'staged', rolloutAt: '2022-01-15T00:00:00Z' },
          clients: ['docs', 'open', 'strict'].map((client_id) => ({
            client_id,
            redirect_uris: [CALLBACK],
            client_secret: 'secret-of-a-client-for-tests-only-00',
            ...(client_id === 'open' ? { guests: { selfServiceSignUp: true } } : {}),
            ...(client_id === 'strict' ? { guests: { emailOneTimePasscode: false } } : {}),
          })),
        },
        gov: { redemption: { cloud: 'gov' } },
      },
    });
    file = installation.database.slice('sqlite:'.length);
    store = await openStore({ kind: 'sqlite', file });
  });
  after(async () => {
    await store.close();
    await installation.remove();
    await Promise.all([consumer, home].map((place) => place.stop()));
  });

  const ask = (
    tenant: string,
    email: string,
    more: Partial<ExplainOptions> = {},
    heard = listen,
  ) => {
    const options = { arrival: 'direct', ...more } as const;
    return heard((output) =>
      explain({ config: installation.folder, tenant, email, ...options }, output),
    );
  };

  async function addGuest(tenant: string, text: string, binding?: GuestBinding): Promise<Guest> {
    const directory = createDirectory({ store, clock: () => INVITED });
    const address = parseEmailAddress(text)!;
    const invitedBy = 'ana@a.example';
    const { guest } = await directory.invite({ tenant, address, invitedBy });
    if (binding) await directory.redeem(guest, binding);
    return guest;
  }

  it('R6 says whom it found, what is set, which row decides and what would change it', async () => {
    await addGuest('a', 'Teri@gmail.com', BY_PASSCODE);
    const { code, out } = await ask('a.example', 'teri@gmail.com', { at: '2026-01-01T00:00:00Z' });
    assert.equal(code, 0);
    const lines = out.split('\n');
    assert.deepEqual(lines.slice(0, 6), [
      'tenant   a (Tenant A)',
      'address  teri@gmail.com',
      'guest    invited 2021-11-20T00:00:00Z by ana@a.example; redeemed 2021-11-20T00:00:00Z by emailOneTimePasscode',
      'setting  emailOneTimePasscode: default → on',
      'moment   2026-01-01T00:00:00Z, direct',
      '',
    ]);
    assert.deepEqual(
      lines.filter((line) => line.startsWith('→')),
      [
        '→ 4c  pass  R6   redeemed by passcode: stays with it until a reset: redeemed by emailOneTimePasscode',
      ],
    );
    assert.ok(lines.includes('  0a  fail  R14  no tenant was named: the tenant was found'));
    assert.ok(lines.includes('Row 4c (R6): comes in by emailOneTimePasscode'));
    assert.deepEqual(lines.slice(lines.indexOf('What would change it:') + 1), [
      '  reset the guest, who then redeems anew: guestpass guests reset teri@gmail.com --tenant a',
      '  turn the passcode off: emailOneTimePasscode: disabled',
    ]);
  });

  it('R13 says that a stranger gets in nowhere, and by which command they would', async () => {
    const { code, out } = await ask('a', 'nobody@somewhere.example');
    assert.equal(code, 1);
    assert.match(out, /^guest {4}nobody$/m);
    assert.match(out, /^→ 2a {2}pass /m);
    assert.match(out, /^Row 2a \(R13\): refused, not_invited$/m);
    assert.match(out, /guestpass invite nobody@somewhere\.example --tenant a$/m);
  });

  it('R12 R14 explains what names no tenant by row 0', async () => {
    const unknown = await ask('nowhere', 'teri@gmail.com');
    assert.equal(unknown.code, 1);
    assert.match(unknown.out, /^tenant {3}nowhere \(there is none\)$/m);
    assert.match(unknown.out, /^→ 0b {2}pass /m);
    const missing = await ask('common', 'teri@gmail.com');
    assert.equal(missing.code, 1);
    assert.match(missing.out, /^→ 0a {2}pass /m);
  });

  it('R37 judges by the moment it is told, the end of an invitation too', async () => {
    await addGuest('b', 'soon@partner.example');
    const before = await ask('b', 'soon@partner.example', { at: '2022-01-14T23:59:59Z' });
    assert.match(
      before.out,
      /^setting {2}emailOneTimePasscode: default → off until 2022-01-15T00:00:00Z$/m,
    );
    assert.match(before.out, /^→ 13a {1}pass /m);
    assert.match(before.out, /comes in by a new consumerAccount at consumer$/m);
    // The same instant, told by somebody further east.
    const after = await ask('b', 'soon@partner.example', { at: '2022-01-15T01:00:00+01:00' });
    assert.match(
      after.out,
      /^setting {2}emailOneTimePasscode: default → on since 2022-01-15T00:00:00Z$/m,
    );
    assert.match(after.out, /^→ 9 {3}pass /m);
    await listen((output) => {
      const options = { config: installation.folder, tenant: 'a', mail: false };
      return invite('ends@partner.example', options, output);
    });
    assert.equal((await ask('a', 'ends@partner.example')).code, 0);
    const ended = await ask('a', 'ends@partner.example', { at: '2999-01-01T00:00:00Z' });
    assert.equal(ended.code, 1);
    assert.match(ended.out, /^→ 2b {2}pass /m);
    assert.match(ended.out, /not redeemed yet; the invitation ended 20/);
  });

  it('R42 shows that the default means off in the government cloud', async () => {
    await addGuest('gov', 'g@partner.example');
    const { code, out } = await ask('gov', 'g@partner.example');
    assert.equal(code, 1);
    assert.match(out, /^setting {2}emailOneTimePasscode: default → off$/m);
    assert.match(out, /^→ 11 {2}pass /m);
  });

  it('R10 R11 judges by what the tenant says of the client', async () => {
    await addGuest('b', 'client@partner.example');
    const at = '2023-01-01T00:00:00Z';
    const rowOf = async (email: string, client: string): Promise<string | undefined> =>
      /^→ (\S+)/m.exec((await ask('b', email, { at, client })).out)?.[1];
    assert.equal(await rowOf('client@partner.example', 'docs'), '9');
    assert.equal(await rowOf('client@partner.example', 'strict'), '13a');
    assert.equal(await rowOf('stranger@partner.example', 'docs'), '2a');
    assert.equal(await rowOf('stranger@partner.example', 'open'), '9');
  });

  it('R57 tells an alias that came by the link from one that came directly', async () => {
    await addGuest('a', 'gerda@home.example');
    const direct = await ask('a', 'gerda@home.example');
    assert.equal(direct.code, 1);
    assert.match(direct.out, /^→ 5e {2}pass /m);
    assert.match(direct.out, /^ {2}come by the link of the invitation$/m);
    const linked = await ask('a', 'gerda@home.example', { arrival: 'invitation' });
    assert.equal(linked.code, 0);
    assert.match(linked.out, /comes in by homeDirectory at home, as g@home\.example$/m);
  });

  it('S29 says of a blocked guest that the block comes first, also where strangers may sign up', async () => {
    const guest = await addGuest('b', 'blocked@partner.example', BY_PASSCODE);
    await store.guests.setBlocked('b', guest.id, INVITED, true);
    const at = '2023-01-01T00:00:00Z';
    for (const client of ['docs', 'open']) {
      const { code, out } = await ask('b', 'blocked@partner.example', { client, at });
      assert.equal(code, 1);
      assert.match(out, /^guest .*; blocked 2021-11-20T00:00:00Z$/m);
      assert.match(out, /guestpass guests unblock blocked@partner\.example --tenant b$/);
    }
  });

  it('R77 says that the address was a removed guest’s, and how to bring them back', async () => {
    const guest = await addGuest('a', 'gone@partner.example');
    await store.guests.remove('a', guest.id, INVITED);
    const { code, out } = await ask('a', 'gone@partner.example');
    assert.equal(code, 1);
    assert.match(out, /^guest {4}nobody now; .*; removed 2021-11-20T00:00:00Z$/m);
    assert.match(out, /guestpass guests restore gone@partner\.example --tenant a$/m);
  });

  it('prints one JSON object with stable keys for programs', async () => {
    await addGuest('a', 'olga@outlook.example');
    const at = '2026-01-01T00:00:00Z';
    const { code, out } = await ask('a', 'olga@outlook.example', { at }, listenJson);
    assert.equal(code, 0);
    const said: Record<string, unknown> = JSON.parse(out);
    assert.equal(Object.keys(said).join(), 'tenant,email,at,facts,rows,decision,wouldChange');
    assert.deepEqual(
      [said['tenant'], said['email'], said['at']],
      ['a', 'olga@outlook.example', at],
    );
    assert.deepEqual(said['decision'], {
      row: '8a',
      rule: 'R3',
      outcome: 'use',
      door: {
        method: 'consumerAccount',
        connection: 'consumer',
        create: false,
        userPrincipalName: null,
      },
    });
    const { consumer: fact } = said['facts'] as { consumer: object };
    assert.deepEqual(fact, { connection: 'consumer', answer: 'account' });
    const [row = {}] = said['rows'] as readonly object[];
    assert.equal(Object.keys(row).join(), 'row,rule,says,fits,fact');
  });

  it('R7 asks the places a sign-in would ask: nobody about a guest who has redeemed', async () => {
    await addGuest('a', 'settled@partner.example', BY_PASSCODE);
    await addGuest('a', 'pending@partner.example');
    const asked = consumer.lookups.length;
    await ask('a', 'settled@partner.example');
    assert.equal(consumer.lookups.length, asked);
    await ask('a', 'pending@partner.example');
    assert.deepEqual(consumer.lookups.slice(asked), ['pending@partner.example']);
    assert.deepEqual(consumer.authorizations(), []);
  });

  it('R46 says that a place could not be asked, and lets nobody in by another', async () => {
    await addGuest('a', 'half@partner.example');
    consumer.fail('/accounts');
    const { code, out } = await ask('a', 'half@partner.example');
    consumer.recover();
    assert.equal(code, 1);
    assert.match(out, /^→ 8b {2}pass .*: the place of consumer accounts could not be asked$/m);
  });

  it('sends nothing and writes no row, even when a mail is due', async () => {
    installation.relay.script('waits@partner.example', { rcpt: 451 });
    await listen((output) => {
      const options = { config: installation.folder, tenant: 'a', mail: true };
      return invite('waits@partner.example', options, output);
    });
    await makeDue(file);
    const before = rowsOf(file);
    const delivered = installation.relay.messages.length;
    assert.equal((await ask('a', 'waits@partner.example')).code, 0);
    assert.deepEqual(rowsOf(file), before);
    assert.equal(installation.relay.messages.length, delivered);
  });

  it('makes no database, table or secret: without them it ends with 3', async () => {
    const folder = await writeFolder({
      'guestpass.yaml': soundSettings,
      'tenants/fabrikam.yaml': soundTenant,
    });
    const words = ['explain', '--tenant', 'fabrikam', '--email', 'a@b.example'];
    const fresh = await runCommand([...words, '--config', folder], soundEnv);
    assert.equal(fresh.code, 3);
    assert.deepEqual(readdirSync(dirname(folder)), ['config']);
  });

  it('makes no table in a database that has none, and ends with 3', async () => {
    const empty = await createInstallation();
    try {
      const words = ['explain', '--tenant', 'a', '--email', 'a@b.example'];
      const without = await runCommand([...words, '--config', empty.folder]);
      assert.equal(without.code, 3);
      assert.match(without.stderr, /there is no .*guestpass\.db yet; guestpass serve makes it/);
      const path = empty.database.slice('sqlite:'.length);
      assert.equal(existsSync(path), false);
      mkdirSync(dirname(path));
      new DatabaseSync(path).close();
      const bare = await runCommand([...words, '--config', empty.folder]);
      assert.equal(bare.code, 3);
      assert.match(bare.stderr, /no such table/);
      assert.deepEqual(rowsOf(path), {});
    } finally {
      await empty.remove();
    }
  });

  it('ends with 2 for a question that makes no sense', async () => {
    assert.equal((await ask('a', 'no-address')).code, 2);
    assert.equal((await ask('a', 'a@b.example', { at: 'yesterday' })).code, 2);
    assert.equal((await ask('a', 'a@b.example', { at: '2022-01-15' })).code, 2);
    const client = await ask('a', 'a@b.example', { client: 'dosc' });
    assert.equal(client.code, 2);
    assert.match(client.err, /^there is no client dosc at a$/m);
    const words = ['explain', '--tenant', 'a', '--email', 'a@b.example', '--arrival', 'by-night'];
    assert.equal((await runCommand(words)).code, 2);
    assert.equal((await runCommand(['explain', '--tenant', 'a'])).code, 2);
  });
});

/** Every row of every table. */
function rowsOf(file: string): Readonly<Record<string, readonly unknown[]>> {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    return Object.fromEntries(
      tables.map(({ name }) => [name, database.prepare(`SELECT * FROM ${String(name)}`).all()]),
    );
  } finally {
    database.close();
  }
}

/** Lets every waiting mail be due at once. */
async function makeDue(file: string): Promise<void> {
  const database = new DatabaseSync(file);
  const due = database.prepare('UPDATE outbox SET next_attempt_at = 0 WHERE state = ?');
  assert.ok(due.run('queued').changes > 0);
  database.close();
}
