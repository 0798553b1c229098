import assert from 'node:assert/strict';
import { heading, hidden, Jar } from '../support/jar.ts';
import { startWorld, type World } from '../support/world.ts';

describe('the pages of an invitation', () => {
  let world: World;
  let link: string;
  const pages = () => `${world.publicUrl}/a/signin/invitation`;

  before(async () => {
    world = await startWorld();
    const outcome = await world.server.guests.invite({
      tenant: 'a',
      address: 'teri@mail.example',
      invitedBy: 'host@fabrikam.example',
      message: '<script>alert(1)</script>\nSee <a href="https://evil.example">this</a>',
    });
    assert.ok(outcome.outcome === 'invited');
    link = outcome.redeemUrl!;
  });
  after(() => world.close());

  it('S55 answers a link by 303 that nobody keeps, to the page without the ticket', async () => {
    for (const method of ['GET', 'HEAD']) {
      const { status, location, headers } = await new Jar().send(method, link);
      assert.deepEqual([status, location], [303, '/a/signin/invitation']);
      assert.equal(headers['cache-control'], 'no-store');
      assert.match(String(headers['referrer-policy']), /no-referrer|same-origin/);
    }
    const block = await new Jar().get(link.replace('?', '/block?'));
    assert.equal(block.location, '/a/signin/invitation/block');
  });

  it('opens by the short address, with and without a slash, and by the long one', async () => {
    const jar = new Jar();
    await jar.get(link);
    for (const path of ['/a/invitation', '/a/invitation/', '/a/signin/invitation']) {
      const page = await jar.get(`${world.publicUrl}${path}`);
      assert.equal(page.status, 200, path);
      assert.equal(page.headers['cache-control'], 'no-store');
    }
  });

  it('draws what the inviter wrote as text', async () => {
    const jar = new Jar();
    const page = await jar.follow(await jar.get(link));
    assert.doesNotMatch(page.text, /<script>|<a [^>]*evil/);
    assert.match(page.text, /&lt;script&gt;/);
  });

  it('S26 takes a form of its own pages alone', async () => {
    const jar = new Jar();
    const page = await jar.follow(await jar.get(link));
    const csrf = hidden(page, 'csrf');
    for (const action of ['accept', 'block']) {
      const url = `${pages()}/${action}`;
      const attempts = [
        await jar.post(url, {}),
        await jar.post(url, { csrf: `${csrf}A` }),
        await jar.post(url, { csrf }, { origin: 'https://evil.example' }),
        await jar.post(url, { csrf }, { origin: 'null' }),
        await jar.post(url, { csrf }, { 'sec-fetch-site': 'cross-site' }),
      ];
      assert.deepEqual(new Set(attempts.map(({ status }) => status)), new Set([403]), action);
    }
    const { guests } = world.server.guests.parts.store;
    assert.equal(await guests.hasBlockedInvitations('a', 'teri@mail.example'), false);
  });

  it('S26 takes no form token of another invitation in the same browser', async () => {
    const other = await world.server.guests.invite({ tenant: 'a', address: 'other@mail.example' });
    assert.ok(other.outcome === 'invited');
    const jar = new Jar();
    const first = await jar.follow(await jar.get(link));
    // A second link opened in between: the page on the screen is of the first one.
    await jar.get(other.redeemUrl!);
    const accepted = await jar.post(`${pages()}/accept`, { csrf: hidden(first, 'csrf') });
    assert.equal(accepted.status, 403);
  });

  it('refuses other verbs, other paths and other media types', async () => {
    const jar = new Jar();
    const page = await jar.follow(await jar.get(link));
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      assert.equal((await jar.send(method, pages())).status, 405, method);
    }
    assert.equal((await jar.post(pages(), { csrf: hidden(page, 'csrf') })).status, 405);
    assert.ok((await jar.get(`${pages()}/other`)).status >= 400);
    const json = { 'content-type': 'application/json' };
    assert.equal((await jar.post(`${pages()}/accept`, '{}', json)).status, 415);
    assert.equal((await jar.post(`${pages()}/accept`, 'csrf=a&csrf=b')).status, 400);
  });

  it('shows a broken link for whatever is no ticket, also after a good one was opened', async () => {
    for (const ticket of ['a;b', 'a%0d%0ab', '%00', 'ä'.repeat(40), 'A'.repeat(400), '']) {
      const jar = new Jar();
      await jar.get(link);
      const page = await jar.follow(
        await jar.get(`${world.publicUrl}/a/invitation?ticket=${ticket}`),
      );
      assert.deepEqual(
        [page.status, heading(page)],
        [404, 'This invitation link does not work'],
        ticket,
      );
    }
    const jar = new Jar();
    await jar.get(link);
    const twice = await jar.follow(await jar.get(`${link}&ticket=x`));
    assert.equal(twice.status, 404);
  });

  it('leads accept to a sign-in as the invited address', async () => {
    const jar = new Jar();
    const page = await jar.follow(await jar.get(link));
    const accepted = await jar.post(`${pages()}/accept`, { csrf: hidden(page, 'csrf') });
    const to = new URL(accepted.location ?? '', world.publicUrl);
    assert.equal(accepted.status, 303);
    assert.equal(to.pathname, '/a/v2.0/auth');
    assert.equal(to.searchParams.get('login_hint'), 'teri@mail.example');
    assert.equal(to.searchParams.get('code_challenge_method'), 'S256');
  });

  it('R67 takes a one-click POST with a good ticket alone', async () => {
    const { guests } = world.server.guests.parts.store;
    const made = await world.server.guests.invite({ tenant: 'a', address: 'click@mail.example' });
    assert.ok(made.outcome === 'invited');
    const url = made.redeemUrl!.replace('?', '/block?');
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const wrong of [`${url}A`, url.replace('/a/', '/b/'), url.split('?')[0]!]) {
      assert.equal(
        (await new Jar().send('POST', wrong, form, 'List-Unsubscribe=One-Click')).status,
        404,
      );
    }
    assert.equal(await guests.hasBlockedInvitations('a', 'click@mail.example'), false);
    assert.equal(
      (await new Jar().send('POST', url, form, 'List-Unsubscribe=One-Click')).status,
      200,
    );
    assert.equal(await guests.hasBlockedInvitations('a', 'click@mail.example'), true);
    // Said twice is said once.
    assert.equal((await new Jar().send('POST', url, form, '')).status, 200);
  });

  it('opens nothing for a guest who is blocked', async () => {
    const made = await world.server.guests.invite({ tenant: 'a', address: 'shut@mail.example' });
    assert.ok(made.outcome === 'invited');
    const { administration, tenants } = world.server.guests.parts;
    await administration.block(tenants().byId.get('a')!, made.guest, 'admin@fabrikam.example');
    const jar = new Jar();
    assert.equal((await jar.follow(await jar.get(made.redeemUrl!))).status, 404);
  });
});
