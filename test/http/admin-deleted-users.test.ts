import assert from 'node:assert/strict';
import { type AdminWorld, refusalOf, startAdminWorld } from '../support/admin-api.ts';
import { Jar } from '../support/jar.ts';

const REMOVED = '/directory/deletedItems/microsoft.graph.user';

interface Users {
  readonly value: readonly {
    readonly id: string;
    readonly mail: string;
    readonly deletedDateTime?: string;
  }[];
  readonly '@odata.nextLink'?: string;
}

describe('the removed guests of the admin API', () => {
  let world: AdminWorld;
  const now = Math.floor(Date.now() / 1000);
  let made = 0;
  /** An address nobody has. */
  const someone = (): string => `someone-${(made += 1)}@partner.example`;

  before(async () => {
    world = await startAdminWorld({ clock: () => now, tenants: { paged: {} } });
  });
  after(() => world.close());

  const guests = () => world.server.guests.parts.store.guests;
  const restore = (id: string, headers: Readonly<Record<string, string>> = {}) =>
    world.send('POST', `/directory/deletedItems/${id}/restore`, { headers });
  const removedOf = async (address: string) => {
    const filter = encodeURIComponent(`mail eq '${address}'`);
    return ((await world.send('GET', `${REMOVED}?$filter=${filter}`)).body as Users).value;
  };

  async function removed(address: string, tenant = 'a'): Promise<string> {
    const { id } = await world.invite(address, tenant);
    const token = await world.tokenOf(undefined, tenant);
    const gone = await world.send('DELETE', `/users/${id}`, { tenant, token });
    assert.equal(gone.status, 204);
    return id;
  }

  it('R77 finds one who was removed, and brings them back as they were', async () => {
    const address = someone();
    const id = await removed(address);
    const [found] = await removedOf(address.toUpperCase());
    assert.equal(found?.id, id);
    assert.equal(Date.parse(found.deletedDateTime ?? ''), now * 1000);
    const answer = await restore(id);
    assert.equal(answer.status, 200);
    assert.deepEqual((answer.body as { id: string }).id, id);
    assert.deepEqual(await removedOf(address), []);
    assert.equal((await restore(id)).status, 404);
    const user = (await world.send('GET', `/users/${id}`)).body as { externalUserState: string };
    assert.equal(user.externalUserState, 'Accepted');
    const location = await world.signIn(new Jar(), await world.begin(), address);
    assert.match(location, /[?&]code=/);
  });

  it('R77 brings nobody back whose address is somebody else, and says so', async () => {
    const address = someone();
    const id = await removed(address);
    const next = await world.invite(address);
    const answer = await restore(id);
    assert.equal(answer.status, 409);
    assert.equal(refusalOf(answer).innerCode, 'address_taken');
    assert.equal((await guests().findByAddress('a', address))?.id, next.id);
  });

  it('R77 knows nobody after 30 days', async () => {
    const address = someone();
    const { id } = await world.invite(address);
    const day30 = now - 30 * 86_400;
    await guests().remove('a', id, day30);
    assert.equal((await removedOf(address)).length, 1);
    assert.equal(await guests().restore('a', id, now), true);
    await guests().remove('a', id, day30 - 1);
    assert.deepEqual(await removedOf(address), []);
    assert.equal((await restore(id)).status, 404);
  });

  it('R77 lists them in parts, and knows no filter but the address', async () => {
    const ids = [];
    for (const name of ['ana', 'ben', 'cleo'])
      ids.push(await removed(`${name}@x.example`, 'paged'));
    await world.invite('dora@x.example', 'paged');
    const on = { tenant: 'paged', token: await world.tokenOf(undefined, 'paged') };
    const list = async (query: string) =>
      (await world.send('GET', `${REMOVED}?${query}`, on)).body as Users;
    const first = await list('$top=2');
    const next = new URL(first['@odata.nextLink'] ?? '');
    assert.equal(next.pathname, `/paged/v1.0${REMOVED}`);
    const rest = await list(next.search.slice(1));
    assert.equal(rest['@odata.nextLink'], undefined);
    const all = [...first.value, ...rest.value];
    assert.deepEqual(all.map(({ id }) => id).toSorted(), ids.toSorted());
    for (const bad of ["userType eq 'Guest'", "mail eq 'x'", "id eq '1'"]) {
      const at = `${REMOVED}?$filter=${encodeURIComponent(bad)}`;
      assert.equal((await world.send('GET', at, on)).status, 400, bad);
    }
  });

  it('brings back once however often the same key is sent', async () => {
    const id = await removed(someone());
    const headers = { 'idempotency-key': `back-${id}` };
    const [first, second] = [await restore(id, headers), await restore(id, headers)];
    assert.deepEqual([first.status, second.status], [200, 200]);
    assert.deepEqual(second.body, first.body);
    assert.equal(second.headers.get('idempotency-replayed'), 'true');
  });

  it('S33 shows and restores nobody of another tenant', async () => {
    const address = someone();
    const id = await removed(address, 'b');
    assert.deepEqual(await removedOf(address), []);
    assert.equal((await restore(id)).status, 404);
    assert.notEqual((await guests().find('b', id))?.removedAt, null);
    const on = { tenant: 'b', token: await world.tokenOf() };
    assert.equal((await world.send('GET', REMOVED, on)).status, 401);
    const at = `/directory/deletedItems/${id}/restore`;
    assert.equal((await world.send('POST', at, on)).status, 401);
  });

  it('restores nobody who is there', async () => {
    const { id } = await world.invite(someone());
    assert.equal((await restore(id)).status, 404);
  });

  it('S64 leaves a line for what was done, and by whom', async () => {
    const id = await removed(someone());
    await restore(id);
    await world.server.guests.parts.log.flush();
    const filter = encodeURIComponent(`userId eq '${id}'`);
    const { body } = await world.send('GET', `/auditLogs/directoryAudits?$filter=${filter}`);
    const [last] = (body as { value: Readonly<Record<string, unknown>>[] }).value;
    assert.equal(last?.['activityDisplayName'], 'guest.restore');
    assert.deepEqual(last['initiatedBy'], { displayName: 'application ops' });
  });
});
