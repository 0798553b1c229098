import assert from 'node:assert/strict';
import { migrateConsumers, type MigrateOptions } from '../../src/cli/tenant-migrate.ts';
import { listen, type Said } from './said.ts';
import { openTenantHouse, type TenantHouse } from './tenant-house.ts';

describe('guestpass tenant migrate-consumers', () => {
  let house: TenantHouse;
  beforeEach(async () => {
    house = await openTenantHouse();
  });
  afterEach(() => house.close());

  const migrate = (more: Partial<MigrateOptions> = {}): Promise<Said> => {
    const options = { config: house.folder, tenant: 'a', mail: false };
    return listen((output) =>
      migrateConsumers(
        { ...options, apply: false, yes: false, ...more },
        output,
        async () => undefined,
      ),
    );
  };

  it('R45 tells the plan with its numbers and changes nothing', async () => {
    await house.bind('teri@gmail.com', 'mo@outlook.com');
    const before = await house.textOf();
    const said = await migrate();
    assert.equal(said.code, 0);
    assert.match(said.out, /^1\. set emailOneTimePasscode: enabled and redemption\.fallback/);
    assert.match(said.out, /^2\. reset 2 guests redeemed by consumerAccount; mail nobody$/m);
    assert.equal((await migrate({ apply: true })).code, 1);
    assert.equal(await house.textOf(), before);
    assert.equal((await house.guestAt('teri@gmail.com')).state, 'Accepted');
  });

  it('R45 turns consumer accounts off, passcodes on, and resets who redeemed by them', async () => {
    await house.bind('teri@gmail.com', 'mo@outlook.com');
    const old = await house.guestAt('teri@gmail.com');
    const said = await migrate({ apply: true, yes: true, actor: 'x' });
    assert.equal(said.code, 0);
    assert.deepEqual(
      said.out.split('\n').map((line) => line.split('  ')[1]),
      ['reset', 'reset'],
    );
    const text = await house.textOf();
    assert.match(text, /^emailOneTimePasscode: enabled$/m);
    assert.match(text, /fallback:\s+- emailOneTimePasscode\n/);
    assert.doesNotMatch(text, /- consumerAccount/);
    const teri = await house.guestAt('teri@gmail.com');
    assert.deepEqual([teri.id, teri.state, teri.method], [old.id, 'PendingAcceptance', null]);
    assert.equal((await house.guestAt('ana@partner.example')).state, 'Accepted');
    assert.equal((await house.auditOf('tenant.set')).length, 1);
    assert.equal((await house.auditOf('invitation.create')).length, 2);
    assert.deepEqual(await migrate({ apply: true }), {
      code: 0,
      out: 'a  nothing is left to do',
      err: '',
    });
  });

  it('R45 goes on where it was cut short', async () => {
    await house.bind('teri@gmail.com');
    assert.equal((await migrate({ apply: true, yes: true })).code, 0);
    const id = await house.bind('late@outlook.com');
    const plan = await migrate();
    assert.match(plan.out, /^1\. passcodes are on and new consumer accounts off already$/m);
    const before = (await house.guestAt('teri@gmail.com')).invitationId;
    const said = await migrate({ apply: true, yes: true });
    assert.match(said.out, /^late@outlook\.com {2}reset {2}a/);
    assert.equal((await house.store.guests.find('a', id))?.state, 'PendingAcceptance');
    assert.equal((await house.guestAt('teri@gmail.com')).invitationId, before);
  });

  it('R45 mails each a new invitation, and leaves the blocked alone', async () => {
    const id = await house.bind('bad@outlook.com');
    await house.store.guests.setBlocked('a', id, 1_800_000_000, true);
    await house.bind('teri@gmail.com');
    const said = await migrate({ apply: true, yes: true, mail: true });
    assert.equal(said.code, 0);
    assert.match(said.err, /^bad@outlook\.com {2}is blocked and left as is$/m);
    const mailed = house.relay.messages.flatMap(({ recipients }) => recipients);
    assert.deepEqual(mailed, ['teri@gmail.com']);
  });
});
