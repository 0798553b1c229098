import assert from 'node:assert/strict';
import { systemClock } from '../../src/domain/clock.ts';
import { MOST_ROUNDS, ROUND_SECONDS } from '../../src/http/loop-guard.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { type Answer, heading, hidden, Jar } from '../support/jar.ts';
import { returnToPresent, travel } from '../support/time.ts';
import { CALLBACK, secretOf, startWorld, type World } from '../support/world.ts';

const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const FRAME = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' };
const LOOP = 'Docs sends you back again and again';

const isAnswer = ({ location = '' }: Answer): boolean => location.startsWith(CALLBACK);

describe('createLoopGuard', () => {
  let world: World;
  let jar: Jar;
  const lines: string[] = [];

  before(async () => {
    const docs = {
      client_id: 'docs',
      client_name: 'Docs',
      client_secret: secretOf('a'),
      redirect_uris: [CALLBACK],
      client_uri: 'https://docs.example/start',
    };
    const other = { ...docs, client_id: 'other', redirect_uris: [CALLBACK] };
    world = await startWorld({
      clock: systemClock,
      log: createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } }),
      tenants: { a: { clients: [docs, other] } },
    });
    await world.invite('loop@partner.example');
  });
  after(async () => {
    returnToPresent();
    await world.close();
  });
  beforeEach(async () => {
    jar = new Jar();
  });

  /** The application sends the browser here, and takes what comes back for nothing. */
  async function round(parameters = {}, headers: Record<string, string> = NAVIGATION) {
    const { url } = await world.begin('a', parameters);
    return jar.get(url, headers);
  }
  async function rounds(count: number, ...given: Parameters<typeof round>): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (let index = 0; index < count; index += 1) answers.push(await round(...given));
    return answers;
  }

  it('R18 50196 ends at a page when an application sends the guest back each time', async () => {
    await world.signIn(jar, await world.begin(), 'loop@partner.example');
    const answers = await rounds(MOST_ROUNDS);
    assert.ok(answers.every((answer) => /[?&]code=/.test(answer.location ?? '')));
    const page = await round();
    assert.deepEqual([page.status, page.location, heading(page)], [400, undefined, LOOP]);
    assert.match(page.text, /Code: client_loop/);
    assert.match(page.text, /href="https:\/\/docs\.example\/start">Open Docs/);
    const reference = /Reference: <bdi><strong>([\w-]{12})</.exec(page.text)![1]!;
    const line = lines.find((text) => text.includes(reference)) ?? '';
    assert.match(line, /"errorCode":"client_loop"/);
    assert.match(line, /"client":"docs"/);
  });

  it('answers again once somebody has pressed the button of that page', async () => {
    const silent = { prompt: 'none' };
    assert.ok((await rounds(MOST_ROUNDS, silent)).every(isAnswer));
    const page = await round(silent);
    const again = /<a class="button" href="([^"]*)"/.exec(page.text)![1]!.replaceAll('&amp;', '&');
    assert.match(again, /^\/a\/v2\.0\/auth\?/);
    const answer = await jar.get(world.publicUrl + again, NAVIGATION);
    assert.match(answer.location ?? '', /error=login_required/);
    assert.match(answer.location ?? '', /[?&]state=/);
  });

  it('breaks a loop of refusals too', async () => {
    const wrong = { scope: 'openid', prompt: 'nonsense' };
    const answers = await rounds(MOST_ROUNDS, wrong);
    assert.ok(answers.every(({ location }) => location?.includes('error=invalid_request')));
    assert.equal(heading(await round(wrong)), LOOP);
  });

  it('begins to count anew at a page that somebody has to act on', async () => {
    await rounds(MOST_ROUNDS, { prompt: 'none' });
    const page = await jar.follow(await jar.get((await world.begin()).url));
    assert.ok(hidden(page, 'csrf'));
    assert.ok((await rounds(MOST_ROUNDS, { prompt: 'none' })).every(isAnswer));
  });

  it('counts no sign-in that waits at its page', async () => {
    const answers = await rounds(MOST_ROUNDS + 2);
    assert.ok(answers.every(({ location }) => location?.includes('/signin/')));
  });

  it('counts every application by itself', async () => {
    await rounds(MOST_ROUNDS, { prompt: 'none' });
    const { url } = await world.begin('a', { prompt: 'none' });
    url.searchParams.set('client_id', 'other');
    assert.ok(isAnswer(await jar.get(url, NAVIGATION)));
    assert.equal(heading(await round({ prompt: 'none' })), LOOP);
  });

  it('forgets what is seconds ago', async () => {
    await rounds(MOST_ROUNDS, { prompt: 'none' });
    travel(ROUND_SECONDS);
    assert.ok(isAnswer(await round({ prompt: 'none' })));
  });

  it('leaves frames that renew a session in the background alone, and what is no browser', async () => {
    for (const headers of [FRAME, {}]) {
      const answers = await rounds(MOST_ROUNDS + 2, { prompt: 'none' }, headers);
      assert.ok(answers.every(isAnswer));
    }
    assert.ok(isAnswer(await round({ prompt: 'none' })));
  });

  it('S34 believes no count that is not signed', async () => {
    await rounds(MOST_ROUNDS, { prompt: 'none' });
    const [key, cookie] = [...jar.cookies].find(([, { name }]) => name === 'rounds')!;
    const [round0 = '', mac = ''] = cookie.value.split('~');
    const raised = round0.replace(/\.\d+\./, '.99.');
    for (const value of [`${raised}~${mac}`, raised, '', '~', `${round0}~`, 'x'.repeat(3000)]) {
      jar.cookies.set(key, { ...cookie, value });
      assert.ok(isAnswer(await round({ prompt: 'none' })), value);
    }
  });

  it('answers programs with the code', async () => {
    await rounds(MOST_ROUNDS, { prompt: 'none' });
    const page = await round({ prompt: 'none' }, { ...NAVIGATION, accept: 'application/json' });
    assert.equal(page.status, 400);
    assert.equal((JSON.parse(page.text) as { error_code: string }).error_code, 'client_loop');
  });
});
