import assert from 'node:assert/strict';
import { Jar } from '../support/jar.ts';
import { startWorld, type World } from '../support/world.ts';

const TENANTS = Array.from({ length: 60 }, (_, at) => `t${String(at + 1).padStart(2, '0')}`);

describe('a browser with sixty organisations', function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await startWorld({ tenants: Object.fromEntries(TENANTS.map((id) => [id, {}])) });
  });
  after(() => world.close());

  it('S34 T49 is answered by all of them, and is signed out of the oldest alone', async () => {
    const jar = new Jar();
    for (const tenant of TENANTS) {
      const address = `${tenant}@partner.example`;
      await world.invite(address, tenant);
      await world.signIn(jar, await world.begin(tenant), address);
    }
    const headers = [...jar.cookies.values()].filter(({ path }) => path === '/');
    const size = headers.reduce((sum, { name, value }) => sum + name.length + value.length + 3, 0);
    assert.ok(size < 8192, `${size} bytes of cookies`);
    const signedIn: string[] = [];
    for (const tenant of TENANTS) {
      const { url } = await world.begin(tenant, { prompt: 'none' });
      const { location = '' } = await jar.clone().get(url);
      if (new URL(location).searchParams.has('code')) signedIn.push(tenant);
    }
    assert.deepEqual(signedIn, TENANTS.slice(-20));
  });
});
