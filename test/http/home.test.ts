import assert from 'node:assert/strict';
import { systemClock } from '../../src/domain/clock.ts';
import { type Answer, heading, hidden, Jar } from '../support/jar.ts';
import { returnToPresent, travel } from '../support/time.ts';
import { CALLBACK, secretOf, startWorld, type World } from '../support/world.ts';

const TARGET = 'http://127.0.0.1:9999/welcome';

const application = (client_id: string, more: object) => ({
  client_id,
  client_name: `App ${client_id}`,
  client_secret: secretOf('a'),
  redirect_uris: [CALLBACK],
  ...more,
});

describe('the guest’s own page', () => {
  let world: World;
  const home = (tenant = 'a') => `${world.publicUrl}/${tenant}/`;
  const form = (action: string, tenant = 'a') =>
    `${world.publicUrl}/${tenant}/signin/home/${action}`;

  before(async () => {
    world = await startWorld({
      clock: systemClock,
      tenants: {
        a: {
          privacyUrl: 'https://fabrikam.example/privacy',
          clients: [
            application('docs', { client_uri: 'https://docs.example/' }),
            application('chat', {
              client_uri: 'https://chat.example/',
              initiate_login_uri: 'https://chat.example/login',
            }),
            application('quiet', {}),
          ],
        },
        b: { support: 'help@b.example' },
        c: { guestsMayLeave: false, privacyUrl: 'https://c.example/privacy' },
      },
    });
  });
  after(() => world.close());

  /** Signs in by the page's own button. */
  async function enter(jar: Jar, address: string, tenant = 'a'): Promise<Answer> {
    const page = await jar.get(home(tenant));
    const started = await jar.post(form('sign-in', tenant), { csrf: hidden(page, 'csrf') });
    assert.equal(started.status, 303);
    return byCode(jar, await jar.follow(started), address);
  }

  async function byCode(jar: Jar, page: Answer, address: string): Promise<Answer> {
    const sent = world.relay.messages.filter((mail) => mail.recipients.includes(address)).length;
    const { href } = page.url;
    const csrf = hidden(page, 'csrf');
    await jar.post(`${href}/address`, { csrf, email: address });
    await jar.follow(await jar.post(`${href}/send`, { csrf }));
    const code = await world.passcodeFor(address, sent);
    const done = await jar.follow(await jar.post(`${href}/passcode`, { csrf, code }));
    return world.consent(jar, done);
  }

  it('R70 offers a sign-in to whoever is signed out, and lists the applications to who is in', async () => {
    await world.invite('teri@mail.example');
    const jar = new Jar();
    const out = await jar.get(home());
    assert.equal(heading(out), 'Sign in to Tenant A as a guest');
    assert.doesNotMatch(out.text, /docs\.example/);
    const page = await enter(jar, 'teri@mail.example');
    assert.equal(page.url.href, home());
    assert.equal(heading(page), 'Your apps at Tenant A');
    const links = [...page.text.matchAll(/<li><a href="(http[^"]+)"/g)].map(([, url]) => url);
    // One that says where to open it; where a sign-in starts comes first.
    const iss = encodeURIComponent(`${world.publicUrl}/a/v2.0`);
    assert.deepEqual(links, ['https://docs.example/', `https://chat.example/login?iss=${iss}`]);
    assert.equal((await jar.get(`${world.publicUrl}/a`)).location, '/a/');
  });

  it('R76 shows a guest nothing of any other guest', async () => {
    await world.invite('one@mail.example');
    const two = await world.invite('two@mail.example');
    const jar = new Jar();
    await enter(jar, 'one@mail.example');
    for (const url of [home(), `${home()}?sub=${two.id}`, `${home()}?address=two@mail.example`]) {
      const page = await jar.get(url);
      assert.match(page.text, /one@mail\.example/);
      assert.doesNotMatch(page.text, /two@mail|teri@mail/);
      assert.ok(!page.text.includes(two.id));
    }
    for (const path of ['users', two.id, 'guests']) {
      assert.ok((await jar.get(`${world.publicUrl}/a/signin/home/${path}`)).status >= 400);
    }
  });

  it('R25 S28 is signed out when the 24 hours are over', async () => {
    await world.invite('day@mail.example');
    const jar = new Jar();
    await enter(jar, 'day@mail.example');
    travel(86_400 - 60);
    assert.equal(heading(await jar.get(home())), 'Your apps at Tenant A');
    travel(61);
    assert.equal(heading(await jar.get(home())), 'Sign in to Tenant A as a guest');
    returnToPresent();
  });

  it('S33 knows nobody of another tenant, in the same browser', async () => {
    await world.invite('both@mail.example', 'a');
    await world.invite('both@mail.example', 'b');
    const jar = new Jar();
    await enter(jar, 'both@mail.example');
    assert.equal(heading(await jar.get(home('b'))), 'Sign in to Tenant B as a guest');
  });

  it('is never kept, and takes GET, HEAD and its own forms alone', async () => {
    const jar = new Jar();
    const page = await jar.get(home());
    assert.equal(page.headers['cache-control'], 'no-store');
    assert.equal((await jar.send('HEAD', home())).status, 200);
    for (const method of ['PUT', 'DELETE']) {
      assert.equal((await jar.send(method, home())).status, 405, method);
    }
    for (const action of ['sign-in', 'sign-out', 'invitations', 'leave']) {
      const csrf = hidden(page, 'csrf');
      const attempts = [
        await jar.post(form(action), {}),
        await jar.post(form(action), { csrf: 'A'.repeat(43) }),
        await jar.post(form(action), { csrf }, { origin: 'https://evil.example' }),
        await jar.post(form(action), { csrf }, { 'sec-fetch-site': 'cross-site' }),
        await new Jar().post(form(action), { csrf }),
      ];
      assert.deepEqual(new Set(attempts.map(({ status }) => status)), new Set([403]), action);
      assert.equal((await jar.get(form(action))).location, '/a/');
    }
  });

  it('leads a callback without a sign-in home, whatever it says', async () => {
    for (const query of ['', '?error=access_denied', '?code=x&state=y']) {
      const { status, location } = await new Jar().get(`${form('callback')}${query}`);
      assert.deepEqual([status, location], [303, '/a/'], query);
    }
  });

  it('leads to the page of an invitation whoever it is for, and nobody else', async () => {
    const made = await world.server.guests.invite({
      tenant: 'a',
      address: 'mine@mail.example',
      redirectUrl: TARGET,
    });
    assert.ok(made.outcome === 'invited');
    await world.invite('else@mail.example');
    const take = async (jar: Jar): Promise<Answer> => {
      const page = await jar.follow(await jar.get(made.redeemUrl!));
      const accept = `${world.publicUrl}/a/signin/invitation/accept`;
      return jar.follow(await jar.post(accept, { csrf: hidden(page, 'csrf') }));
    };
    const other = new Jar();
    const page = await byCode(other, await take(other), 'else@mail.example');
    assert.deepEqual([page.location, heading(page)], [undefined, 'Your apps at Tenant A']);
    const own = new Jar();
    const done = await byCode(own, await take(own), 'mine@mail.example');
    assert.equal(done.location, TARGET);
    // Once: the next visit of the page is a visit of the page.
    assert.equal((await own.get(form('callback'))).location, '/a/');
  });

  it('R77 asks before it lets a guest leave, and tells that they have left', async () => {
    const guest = await world.invite('leave@mail.example');
    const jar = new Jar();
    const page = await enter(jar, 'leave@mail.example');
    const csrf = hidden(page, 'csrf');
    const asked = await jar.post(form('leave'), { csrf, confirm: 'maybe' });
    assert.equal(heading(asked), 'Leave Tenant A?');
    assert.match(asked.text, /leave@mail\.example/);
    const { directory } = world.server.guests.parts;
    assert.ok(await directory.findBySubject('a', guest.id));
    const left = await jar.follow(await jar.post(form('leave'), { csrf, confirm: 'yes' }));
    assert.match(left.text, /You have left Tenant A\./);
    assert.equal(await directory.findBySubject('a', guest.id), undefined);
    const after = await jar.get(home());
    assert.equal(heading(after), 'Sign in to Tenant A as a guest');
    assert.doesNotMatch(after.text, /You have left/);
    // Pressed twice: there is nobody to leave any more.
    assert.equal((await jar.post(form('leave'), { csrf, confirm: 'yes' })).location, '/a/');
  });

  for (const [tenant, why] of [
    ['b', 'there is no privacy statement'],
    ['c', 'the tenant says so'],
  ] as const) {
    it(`R77 neither offers nor takes leaving where ${why}`, async () => {
      const guest = await world.invite('stay@mail.example', tenant);
      const jar = new Jar();
      const csrf = hidden(await jar.get(home(tenant)), 'csrf');
      const page = await enter(jar, 'stay@mail.example', tenant);
      assert.doesNotMatch(page.text, /\/leave"/);
      assert.match(page.text, tenant === 'b' ? /help@b\.example/ : /ask your contact there/);
      for (const confirm of ['', 'yes']) {
        const answer = await jar.post(form('leave', tenant), { csrf, confirm });
        assert.deepEqual([answer.status, answer.location], [303, `/${tenant}/`]);
      }
      assert.ok(await world.server.guests.parts.directory.findBySubject(tenant, guest.id));
    });
  }
});
