import assert from 'node:assert/strict';
import { setTenant } from '../../src/cli/tenant-set.ts';
import { type Said, listen } from '../cli/said.ts';
import { type Followed, startFollowed } from '../server/followed.ts';
import { Jar } from '../support/jar.ts';
import { giveAddress } from '../support/places.ts';
import { addGuests } from '../support/world.ts';

describe('a tenant that is changed by command while the server runs', () => {
  let world: Followed;
  before(async () => {
    world = await startFollowed();
    await addGuests(world, 'teri@gmail.com', 'ana@partner.example');
  });
  after(() => world.close());

  const set = (value: string, yes: boolean): Promise<Said> => {
    const options = { config: world.folder, tenant: 'a', yes, dryRun: false };
    return listen((output) =>
      setTenant('emailOneTimePasscode', value, options, output, async () => undefined),
    );
  };

  it('R41 locks out who redeemed by passcode as it said, and lets them in again', async () => {
    assert.match((await set('disabled', false)).err, /^2 guests redeemed by passcode/m);
    const off = world.next('configuration.reloaded');
    assert.equal((await set('disabled', true)).code, 0);
    assert.deepEqual((await off)['changed'], ['a']);
    const jar = new Jar();
    const page = await jar.follow(await jar.get((await world.begin()).url));
    const refused = await giveAddress(jar, page, 'teri@gmail.com');
    assert.match(refused.text, /no longer allows sign-in with an email code/);
    const on = world.next('configuration.reloaded');
    assert.equal((await set('enabled', false)).code, 0);
    await on;
    const begun = await world.begin();
    const location = await world.signIn(new Jar(), begun, 'teri@gmail.com');
    const tokens = await world.redeem(begun, location);
    assert.equal(tokens.claims()?.['tid'], 'a');
  });
});
