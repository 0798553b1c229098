import assert from 'node:assert/strict';
import { systemClock } from '../../src/domain/clock.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { type Answer, heading, hidden, Jar } from '../support/jar.ts';
import { returnToPresent, travel } from '../support/time.ts';
import { CALLBACK, secretOf, startWorld, type World } from '../support/world.ts';

const OPEN = 'https://docs.example/start';
const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

const client = (more: object = {}) => ({
  client_id: 'docs',
  client_name: 'Docs',
  client_secret: secretOf('a'),
  redirect_uris: [CALLBACK],
  ...more,
});

/** Takes everything from a browser that has a name like that. */
function lose(jar: Jar, name: RegExp): void {
  for (const [key, cookie] of jar.cookies) if (name.test(cookie.name)) jar.cookies.delete(key);
}

describe('a sign-in that is gone', () => {
  let world: World;
  const lines: string[] = [];

  before(async () => {
    world = await startWorld({
      clock: systemClock,
      log: createLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } }),
      tenants: {
        a: { clients: [client()] },
        open: { clients: [client({ client_secret: secretOf('open'), client_uri: OPEN })] },
      },
    });
  });
  after(async () => {
    returnToPresent();
    await world.close();
  });

  /** To the page that offers a code for an address. */
  async function arrive(jar: Jar, address: string, parameters = {}, tenant = 'a') {
    const begun = await world.begin(tenant, parameters);
    const page = await jar.follow(await jar.get(begun.url));
    const csrf = hidden(page, 'csrf');
    const chosen = await jar.follow(
      await jar.post(`${page.url.href}/address`, { csrf, email: address }),
    );
    return { begun, page: chosen };
  }

  const again = (jar: Jar, page: Answer, tenant = 'a'): Promise<Answer> =>
    startAgain(jar, hidden(page, 'restart'), tenant);
  const startAgain = (jar: Jar, restart: string, tenant = 'a'): Promise<Answer> =>
    jar.post(`${world.publicUrl}/${tenant}/signin/restart`, { restart });

  it('P10 begins the very same request anew: a lost cookie costs one press', async () => {
    const address = 'lost@partner.example';
    await world.invite(address);
    const jar = new Jar();
    const { begun, page } = await arrive(jar, address);
    lose(jar, /^interaction$/);
    const csrf = hidden(page, 'csrf');
    for (const answer of [
      await jar.get(page.url),
      await jar.post(`${page.url.href}/send`, { csrf }),
    ]) {
      assert.deepEqual([answer.status, heading(answer)], [400, 'This page has expired']);
      const { location = '' } = await again(jar, answer);
      const [asked, before] = [new URL(location), begun.url];
      assert.equal(asked.origin + asked.pathname, before.origin + before.pathname);
      assert.equal(asked.searchParams.get('login_hint'), address);
      asked.searchParams.delete('login_hint');
      asked.searchParams.sort();
      before.searchParams.sort();
      assert.equal(asked.search, before.search);
    }
    const restarted = await jar.follow(await again(jar, await jar.get(page.url)));
    assert.equal(heading(restarted), 'We will email you a code');
    assert.match(restarted.text, /lost@partner\.example/);
    const shown = await jar.follow(
      await jar.post(`${restarted.url.href}/send`, { csrf: hidden(restarted, 'csrf') }),
    );
    const code = await world.passcodeFor(address);
    const done = await jar.follow(
      await jar.post(`${shown.url.href}/passcode`, { csrf: hidden(shown, 'csrf'), code }),
    );
    const tokens = await world.redeem(begun, done.location!);
    assert.equal(tokens.claims()?.['email'], address);
  });

  it('P10 needs no cookie at all where the page was still open', async () => {
    const { page } = await arrive(new Jar(), 'bare@partner.example');
    const jar = new Jar();
    const answer = await jar.post(`${page.url.href}/send`, {
      csrf: hidden(page, 'csrf'),
      restart: hidden(page, 'restart'),
    });
    assert.equal(answer.status, 400);
    const restarted = await jar.follow(await again(jar, answer));
    assert.match(restarted.text, /bare@partner\.example/);
    assert.equal(heading(restarted), 'We will email you a code');
  });

  it('P10 fills in an address that was typed into a page whose sign-in was gone', async () => {
    const jar = new Jar();
    const page = await jar.follow(await jar.get((await world.begin()).url));
    lose(jar, /^interaction$/);
    const form = { csrf: hidden(page, 'csrf'), restart: hidden(page, 'restart') };
    const answer = await jar.post(`${page.url.href}/address`, { ...form, email: 'new@p.example' });
    const restarted = await jar.follow(await again(jar, answer));
    assert.match(restarted.text, /new@p\.example/);
  });

  it('P10 knows the request an hour later, and a day later the application alone', async () => {
    const jar = new Jar();
    const { page } = await arrive(jar, 'late@partner.example', {}, 'open');
    travel(3700);
    const later = await jar.get(page.url);
    const restarted = await jar.follow(await again(jar, later, 'open'));
    assert.match(restarted.text, /late@partner\.example/);
    travel(86_400);
    const tomorrow = await jar.get(page.url);
    assert.equal(tomorrow.status, 400);
    assert.doesNotMatch(tomorrow.text, /name="restart"/);
    assert.match(tomorrow.text, /<a class="other" href="https:\/\/docs\.example\/start">Open Docs/);
    const pressed = await again(jar, later, 'open');
    assert.deepEqual([pressed.status, pressed.location], [400, undefined]);
  });

  it('leads back to the page when the engine cannot resume, and that says what is left', async () => {
    const address = 'resume@partner.example';
    await world.invite(address);
    const jar = new Jar();
    const { begun, page } = await arrive(jar, address);
    const shown = await jar.follow(
      await jar.post(`${page.url.href}/send`, { csrf: hidden(page, 'csrf') }),
    );
    const code = await world.passcodeFor(address);
    const proven = await jar.post(`${shown.url.href}/passcode`, {
      csrf: hidden(shown, 'csrf'),
      code,
    });
    // The train goes into a tunnel: the engine has answered, and the answer never came.
    await jar.clone().get(proven.location!);
    const answer = await jar.follow(await jar.get(proven.location!));
    assert.deepEqual([answer.status, heading(answer)], [400, 'You have already signed in here']);
    const restarted = await jar.follow(await again(jar, answer));
    assert.match(restarted.text, /resume@partner\.example/);
    assert.ok(begun.state);
  });

  it('S24 tells another browser which application it is, and nothing to begin its request with', async () => {
    const { page } = await arrive(new Jar(), 'other@partner.example', {}, 'open');
    for (const path of [page.url.href, `${page.url.href}/over`]) {
      const answer = await new Jar().get(path);
      assert.equal(heading(answer), 'This sign-in began in another browser');
      assert.match(answer.text, /Open Docs/);
      assert.doesNotMatch(answer.text, /name="restart"|other@partner/);
    }
    const browser = new Jar();
    await browser.get((await world.begin('open')).url);
    assert.doesNotMatch((await browser.get(page.url)).text, /name="restart"/);
  });

  it('tells blocked cookies from another browser by asking once more', async () => {
    const { page } = await arrive(new Jar(), 'blocked@partner.example');
    const blocked = new Jar();
    const first = await blocked.get(page.url, NAVIGATION);
    assert.equal(first.status, 303);
    const target = new URL(first.location!, page.url);
    assert.equal(target.href, `${page.url.href}?cookies=tried`);
    blocked.cookies.clear();
    const told = await blocked.get(target, NAVIGATION);
    assert.deepEqual([told.status, heading(told)], [400, 'Your browser blocked a cookie we need']);
    assert.match(told.text, /go back to Docs and sign in again/);
    const keeps = new Jar();
    const second = await keeps.get(
      (await keeps.get(page.url, NAVIGATION)).location!.replace(/^/, world.publicUrl),
      NAVIGATION,
    );
    assert.equal(heading(second), 'This sign-in began in another browser');
  });

  it('says nothing again of a pushed request, and leads to the application', async () => {
    const body = new URLSearchParams((await world.begin('open')).url.search);
    const credentials = Buffer.from(`docs:${secretOf('open')}`).toString('base64');
    const headers = {
      authorization: `Basic ${credentials}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    };
    const pushed = await new Jar().send(
      'POST',
      `${world.publicUrl}/open/v2.0/request`,
      headers,
      body.toString(),
    );
    assert.equal(pushed.status, 201, pushed.text);
    const { request_uri: uri } = JSON.parse(pushed.text) as { request_uri: string };
    const asked = new URL(`${world.publicUrl}/open/v2.0/auth`);
    asked.search = new URLSearchParams({ client_id: 'docs', request_uri: uri }).toString();
    const jar = new Jar();
    const page = await jar.follow(await jar.get(asked));
    assert.equal(heading(page), 'Sign in to Tenant OPEN');
    assert.doesNotMatch(page.text, /name="restart"/);
    lose(jar, /^interaction$|^bid$/);
    const answer = await jar.get(page.url);
    assert.doesNotMatch(answer.text, /name="restart"/);
    assert.match(answer.text, /Open Docs/);
  });

  it('S33 S38 takes no token that is none of this tenant, and sends nobody anywhere for it', async () => {
    const { page } = await arrive(new Jar(), 'token@partner.example');
    const token = hidden(page, 'restart');
    const other = hidden(
      (await arrive(new Jar(), 'b@partner.example', {}, 'open')).page,
      'restart',
    );
    const half = token.length >> 1;
    const swapped =
      token.slice(0, half) + (token[half] === 'A' ? 'B' : 'A') + token.slice(half + 1);
    const bad: Readonly<Record<string, string>> = {
      nothing: '',
      'an address': 'https://evil.example/',
      tampered: swapped,
      'cut off': token.slice(0, -1),
      twice: token + token,
      large: 'A'.repeat(16_000),
      'the form token': hidden(page, 'csrf'),
      'of another tenant': other,
    };
    for (const [what, restart] of Object.entries(bad)) {
      const jar = new Jar();
      const answer = await startAgain(jar, restart);
      assert.deepEqual([answer.status, answer.location], [400, undefined], what);
      assert.equal(heading(answer), 'This page has expired', what);
      assert.doesNotMatch(answer.text, /name="restart"|evil/, what);
    }
    assert.equal((await startAgain(new Jar(), other, 'open')).status, 303);
    const repeated = `restart=${token}&restart=${token}`;
    const twice = await new Jar().post(`${world.publicUrl}/a/signin/restart`, repeated);
    assert.equal(twice.status, 400);
    const asked = await new Jar().get(`${world.publicUrl}/a/signin/restart`);
    assert.deepEqual([asked.status, heading(asked)], [400, 'This page has expired']);
  });

  it('grants nothing however often it is used: every use is a request like any', async () => {
    const { page } = await arrive(new Jar(), 'replay@partner.example');
    const mails = world.relay.messages.length;
    for (let use = 0; use < 3; use += 1) {
      const thief = new Jar();
      const shown = await thief.follow(await startAgain(thief, hidden(page, 'restart')));
      assert.equal(heading(shown), 'We will email you a code');
      assert.equal(shown.location, undefined);
      assert.ok(![...thief.cookies.values()].some(({ name }) => name.startsWith('sid_')));
    }
    assert.equal(world.relay.messages.length, mails);
  });

  it('S39 sends nobody to a redirect URI that was taken off the client meanwhile', async () => {
    const { page } = await arrive(new Jar(), 'moved@partner.example');
    const tenants = [...world.server.guests.parts.tenants().byId.values()];
    const changed = tenants.map((tenant) =>
      tenant.id === 'a'
        ? {
            ...tenant,
            clients: [{ ...tenant.clients[0]!, redirect_uris: ['http://127.0.0.1:9999/x'] }],
          }
        : tenant,
    );
    world.server.guests.replaceTenants(changed);
    try {
      const jar = new Jar();
      const answer = await jar.follow(await again(jar, page));
      assert.deepEqual([answer.status, answer.location], [400, undefined]);
      assert.equal(heading(answer), 'The app sent a request we cannot accept');
    } finally {
      world.server.guests.replaceTenants(tenants);
    }
  });

  it('S26 ignores what a cookie holds that is of another request', async () => {
    const jar = new Jar();
    const { page } = await arrive(jar, 'planted@partner.example');
    const foreign = hidden((await arrive(new Jar(), 'planted@partner.example')).page, 'restart');
    for (const [key, cookie] of jar.cookies) {
      if (cookie.name === 'restart') jar.cookies.set(key, { ...cookie, value: foreign });
    }
    const shown = await jar.get(page.url);
    assert.notEqual(hidden(shown, 'restart'), foreign);
    const { location = '' } = await again(jar, shown);
    assert.equal(new URL(location).searchParams.get('login_hint'), 'planted@partner.example');
  });

  it('answers programs with the code, and asks them for no cookie', async () => {
    const answer = await new Jar().get(`${world.publicUrl}/a/signin/${'x'.repeat(21)}`, {
      accept: 'application/json',
      ...NAVIGATION,
    });
    assert.equal(answer.status, 400);
    assert.equal(
      (JSON.parse(answer.text) as { error_code: string }).error_code,
      'interaction_expired',
    );
  });

  it('S64 logs neither tokens nor addresses of these pages, and finds them by the reference', async () => {
    const jar = new Jar();
    const { page } = await arrive(jar, 'logged@partner.example');
    lose(jar, /^interaction$/);
    const answer = await jar.get(page.url);
    const reference = /Reference: <bdi><strong>([\w-]{12})</.exec(answer.text)![1]!;
    const line = lines.find((text) => text.includes(reference));
    assert.match(line ?? '', /"errorCode":"interaction_expired".*"event":"request\.refused"/);
    await again(jar, answer);
    const token = hidden(answer, 'restart');
    assert.ok(!lines.some((text) => text.includes(token.slice(0, 40))));
  });
});
