import assert from 'node:assert/strict';
import { explain } from '../../src/cli/explain.ts';
import { listenJson } from '../cli/said.ts';
import { type AdminWorld, startAdminWorld } from '../support/admin-api.ts';

describe('GET /explain of the admin API', () => {
  let world: AdminWorld;
  before(async () => {
    world = await startAdminWorld();
    await world.invite('teri@partner.example');
    await world.invite('only-b@partner.example', 'b');
    const { id } = await world.invite('barred@partner.example');
    await world.server.guests.parts.store.guests.setBlocked('a', id, 1, true);
  });
  after(() => world.close());

  const ask = (query: Readonly<Record<string, string>>) =>
    world.send('GET', `/explain?${new URLSearchParams(query).toString()}`);

  for (const [who, email, more] of [
    ['a guest', 'teri@partner.example', {}],
    ['a guest by the mailed link', 'Teri@Partner.example', { arrival: 'invitation' }],
    ['a guest at an application', 'teri@partner.example', { client: 'docs' }],
    ['a stranger', 'nobody@partner.example', {}],
    ['a guest of another tenant', 'only-b@partner.example', {}],
    ['a guest who is blocked', 'barred@partner.example', {}],
  ] as const) {
    it(`says of ${who} what the command says`, async () => {
      const at = '2027-01-15T00:00:00Z';
      const answer = await ask({ email, at, ...more });
      assert.equal(answer.status, 200);
      const options = { arrival: 'direct', config: world.folder, tenant: 'a' } as const;
      const said = await listenJson((output) =>
        explain({ ...options, email, at, ...more }, output),
      );
      assert.deepEqual(answer.body, JSON.parse(said.out));
    });
  }

  it('S33 takes a guest of another tenant for a stranger', async () => {
    const { body } = await ask({ email: 'only-b@partner.example' });
    const { facts, decision } = body as { facts: { guest: unknown }; decision: object };
    assert.equal(facts.guest, null);
    assert.deepEqual(Object.entries(decision).at(-1), ['code', 'not_invited']);
    const on = { tenant: 'b', token: await world.tokenOf() };
    assert.equal((await world.send('GET', '/explain?email=a@b.example', on)).status, 401);
  });

  it('refuses what makes no sense', async () => {
    const email = 'teri@partner.example';
    for (const [query, said] of [
      [{}, /parameter email is missing/],
      [{ email: 'teri' }, /email is no e-mail address/],
      [{ email, client: 'nobody' }, /client is no application/],
      [{ email, arrival: 'by-train' }, /arrival is invitation or direct/],
      [{ email, at: '2027-01-15' }, /at is written like/],
      [{ email, at: '2027-01-15T00:00:00' }, /at is written like/],
    ] as const) {
      const answer = await ask(query);
      assert.equal(answer.status, 400);
      assert.match(JSON.stringify(answer.body), said);
    }
  });
});
