import assert from 'node:assert/strict';
import { type Answer, hidden, Jar } from '../support/jar.ts';
import { startProcess } from '../support/processes.ts';
import {
  type Begun,
  CALLBACK,
  addGuests,
  createInstallation,
  createWalker,
  secretOf,
  startWorld,
  stores,
  type World,
} from '../support/world.ts';

const MANY = 1000;

for (const store of stores) {
  describe(`what arrives at once, on ${store}`, () => {
    let world: World;
    before(async () => {
      world = await startWorld({ store });
    });
    after(() => world.close());

    it('T2 S5 evaluates five of 1000 parallel wrong passcodes, and then not even the right one', async function () {
      this.timeout(120_000);
      await world.invite('wrong@partner.example');
      const jar = new Jar();
      const page = await world.walkToCode(jar, await world.begin(), 'wrong@partner.example');
      const code = await world.passcodeFor('wrong@partner.example');
      const answers = await guess(jar, page, wrongCodes(code, MANY));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([303]));
      assert.equal((await attemptsOf(world, page)).attempts, 5);
      const last = await jar.follow(await jar.post(`${page.url.href}/passcode`, form(page, code)));
      assert.match(last.text, /Too many wrong codes\. Send a new code\./);
      assert.equal((await attemptsOf(world, page)).verifiedAt, null);
    });

    it('T3 S6 makes one login of 1000 parallel right passcodes', async function () {
      this.timeout(120_000);
      await world.invite('right@partner.example');
      const jar = new Jar();
      const begun = await world.begin();
      const page = await world.walkToCode(jar, begun, 'right@partner.example');
      const code = await world.passcodeFor('right@partner.example');
      const answers = await guess(jar, page, Array<string>(MANY).fill(code));
      const onwards = answers.filter(({ location }) => location?.includes('/v2.0/auth/'));
      assert.equal(onwards.length, 1);
      const done = await jar.follow(onwards[0]!);
      assert.ok((await world.redeem(begun, done.location!)).claims());
    });

    it('T53 S44 gives one token for 50 parallel redemptions of one authorization code', async () => {
      await world.invite('code@partner.example');
      const begun = await world.begin();
      const location = await world.signIn(new Jar(), begun, 'code@partner.example');
      assert.deepEqual(await redeemMany(world.publicUrl, begun, location), { 200: 1, 400: 49 });
    });

    it('T53 takes the first token back when its code comes again', async () => {
      await world.invite('replay@partner.example');
      const begun = await world.begin();
      const location = await world.signIn(new Jar(), begun, 'replay@partner.example');
      const { access_token } = await world.redeem(begun, location);
      const me = (): Promise<Answer> =>
        new Jar().get(`${world.publicUrl}/a/v2.0/me`, { authorization: `Bearer ${access_token}` });
      assert.equal((await me()).status, 200);
      await assert.rejects(world.redeem(begun, location), { error: 'invalid_grant' });
      assert.equal((await me()).status, 401);
    });

    it('T16 S7 sends one mail for two presses at once, and its code works', async () => {
      await world.invite('twice@partner.example');
      const jar = new Jar();
      const start = await jar.follow(await jar.get((await world.begin()).url));
      const csrf = hidden(start, 'csrf');
      await jar.post(`${start.url.href}/address`, { csrf, email: 'twice@partner.example' });
      const pressed = await Promise.all(
        Array.from({ length: 5 }, async () =>
          jar.follow(await jar.post(`${start.url.href}/send`, { csrf })),
        ),
      );
      assert.deepEqual(
        pressed.map(({ status }) => status).toSorted((x, y) => x - y),
        [200, 429, 429, 429, 429],
      );
      const tooSoon = pressed.find(({ status }) => status === 429);
      assert.ok(Number(tooSoon?.headers['retry-after']) <= 30);
      const code = await world.passcodeFor('twice@partner.example');
      await world.server.guests.parts.outbox.idle();
      const mails = world.relay.messages.filter((mail) =>
        mail.recipients.includes('twice@partner.example'),
      );
      assert.equal(mails.length, 1);
      const done = await jar.follow(await jar.post(`${start.url.href}/passcode`, { csrf, code }));
      assert.match(done.location ?? '', /code=/);
    });
  });
}

describe('two processes on one MariaDB', () => {
  it('evaluate five of 1000 wrong passcodes, make one login of 1000 right ones, one token of a code', async function () {
    this.timeout(240_000);
    const first = await createInstallation({ store: 'mariadb' });
    const second = await createInstallation({ store: 'mariadb' });
    const { guestpass, port } = await twin(first, second);
    const servers = await Promise.all([startProcess(first.folder), startProcess(guestpass)]);
    try {
      await addGuests(first, 'w@partner.example', 'r@partner.example');
      const walker = createWalker(first);
      // Requests alternate between the two listeners; both believe in the same public URL.
      const spread = (index: number): Record<string, string> =>
        index % 2 === 0 ? {} : { 'x-test-port': port };

      const jar = new SpreadJar(new URL(first.publicUrl).host, port);
      const page = await walker.walkToCode(jar, await walker.begin(), 'w@partner.example');
      const code = await walker.passcodeFor('w@partner.example');
      await guess(jar, page, wrongCodes(code, MANY), spread);
      const last = await jar.follow(await jar.post(`${page.url.href}/passcode`, form(page, code)));
      assert.match(last.text, /Too many wrong codes/);
      const evaluated = servers
        .flatMap(({ output }) => output)
        .filter((line) => /"outcome":"(mismatch|exhausted)"/.test(line) && isEvaluation(line));
      assert.equal(evaluated.filter((line) => line.includes('"mismatch"')).length, 4);

      const begun = await walker.begin();
      const right = await walker.walkToCode(jar, begun, 'r@partner.example');
      const rightCode = await walker.passcodeFor('r@partner.example');
      const answers = await guess(jar, right, Array<string>(MANY).fill(rightCode), spread);
      const onwards = answers.filter(({ location }) => location?.includes('/v2.0/auth/'));
      assert.equal(onwards.length, 1);
      const done = await jar.follow(onwards[0]!);
      assert.match(done.location ?? '', /cb\?code=/);
      const counts = await redeemMany(first.publicUrl, begun, done.location!, port);
      const refusals = servers
        .flatMap(({ output }) => output)
        .filter((line) => line.includes('"event":"engine.'));
      assert.deepEqual(counts, { 200: 1, 400: 49 }, refusals.slice(-60).join('\n'));
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
      await first.remove();
      await second.remove();
    }
  });
});

/** A jar that sends every other request to a second listener of the same installation. */
class SpreadJar extends Jar {
  readonly #host: string;
  readonly #port: string;

  constructor(host: string, port: string) {
    super();
    this.#host = host;
    this.#port = port;
  }

  protected override reach(
    url: URL,
    { 'x-test-port': port, ...headers }: Record<string, string>,
  ): { url: URL; headers: Record<string, string> } {
    if (port === undefined) return { url, headers };
    const other = new URL(url);
    other.port = this.#port;
    return { url: other, headers: { ...headers, host: this.#host } };
  }
}

/** A second configuration that differs from the first in nothing but its listener. */
async function twin(
  first: { folder: string; publicUrl: string },
  second: { folder: string; publicUrl: string },
): Promise<{ guestpass: string; port: string }> {
  const { readFile, writeFile } = await import('node:fs/promises');
  const { parse, stringify } = await import('yaml');
  const text = await readFile(`${first.folder}/guestpass.yaml`, 'utf8');
  const { port, host } = new URL(second.publicUrl);
  const settings = { ...(parse(text) as object), listen: host };
  await writeFile(`${second.folder}/guestpass.yaml`, stringify(settings));
  return { guestpass: second.folder, port };
}

function isEvaluation(line: string): boolean {
  return line.includes('"event":"passcode.evaluate"');
}

function wrongCodes(right: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    String((Number(right) + 1 + index) % 100_000_000).padStart(8, '0'),
  );
}

function form(page: Answer, code: string): Record<string, string> {
  return { csrf: hidden(page, 'csrf'), code };
}

function guess(
  jar: Jar,
  page: Answer,
  codes: readonly string[],
  headers: (index: number) => Record<string, string> = () => ({}),
): Promise<Answer[]> {
  return Promise.all(
    codes.map((code, index) =>
      jar.post(`${page.url.href}/passcode`, form(page, code), headers(index)),
    ),
  );
}

async function attemptsOf(world: World, page: Answer) {
  const uid = page.url.pathname.split('/').at(-1)!;
  const signIn = await world.server.guests.parts.store.signIns.find('a', uid);
  assert.ok(signIn);
  return signIn;
}

/** 50 token requests with one code at once; how many of each status. */
async function redeemMany(
  publicUrl: string,
  begun: Begun,
  location: string,
  otherPort?: string,
): Promise<Record<number, number>> {
  const code = new URL(location).searchParams.get('code') ?? '';
  const host = new URL(publicUrl).host;
  const jar = otherPort === undefined ? new Jar() : new SpreadJar(host, otherPort);
  const basic = Buffer.from(`docs:${secretOf('a')}`).toString('base64');
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      // A program's request, as no page sends it: without Origin.
      jar.send(
        'POST',
        `${publicUrl}/a/v2.0/token`,
        {
          'content-type': 'application/x-www-form-urlencoded',
          authorization: `Basic ${basic}`,
          ...(otherPort !== undefined && index % 2 === 1 ? { 'x-test-port': otherPort } : {}),
        },
        new URLSearchParams({
          grant_type: 'authorization_code',
          code,
          redirect_uri: CALLBACK,
          code_verifier: begun.verifier,
        }).toString(),
      ),
    ),
  );
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
