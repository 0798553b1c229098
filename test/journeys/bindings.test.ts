import assert from 'node:assert/strict';
import { type Answer, hidden, Jar } from '../support/jar.ts';
import { CALLBACK, startWorld, type World } from '../support/world.ts';

const sessionOf = (jar: Jar): string | undefined =>
  [...jar.cookies.values()].find(({ name }) => /^sid_[\w-]{12}$/.test(name))?.value;

describe('what belongs together', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.close());

  it('S27 gives a new session id at every sign-in, and takes none that was planted', async () => {
    await world.invite('mallory@partner.example');
    await world.invite('victim@partner.example');
    const attacker = new Jar();
    await world.signIn(attacker, await world.begin(), 'mallory@partner.example');
    const victim = new Jar();
    for (const [key, cookie] of attacker.cookies) {
      if (cookie.name.startsWith('sid_')) victim.cookies.set(key, cookie);
    }
    const planted = sessionOf(victim);
    assert.ok(planted);
    const hint = { login_hint: 'victim@partner.example' };
    const ids = [planted];
    for (const sent of [0, 1]) {
      const begun = await world.begin('a', { ...hint, prompt: 'login' });
      const page = await world.walkToCode(victim, begun, 'victim@partner.example');
      const code = await world.passcodeFor('victim@partner.example', sent);
      const form = { csrf: hidden(page, 'csrf'), code };
      const proven = await victim.follow(await victim.post(`${page.url.href}/passcode`, form));
      // The engine signs the other account out first, by a form that sends itself.
      const other = /action="([^"]+\/session\/end\/confirm)"/.exec(proven.text)?.[1];
      const leave = () => ({ xsrf: hidden(proven, 'xsrf'), logout: 'yes' });
      const done = other ? await victim.follow(await victim.post(other, leave())) : proven;
      assert.match(done.location ?? done.text, /[?&]code=/);
      ids.push(sessionOf(victim)!);
    }
    assert.equal(new Set(ids).size, 3);
    for (const id of ids) assert.ok(Buffer.from(id, 'base64url').length >= 32, id);
    const silent = await world.begin('a', { ...hint, prompt: 'none' });
    const { location = '' } = await attacker.get(silent.url);
    assert.equal(new URL(location).searchParams.get('error'), 'login_required');
  });

  it('T10 S25 does nothing when address bar and cookie speak of two sign-ins', async () => {
    await world.invite('tabs@partner.example');
    const jar = new Jar();
    const one = await jar.follow(await jar.get((await world.begin()).url));
    const two = await jar.follow(await jar.get((await world.begin()).url));
    const ofTwo = [...jar.cookies.values()].filter(({ path }) => path.includes('/signin/'));
    const mixed = jar.clone();
    for (const { name, value, path } of ofTwo) {
      if (!two.url.pathname.startsWith(path)) continue;
      mixed.cookies.set(`${name} ${one.url.pathname}`, { name, value, path: one.url.pathname });
    }
    const mails = world.relay.messages.length;
    for (const csrf of [hidden(one, 'csrf'), hidden(two, 'csrf')]) {
      const forms: Readonly<Record<string, Record<string, string>>> = {
        address: { email: 'tabs@partner.example' },
        send: {},
        passcode: { code: '12345678' },
      };
      for (const [action, form] of Object.entries(forms)) {
        const answer = await mixed.post(`${one.url.href}/${action}`, { csrf, ...form });
        assert.equal(answer.status, 400, action);
        assert.match(answer.text, /This page has expired/);
      }
    }
    assert.equal((await mixed.get(one.url)).status, 400);
    await world.server.guests.parts.outbox.idle();
    assert.equal(world.relay.messages.length, mails);
    const { signIns } = world.server.guests.parts.store;
    for (const page of [one, two]) {
      assert.equal(await signIns.find('a', page.url.pathname.split('/').at(-1)!), undefined);
    }
  });

  it('S42 answers on a page until application and address are known to belong together', async () => {
    const { url } = await world.begin();
    const wrong: Readonly<Record<string, string>> = {
      client_id: '"><script>alert(1)</script>',
      redirect_uri: 'https://evil.example/"><script>alert(1)</script>',
    };
    for (const [name, value] of Object.entries(wrong)) {
      for (const more of [{}, { response_type: 'token' }, { prompt: 'none' }]) {
        const asked = new URL(url);
        for (const [key, text] of Object.entries({ ...more, [name]: value })) {
          asked.searchParams.set(key, text);
        }
        const answer = await new Jar().get(asked);
        assert.equal(answer.status, 400);
        assert.equal(answer.location, undefined);
        assert.doesNotMatch(answer.text, /<script>alert|href="https:\/\/evil/);
      }
    }
  });

  it('S42 S14 leads on by 303 alone after a form; page and mail tell the same of the request', async () => {
    await world.server.guests.invite({ tenant: 'a', address: 'steps@partner.example' });
    const jar = new Jar();
    const statuses: number[] = [];
    const agent = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0' };
    const post = async (page: Answer, action: string, form = {}): Promise<Answer> => {
      const csrf = hidden(page, 'csrf');
      const answer = await jar.post(`${page.url.href}/${action}`, { csrf, ...form }, agent);
      statuses.push(answer.status);
      if (answer.location === undefined) return answer;
      let next = await jar.get(new URL(answer.location, answer.url), agent);
      while (next.location !== undefined && !next.location.startsWith(CALLBACK)) {
        statuses.push(next.status);
        next = await jar.get(new URL(next.location, next.url), agent);
      }
      return next;
    };
    const first = await jar.follow(await jar.get((await world.begin()).url));
    const address = await post(first, 'address', { email: 'steps@partner.example' });
    const page = await post(address, 'send');
    const mail = await world.relay.nextMail('steps@partner.example');
    const text = mail.parsed.text ?? '';
    const label = / ([A-Z][0-9])$/.exec(mail.parsed.subject ?? '')![1]!;
    const moment = /[0-9]{1,2} \w+ [0-9]{4} [0-9]{2}:[0-9]{2} UTC from Firefox on Linux/;
    assert.ok(page.text.includes(`<strong>${label}</strong>`));
    assert.equal(moment.exec(page.text)?.[0], moment.exec(text)![0]);
    for (const said of ['Docs', 'Tenant A']) {
      assert.ok(page.text.includes(said) && text.includes(said), said);
    }
    const { host } = new URL(world.publicUrl);
    assert.ok(text.includes(`Enter it only at ${host}, `));
    const code = /^[0-9]{8}$/m.exec(text)![0];
    const review = await post(page, 'passcode', { code });
    const done = await post(review, 'accept');
    assert.ok(done.location?.startsWith(CALLBACK));
    assert.deepEqual(new Set([...statuses, done.status]), new Set([303]));
  });

  it('S46 takes a token of its own tenant alone, and none from an address', async () => {
    await world.invite('token@partner.example');
    const begun = await world.begin();
    const location = await world.signIn(new Jar(), begun, 'token@partner.example');
    const { access_token: token } = await world.redeem(begun, location);
    const me = (tenant: string, query = '', headers = {}) =>
      new Jar().get(`${world.publicUrl}/${tenant}/v2.0/me${query}`, headers);
    const bearer = { authorization: `Bearer ${token}` };
    assert.equal((await me('a', '', bearer)).status, 200);
    assert.equal((await me('b', '', bearer)).status, 401);
    assert.ok([400, 401].includes((await me('a', `?access_token=${token}`)).status));
  });

  it('S61 takes a parameter once, as text', async () => {
    const { url } = await world.begin();
    for (const more of [
      '&client_id=docs',
      '&state=a&state=b',
      '&redirect_uri=https://evil.example',
    ]) {
      const answer = await new Jar().get(`${url.href}${more}`);
      const isTold = answer.location?.startsWith(`${CALLBACK}?error=invalid_request`) ?? false;
      assert.ok(answer.status === 400 || isTold, `${more} ${answer.status} ${answer.location}`);
      assert.doesNotMatch(answer.location ?? '', /evil|[?&]code=/);
    }
    const nested = new URL(url);
    nested.searchParams.delete('client_id');
    for (const name of ['client_id[]', 'client_id[$ne]', '__proto__[client_id]']) {
      const asked = new URL(nested);
      asked.searchParams.set(name, 'docs');
      assert.equal((await new Jar().get(asked)).status, 400, name);
    }
  });
});
